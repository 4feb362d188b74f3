"""A sandbox starts, keeps what was done to it, comes back as it was left, and imitates a large company in time."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.company import Wish
from connectors.sandbox.salesforce.front import Salesforce
from connectors.sandbox.serve import WAYS_IN, Kind, Running, opened, start
from connectors.sandbox.store import Store
from tests.connectors.sandbox import visitors
from tests.connectors.sandbox.visitors import NOW, SEED


def test_a_restart_keeps_every_change_and_all_credentials(tmp_path: Path) -> None:
    kinds: tuple[Kind, ...] = ("salesforce", "hubspot")
    for kind in kinds:
        first = start(kind, home=tmp_path, seed=SEED, people=80, now=NOW)
        if kind == "salesforce":
            org = visitors.org(first, "executor")
            row = org.one("SELECT Id FROM GroupMember WHERE Group.Type = 'Queue' LIMIT 1")["Id"]
            org.data("DELETE", f"/sobjects/GroupMember/{row}")
            org.admin("rights", {"principal": "reader", "without": ["ViewRoles"]})
        else:
            portal = visitors.portal(first, "executor")
            who = portal.truth()["categories"]["nobody"][0]
            portal.ask("DELETE", f"/settings/users/2026-03/{who}")
        first.stop()
        again = start(kind, home=tmp_path, seed=SEED, people=80, now=NOW)
        assert again.credentials["reader"] == first.credentials["reader"]
        assert again.admin_key == first.admin_key
        if kind == "salesforce":
            org = visitors.org(again)
            assert org.count(f"GroupMember WHERE Id = '{row}'") == 0
            assert org.refused("SELECT Id FROM UserRole") == "INVALID_TYPE"
            executor = visitors.org(again, "executor")
            assert executor.data("DELETE", f"/sobjects/GroupMember/{row}").json()[0]["errorCode"] == "ENTITY_IS_DELETED"
        else:
            assert visitors.portal(again).get(f"/settings/users/2026-03/{who}").status_code == 404
        again.stop()


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    start("hubspot", home=tmp_path, seed=SEED, people=80, now=NOW).stop()
    assert stat.S_IMODE((tmp_path / "hubspot" / "keys.json").stat().st_mode) == 0o600


def test_a_home_of_another_company_is_refused(tmp_path: Path) -> None:
    start("hubspot", home=tmp_path, seed=SEED, people=80, now=NOW).stop()
    with pytest.raises(ValueError, match="another company"):
        start("hubspot", home=tmp_path, seed=SEED + 1, people=80, now=NOW)


def test_a_taken_port_falls_forward() -> None:
    first = start("hubspot", home=None, seed=SEED, people=80, now=NOW)
    port = int(first.url.rsplit(":", 1)[1])
    second = start("hubspot", home=None, seed=SEED, people=80, now=NOW, port=port)
    assert int(second.url.rsplit(":", 1)[1]) > port
    first.stop()
    second.stop()


def test_a_right_may_be_missing_from_the_start() -> None:
    running = start("salesforce", home=None, seed=SEED, people=80, now=NOW, without=["CustomizeApplication"])
    org = visitors.org(running)
    assert org.count("OauthToken") <= 1
    assert org.refused("SELECT Id FROM ConnectedApplication") == "INVALID_TYPE"
    running.stop()


def test_it_serves_on_its_own_until_told_to_stop_and_survives_being_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "connectors.sandbox.serve", "hubspot", "--home", str(tmp_path), "--people", "80"]
    who = ""
    for ending in (signal.SIGKILL, signal.SIGTERM):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        token = {"Authorization": f"Bearer {said['credentials']['executor']['token']}"}
        base = f"{said['url']}/settings/users/2026-03"
        if not who:
            rows = httpx2.get(base, headers=token).json()["results"]
            who = next(row["id"] for row in rows if row["email"].startswith("temp.export"))
            assert httpx2.delete(f"{base}/{who}", headers=token).status_code == 204
        assert httpx2.get(f"{base}/{who}", headers=token).status_code == 404
        process.send_signal(ending)
        code = process.wait(10)
        process.stdout.close()
    assert code == 0


PAGE = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text()
EXAMPLES = re.findall(r"```py\n(.*?)```", PAGE, re.S)


def test_the_pages_examples_sign_in_by_every_way_that_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["salesforce", "--port", "0", "--accounts", "400", "--assignments", "3", "--sign-ins", "2"]
    command = [sys.executable, "-c", "from app.cli import main; main()", "sandbox", "serve", *asked]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        org = json.loads(serving.stdout.readline())
        exec(EXAMPLES[0], {"org": org})
        token = {"Authorization": f"Bearer {_token(org)}"}
        asked_of = f"{org['url']}/services/data/v67.0/query"
        crowd = {"q": "SELECT COUNT() FROM PermissionSetAssignment WHERE Assignee.Username LIKE 'crowd%'"}
        held = httpx2.get(asked_of, params=crowd, headers=token).json()["totalSize"]
        serving.terminate()
    said = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert said.keys() == org["ways_in"].keys()
    assert len(set(said.values())) == 1
    assert int(said["jwt_bearer"]) > 300  # not everybody works in it
    assert held == 100 * 3


def _token(org: dict[str, Any]) -> str:
    reader = org["credentials"]["reader"]
    form = {"grant_type": "client_credentials", **{n: reader[n] for n in ("client_id", "client_secret")}}
    return str(httpx2.post(f"{org['url']}/services/oauth2/token", data=form).json()["access_token"])


def test_the_pages_example_signs_in_to_a_portal_by_every_way(
    read_hubspot: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    portal = {"url": read_hubspot.url, "credentials": read_hubspot.credentials}
    exec(EXAMPLES[1], {"portal": portal})
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [way for way, _ in said] == list(WAYS_IN["hubspot"])
    assert len(EXAMPLES) == 2


def test_a_company_of_a_thousand_starts_and_answers() -> None:
    running = start("salesforce", home=None, seed=SEED, people=1200, now=NOW)
    org = visitors.org(running)
    assert org.count("User") > 1000
    assert len(org.rows("SELECT Id, Profile.Name FROM User")) == org.count("User")
    running.stop()


def test_two_orgs_begin_alike_and_go_their_own_ways() -> None:
    clock, wish = Clock(NOW), Wish(SEED, 80)
    one, other = (_store(clock, wish) for _ in range(2))
    assert list(one.db.iterdump()) == list(other.db.iterdump())
    with one.change():
        one.db.execute("DELETE FROM User")
    assert one.scalar("SELECT count(*) FROM User") == 0 < other.scalar("SELECT count(*) FROM User")
    larger = _store(clock, Wish(SEED, 90))
    assert larger.scalar("SELECT count(*) FROM User") > other.scalar("SELECT count(*) FROM User")


def _store(clock: Clock, wish: Wish) -> Store:
    made, _ = opened("salesforce", home=None, clock=clock, wish=wish)
    assert isinstance(made, Salesforce)
    return made.world.store
