"""What writing to the ledger costs: entries a second by 32 writers, against bare INSERTs of the same rows.

The floor is taken in the same run: the same threads insert ready-made rows into a table with the same columns and indexes.
The ledger composes, canonicalises and hashes its entries, marks them as without a number, and is numbered meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, insert

from app.kit.db import Database
from app.ledger import entries, leaves, proofs, queries, tree
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow

pytestmark = pytest.mark.bench
WRITERS = 32


def decision(writer: int, turn: int) -> Entry:
    """Of the size that a real decision has."""
    body = {"answer": "keep", "way": "cli", "item": turn, "shown": "0" * 64, "reason": "needed for the quarter's close"}
    return Entry(Kind.DECISION_RECORDED, f"item:{writer}", body)


def spread(work: Callable[[int], None]) -> float:
    """Seconds that 32 threads take to do their share."""
    began = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        for each in [pool.submit(work, writer) for writer in range(WRITERS)]:
            each.result()
    return time.perf_counter() - began


def bare_table(database: Database) -> Table:
    """The table of entries once more, with its indexes, without guards and verbs."""
    source = EntryRow.__table__
    assert isinstance(source, Table)
    copy = source.to_metadata(MetaData(), name="bare_entries")
    for each in (copy.primary_key, *copy.indexes):
        each.name = f"bare_{each.name}"
    copy.create(database.writer)
    return copy


def rows_of(at: datetime, writer: int, turns: range) -> list[dict[str, Any]]:
    return entries.composed([decision(writer, turn) for turn in turns], "ada", at)[0]


@pytest.mark.parametrize("size", [1, 100])
def test_entries_a_second_with_thirty_two_writers(database: Database, at: datetime, size: int) -> None:
    transactions = (20 if size == 1 else 4) if database.sqlite else (60 if size == 1 else 8)
    total = WRITERS * transactions * size
    bare = bare_table(database)
    ready = {
        (writer, turn): rows_of(at, writer, range(turn * size, (turn + 1) * size))
        for writer in range(WRITERS)
        for turn in range(transactions)
    }

    def floor(writer: int) -> None:
        for turn in range(transactions):
            with database.writer.begin() as connection:
                connection.execute(insert(bare), ready[writer, turn])

    def ledger(writer: int) -> None:
        for turn in range(transactions):
            told = [decision(writer, each) for each in range(turn * size, (turn + 1) * size)]
            with database.transaction() as session:
                entries.record_many(session, told, by="ada", at=at)

    stop = threading.Event()

    def integrator() -> None:
        while not stop.wait(0.05):
            with database.transaction() as session:
                leaves.integrate(session)

    plain = spread(floor)
    numbering = threading.Thread(target=integrator)
    numbering.start()
    written = spread(ledger)
    stop.set()
    numbering.join()
    began = time.perf_counter()
    with database.transaction() as session:
        while leaves.integrate(session):
            pass
    rest = time.perf_counter() - began
    kind = "sqlite" if database.sqlite else "postgresql"
    print(
        f"\nledger, {kind}, {WRITERS} writers, {size} a transaction: {total / (written + rest):,.0f} entries/s numbered, "
        f"floor {total / plain:,.0f}/s, ratio {(written + rest) / plain:.2f}"
    )
    with database.frozen() as session:
        assert queries.size(session) == total
        assert proofs.examine(session) == []


def test_a_root_and_a_proof_out_of_many_leaves(database: Database, at: datetime) -> None:
    count = 100_000
    with database.transaction() as session:
        began = time.perf_counter()
        made = entries.record_many(session, (decision(1, turn) for turn in range(count)), by="ada", at=at)
        recorded = time.perf_counter() - began
    began = time.perf_counter()
    with database.transaction() as session:
        while leaves.integrate(session, limit=20_000):
            pass
    numbered = time.perf_counter() - began
    with database.frozen() as session:
        began = time.perf_counter()
        root = tree.root(count, queries.nodes(session))
        proof = proofs.inclusion(session, made[77_777], count)
        proved = time.perf_counter() - began
        began = time.perf_counter()
        troubles = proofs.examine(session)
        examined = time.perf_counter() - began
    kind = "sqlite" if database.sqlite else "postgresql"
    print(
        f"\nledger, {kind}, {count:,} leaves: recorded in one transaction {count / recorded:,.0f}/s, numbered "
        f"{count / numbered:,.0f}/s, root and one proof {proved * 1000:.0f} ms, examined whole {count / examined:,.0f}/s"
    )
    assert tree.verify_inclusion(proof.leaf, proof.number, count, proof.hashes, root)
    assert troubles == []
