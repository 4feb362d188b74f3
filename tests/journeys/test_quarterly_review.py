"""A quarter, from the first reading to a packet that verifies: in one process on SQLite, and on PostgreSQL with two workers
and two API processes, everything after the set-up said through the API."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.actors import actors, tokens
from app.actors.actor import Role
from app.cli import stage as stages
from app.cli.stage import ADMIN, Stage
from app.cli.telling import Telling
from app.inventory.tables import IdentityRow, SystemRow
from app.kit import clock
from app.review.tables import TaskRow
from tests.journeys import callers, stagehands
from tests.journeys.stagehands import Door

pytestmark = pytest.mark.slow

PEOPLE = 120


def test_a_stranger_plays_the_quarter_with_one_command(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = {"ROLECALL_HOME": str(home), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", "from app.cli import main; main()"]
    played = subprocess.run(
        [*command, "demo", "--once", "--json", "--people", str(PEOPLE)],
        env=environ, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stderr
    told = json.loads(played.stdout)
    assert told["systems"] == 3  # the two CRMs, and this installation itself
    for name in ("accounts", "entitlements", "grants", "integrations", "findings", "items", "revoked", "verified"):
        assert told[name] > 0, name
    assert told["verified"] == told["revoked"]
    assert told["decisions"]["remove"] == told["verified"] + told["by_hand"]
    packet = Path(told["packet"])
    proved = subprocess.run([*command, "evidence", "verify", str(packet)], env=environ, check=False, timeout=60)
    assert proved.returncode == 0
    spoilt = bytearray(packet.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    (tmp_path / "spoilt.zip").write_bytes(spoilt)
    refused = subprocess.run(
        [*command, "evidence", "verify", str(tmp_path / "spoilt.zip")], env=environ, check=False, timeout=60
    )
    assert refused.returncode == 1
    assert callers.look_around(home / "demo") == []  # no link of any page leads nowhere, for whoever comes now


def test_a_quarter_on_postgresql_with_two_workers_and_two_api_processes(
    make_database: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, port = tmp_path / "home", stagehands.free_port()
    environ = stagehands.environment(
        home, make_database("postgresql"), ROLECALL_PORT=str(port), ROLECALL_API_PROCESSES="2",
        ROLECALL_TAKEOVER_SECONDS="30",  # nobody dies here, and on a busy machine the living are late now and then
    )  # fmt: skip
    for name, value in environ.items():
        if name.startswith("ROLECALL_"):
            monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        stage = stack.enter_context(
            stages.set_up(
                Telling(True),
                keep=False,
                people=PEOPLE,
                seed=7,
                database_url=environ["ROLECALL_DATABASE_URL"],
                work=False,
            )
        )
        stages.switch_writing_on(stage)
        url = f"http://127.0.0.1:{port}"
        for words in (("work",), ("work",), ("serve",)):
            stack.enter_context(stagehands.process(environ, *words))
        stagehands.until(lambda: _answers(url), what="the API", every=0.5)
        admin, auditor = Door(url, _token(stage, {Role.ADMIN: None})), Door(url, _token_of_auditor(stage))
        _read_by_api(stage, admin)
        campaign = _open_by_api(stage, admin)
        decided = _decide_by_api(stage, url, campaign["id"])
        assert decided["remove"] > 5
        closed = admin.send("PUT", f"/campaigns/{campaign['id']}/closure", {}, Idempotency_Key="close")
        assert closed.status_code == 200, closed.text
        outcomes = stagehands.until(
            lambda: _settled(admin, campaign["id"], decided["remove"]),
            what="every removal's outcome",
            every=0.5,
            patience=240,
        )
        assert outcomes["verified"] > 0
        assert set(outcomes) <= {"verified", "by_hand", "declined"}
        _nothing_happened_twice(stage)
        packet = tmp_path / "packet.zip"
        packet.write_bytes(auditor.get(f"/campaigns/{campaign['id']}/packet"))
    proved = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "evidence", "verify", str(packet), "--json"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert proved.returncode == 0, proved.stdout


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/ready", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def _token(stage: Stage, roles: dict[Role, Any], person: str | None = None) -> str:
    at = clock.now()
    with stage.means.database.transaction() as session:
        row = actors.make(session, person or "somebody", roles, person_key=person, by=ADMIN, at=at)
        return tokens.make(session, row, "journey", days=1, by=ADMIN, at=at)


def _token_of_auditor(stage: Stage) -> str:
    return _token(stage, {Role.AUDITOR: clock.now() + timedelta(days=1)})


def _read_by_api(stage: Stage, admin: Door) -> None:
    with stage.means.database.reading() as session:
        rows = {row.kind: row.id for row in session.scalars(select(SystemRow))}
    for wave in (["roster"], ["salesforce", "hubspot"]):
        for kind in wave:
            assert admin.send("POST", f"/systems/{rows[kind]}/readings", {}).status_code == 202
        for kind in wave:
            number = rows[kind]
            (snapshot,) = stagehands.until(
                lambda number=number: [  # type: ignore[misc]
                    s for s in admin.get(f"/systems/{number}/snapshots")["snapshots"] if s["status"] != "reading"
                ],
                what=f"the reading of {kind}",
                every=0.5,
            )
            assert snapshot["status"] == "sealed", snapshot["because"]
    stagehands.until(lambda: admin.get("/findings")["findings"], what="a finding", every=0.5)


def _open_by_api(stage: Stage, admin: Door) -> Any:
    scope = {
        "systems": "all",
        "fallback": stage.fallback,
        "second_fallback": stage.second,
        "many_answers": "the first review here",
    }
    body = {"name": "Q4 2026", "scope": scope}
    first = admin.send("POST", "/campaigns", body, Idempotency_Key="open")
    again = admin.send("POST", "/campaigns", body, Idempotency_Key="open")
    assert first.status_code == 201, first.text
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert len(admin.get("/campaigns")["campaigns"]) == 1
    return first.json()


def _decide_by_api(stage: Stage, url: str, campaign: int) -> Counter[str]:
    """All reviewers at once, each through a token of their own."""
    with stage.means.database.reading() as session:
        people = session.scalars(
            select(IdentityRow.key).join(TaskRow, TaskRow.reviewer_id == IdentityRow.id).order_by(IdentityRow.key)
        ).all()
    doors = [Door(url, _token(stage, {Role.REVIEWER: None}, person)) for person in people]
    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(lambda door: _decide_own(door, campaign), doors), Counter())


def _decide_own(door: Door, campaign: int) -> Counter[str]:
    told: Counter[str] = Counter()
    after: dict[str, str] = {}
    while True:
        page = door.get("/items", campaign=campaign, limit=100, **after)
        asks = [_wish(item) for item in page["items"]]
        answer = door.send("POST", "/decisions", {"decisions": asks})
        assert answer.status_code == 200, answer.text
        assert all(result["decided"] for result in answer.json()["results"]), answer.text
        told.update(ask["answer"] for ask in asks)
        if page["next"] is None:
            submitted = door.send("PUT", f"/tasks/{page['items'][0]['task_id']}/submission", {})
            assert submitted.status_code == 200, submitted.text
            return told
        after = {"after": page["next"]}


def _wish(item: dict[str, Any]) -> dict[str, Any]:
    wrong = item["shown"]["findings"] and item["kind"] in ("account", "credential")
    bad = wrong and any(f["rule"] != "privileged_without_reason" for f in item["shown"]["findings"])
    return {"item": item["id"], "answer": "remove" if bad else "keep", "reason": "seen", "version": item["version"]}


def _settled(admin: Door, campaign: int, promised: int) -> dict[str, int] | None:
    statuses = Counter(
        row["status"] for row in admin.get("/remediations", campaign=campaign, limit=200)["remediations"]
    )
    moving = statuses["open"] + statuses["acting"] + statuses["acted"]
    return dict(statuses) if sum(statuses.values()) == promised and not moving else None


def _nothing_happened_twice(stage: Stage) -> None:
    done = Counter(call for call in stagehands.changes(stage) if call.endswith(("200", "204")))
    assert done
    assert [call for call, times in done.items() if times > 1] == []
