"""What is governed, as its pages tell it: the scope with what readings show beside it, and Statements of Applicability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.compliance import queries, seeing, statements
from app.compliance.policy import SCOPES
from app.compliance.seeing import Drift
from app.compliance.tables import ConfirmationRow, ScopeRow, StatementRow
from app.kit.refusal import insist


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of the scope: what was said of it, how readings differ, and who confirmed it last."""

    kind: str
    entries: Sequence[ScopeRow]
    drift: Drift
    confirmed: ConfirmationRow | None

    @property
    def stands(self) -> bool:
        """Whether it could be confirmed as it is: readings show nothing else."""
        return not self.drift.new and not self.drift.gone


@dataclass(frozen=True, slots=True)
class Scope:
    """Every kind, and the names of whoever said something of it."""

    parts: Sequence[Part]
    people: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements, the latest first, and the names of who made and approved them."""

    rows: Sequence[StatementRow]
    people: Mapping[str, str]


def scope(session: Session, *, by: Actor) -> Scope:
    """The register of scope, kind by kind, with its drift."""
    insist(policy.why_not(by, May.SEE_CHECKLIST))
    parts = [
        Part(
            kind,
            seeing.register(session, kind),
            seeing.drift(session, kind),
            seeing.latest_confirmation(session, kind),
        )
        for kind in SCOPES
    ]
    said = {row.by for part in parts for row in part.entries}
    return Scope(parts, _names(session, said | {part.confirmed.by for part in parts if part.confirmed}))


def listed(session: Session, *, by: Actor) -> Statements:
    """Every Statement of Applicability."""
    insist(policy.why_not(by, May.SEE_CHECKLIST))
    rows = queries.statements(session)
    return Statements(rows, _names(session, {who for row in rows for who in (row.made_by, row.approved_by) if who}))


def one(session: Session, number: int, *, by: Actor) -> Statements:
    """One statement. Refuses (404) what is not there."""
    insist(policy.why_not(by, May.SEE_CHECKLIST))
    row = statements.found(session, number)
    return Statements([row], _names(session, {who for who in (row.made_by, row.approved_by) if who}))


def _names(session: Session, actors: set[str]) -> dict[str, str]:
    found = select(ActorRow.id, ActorRow.name).where(ActorRow.id.in_(actors))
    return dict.fromkeys(actors, "the schedule") | dict(session.execute(found).all())
