"""Proofs out of the kept tree, and a full look at whether the ledger still is what was signed."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger import entries, note, queries, tree
from app.ledger.tables import CheckpointRow, EntryRow, LeafRow, PersonalRow


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf stands at `number` in the tree of `size`: the hashes beside its way up to the root."""

    number: int
    size: int
    leaf: bytes
    hashes: tuple[bytes, ...]


def inclusion(session: Session, entry_id: uuid.UUID, size: int) -> Inclusion:
    """Prove that an entry is in the tree of the first `size` leaves. Raises LookupError if it is not."""
    found = session.execute(select(LeafRow.number, LeafRow.hash).where(LeafRow.entry_id == entry_id)).first()
    if found is None or found.number >= size:
        raise LookupError(f"entry {entry_id} is not among the first {size} leaves")
    hashes = hashes_beside(found.number, size, queries.nodes(session))
    return Inclusion(found.number, size, found.hash, tuple(hashes))


def hashes_beside(number: int, size: int, node: tree.Node) -> list[bytes]:
    """The inclusion proof of one leaf, from a reader that may be shared by many proofs."""
    return [tree.range_hash(stretch, node) for stretch in tree.inclusion_ranges(number, size)]


def consistency(session: Session, old: int, new: int) -> list[bytes]:
    """Prove that the tree of `new` leaves begins with the tree of `old`. Raises LookupError if leaves are missing."""
    node = queries.nodes(session)
    return [tree.range_hash(stretch, node) for stretch in tree.consistency_ranges(old, new)]


def examine(session: Session) -> list[str]:
    """Hash every entry anew and hold it against leaves, kept nodes, checkpoints and commitments.

    Returns what does not agree, in words; empty when the ledger is whole. Reads everything once, in little memory. Use it
    in a frozen view.
    """
    checkpoints = list(session.scalars(select(CheckpointRow).order_by(CheckpointRow.size, CheckpointRow.id)))
    troubles = [*_signatures(session, checkpoints), *_commitments(session)]
    peaks: list[bytes] = []
    size, waiting = 0, iter(checkpoints)
    due = next(waiting, None)
    for number, hash_, row in _leaves(session):
        if number != size:
            troubles.append(f"leaf {size} is missing")
            break
        if tree.leaf_hash(entries.canonical(row)) != hash_ or row["leaf"] != hash_:
            troubles.append(f"entry {row['id']} (leaf {number}) is not what was written")
        size = tree.append(peaks, size, hash_)
        while due and due.size == size:
            if due.root != tree.fold(peaks):
                troubles.append(f"the first {size} leaves are not those of checkpoint {due.id}")
            due = next(waiting, None)
    if due:
        troubles.append(f"the log has {size} leaves, but checkpoint {due.id} was signed at {due.size}")
    return troubles + _loose_ends(session, size, tree.fold(peaks))


def _loose_ends(session: Session, size: int, root: bytes) -> list[str]:
    troubles = []
    written = session.scalar(select(func.count()).select_from(EntryRow)) or 0
    if written != size + queries.unnumbered(session):
        troubles.append(f"{written} entries, but {size} leaves and {queries.unnumbered(session)} that wait for one")
    try:
        kept = tree.root(size, queries.nodes(session))
    except LookupError as error:
        troubles.append(str(error))
    else:
        if kept != root:
            troubles.append("the kept nodes do not belong to these leaves")
    return troubles


def _leaves(session: Session) -> Iterator[tuple[int, bytes, dict[str, object]]]:
    names = ("id", "kind", "subject", "author", "at", "body", "leaf")
    found = (
        select(LeafRow.number, LeafRow.hash, *(getattr(EntryRow, name) for name in names))
        .join(EntryRow, EntryRow.id == LeafRow.entry_id)
        .order_by(LeafRow.number)
    )
    for number, hash_, *values in session.execute(found.execution_options(yield_per=1000)):
        yield number, hash_, dict(zip(names, values, strict=True))


def _signatures(session: Session, checkpoints: Sequence[CheckpointRow]) -> Iterator[str]:
    verifiers = queries.verifiers(session)
    for row in checkpoints:
        try:
            signed = note.checkpoint(row.note, verifiers)
        except note.BadNote as error:
            yield f"checkpoint {row.id}: {error}"
            continue
        if (signed.size, signed.root) != (row.size, row.root):
            yield f"checkpoint {row.id} is not what its note says"
    ordered = sorted(checkpoints, key=lambda row: row.id)
    for before, after in itertools.pairwise(ordered):
        if after.at < before.at:
            yield f"checkpoint {after.id} says an earlier time than the one before it: the clock was set back"


def _commitments(session: Session) -> Iterator[str]:
    found = select(PersonalRow.entry_id, PersonalRow.field, PersonalRow.salt, PersonalRow.value, EntryRow.body).join(
        EntryRow, EntryRow.id == PersonalRow.entry_id
    )
    for entry_id, field, salt, value, body in session.execute(found.execution_options(yield_per=1000)):
        if body.get(field) != {"commitment": entries.commitment(salt, value)}:
            yield f"entry {entry_id}: {field} is not the value that was committed to"
