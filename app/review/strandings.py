"""Reviews that wait for nobody: items whose reviewer is not here, for which nobody is left who may decide, and outcomes
that their control owner does not sign. Findings of the review.

So whoever owns security sees it and is reminded, and it closes once each item has a reviewer again, or it is signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.detection.judgement import Judgement
from app.detection.rule import Fails, Severity
from app.detection.tables import FindingRow
from app.review.policy import Status
from app.review.tables import CampaignRow

SOURCE = "shares"
RULE = "review_stranded"
UNSIGNED = "review_unsigned"
RULES = (RULE, UNSIGNED)


def judgements(left: Iterable[tuple[int, str, int]]) -> list[Judgement]:
    """One for each review that has such items: (campaign, its name, how many). A review that is not named has none."""
    return [_judged(campaign, name, count) for campaign, name, count in left if count]


def _judged(campaign: int, name: str, count: int) -> Judgement:
    said = f"{count} items wait for somebody who is not here, and nobody is left who may decide"
    one = "1 item waits for somebody who is not here, and nobody is left who may decide"
    facts = {"review": name, "items": count}
    return Judgement(RULE, f"campaign:{campaign}", Severity.HIGH, Fails(one if count == 1 else said), facts=facts)


def unsigned(session: Session, within: timedelta, at: datetime) -> list[Judgement]:
    """One for each closed review that its control owner has not signed for longer than `within`."""
    late = (CampaignRow.status == Status.CLOSED, CampaignRow.owner_id.is_not(None), CampaignRow.signature.is_(None))
    asked = select(CampaignRow).where(*late, CampaignRow.closed_at < at - within).order_by(CampaignRow.id)
    return [_late(row) for row in session.scalars(asked)]


def _late(row: CampaignRow) -> Judgement:
    closed = row.closed_at.date().isoformat() if row.closed_at is not None else "some day"
    said = f"closed on {closed}, and not signed by its control owner"
    facts = {"review": row.name, "closed": closed}
    return Judgement(UNSIGNED, f"campaign:{row.id}", Severity.HIGH, Fails(said), facts=facts)


def changes(session: Session, judged: list[Judgement]) -> bool:
    """Whether this would open, close or reword a finding: an hour that finds what the last one found is no news."""
    standing = select(FindingRow.rule, FindingRow.subject, FindingRow.because).where(
        FindingRow.source == SOURCE, FindingRow.rule.in_(RULES), FindingRow.status != "closed"
    )
    known = {(rule, subject, said) for rule, subject, said in session.execute(standing)}
    now = {(each.rule, each.subject, each.answer.because) for each in judged if isinstance(each.answer, Fails)}
    return known != now
