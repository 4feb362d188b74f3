"""What a scope's expressions ask of each item, as columns (`scope.FACTS`), and which items they take in.

What a kind has no word for, and what a system does not tell, is null: neither true nor false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, and_, case, cast, exists, false, func, literal, null, select
from sqlalchemy.orm import Session, aliased

from app.inventory.tables import IdentityRow, ObservationRow, SnapshotRow, StreamRow
from app.review import asking, policy, trust
from app.review.expression import Expression
from app.review.frozen import FINDINGS, LAST, PEOPLE, SYSTEMS
from app.review.scope import FACTS, ItemKind, Scope
from app.review.silence import Settled
from app.review.tables import CampaignRow, ItemRow

Whose = aliased(IdentityRow, name="whose")
Wanted = Callable[[Mapping[str, Any]], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Inside:
    """What the scope's expressions take in: `where` holds, and no exclusion surely does. The same for the same expressions,
    so that what is asked by it is put together once."""

    where: Expression | None
    exclude: tuple[Expression, ...]

    def __call__(self, facts: Mapping[str, Any]) -> ColumnElement[bool]:
        """The condition, over one kind's facts."""
        fits = [asking.condition(self.where, facts, FACTS)] if self.where is not None else []
        return and_(*fits, *(_not_surely(asking.condition(each, facts, FACTS)) for each in self.exclude))


def inside(scope: Scope) -> Inside | None:
    """What the scope's expressions take in; None: everything."""
    if scope.where is None and not scope.exclude:
        return None
    return Inside(scope.where, tuple(each.where for each in scope.exclude))


def facts(kind: ItemKind, subject: Any) -> dict[str, Any]:
    """What every kind has of `scope.FACTS`; what a kind has no word for is not known."""
    rules: ColumnElement[Any] = func.coalesce(FINDINGS.c.rules, asking.BAR)
    if kind in (ItemKind.GRANT, ItemKind.CREDENTIAL):
        rules = rules + func.coalesce(PEOPLE.c.rules, asking.BAR)
    return {
        "system": SYSTEMS.c.name,
        "kind": literal(str(kind)),
        "subject": subject,
        "entitlement": unknown(String()),
        "privilege": unknown(String()),
        "department": PEOPLE.c.department,
        "title": PEOPLE.c.title,
        "owner": Whose.key,
        "account_kind": PEOPLE.c.kind,
        "finding": rules,
        "new": and_(SYSTEMS.c.previous_id.is_not(None), LAST.c.outcome.is_(None)),
        "temporary": false(),
        "integration": unknown(String()),
        "low_risk": unknown(Boolean()),
        "changed": unknown(Boolean()),
        "reviewed_this_year": _reviewed(subject),
    }


def _reviewed(subject: Any) -> ColumnElement[bool]:
    """Whether somebody decided in the year before the reading that it stays; silence is no decision."""
    past, campaign = aliased(ItemRow, name="past"), aliased(CampaignRow, name="past_campaign")
    return (
        exists()
        .where(
            past.campaign_id == campaign.id,
            past.subject == subject,
            past.outcome.in_([str(answer) for answer in policy.STAYS]),
            campaign.status == "closed",
            campaign.closed_at > SYSTEMS.c.year_from,
            func.coalesce(past.settled, "") != str(Settled.SILENCE),
        )
        .correlate_except(past, campaign)
    )


def unknown(kind: Any) -> ColumnElement[Any]:
    """A fact of this type that a kind has no word for."""
    return cast(null(), kind)


def risks(session: Session, system_ids: list[int]) -> Callable[[int, int], bool | None]:
    """Whether an entitlement allows nothing on sensitive kinds of record; None where a system does not tell."""
    newest = (
        select(func.max(SnapshotRow.id))
        .where(SnapshotRow.system_id.in_(system_ids), SnapshotRow.status == "sealed")
        .group_by(SnapshotRow.system_id)
    )
    told = set(
        session.scalars(
            select(SnapshotRow.system_id)
            .join(StreamRow, StreamRow.snapshot_id == SnapshotRow.id)
            .where(
                SnapshotRow.id.in_(newest), StreamRow.stream == "object_rights", StreamRow.verdict.in_(trust.TRUSTED)
            )
        )
    )
    sensitive = set(
        session.scalars(
            select(ObservationRow.entitlement_id).where(
                ObservationRow.system_id.in_(system_ids),
                ObservationRow.stream == "object_rights",
                ObservationRow.ended.is_(None),
            )
        )
    )
    return lambda system_id, entitlement_id: entitlement_id not in sensitive if system_id in told else None


def _not_surely(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return case((condition, 0), else_=1) == 1
