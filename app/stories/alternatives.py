"""What access can be changed to: what else of the same kind its system has, and what that is called."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.tables import EntitlementRow, GrantRow
from app.review.tables import ItemRow

MOST = 400  # that are listed; the rest is named by its key


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What an item can be changed to, as (key, label) in order of label; `beyond` says that there is more."""

    listed: Sequence[tuple[str, str]]
    beyond: bool


def of(session: Session, item: ItemRow) -> Alternatives:
    """What the holder of a grant could hold instead: of the same kind, and not held already. Nothing for other items."""
    grant = session.get(GrantRow, item.grant_id) if item.grant_id is not None else None
    held = session.get(EntitlementRow, grant.entitlement_id) if grant is not None else None
    if grant is None or held is None:
        return Alternatives((), False)
    has = select(GrantRow.entitlement_id).where(GrantRow.account_id == grant.account_id, GrantRow.ended.is_(None))
    rows = session.execute(
        select(EntitlementRow.key, EntitlementRow.label, EntitlementRow.name)
        .where(
            EntitlementRow.system_id == held.system_id,
            EntitlementRow.kind == held.kind,
            EntitlementRow.ended.is_(None),
            EntitlementRow.id.not_in(has),
        )
        .order_by(EntitlementRow.label, EntitlementRow.key)
        .limit(MOST + 1)
    ).all()
    return Alternatives([(row.key, row.label or row.name) for row in rows[:MOST]], len(rows) > MOST)


def labels(session: Session, keys: Collection[str]) -> dict[tuple[int, str], str]:
    """What entitlements are called, by their system and key."""
    if not keys:
        return {}
    rows = session.execute(
        select(EntitlementRow.system_id, EntitlementRow.key, EntitlementRow.label, EntitlementRow.name).where(
            EntitlementRow.key.in_(sorted(keys))
        )
    )
    return {(system, key): label or name for system, key, label, name in rows}
