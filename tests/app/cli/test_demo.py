"""demo break, and what runs in processes of its own. The demo's whole quarter is a journey."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx2
import pytest
import uvicorn

from app.actors.tables import ActorRow
from app.cli import demo, stage
from app.kit import clock
from app.kit.db import Database
from app.kit.refusal import Refused, insist
from app.review.tables import CampaignRow
from tests import make
from tests.app.cli.saying import Place
from tests.journeys import stagehands

pytestmark = pytest.mark.slow


def test_a_reading_that_is_not_whole_opens_no_review_and_ends_nothing(empty: Place) -> None:
    right, page = empty.rolecall("demo", "break", "--people", "150", "--json").json()
    assert (right["refused"], page["refused"]) == (True, True)
    assert right["grants"] == page["grants"] > 0
    assert "override" in right["because"]


def test_a_demo_is_of_a_believable_size(empty: Place) -> None:
    empty.rolecall("demo", "--once", "--people", "5").refused("80", code=2)
    empty.rolecall("demo", "break", "--people", "80").refused("150", code=2)


def test_a_home_that_no_demo_began_is_not_played_on(empty: Place) -> None:
    empty.rolecall("sync", ROLECALL_HOME=str(empty.home / "demo"))
    assert (empty.home / "demo" / "key").exists()
    kept = empty.rolecall("demo", "--once", "--keep", "--people", "80")
    kept.refused(str(empty.home / "demo"), "was begun by another command", "Without --keep", "ROLECALL_HOME")


def test_embedded_the_api_and_the_worker_are_one_process_and_a_command_leaves_the_work_to_it(place: Place) -> None:
    port = stagehands.free_port()
    with place.entered(ROLECALL_PORT=str(port)):
        environ = dict(os.environ)
    serving = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "serve"], env=environ, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        stagehands.until(lambda: ready(port), what="the API", patience=90)
        place.rolecall("work").refused("rolecall serve", "SQLite has one worker only")
        place.rolecall("actor", "add", "Ada", "--role", "reviewer").well()
        for words in (("actor", "link", "Ada"), ("hook", "make", "Ada", "--label", "chat bot")):
            assert f"http://127.0.0.1:{port}/" in place.rolecall(*words).well().out, (
                "where it is served, not where by default"
            )
        with pytest.raises(Refused, match="rolecall serve"):
            insist(stage.why_not_here(place.home))
        told = place.rolecall("sync", "Portal").well().all
        assert "left to the running worker" in told
        assert ("Nothing." in told, "says when it is done" in told or "accounts" in told) == (False, True)
        assert next(c for c in place.rolecall("doctor", "--json").json()["installation"] if c["what"] == "worker")[
            "well"
        ]
    finally:
        serving.send_signal(signal.SIGTERM)
        said, _ = serving.communicate(timeout=30)
    assert b"Traceback" not in said, said.decode()


def test_a_demo_that_is_kept_goes_on_with_its_own_review() -> None:
    small, closed = CampaignRow(status="open", demo=False), CampaignRow(status="closed", demo=True)
    own = CampaignRow(status="open", demo=True)
    assert demo._going_on([small, closed, own]) is own
    assert demo._going_on([small, closed]) is None


def test_a_watched_demo_keeps_its_schedules(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    monkeypatch.setattr(uvicorn, "run", lambda *a, **b: threads.extend(each.name for each in threading.enumerate()))
    empty.rolecall("demo", "--people", "80", "--port", str(stagehands.free_port())).well()
    assert "APScheduler" in threads


@pytest.mark.parametrize(
    ("folders", "name", "is_one"), [(("sandbox",), "demo", True), ((), "demo", False), (("sandbox",), "other", False)]
)
def test_a_demos_own_home_holds_no_second_one(
    tmp_path: Path, folders: tuple[str, ...], name: str, is_one: bool
) -> None:
    given = tmp_path / name
    for folder in ("", *folders):
        (given / folder).mkdir()
    assert stage.home_in(given) == (given if is_one else given / "demo")


def test_whoever_has_the_most_to_review_and_signs_is_one_actor(database: Database) -> None:
    with database.transaction() as session:
        ada = make.identity(session, "Ada", key="ada")
        first = demo.reviewer(session, ada, clock.now())
        assert demo.reviewer(session, ada, clock.now()).id == first.id
        assert session.query(ActorRow).count() == 1


def ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
