"""Writing down what happened, in the transaction of the verb that did it.

An entry's leaf is SHA-256(0x00 ‖ RFC 8785 of the entry), fixed here. Personal values enter it only as salted commitments
H(salt ‖ value); value and salt lie in a table of their own and can be erased without touching a proof.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from app.kit import clock, ids
from app.kit.db import Written
from app.ledger import jcs, tree
from app.ledger.kinds import QUIET, Kind
from app.ledger.tables import EntryRow, LeaflessRow, PendingRow, PersonalRow

# Inserts into the tables themselves: the unit of work has nothing to add to rows that nobody loads.
_ENTRIES, _LEAFLESS, _PERSONAL, _PENDING = (
    insert(cast(Table, row.__table__)) for row in (EntryRow, LeaflessRow, PersonalRow, PendingRow)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What to write down. `body` holds JSON without floats and without personal values; those go into `personal`.

    `person` says whose the personal values are ("identity:7", "account:12"), so that they can be exported and erased.
    """

    kind: Kind
    subject: str
    body: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    person: str | None = None


def record(session: Session, entry: Entry, *, by: str, at: datetime) -> uuid.UUID:
    """Write one entry, and a pending row if anything can follow it. Returns its id."""
    return record_many(session, [entry], by=by, at=at)[0]


def record_many(session: Session, entries: Iterable[Entry], *, by: str, at: datetime) -> list[uuid.UUID]:
    """Write many entries set-wise, all by one author at one moment. Returns their ids in order.

    Raises jcs.Unwritable (a ValueError) for a body with fractions, U+0000 or whole numbers beyond 2^53 - 1.
    """
    at = clock.utc(at)
    rows: list[dict[str, Any]] = []
    personal: list[dict[str, Any]] = []
    for entry in entries:
        row, values = _compose(entry, by, at)
        rows.append(row)
        personal += values
    if not rows:
        return []
    session.execute(_ENTRIES, rows)
    session.execute(_LEAFLESS, [{"entry_id": row["id"], "leaf": row["leaf"]} for row in rows])
    if personal:
        session.execute(_PERSONAL, personal)
    pending = [{"entry_id": row["id"], "kind": row["kind"]} for row in rows if row["kind"] not in QUIET]
    if pending:
        session.execute(_PENDING, pending)
    return [row["id"] for row in rows]


def canonical(row: Mapping[str, Any]) -> bytes:
    """The bytes an entry's leaf is made of (RFC 8785), from its row."""
    return _canonical(row, jcs.text(row["body"]))


def _canonical(row: Mapping[str, Any], body: str) -> bytes:
    """`body` is written already. The names stand in the order that the RFC sorts them in."""
    author, kind, subject = (jcs.text(str(row[name])) for name in ("author", "kind", "subject"))
    return (
        f'{{"at":"{row["at"].isoformat()}","author":{author},"body":{body},"id":"{row["id"]}",'
        f'"kind":{kind},"subject":{subject}}}'
    ).encode()


def commitment(salt: bytes, value: str) -> str:
    """H(salt ‖ value), hexadecimal: what a leaf holds in place of a personal value."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def _compose(entry: Entry, by: str, at: datetime) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    body = dict(entry.body)
    values = []
    identifier = ids.uuid7()
    for name, value in entry.personal.items():
        if name in body:
            raise ValueError(f"{entry.kind}: {name} is given both openly and as a personal value")
        if "\x00" in value:
            raise jcs.Unwritable(f"{entry.kind}: {name} holds U+0000, which PostgreSQL does not keep")
        salt = os.urandom(32)
        body[name] = {"commitment": commitment(salt, value)}
        values.append({"entry_id": identifier, "field": name, "salt": salt, "value": value, "person": entry.person})
    written = jcs.text(body)
    row = {"id": identifier, "kind": str(entry.kind), "subject": entry.subject, "author": by, "at": at}
    row["leaf"] = tree.leaf_hash(_canonical(row, written))
    row["body"] = Written(written)
    return row, values
