"""Whose word a review opens by, kept with it and in the log as theirs: for its readings, for what it leaves out and for
what it is of.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import exclusions, grounds, owning
from app.review import scope as scopes
from app.review.exclusions import Approval
from app.review.owning import Acceptance
from app.review.policy import Override
from app.review.scope import Scope
from app.review.tables import CampaignRow, CampaignSnapshotRow, ItemRow


def overridden(
    session: Session,
    campaign_id: int,
    lacks: list[dict[str, str]],
    override: Override | None,
    by: Actor,
    at: datetime,
) -> None:
    """Keep who answers for readings that fall short, where they do, and what they lack."""
    if not lacks or override is None:
        return
    told = {
        "asked_by": by.id,
        "granted_by": override.by.id,
        "reason": override.reason.strip(),
        "at": at.isoformat(),
        "lacks": lacks,
    }
    session.execute(update(CampaignRow).where(CampaignRow.id == campaign_id).values(override=told))
    body = {"asked_by": by.id, "granted_by": override.by.id, "lacks": lacks}
    entry = Entry(Kind.CAMPAIGN_OVERRIDDEN, f"campaign:{campaign_id}", body, {"reason": override.reason.strip()})
    entries.record(session, entry, by=override.by.id, at=at)


def approved(session: Session, campaign_id: int, approval: Approval | None, by: Actor, at: datetime) -> None:
    """Keep whose word it is that something is left out, where something is; in the log it is theirs."""
    if approval is None:
        return
    told = {"granted_by": approval.by, "asked_by": by.id, "given_at": approval.at.isoformat()}
    kept = {**told, "reason": approval.reason}
    session.execute(update(CampaignRow).where(CampaignRow.id == campaign_id).values(approval=kept))
    entry = Entry(Kind.EXCLUSIONS_APPROVED, f"campaign:{campaign_id}", told, {"reason": approval.reason})
    entries.record(session, entry, by=approval.by, at=at)


def approving(
    session: Session,
    asked: Scope,
    approval: Approval | None,
    acceptance: Acceptance | None,
    *,
    unasked: bool,
    set_up_by: int | None,
    due_at: datetime,
    by: Actor,
    at: datetime,
) -> Approval | None:
    """The word by which something is left out: the approver's, or the owner's where both are one. Refuses where it takes
    one and there is none; `unasked`, for a preview, where only the owner's is still to come."""
    word = approval or owning.serves(asked, acceptance)
    approver = grounds.approver(session, asked, at, due_at, set_up_by)
    if word is None and unasked and asked.approver is not None and asked.approver == asked.control_owner:
        return None
    called = grounds.called(session, asked.approver)
    insist(exclusions.why_not_excluded(asked, word, approver, set_up_by=set_up_by, by=by, at=at, called=called))
    return word if exclusions.leaves_out(asked) else None


def accepted(
    session: Session,
    campaign_id: int,
    asked: Scope,
    acceptance: Acceptance | None,
    *,
    unasked: bool,
    by: Actor,
    at: datetime,
) -> None:
    """Keep what the control owner accepted; in the log it is theirs. Refuses to open without their word, or on another
    population, unless nobody is asked."""
    if asked.control_owner is None or unasked:
        return
    row = session.get_one(CampaignRow, campaign_id, populate_existing=True)
    told = population(session, row)
    digest = owning.digest(told)
    insist(
        owning.why_not_accepted(
            asked,
            acceptance,
            row.owner_id,
            population=digest,
            set_up_by=row.configurer_id,
            by=by,
            at=at,
            called=grounds.called(session, asked.control_owner),
        )
    )
    if acceptance is None:
        return
    body = {
        "granted_by": acceptance.by, "asked_by": by.id, "given_at": acceptance.at.isoformat(),
        "standing": acceptance.population is None, "digest": digest,
        **{name: told[name] for name in ("items", "privileged", "people", "of_nobody")},
    }  # fmt: skip
    kept = {**body, "remark": acceptance.remark}
    session.execute(update(CampaignRow).where(CampaignRow.id == campaign_id).values(acceptance=kept))
    entry = Entry(Kind.POPULATION_ACCEPTED, f"campaign:{campaign_id}", body, {"remark": acceptance.remark})
    entries.record(session, entry, by=acceptance.by, at=at)


def population(session: Session, row: CampaignRow) -> dict[str, Any]:
    """What a review that was just frozen is of: its scope, readings, items by system and kind, how many of them privileged,
    how many people they are about, and what is left out. Roster keys are no part of it."""
    counted = session.execute(
        select(
            ItemRow.system_id, ItemRow.kind, func.count(), func.count().filter(ItemRow.privileged),
            func.count().filter(ItemRow.subject_identity_id.is_(None)),
        )
        .where(ItemRow.campaign_id == row.id)
        .group_by(ItemRow.system_id, ItemRow.kind)
        .order_by(ItemRow.system_id, ItemRow.kind)
    ).all()  # fmt: skip
    items: dict[str, dict[str, int]] = {}
    for system, kind, count, _, _ in counted:
        items.setdefault(str(system), {})[kind] = count
    people = select(func.count(ItemRow.subject_identity_id.distinct())).where(ItemRow.campaign_id == row.id)
    frozen = select(CampaignSnapshotRow.system_id, CampaignSnapshotRow.snapshot_id).where(
        CampaignSnapshotRow.campaign_id == row.id
    )
    return {
        "scope": plain(row.scope),
        "snapshots": {str(system): snapshot for system, snapshot in session.execute(frozen)},
        "items": items,
        "privileged": sum(each[3] for each in counted),
        "people": session.scalar(people) or 0,
        "of_nobody": sum(each[4] for each in counted),
        "excluded": row.excluded,
    }


def plain(scope: Mapping[str, Any]) -> dict[str, Any]:
    """A scope as an owner accepts it: without people, and without why somebody has many answers, which is said later."""
    return {word: value for word, value in scopes.apart(scope)[0].items() if word != "many_answers"}
