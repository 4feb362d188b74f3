"""Writing down what happened, in the transaction of the verb that did it.

An entry's leaf is SHA-256(0x00 ‖ RFC 8785 of the entry), fixed here. Personal values enter it only as salted commitments
H(salt ‖ value); value and salt lie in a table of their own and can be erased without touching a proof.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.kit import clock, ids, rows
from app.kit.db import Written
from app.ledger import jcs, tree
from app.ledger.kinds import QUIET, Kind
from app.ledger.tables import EntryRow, LeaflessRow, PendingRow, PersonalRow

# The tables themselves: the unit of work has nothing to add to rows that nobody loads.
_ENTRIES, _LEAFLESS, _PERSONAL, _PENDING = (
    cast(Table, row.__table__) for row in (EntryRow, LeaflessRow, PersonalRow, PendingRow)
)
_SALT = 32  # bytes


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
    made, personal = composed(list(entries), by, at)
    if not made:
        return []
    rows.add(session, _ENTRIES, made)
    rows.add(session, _LEAFLESS, [{"entry_id": row["id"], "leaf": row["leaf"]} for row in made])
    rows.add(session, _PERSONAL, personal)
    pending = [{"entry_id": row["id"], "kind": row["kind"]} for row in made if row["kind"] not in QUIET]
    rows.add(session, _PENDING, pending)
    return [row["id"] for row in made]


def canonical(row: Mapping[str, Any]) -> bytes:
    """The bytes an entry's leaf is made of (RFC 8785), from its row."""
    begins = _begins(row["at"], row["author"])
    return _canonical(begins, jcs.text(row["body"]), row["id"], row["kind"], row["subject"])


def _begins(at: datetime, author: str) -> str:
    return f'{{"at":"{at.isoformat()}","author":{jcs.text(author)},"body":'


def _canonical(begins: str, body: str, identifier: uuid.UUID, kind: str, subject: str) -> bytes:
    """`body` is written already. The names stand in the order that the RFC sorts them in."""
    ends = f',"id":"{identifier}","kind":{jcs.text(kind)},"subject":{jcs.text(subject)}}}'
    return f"{begins}{body}{ends}".encode()


def commitment(salt: bytes, value: str) -> str:
    """H(salt ‖ value), hexadecimal: what a leaf holds in place of a personal value."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def composed(entries: Sequence[Entry], by: str, at: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of entries, with their leaves, and those of their personal values."""
    begins = _begins(at, by)
    chance, used = os.urandom(_SALT * sum(len(entry.personal) for entry in entries)), 0
    made: list[dict[str, Any]] = []
    personal: list[dict[str, Any]] = []
    for entry, identifier in zip(entries, ids.uuid7s(len(entries)), strict=True):
        body, kind = dict(entry.body), str(entry.kind)
        for name, value in entry.personal.items():
            if name in body:
                raise ValueError(f"{kind}: {name} is given both openly and as a personal value")
            if "\x00" in value:
                raise jcs.Unwritable(f"{kind}: {name} holds U+0000, which PostgreSQL does not keep")
            salt = chance[used : used + _SALT]
            used += _SALT
            body[name] = {"commitment": commitment(salt, value)}
            personal.append(
                {"entry_id": identifier, "field": name, "salt": salt, "value": value, "person": entry.person}
            )
        written = jcs.text(body)
        made.append(
            {
                "id": identifier,
                "kind": kind,
                "subject": entry.subject,
                "author": by,
                "at": at,
                "leaf": tree.leaf_hash(_canonical(begins, written, identifier, kind, entry.subject)),
                "body": Written(written),
            }
        )
    return made, personal
