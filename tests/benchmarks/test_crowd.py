"""Five hundred reviewers at once, on PostgreSQL, through two processes: no error, nothing lost, nothing doubled.

CROWD is how many come (default 500). How long they wait depends on the machine; that all is as acknowledged does not.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx2
import pytest

from app.kit import clock
from app.kit.db import Database
from tests.benchmarks import crowd
from tests.journeys import stagehands

pytestmark = pytest.mark.bench
CROWD = int(os.environ.get("CROWD", "500"))


def test_reviewers_who_come_all_at_once_lose_nothing(make_database: Callable[[str], str], tmp_path: Path) -> None:
    address = make_database("postgresql")
    database = Database(address)
    campaign, reviewers = crowd.found(database, CROWD, clock.now())
    with ExitStack() as stack:
        urls = []
        for n in range(2):
            port = stagehands.free_port()
            environ = stagehands.environment(tmp_path / f"home-{n}", address, ROLECALL_PORT=str(port))
            stack.enter_context(stagehands.process(environ, "serve"))
            urls.append(f"http://127.0.0.1:{port}")
        for url in urls:
            stagehands.until(partial(_ready, url), what="the API")
        began = time.perf_counter()
        told = asyncio.run(crowd.come(urls, campaign, reviewers))
        took = time.perf_counter() - began
    assert not told.troubles, told.troubles[:5]
    crowd.number(database)
    troubles = crowd.wrong(database, campaign, told)
    database.close()
    assert not troubles, troubles[:5]
    assert told.statuses["one item from two windows", 412] == CROWD, "of two windows one wins and one is told"
    made = sum(told.acknowledged.values())
    print(f"\npostgresql, {CROWD} reviewers at once, two processes: {made:,} decisions in {took:.1f} s")
    print("\n".join(told.line(what) for what in told.took))
    print(f"  the crowd itself took {told.cores:.0f} s of a core, and came {told.late:.1f} s late at most")


def _ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/ready", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
