"""demo break, and what runs in processes of its own. The demo's whole quarter is a journey."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx2
import pytest

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
        stagehands.until(lambda: ready(port), what="the API", patience=30)
        place.rolecall("work").refused("rolecall serve", "SQLite has one worker only")
        assert "left to the running worker" in place.rolecall("sync", "Portal").well().all
        assert next(c for c in place.rolecall("doctor", "--json").json()["installation"] if c["what"] == "worker")[
            "well"
        ]
    finally:
        serving.send_signal(signal.SIGTERM)
        said, _ = serving.communicate(timeout=30)
    assert b"Traceback" not in said, said.decode()


def ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
