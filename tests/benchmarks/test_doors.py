"""What a page and an answer of the API cost on the server in a big house: every GET of both tables of rights.

BENCH_ACCOUNTS is how many accounts there are (default 100,000). The floor is the barest page we have, which asks the
database nothing. Milliseconds depend on the machine, so what is asserted are ratios to the floor. With SQLite everything
happens in this process, and its own time is taken, which other work going on beside does not lengthen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.actors.policy import MAY, May
from app.api.rights import RIGHTS as CALLS
from app.console.rights import RIGHTS as PAGES
from app.kit.db import Database
from tests.app.api.house import House, furnish
from tests.app.console.visiting import visitor
from tests.benchmarks import town

pytestmark = pytest.mark.bench
ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "100000"))
FLOOR = "/links/0123456789ab.AAAA"
MOST = 100  # times the floor, which is some 2 ms on a quiet machine
ELSEWHERE = {"/sign-in/provider", "/sign-in/callback"}  # go to the identity provider
FILES = {"/activity/{entry_id}/proof", "/activity/checkpoint"}
# What a first look at a page does not ask: found by a part of a name, filtered, the last page of a long list.
MORE = (
    "/people?q=number77", "/people?q=e777@example.com", "/findings?severity=high&status=closed",
    "/findings?department=Department+7", "/activity?kind=decision.recorded", "/reviews/{campaign_id}?page=9",
    "/reviews/{campaign_id}?name=bo&show=open", "/integrations?text=program+77",
)  # fmt: skip


@pytest.fixture
def big(database: Database) -> House:
    house = furnish(database)
    town.fill(house, ACCOUNTS)
    return house


def _who(house: House, act: May | None, path: str) -> str | None:
    if act is None:
        return None
    if path.startswith("/reviews") or "own" in path:
        return "ada"
    return next((who for who in ("admin", "it_security", "auditor", "service") if act in MAY[who]), "ada")  # type: ignore[index]


def _best(client: TestClient, path: str, clock: Callable[[], float], runs: int = 5) -> tuple[float, int, int]:
    """The shortest of some runs in milliseconds, the status, and the bytes."""
    took = []
    for _ in range(runs):
        began = clock()
        answer = client.get(path)
        took.append(clock() - began)
    return min(took) * 1000, answer.status_code, len(answer.content)


def test_every_page_and_answer_is_quick_in_a_big_house(big: House) -> None:
    visitors: dict[str, TestClient] = {}
    kind = big.database.writer.dialect.name
    clock = time.process_time if kind == "sqlite" else time.perf_counter
    floor, _, _ = _best(visitor(big, "ada"), FLOOR, clock, runs=20)
    rows = []
    wanted = [(path, PAGES[("GET", path)], True) for method, path in PAGES if method == "GET" and path not in ELSEWHERE]
    wanted += [(path, PAGES[("GET", path.split("?")[0])], True) for path in MORE]
    wanted += [(path, act, False) for (method, path), act in CALLS.items() if method == "GET"]
    for path, act, page in wanted:
        who = _who(big, act, path) or "ada"
        if page and who not in visitors:
            visitors[who] = visitor(big, who)
        client = visitors[who] if page else big.client(who)
        if not page:
            client.event_hooks["response"].clear()  # what the description promises is held to elsewhere
        address = big.address(path.replace("{link}", "0123456789ab.AAAA").replace("{kind}", "hubspot"))
        rows.append((*_best(client, address, clock), path))
    rows.sort(reverse=True)
    print(f"\n{kind}, {ACCOUNTS:,} accounts; the floor is {floor:.1f} ms")
    for took, status, size, path in rows:
        print(f"  {took:8.1f} ms {took / floor:6.1f} x {size / 1000:7.1f} kB  {status}  {path}")
    assert not [(path, status) for _, status, _, path in rows if status >= 500]
    assert not [(path, round(took / floor)) for took, _, _, path in rows if took / floor > MOST]
