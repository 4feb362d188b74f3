"""A small company to review: Ada manages Bo, Cy owns the system, Flo and Fay are the fallbacks, Eve must see nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, StreamRow, SystemRow
from app.kit.refusal import Refusal, Refused
from app.review import campaigns, decisions, tasks
from app.review.exclusions import Approval
from app.review.tables import CampaignRow, ItemRow, TaskRow
from tests import make

NOW = make.NOW
DUE = NOW + timedelta(days=21)
# Here the manager is asked about everything, privileges too; what is usual is tested in `test_choosing`.
SCOPE: dict[str, Any] = {
    "systems": "all",
    "fallback": "flo",
    "second_fallback": "fay",
    "reviewers": [{"ask": ["manager", "owner"]}],
}


@dataclass
class Company:
    """Who and what there is; `bo_account` holds `role` and the privileged `boss` role."""

    roster: SystemRow
    system: SystemRow
    ada: IdentityRow
    bo: IdentityRow
    cy: IdentityRow
    flo: IdentityRow
    fay: IdentityRow
    eve: IdentityRow
    account: AccountRow
    role: EntitlementRow
    boss: EntitlementRow
    plain: GrantRow
    mighty: GrantRow

    def actor(self, identity: IdentityRow, *roles: Role) -> Actor:
        return make.actor(identity, *roles, name=identity.name)


def roster(session: Session, *, rows: int = 6, at: datetime = NOW, **given: Any) -> SystemRow:
    """A connected roster, read at `at`."""
    system = make.system(session, kind="roster", **given)
    snapshot = make.snapshot(session, system, streams={"people": "complete"}, at=at)
    count_people(session, snapshot.id, rows)
    return system


def count_people(session: Session, snapshot_id: int, rows: int, *, digest: str = "first") -> None:
    """How many people a roster's reading held, and which file it was."""
    stream = session.get_one(StreamRow, (snapshot_id, "people"))
    stream.rows, stream.rows_digest = rows, digest
    session.flush()


def company(session: Session, *, streams: dict[str, str] | None = None, read_at: datetime = NOW) -> Company:
    """The whole cast in one system, read and ready to be reviewed."""
    people = roster(session)
    ada = make.identity(session, "Ada")
    cy = make.identity(session, "Cy", key="cy")
    bo = make.identity(session, "Bo", manager_id=ada.id, department="Sales", title="Rep")
    system = make.system(session, name="Sales org", owner_key="cy")
    make.snapshot(session, system, streams=streams, at=read_at)
    account = make.account(session, system, identity_id=bo.id, matched_by="email", username="bo@corp")
    role = make.entitlement(session, system, key="role:rep", name="Rep", label="Sales rep")
    boss = make.entitlement(session, system, key="role:boss", name="Boss", privileges=["export"])
    return Company(
        roster=people,
        system=system,
        ada=ada,
        bo=bo,
        cy=cy,
        flo=make.identity(session, "Flo", key="flo"),
        fay=make.identity(session, "Fay", key="fay"),
        eve=make.identity(session, "Eve", key="eve"),
        account=account,
        role=role,
        boss=boss,
        plain=make.grant(session, account, role),
        mighty=make.grant(session, account, boss),
    )


def opened(session: Session, *, scope: dict[str, Any] | None = None, name: str = "Q4", **given: Any) -> CampaignRow:
    """A campaign over everything that is there; whoever its scope names has approved what it leaves out."""
    values: dict[str, Any] = {"due_at": DUE, "by": make.ADMIN, "at": NOW}
    values["approval"] = approval(session, (scope or {}).get("approver"))
    return campaigns.open(session, name=name, scope=SCOPE | (scope or {}), **(values | given))


def approval(session: Session, approver: str | None) -> Approval | None:
    """Somebody's word that something may be left out."""
    person = session.scalar(select(IdentityRow).where(IdentityRow.key == approver)) if approver else None
    return Approval("actor-approver", person.id, "it is read by hand", NOW) if person is not None else None


def items(session: Session, campaign: CampaignRow) -> dict[str, ItemRow]:
    """A campaign's items by their subjects."""
    rows = session.scalars(select(ItemRow).where(ItemRow.campaign_id == campaign.id))
    return {row.subject: row for row in rows}


def refusal(session: Session, **given: Any) -> Refusal:
    """Why a campaign does not open; fails if it does."""
    with pytest.raises(Refused) as refused:
        opened(session, **given)
    return refused.value.refusal


def decide_all(session: Session, company: Company, campaign: CampaignRow, answer: str = "keep") -> None:
    """Ada answers everything the same way, with a reason, and submits."""
    ada = company.actor(company.ada)
    for item in items(session, campaign).values():
        decisions.record(session, item.id, answer, reason="seen", by=ada, at=NOW)
    submit(session, campaign, ada)


def submit(session: Session, campaign: CampaignRow, by: Actor) -> TaskRow:
    """Somebody submits their share."""
    mine = select(TaskRow).where(TaskRow.campaign_id == campaign.id, TaskRow.reviewer_id == by.identity_id)
    return tasks.submit(session, session.scalars(mine).one().id, by=by, at=NOW)
