"""A quarter, from the first reading to a packet that verifies: in one process on SQLite, and on PostgreSQL with two workers
and two API processes, everything after the set-up said through the API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.cli import stage as stages
from app.cli.telling import Telling
from app.main import create_app
from tests.app.api.house import serving
from tests.app.cli.saying import Place, Said
from tests.journeys import callers, quarter, stagehands

pytestmark = pytest.mark.slow

PEOPLE = 80  # the fewest that the sandboxes know; all that goes wrong is there


def test_a_stranger_plays_the_quarter_with_one_command(tmp_path: Path) -> None:
    """With TEST_ROLECALL=… by another Python's `rolecall`, as CI does: everything else is played by its own."""
    home = tmp_path / "home"
    environ = {"ROLECALL_HOME": str(home), "PATH": "/usr/bin:/bin"}
    given = os.environ.get("TEST_ROLECALL")
    command = [given] if given else [sys.executable, "-c", "from app.cli import main; main()"]
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
    assert _verifying(bytes(spoilt), tmp_path).code == 1
    assert callers.look_around(home / "demo") == []  # no link of any page leads nowhere, for whoever comes now


def test_make_demo_says_that_one_command() -> None:
    said = subprocess.run(
        ["make", "-n", "--no-print-directory", "VENV=its/own", "demo", "ONCE=1", "KEEP=1"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert said.stdout.splitlines()[-1] == "its/own/bin/rolecall demo --once --json --keep"


def test_a_quarter_in_one_process_on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("ROLECALL_HOME", str(home))
    with stages.set_up(Telling(True), keep=False, people=PEOPLE, seed=7) as stage:
        stages.switch_writing_on(stage)
        with serving(create_app(stage.means)) as url:
            packet = quarter.play(stage, url)
    assert _verifying(packet, tmp_path).json()["verifies"]


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
    given: dict[str, Any] = {"database_url": environ["ROLECALL_DATABASE_URL"], "work": False}
    with ExitStack() as stack:
        stage = stack.enter_context(stages.set_up(Telling(True), keep=False, people=PEOPLE, seed=7, **given))
        stages.switch_writing_on(stage)
        url = f"http://127.0.0.1:{port}"
        for words in (("work",), ("work",), ("serve",)):
            stack.enter_context(stagehands.process(environ, *words))
        stagehands.until(lambda: _answers(url), what="the API", every=0.5)
        packet = quarter.play(stage, url)
    assert _verifying(packet, tmp_path).json()["verifies"]


def _verifying(packet: bytes, folder: Path) -> Said:
    """What is said of a packet where nothing is known of the installation that it comes from."""
    (folder / "packet.zip").write_bytes(packet)
    return Place(folder / "elsewhere", {}, None).rolecall("evidence", "verify", "--json", str(folder / "packet.zip"))


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/ready", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
