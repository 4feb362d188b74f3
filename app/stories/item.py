"""One item's story: who, what, how, since when, what peers have, what was found, decided and done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, PrivilegeRow
from app.kit.refusal import Refusal
from app.remediation.tables import RemediationRow
from app.review import heirs, policy, queries
from app.review.tables import CampaignRow, DecisionRow, ItemRow, TaskRow
from app.stories import alternatives, share
from app.stories.alternatives import Alternatives
from app.stories.share import Line

MOST = 50


@dataclass(frozen=True, slots=True)
class Said:
    """One decision with who made it, in this review or an earlier one."""

    decision: DecisionRow
    who: str
    campaign: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything a page tells about one item. `paths` say how privileges come, "A > B"; `findings` are those open now;
    `heir` is who is asked next if its reviewer sets it aside, `others` what it can be changed to: while they can
    answer. `members` are who is in a group, or holds what is defined, as of now: never frozen, so that nobody is kept."""

    item: ItemRow
    campaign: CampaignRow
    task: TaskRow
    reviewer: IdentityRow
    line: Line
    own: bool
    refusal: Refusal | None
    said: Sequence[Said]
    findings: Sequence[FindingRow]
    paths: Sequence[tuple[str, str]]
    removal: RemediationRow | None
    still_there: bool | None
    heir: str | None
    others: Alternatives
    members: Sequence[Any]


def story(session: Session, item_id: int, *, by: Actor, at: datetime) -> Story | None:
    """One item's story, or None if there is none or it is not `by`'s to see."""
    found = queries.story(session, item_id, by=by)
    if found is None:
        return None
    item, task = found.item, session.get_one(TaskRow, found.item.task_id)
    lines = share.lines(session, found.campaign, task.id)
    line = next((each for each in lines if each.item.id == item_id), None) or Line(item, (), 0, 0)
    refusal, own = policy.why_not_change(found.campaign.status, task.status), task.reviewer_id == by.identity_id
    answers = own and refusal is None
    return Story(
        item=item,
        campaign=found.campaign,
        task=task,
        reviewer=found.reviewer,
        line=share.answered(session, [line])[0],
        own=own,
        refusal=refusal,
        said=_said(session, item),
        findings=_findings(session, item),
        paths=_paths(session, item),
        removal=session.scalar(select(RemediationRow).where(RemediationRow.item_id == item_id)),
        still_there=_still_there(session, item),
        heir=_heir(session, item, at) if answers else None,
        others=alternatives.of(session, item) if answers else Alternatives((), False),
        members=_members(session, item),
    )


def _members(session: Session, item: ItemRow) -> Sequence[Any]:
    """(name, username, since when), the latest first."""
    if item.entitlement_id is None:
        return ()
    return session.execute(
        select(AccountRow.name, AccountRow.username, GrantRow.began)
        .join(GrantRow, GrantRow.account_id == AccountRow.id)
        .where(GrantRow.entitlement_id == item.entitlement_id, GrantRow.ended.is_(None), AccountRow.ended.is_(None))
        .order_by(GrantRow.began.desc(), AccountRow.id)
        .limit(MOST)
    ).all()


def _heir(session: Session, item: ItemRow, at: datetime) -> str | None:
    """Who is next, by name."""
    heir = heirs.heirs(session, [item.id], at)[item.id]
    return session.get_one(IdentityRow, heir).name if heir is not None else None


def _said(session: Session, item: ItemRow) -> list[Said]:
    """Every decision on the same subject, in whichever review, the latest first."""
    # By review and subject, which have an index: there are few reviews and many items.
    same = select(ItemRow.id).where(ItemRow.campaign_id.in_(select(CampaignRow.id)), ItemRow.subject == item.subject)
    rows = session.execute(
        select(DecisionRow, CampaignRow.name, IdentityRow.name)
        .join(ItemRow, ItemRow.id == DecisionRow.item_id)
        .join(CampaignRow, CampaignRow.id == ItemRow.campaign_id)
        .outerjoin(IdentityRow, IdentityRow.id == DecisionRow.by_identity_id)
        .where(ItemRow.id.in_(same))
        .order_by(DecisionRow.at.desc(), DecisionRow.id.desc())
        .limit(MOST)
    )
    return [Said(decision, who or decision.by, campaign) for decision, campaign, who in rows]


def _findings(session: Session, item: ItemRow) -> Sequence[FindingRow]:
    about = [FindingRow.subject == item.subject]
    if item.entitlement_id is not None:
        about = [FindingRow.subject == f"entitlement:{item.entitlement_id}"]
    if item.account_id is not None:
        about = [FindingRow.account_id == item.account_id]
    return session.scalars(
        select(FindingRow).where(FindingRow.status == "open", *about).order_by(FindingRow.id).limit(MOST)
    ).all()


def _paths(session: Session, item: ItemRow) -> list[tuple[str, str]]:
    """The privileges that come to the account by this grant, each with the path it comes by, as names."""
    grant = session.get(GrantRow, item.grant_id) if item.grant_id is not None else None
    if grant is None:
        return []
    rows = session.scalars(
        select(PrivilegeRow)
        .where(PrivilegeRow.account_id == grant.account_id, PrivilegeRow.entitlement_id == grant.entitlement_id)
        .order_by(PrivilegeRow.privilege)
        .limit(MOST)
    ).all()
    steps = {int(step) for row in rows for step in row.path.split(">") if step.isdigit()}
    asked = select(EntitlementRow.id, EntitlementRow.label, EntitlementRow.name).where(EntitlementRow.id.in_(steps))
    names = {number: label or name for number, label, name in session.execute(asked)}
    return [
        (row.privilege, " › ".join(names.get(int(s), s) if s.isdigit() else s for s in row.path.split(">")))
        for row in rows
    ]


def _still_there(session: Session, item: ItemRow) -> bool | None:
    """Whether the last reading still has it; None for programs and keys, whose page says more."""
    if item.grant_id is not None:
        grant = session.get(GrantRow, item.grant_id)
        return grant is not None and grant.ended is None
    if item.kind == "account" and item.account_id is not None:
        account = session.get(AccountRow, item.account_id)
        return account is not None and account.ended is None
    if item.entitlement_id is not None:
        thing = session.get(EntitlementRow, item.entitlement_id)
        return thing is not None and thing.ended is None
    return None
