"""What happened here, the latest first: the ledger as somebody searches it, and one entry with its proof.

Personal values stand in a table of their own and are given only to those who may see them; an entry whose values were
erased says so.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import SCHEDULER, Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries, proofs, queries
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, LeafRow, PersonalRow
from app.stories import called

_SUGGESTED = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the ledger; None: all. `subject` is "campaign:12", or "campaign:" for all of a kind of subject."""

    kind: str | None = None
    author: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry. `number` None: it was written a moment ago and has no place in the log yet."""

    row: EntryRow
    number: int | None
    author: str  # a name, where there is one
    about: str  # the name of whoever or whatever it is about, where there is one


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, the latest first."""

    entries: Sequence[Happened]
    after: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Story:
    """One entry with its personal values (field -> value, None where erased; None altogether: not yours to see)."""

    happened: Happened
    body: dict[str, Any]
    personal: dict[str, str | None] | None
    committed: Sequence[str]  # the fields of which only a commitment stands in the entry
    covered: bool  # by a checkpoint that is signed


def listed(session: Session, wanted: Wanted, *, by: Actor, after: Sequence[str] | None = None, limit: int = 50) -> Page:
    """A page of what happened, the latest first."""
    insist(policy.why_not(by, May.SEE_LEDGER))
    found = _filtered(wanted, _meant(session, wanted.author))
    if after is not None:
        at, identifier = datetime.fromisoformat(after[0]), uuid.UUID(after[1])
        found = found.where(EntryRow.at <= at, or_(EntryRow.at < at, EntryRow.id < identifier))
    rows = session.execute(found.order_by(EntryRow.at.desc(), EntryRow.id.desc()).limit(limit + 1)).all()
    names = called.authors(session, {row.author for row, _number in rows}, by=by)
    subjects = called.subjects(session, {row.subject for row, _ in rows[:limit]}, by=by)
    told = [
        Happened(row, number, names.get(row.author, row.author), subjects.get(row.subject, row.subject))
        for row, number in rows[:limit]
    ]
    last = told[-1].row if len(rows) > limit else None
    return Page(told, (last.at.isoformat(), str(last.id)) if last is not None else None)


def story(session: Session, entry_id: uuid.UUID, *, by: Actor) -> Story | None:
    """One entry; None if there is none. Its personal values only for those who may see them."""
    insist(policy.why_not(by, May.SEE_LEDGER))
    found = select(EntryRow, LeafRow.number).outerjoin(LeafRow, LeafRow.entry_id == EntryRow.id)
    row = session.execute(found.where(EntryRow.id == entry_id)).one_or_none()
    if row is None:
        return None
    entry, number = row
    committed = sorted(name for name, value in entry.body.items() if isinstance(value, dict) and "commitment" in value)
    personal: dict[str, str | None] | None = None
    if policy.why_not(by, May.SEE_PERSONAL_VALUES) is None:
        kept = select(PersonalRow.field, PersonalRow.value).where(PersonalRow.entry_id == entry_id)
        held: dict[str, str] = dict(session.execute(kept).all())
        personal = {name: held.get(name) for name in committed}
    checkpoint = queries.latest_checkpoint(session)
    covered = number is not None and checkpoint is not None and number < checkpoint.size
    author = called.authors(session, {entry.author}, by=by).get(entry.author, entry.author)
    about = called.subjects(session, [entry.subject], by=by).get(entry.subject, entry.subject)
    body = {name: value for name, value in entry.body.items() if name not in committed}
    return Story(Happened(entry, number, author, about), body, personal, committed, covered)


def proof(session: Session, entry_id: uuid.UUID, *, by: Actor) -> dict[str, Any]:
    """That the entry stands in the log: its canonical bytes, the hashes beside its way up, and the signed checkpoint.

    Refuses (404) an entry there is not, and (409) one that no signed checkpoint covers yet.
    """
    insist(policy.why_not(by, May.SEE_LEDGER))
    row = session.get(EntryRow, entry_id)
    if row is None:
        raise Refused(Refusal("not_found", "There is no such entry.", "Check the number.", status=404))
    checkpoint = queries.latest_checkpoint(session)
    try:
        found = proofs.inclusion(session, entry_id, checkpoint.size if checkpoint is not None else 0)
    except LookupError as error:
        told = "No signed checkpoint covers this entry yet."
        raise Refused(Refusal("not_covered", told, "A worker signs one within a minute; ask again.")) from error
    names = ("id", "kind", "subject", "author", "at", "body")
    canonical = entries.canonical({name: getattr(row, name) for name in names})
    return {
        "entry": json.loads(canonical),
        "number": found.number,
        "leaf": found.leaf.hex(),
        "hashes": [base64.b64encode(each).decode() for each in found.hashes],
        "checkpoint": checkpoint.note if checkpoint is not None else "",
        "keys": [row.verifier for row in queries.keys(session)],
    }


def kinds() -> list[str]:
    """Every kind of thing that can have happened, to choose from."""
    return sorted(str(kind) for kind in Kind)


def authors(session: Session, *, by: Actor) -> list[str]:
    """Names of those who act here, as suggestions: the first of them only, for any name can be asked for."""
    insist(policy.why_not(by, May.SEE_LEDGER))
    rows = session.scalars(select(ActorRow.name).distinct().order_by(ActorRow.name).limit(_SUGGESTED))
    return [SCHEDULER.name, *rows]


def _meant(session: Session, author: str | None) -> list[str]:
    """Whom a name, an e-mail address or an id means: everybody who is called so, for nobody's acts may be missing."""
    if author is None:
        return []
    if author.lower() == SCHEDULER.name:
        return [SCHEDULER.id]
    said = author.lower()
    named = select(ActorRow.id).where(or_(func.lower(ActorRow.name) == said, ActorRow.email == said))
    return [author, *session.scalars(named)]


def _filtered(wanted: Wanted, authors: Sequence[str]) -> Any:
    found = select(EntryRow, LeafRow.number).outerjoin(LeafRow, LeafRow.entry_id == EntryRow.id)
    conditions = []
    if wanted.kind is not None:
        conditions.append(EntryRow.kind == wanted.kind)
    if wanted.author is not None:
        conditions.append(EntryRow.author.in_(authors))
    if wanted.subject is not None:
        whole = not wanted.subject.endswith(":")
        after = wanted.subject[:-1] + ";"  # the letter after the colon: a range that the index knows
        within = and_(EntryRow.subject >= wanted.subject, EntryRow.subject < after)
        conditions.append(EntryRow.subject == wanted.subject if whole else within)
    if wanted.since is not None:
        conditions.append(EntryRow.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(EntryRow.at < wanted.until)
    return found.where(*conditions)
