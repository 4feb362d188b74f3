"""What starting a revocation from a finding would mean: what can be taken away, and what stops or waits because of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import ownership
from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from app.kit.refusal import Refusal, insist
from app.remediation import aftermath, offers
from app.remediation import policy as removing
from app.remediation.offers import Offer
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.stories import findings
from app.stories.findings import Line


@dataclass(frozen=True, slots=True)
class Outlook:
    """One finding with what may be taken away for it. `stops` are sentences about what breaks, `waits` about what is left.

    `refusal`: why nothing can be started from it at all.
    """

    line: Line
    finding: FindingRow
    offers: Sequence[Offer]
    stops: Sequence[str]
    waits: Sequence[str]
    refusal: Refusal | None


def outlook(session: Session, finding_id: int, *, by: Actor) -> Outlook | None:
    """What a revocation from this finding would mean; None if there is no such finding."""
    finding = session.get(FindingRow, finding_id)
    insist(ownership.why_not_see(finding.owner if finding is not None else None, by=by))
    if finding is None:
        return None
    (line,) = findings.lines(session, [finding_id], by=by)
    account = session.get(AccountRow, finding.account_id) if finding.account_id else None
    offered = offers.offers(session, finding)
    refusal = removing.why_not_start(finding.status, "asked beforehand", len(offered))
    return Outlook(line, finding, offered, _stops(session, finding, account), _waits(session, account), refusal)


def _stops(session: Session, finding: FindingRow, account: AccountRow | None) -> list[str]:
    kind, _, number = finding.subject.partition(":")
    return aftermath.breaks(session, kind, int(number), account) if number.isdigit() else []


def _waits(session: Session, account: AccountRow | None) -> list[str]:
    """What the person behind the account is still expected to do."""
    person = session.get(IdentityRow, account.identity_id) if account is not None and account.identity_id else None
    if person is None:
        return []
    told = []
    reports = select(func.count()).where(IdentityRow.manager_id == person.id, IdentityRow.ended.is_(None))
    if people := session.scalar(reports):
        told.append(f"{person.name} is the manager of {people} in the roster.")
    pending = (
        select(CampaignRow.name, func.count(ItemRow.id))
        .join(TaskRow, TaskRow.campaign_id == CampaignRow.id)
        .join(ItemRow, ItemRow.task_id == TaskRow.id)
        .where(CampaignRow.status == "open", TaskRow.reviewer_id == person.id, ItemRow.outcome.is_(None))
        .group_by(CampaignRow.id, CampaignRow.name)
        .order_by(CampaignRow.id)
    )
    for name, items in session.execute(pending):
        told.append(f"{person.name} has {items} open items in the review {name}; hand them to somebody else.")
    mine = SystemRow.owner_key == person.key
    for name in session.scalars(select(SystemRow.name).where(mine, SystemRow.removed.is_(None)).order_by(SystemRow.id)):
        told.append(f"{person.name} is named as the owner of {name}.")
    return told
