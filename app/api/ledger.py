"""The ledger: its checkpoints, its entries with their place, and the proofs that tie the two together."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import Field
from sqlalchemy import Select, select

from app.api import paging, problems
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import MOST_NUMBER, Page, Told
from app.kit.refusal import Refusal, Refused
from app.ledger import proofs, queries
from app.ledger.kinds import Kind
from app.ledger.tables import CheckpointRow, EntryRow, LeafRow

router = APIRouter(prefix="/api/v1/ledger", tags=["evidence"])
Size = Annotated[int, Query(ge=1, le=MOST_NUMBER)]
NOTE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "A signed note (C2SP)."}
}


class EntryTold(Told):
    """One thing that happened, with its gapless number. Personal values appear as commitments."""

    number: int
    id: UUID
    kind: str
    subject: str
    author: str
    at: datetime
    body: dict[str, Any]


class EntryPage(Page):
    """A page of entries."""

    entries: list[EntryTold]


class Checkpoint(Told):
    """A signed statement of the log's size and root; `note` is the text that was signed."""

    size: int
    root: str = Field(description="SHA-256, in hex.")
    at: datetime
    note: str


class CheckpointPage(Page):
    """A page of checkpoints, newest first."""

    checkpoints: list[Checkpoint]


class Inclusion(Told):
    """That an entry stands in the log: its leaf, and the hashes beside its way to the root (RFC 6962), all in hex."""

    number: int
    size: int
    leaf: str
    hashes: list[str]


class Consistency(Told):
    """That the log of `new` entries begins with that of `old`: the hashes that prove it (RFC 6962), in hex."""

    old: int
    new: int
    hashes: list[str]


@router.get("/checkpoint", response_class=PlainTextResponse, responses=NOTE | {404: {"description": "None yet"}})
def get_checkpoint(means: With, actor: Entered) -> PlainTextResponse:
    """The latest signed checkpoint (C2SP). Keep it: every later one must extend it. 404 before the first."""
    with means.database.reading() as session:
        row = queries.latest_checkpoint(session)
        if row is None:
            raise problems.not_found("checkpoint", "yet")
        return PlainTextResponse(row.note)


@router.get("/checkpoints")
def list_checkpoints(means: With, actor: Entered, page: paging.Asked) -> CheckpointPage:
    """Every checkpoint that was signed, newest first."""
    with means.database.reading() as session:
        rows, after = page.page(session, select(CheckpointRow), Order((CheckpointRow.id,), falling=True))
        told = [Checkpoint(size=row.size, root=row.root.hex(), at=row.at, note=row.note) for row, *_ in rows]
        return CheckpointPage(checkpoints=told, next=after)


@router.get("/consistency")
def get_consistency(means: With, actor: Entered, old: Size, new: Size) -> Consistency:
    """Prove that the log of `new` entries begins with that of `old` entries, both sizes of checkpoints."""
    with means.database.frozen() as session:
        size = queries.size(session)
        if not old <= new <= size:
            raise Refused(Refusal("does_not_fit", f"The log has {size} entries.", "Ask old <= new <= that.", 422))
        return Consistency(old=old, new=new, hashes=[each.hex() for each in proofs.consistency(session, old, new)])


@router.get("/entries")
def list_entries(
    means: With,
    actor: Entered,
    page: paging.Asked,
    kind: Kind | None = None,
    subject: Annotated[str | None, Query(max_length=120, examples=["campaign:1"])] = None,
    author: Annotated[str | None, Query(max_length=80)] = None,
    sort: Literal["oldest", "newest"] = "oldest",
) -> EntryPage:
    """What happened, in the order of the log."""
    statement = _entries()
    for column, value in ((EntryRow.kind, kind), (EntryRow.subject, subject), (EntryRow.author, author)):
        if value is not None:
            statement = statement.where(column == value)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((LeafRow.number,), falling=sort == "newest"))
        return EntryPage(entries=[_told(row[0], row[1]) for row in rows], next=after)


@router.get("/entries/{entry_id}")
def get_entry(entry_id: UUID, means: With, actor: Entered) -> EntryTold:
    """One entry. 404 also for one that has no number yet: it gets one within seconds."""
    with means.database.reading() as session:
        found = session.execute(_entries().where(EntryRow.id == entry_id)).one_or_none()
        if found is None:
            raise problems.not_found("entry", entry_id)
        return _told(found[0], found[1])


@router.get("/entries/{entry_id}/proof")
def get_proof(entry_id: UUID, means: With, actor: Entered, size: Size | None = None) -> Inclusion:
    """Prove that an entry is among the first `size` of the log; the latest checkpoint's size if none is given."""
    with means.database.frozen() as session:
        latest = queries.latest_checkpoint(session)
        wanted = size if size is not None else latest.size if latest is not None else 0
        if wanted > queries.size(session):
            raise problems.not_found("log of size", wanted)
        try:
            proof = proofs.inclusion(session, entry_id, wanted)
        except LookupError:
            raise problems.not_found(f"entry among the first {wanted}:", entry_id) from None
        return Inclusion(
            number=proof.number, size=proof.size, leaf=proof.leaf.hex(), hashes=[each.hex() for each in proof.hashes]
        )


def _entries() -> Select[int, EntryRow]:
    return select(LeafRow.number, EntryRow).join(EntryRow, EntryRow.id == LeafRow.entry_id)


def _told(number: int, row: EntryRow) -> EntryTold:
    return EntryTold(
        number=number, id=row.id, kind=row.kind, subject=row.subject, author=row.author, at=row.at, body=row.body
    )
