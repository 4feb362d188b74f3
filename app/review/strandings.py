"""Items that wait for somebody who is not here, and for which nobody is left who may decide: a finding of the review.

So whoever owns security sees it and is reminded, and it closes once each item has a reviewer again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.detection.judgement import Judgement
from app.detection.rule import Fails, Severity
from app.detection.tables import FindingRow

SOURCE = "shares"
RULE = "review_stranded"


def judgements(left: Iterable[tuple[int, str, int]]) -> list[Judgement]:
    """One for each review that has such items: (campaign, its name, how many). A review that is not named has none."""
    return [_judged(campaign, name, count) for campaign, name, count in left if count]


def _judged(campaign: int, name: str, count: int) -> Judgement:
    said = f"{count} items wait for somebody who is not here, and nobody is left who may decide"
    one = "1 item waits for somebody who is not here, and nobody is left who may decide"
    facts = {"review": name, "items": count}
    return Judgement(RULE, f"campaign:{campaign}", Severity.HIGH, Fails(one if count == 1 else said), facts=facts)


def changes(session: Session, judged: list[Judgement]) -> bool:
    """Whether this would open, close or reword a finding: an hour that finds what the last one found is no news."""
    standing = select(FindingRow.subject, FindingRow.because).where(
        FindingRow.source == SOURCE, FindingRow.rule == RULE, FindingRow.status != "closed"
    )
    known = {(subject, said) for subject, said in session.execute(standing)}
    return known != {(each.subject, each.answer.because) for each in judged if isinstance(each.answer, Fails)}
