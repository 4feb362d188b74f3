"""A sandbox starts, keeps what was done to it, comes back as it was left, and imitates a large company in time."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from connectors.sandbox.serve import Kind, start
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


def test_a_company_of_a_thousand_starts_and_answers() -> None:
    running = start("salesforce", home=None, seed=SEED, people=1200, now=NOW)
    org = visitors.org(running)
    assert org.count("User") > 1000
    assert len(org.rows("SELECT Id, Profile.Name FROM User")) == org.count("User")
    running.stop()
