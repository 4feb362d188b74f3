"""What came, went and changed since a campaign was frozen: its population taken again now, beside its items.

Shared by the listing of drift and by closing, which must not overlook what began a minute ago.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, literal, not_, or_, select
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, CredentialRow, EntitlementRow, GrantRow, IntegrationRow, SystemRow
from app.kit.db import Big
from app.review import allowing, altering, freezing, frozen, grounds, population, scoping
from app.review import scope as scopes
from app.review.chain import Rule
from app.review.choosing import Route
from app.review.dialect import insert_or_skip
from app.review.freezing import Frame
from app.review.scope import ItemKind, Scope
from app.review.scoping import Inside
from app.review.tables import CampaignRow, CampaignSnapshotRow, DriftRow, ItemRow


def record(session: Session, campaign_id: int, at: datetime) -> int:
    """Add what began, ended or changed since freezing and is not listed yet. Returns how many rows that were."""
    campaign = session.get_one(CampaignRow, campaign_id)
    scope = scopes.read(campaign.scope)
    rows = session.scalars(
        select(SystemRow)
        .join(CampaignSnapshotRow, CampaignSnapshotRow.system_id == SystemRow.id)
        .where(CampaignSnapshotRow.campaign_id == campaign_id)
        .order_by(SystemRow.id)
    ).all()
    readings = [grounds.reading(session, row, scope) for row in rows]
    frame = Frame(
        places=grounds.places(session, rows, scope, readings, at, campaign.due_at),
        department=scope.department,
        routes=(Route(Rule(None, ()), ()),),  # nobody is asked here; who decides on drift is an administrator
        at=at,
        due_at=campaign.due_at,
    )
    with frozen.tables(session):
        freezing.prepare(session, frame)
        allowing.entitlements(session, [row.id for row in rows])
        found = sum(_began(session, campaign_id, kind, scope) for kind in scope.kinds)
    return found + _insert(session, _ended(), campaign_id) + altering.record(session, campaign_id, rows)


CAMPAIGN = bindparam("of_campaign", type_=Big)
NAMES = ["campaign_id", "subject", "change", "privileged", "shown"]


def _began(session: Session, campaign_id: int, kind: ItemKind, scope: Scope) -> int:
    """What would be an item by now and is none. Access of unknown contents counts as privileged: unknown is not no."""
    return _insert(session, _began_of(kind, scoping.inside(scope)), campaign_id)


@lru_cache(maxsize=64)
def _began_of(kind: ItemKind, wanted: Inside | None) -> Select[Any]:
    rows = population.of(kind, wanted).subquery()
    frozen_then = exists().where(ItemRow.campaign_id == CAMPAIGN, ItemRow.subject == rows.c.subject)
    return select(
        CAMPAIGN, rows.c.subject, literal("began"), or_(rows.c.privileged, not_(rows.c.known)), rows.c.shown
    ).where(~frozen_then, ~_listed(rows.c.subject, "began"))


@cache
def _ended() -> Select[Any]:
    """Items whose subject is gone by now, or whose account nobody can sign in to any more."""
    gone = or_(
        and_(ItemRow.grant_id.is_not(None), GrantRow.ended.is_not(None)),
        and_(ItemRow.integration_id.is_not(None), IntegrationRow.ended.is_not(None)),
        and_(ItemRow.credential_id.is_not(None), CredentialRow.ended.is_not(None)),
        and_(ItemRow.entitlement_id.is_not(None), EntitlementRow.ended.is_not(None)),
        and_(ItemRow.credential_id.is_(None), or_(AccountRow.ended.is_not(None), AccountRow.active.is_(False))),
    )
    return (
        select(CAMPAIGN, ItemRow.subject, literal("ended"), ItemRow.privileged, ItemRow.shown)
        .outerjoin(GrantRow, GrantRow.id == ItemRow.grant_id)
        .outerjoin(IntegrationRow, IntegrationRow.id == ItemRow.integration_id)
        .outerjoin(CredentialRow, CredentialRow.id == ItemRow.credential_id)
        .outerjoin(EntitlementRow, EntitlementRow.id == ItemRow.entitlement_id)
        .outerjoin(AccountRow, AccountRow.id == ItemRow.account_id)
        .where(ItemRow.campaign_id == CAMPAIGN, gone, ~_listed(ItemRow.subject, "ended"))
    )


def _listed(subject: Any, change: str) -> Any:
    return exists().where(DriftRow.campaign_id == CAMPAIGN, DriftRow.subject == subject, DriftRow.change == change)


def _insert(session: Session, rows: Select[Any], campaign_id: int) -> int:
    found = insert_or_skip(session, DriftRow.__table__).from_select(NAMES, rows, include_defaults=False)
    made: Any = session.execute(found.execution_options(preserve_rowcount=True), {CAMPAIGN.key: campaign_id})
    return int(made.rowcount)
