"""Every committed entry gets one number, and no number is left out."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime

import pytest
from sqlalchemy import select

from app.kit.db import Database
from app.ledger import entries, leaves, proofs, queries, tree
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, LeaflessRow, LeafRow, NodeRow

WRITERS = 32


def write(database: Database, at: datetime, count: int, subject: str = "item:1") -> None:
    with database.transaction() as session:
        entries.record_many(
            session, [Entry(Kind.DECISION_RECORDED, subject, {"n": n}) for n in range(count)], by="ada", at=at
        )


def integrate(database: Database, limit: int = 10_000) -> int:
    with database.transaction() as session:
        return leaves.integrate(session, limit=limit)


def numbered(database: Database) -> list[tuple[int, str, int]]:
    """(number, subject, n) in the order of the log."""
    with database.reading() as session:
        found = select(LeafRow.number, EntryRow.subject, EntryRow.body).join(EntryRow, EntryRow.id == LeafRow.entry_id)
        return [
            (number, subject, body["n"]) for number, subject, body in session.execute(found.order_by(LeafRow.number))
        ]


def test_entries_are_numbered_from_nought_in_the_order_they_were_written(database: Database, at: datetime) -> None:
    write(database, at, 5)
    assert integrate(database, limit=3) == 3
    assert integrate(database, limit=3) == 2
    assert integrate(database, limit=3) == 0
    assert [(number, n) for number, _, n in numbered(database)] == [(n, n) for n in range(5)]
    with database.reading() as session:
        assert queries.size(session) == 5
        assert queries.unnumbered(session) == 0


def test_an_entry_of_a_transaction_that_was_rolled_back_gets_no_number(database: Database, at: datetime) -> None:
    with database.reading() as session:  # never commits
        entries.record(session, Entry(Kind.DECISION_RECORDED, "item:1", {"n": 1}), by="ada", at=at)
    write(database, at, 1, "item:2")
    assert integrate(database) == 1
    assert numbered(database) == [(0, "item:2", 0)]


def test_a_slow_writer_stalls_nobody_and_is_numbered_when_it_commits(
    make_database: Callable[[str], str], at: datetime
) -> None:
    database = Database(make_database("postgresql"))  # SQLite has one writer at a time
    with database.transaction() as slow:
        entries.record(slow, Entry(Kind.DECISION_RECORDED, "item:slow", {"n": 1}), by="ada", at=at)
        write(database, at, 2, "item:fast")
        assert integrate(database) == 2
    assert integrate(database) == 1
    assert [subject for _, subject, _ in numbered(database)] == ["item:fast", "item:fast", "item:slow"]
    database.close()


def test_thirty_two_writers_lose_double_and_reorder_nothing(database: Database, at: datetime) -> None:
    rounds = 4 if database.sqlite else 12
    done = threading.Event()

    def writer(name: int) -> None:
        chance = random.Random(name)
        for turn in range(rounds):
            with database.transaction() as session:
                pair = [Entry(Kind.DECISION_RECORDED, f"item:{name}", {"n": turn * 2 + each}) for each in (0, 1)]
                entries.record_many(session, pair, by=f"actor-{name}", at=at)
                time.sleep(0 if database.sqlite else chance.random() / 50)  # commits come in another order

    def integrator() -> None:
        while not done.is_set():
            integrate(database, limit=7)

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        numbering = [pool.submit(integrator) for _ in range(2)]
        writing = [pool.submit(writer, name) for name in range(WRITERS)]
        wait(writing)
        done.set()
    for each in (*writing, *numbering):
        each.result()
    while integrate(database):
        pass
    found = numbered(database)
    assert [number for number, _, _ in found] == list(range(WRITERS * rounds * 2))
    for name in range(WRITERS):
        assert [n for _, subject, n in found if subject == f"item:{name}"] == list(range(rounds * 2))
    with database.frozen() as session:
        assert session.scalars(select(LeaflessRow.entry_id)).all() == []
        assert proofs.examine(session) == []


def test_whole_tiles_are_kept_so_that_a_root_reads_few_rows(database: Database, at: datetime) -> None:
    write(database, at, 600)
    while integrate(database, limit=250):
        pass
    with database.reading() as session:
        kept = session.execute(select(NodeRow.level, NodeRow.number).order_by(NodeRow.number)).all()
        hashes = list(session.scalars(select(LeafRow.hash).order_by(LeafRow.number)))
        assert [tuple(row) for row in kept] == [(8, 0), (8, 1)]
        for size in (1, 255, 256, 257, 511, 512, 513, 600):
            assert tree.root(size, queries.nodes(session)) == tree.root_of(hashes[:size])


def test_leaves_that_are_not_there_are_not_made_up(database: Database, at: datetime) -> None:
    write(database, at, 3)
    integrate(database)
    with database.reading() as session, pytest.raises(LookupError, match="leaves are missing"):
        tree.root(4, queries.nodes(session))
