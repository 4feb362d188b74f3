"""What a packet takes from beside its review: the log's entries with their proofs, and the checklist of the day."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.compliance import queries as compliance
from app.compliance.controls import catalogue
from app.evidence import queries
from app.ledger import note, proofs, tree
from app.ledger import queries as ledger
from app.ledger.note import Checkpoint
from app.ledger.tables import CheckpointRow

_LATEST = 1000  # as many of the latest checkpoints are proved to be extended; of older ones the last of each day


def entries(session: Session, campaign_id: int, size: int) -> Iterator[dict[str, Any]]:
    """Each entry as it was hashed, with its leaf number, its way to the root, and the values that may be opened."""
    node = ledger.nodes(session)
    for (number, row), values in queries.entries(session, campaign_id, size):
        yield {
            "leaf": number,
            "entry": {
                "id": str(row.id),
                "kind": row.kind,
                "subject": row.subject,
                "author": row.author,
                "at": row.at.isoformat(),
                "body": row.body,
            },
            "proof": [_text(each) for each in proofs.hashes_beside(number, size, node)],
            "opened": {value.field: {"salt": value.salt.hex(), "value": value.value} for value in values},
        }


def consistency(session: Session, size: int, known: Sequence[Checkpoint]) -> Iterator[dict[str, Any]]:
    """That the tree of `size` leaves begins with each tree that was signed before, and with those of `known`."""
    node = ledger.nodes(session)
    for old in sorted({*_signed_before(session, size), *(each.size for each in known if each.size < size)}):
        hashes = [tree.range_hash(each, node) for each in tree.consistency_ranges(old, size)]
        yield {"from": old, "to": size, "hashes": [_text(each) for each in hashes]}


def previous(session: Session, size: int) -> CheckpointRow | None:
    """The checkpoint of the packet that was sealed before this one."""
    told = queries.last_sealed(session, size)
    return ledger.checkpoint_of(session, int(told["size"])) if told else None


def keys(session: Session) -> Iterator[dict[str, Any]]:
    """Every key that checkpoints were signed with, and the notes by which one handed over to the next."""
    for row in ledger.keys(session):
        verifier = note.parse_verifier(row.verifier)
        yield {
            "key": row.verifier,
            "fingerprint": verifier.fingerprint,
            "began": row.began.isoformat(),
            "handover": row.handover,
        }


def _signed_before(session: Session, size: int) -> set[int]:
    latest = select(CheckpointRow.size).where(CheckpointRow.size < size).distinct().order_by(CheckpointRow.size.desc())
    sizes = set(session.scalars(latest.limit(_LATEST)))
    day = func.date(CheckpointRow.at)
    daily = select(func.max(CheckpointRow.size)).where(CheckpointRow.size < size).group_by(day)
    return sizes | set(session.scalars(daily))


def read_known(notes: Sequence[str]) -> list[Checkpoint]:
    """Checkpoints that somebody else kept, as they say of themselves. Raises note.BadNote for what is none."""
    return [note.parse(text) for text in notes]


def _text(hash_: bytes) -> str:
    return base64.b64encode(hash_).decode()


def controls(session: Session, systems: Collection[int], at: datetime) -> Iterator[dict[str, Any]]:
    """What every line of the checklist was at this moment, over all and in the review's systems, with reason and proof."""
    order = list(catalogue.LINES)
    places = {compliance.ALL, *(f"system:{number}" for number in systems)}
    rows = [row for row in compliance.outcomes(session, at=at) if row.place in places and row.line in catalogue.LINES]
    for row in sorted(rows, key=lambda row: (order.index(row.line), row.system_id or 0)):
        line = catalogue.LINES[row.line]
        yield {
            "line": line.id, "title": line.title, "iso2022": list(line.iso2022), "iso2013": list(line.iso2013),
            "clauses": list(line.clauses), "soc2": list(line.soc2), "modes": [str(mode) for mode in line.modes],
            "system": row.system_id, "outcome": row.outcome, "because": row.because, "proof": row.proof,
            "since": row.began.isoformat(),
        }  # fmt: skip
