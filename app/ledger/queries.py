"""Reads of the ledger: its size, its tree, its checkpoints, what is to be relayed, and what it holds of one person."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.ledger import note, tree
from app.ledger.tables import (
    CheckpointKeyRow,
    CheckpointRow,
    EntryRow,
    LeaflessRow,
    LeafRow,
    NodeRow,
    PendingRow,
    PersonalRow,
)

_LOCK = 7_075_316_962  # names the advisory lock of whoever numbers or signs; any number that nothing else here uses


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry whose consequences are still to be handed to the engine, under the entry's own id."""

    entry_id: uuid.UUID
    kind: str
    subject: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonalValue:
    """One value of a person that the ledger still holds."""

    entry_id: uuid.UUID
    kind: str
    subject: str
    at: datetime
    field: str
    value: str


def alone(session: Session) -> None:
    """Wait until nobody else numbers or signs; held until the transaction ends. Call it before reading anything.

    SQLite's one writer is alone already. Under READ COMMITTED the next statement sees what the last holder left.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def size(session: Session) -> int:
    """How many entries have a number."""
    return (session.scalar(select(func.coalesce(func.max(LeafRow.number), -1))) or 0) + 1


def unnumbered(session: Session) -> int:
    """How many committed entries wait for a number."""
    return session.scalar(select(func.count()).select_from(LeaflessRow)) or 0


def tile(session: Session, level: int, number: int) -> list[bytes]:
    """The (up to 256) hashes of one tile: leaves at level 0, kept nodes at 8, 16, …"""
    begin, end = number * tree.TILE, (number + 1) * tree.TILE
    if level == 0:
        found = select(LeafRow.hash).where(LeafRow.number >= begin, LeafRow.number < end).order_by(LeafRow.number)
    else:
        found = (
            select(NodeRow.hash)
            .where(NodeRow.level == level, NodeRow.number >= begin, NodeRow.number < end)
            .order_by(NodeRow.number)
        )
    return list(session.scalars(found))


def nodes(session: Session, *, kept: int = 64) -> tree.Node:
    """A reader of perfect subtrees that remembers the last few tiles. Use it within one steady view."""

    @lru_cache(maxsize=kept)
    def pyramid(level: int, number: int) -> list[list[bytes]]:
        rows = [tile(session, level, number)]
        while len(rows[-1]) > 1:
            below = rows[-1]
            rows.append([tree.node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
        return rows

    def node(level: int, index: int) -> bytes:
        height = level % tree.TILE_BITS
        across = tree.TILE >> height
        rows = pyramid(level - height, index // across)
        if height >= len(rows) or index % across >= len(rows[height]):
            raise LookupError(f"the tree holds no subtree {index} at level {level}: leaves are missing")
        return rows[height][index % across]

    return node


def latest_checkpoint(session: Session) -> CheckpointRow | None:
    """The last checkpoint that was signed."""
    return session.scalars(select(CheckpointRow).order_by(CheckpointRow.id.desc()).limit(1)).first()


def checkpoint_of(session: Session, size: int) -> CheckpointRow | None:
    """The first checkpoint that was signed of a tree of this size."""
    found = select(CheckpointRow).where(CheckpointRow.size == size).order_by(CheckpointRow.id).limit(1)
    return session.scalars(found).first()


def keys(session: Session) -> list[CheckpointKeyRow]:
    """Every key that checkpoints were signed with, in the order they came into use."""
    return list(session.scalars(select(CheckpointKeyRow).order_by(CheckpointKeyRow.began, CheckpointKeyRow.id)))


def verifiers(session: Session) -> list[note.Verifier]:
    """The same keys, ready to check with."""
    return [note.parse_verifier(row.verifier) for row in keys(session)]


def pending(session: Session, limit: int = 100) -> list[Pending]:
    """Numbered entries whose consequences wait to be enqueued, in the order of the log."""
    found = (
        select(PendingRow.entry_id, EntryRow.kind, EntryRow.subject, LeafRow.number, EntryRow.at)
        .join(LeafRow, LeafRow.entry_id == PendingRow.entry_id)
        .join(EntryRow, EntryRow.id == PendingRow.entry_id)
        .order_by(LeafRow.number)
        .limit(limit)
    )
    return [Pending(*row) for row in session.execute(found)]


def personal(session: Session, person: str) -> Iterator[PersonalValue]:
    """What the ledger still holds of one person ("identity:7"), oldest first: the answer to a request for access."""
    found = (
        select(EntryRow.id, EntryRow.kind, EntryRow.subject, EntryRow.at, PersonalRow.field, PersonalRow.value)
        .join(PersonalRow, PersonalRow.entry_id == EntryRow.id)
        .where(PersonalRow.person == person)
        .order_by(EntryRow.at, EntryRow.id, PersonalRow.field)
    )
    for row in session.execute(found.execution_options(yield_per=1000)):
        yield PersonalValue(*row)
