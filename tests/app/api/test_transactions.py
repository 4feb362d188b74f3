"""Two traps that a web framework sets for transactions, each with a test that would fall into it.

A session handed to the endpoint as a `yield` dependency commits after the answer was sent, so a failing commit still
answers success; and it holds a connection while another thread waits for one, so a bounded pool starves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Depends
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app.actors.tables import TokenRow
from app.kit.db import Database
from app.ledger.tables import EntryRow
from app.main import create_app
from app.review.tables import DecisionRow
from tests.app.api.house import House, furnish, serving

SCOPE = {"systems": "all", "fallback": "flo", "second_fallback": "fay"}
KEEP = {"answer": "keep", "reason": "still sells"}


def _count(database: Database, rows: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(rows)) or 0


def _refuse_commits(database: Database) -> None:
    """From now on the database refuses to commit, as it does when a deferred constraint fails or its disk is full."""

    @event.listens_for(database.writer, "commit")
    def _full(_connection: Any) -> None:
        raise OSError("no space left on device")


@pytest.mark.parametrize(
    ("who", "method", "path", "body"),
    [
        ("ada", "PUT", "/api/v1/items/{item}/decision", KEEP),
        ("boss", "POST", "/api/v1/systems/{system}/readings", None),
        (
            "boss",
            "POST",
            "/api/v1/campaigns",
            {"name": "N", "scope": SCOPE},
        ),
    ],
)
def test_a_write_whose_commit_fails_does_not_answer_success(
    house_on_both: House, who: str, method: str, path: str, body: Any
) -> None:
    house = house_on_both
    client = house.client(who, strict=False)
    assert client.get("/api/v1/me").status_code == 200  # the token's use is noted now, not later
    before = _count(house.database, EntryRow), _count(house.database, DecisionRow)
    _refuse_commits(house.database)
    address = path.format(item=house.plain.id, system=house.company.system.id)
    assert client.request(method, address, json=body).status_code == 500
    assert (_count(house.database, EntryRow), _count(house.database, DecisionRow)) == before


def test_the_trap_is_there_for_who_hands_out_sessions(house: House) -> None:
    """The same write through a `yield` dependency answers success and writes nothing: why no endpoint here has one."""
    router = APIRouter()

    def session() -> Iterator[Session]:
        with house.database.transaction() as opened:
            yield opened

    @router.put("/trap")
    def trap(opened: Session = Depends(session)) -> str:
        opened.get_one(TokenRow, house.tokens["ada"].split("_")[1]).label = "trapped"
        return "done"

    house.app.include_router(router)
    _refuse_commits(house.database)
    with serving(house.app) as address:
        answer = httpx2.put(f"{address}/trap", timeout=20)
    with house.database.reading() as opened:
        assert opened.scalars(select(TokenRow.label).where(TokenRow.label == "trapped")).all() == []
    assert answer.status_code == 200, "the framework has changed; the traps and their tests can be thought over"


def _all_at_once(count: int, ask: Callable[[int], int]) -> list[int]:
    together = threading.Barrier(count)
    answers: list[int] = []

    def one(number: int) -> None:
        together.wait(30)
        answers.append(ask(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_forty_at_once_over_a_small_pool_are_all_answered(make_database: Callable[[str], str]) -> None:
    """Each request holds one connection at a time; one that held its first while asking for a second would wait for ever.

    The pool gives four connections and the server forty threads. Waiting in vain ends after thirty seconds with a 500.
    """
    database = Database(make_database("postgresql"), pool_size=2)
    house = furnish(database, accounts=40)
    items = [item.id for subject, item in house.items.items() if subject.startswith("account:")]
    with serving(create_app(house.means)) as address, httpx2.Client(base_url=address, timeout=60) as client:
        headers = {"Authorization": f"Bearer {house.tokens['ada']}"}

        def ask(number: int) -> int:
            item = items[number]
            seen = client.get(f"/api/v1/items/{item}", headers=headers)
            with_key = headers | {"Idempotency-Key": f"k-{number}", "If-Match": seen.headers.get("ETag", "")}
            return client.put(f"/api/v1/items/{item}/decision", json=KEEP, headers=with_key).status_code

        began = time.monotonic()
        answers = _all_at_once(40, ask)
        took = time.monotonic() - began
    assert answers == [200] * 40
    assert took < 25, f"{took:.0f} s: somebody waited for a connection in vain"
    assert _count(database, DecisionRow) == 41
    database.close()
