"""Findings: what is wrong, worst first, each with its facts and history."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter

from app.api import paging, problems
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Page, Told
from app.api.words import FindingStatus, Severity
from app.detection import queries, rulebook
from app.detection.tables import FindingRow

router = APIRouter(prefix="/api/v1/findings", tags=["findings"])
ORDERS = {
    "worst": Order((queries.WEIGHT, FindingRow.id)),
    "newest": Order((FindingRow.opened_at, FindingRow.id), falling=True),
}


class Finding(Told):
    """A subject that fails a rule."""

    id: int
    rule: str
    title: str = ""
    subject: str
    system_id: int | None
    severity: Severity
    status: FindingStatus
    because: str
    facts: dict[str, Any]
    baseline: bool
    opened_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    times_opened: int


class Event(Told):
    """One turn in a finding's life."""

    kind: str
    at: datetime
    by: str
    because: str


class FindingStory(Finding):
    """A finding with what to do about it, the controls it touches, and its history."""

    todo: str
    controls: list[str]
    history: list[Event]


class FindingPage(Page):
    """A page of findings, worst first."""

    findings: list[Finding]


@router.get("")
def list_findings(
    means: With,
    actor: Entered,
    page: paging.Asked,
    status: FindingStatus | Literal["any"] = FindingStatus.OPEN,
    system: paging.Numbered = None,
    rule: str | None = None,
    severity: Severity | None = None,
    sort: Literal["worst", "newest"] = "worst",
) -> FindingPage:
    """Findings, worst first unless asked otherwise; open ones unless `status` says otherwise."""
    if rule is not None and rule not in rulebook.RULES:
        raise problems.unknown("rule", rule, rulebook.RULES)
    statement = queries.findings(status=None if status == "any" else status, system_id=system, rule=rule)
    if severity is not None:
        statement = statement.where(FindingRow.severity == severity)
    with means.database.reading() as session:
        rows, after = page.page(session, statement.order_by(None), ORDERS[sort])
        return FindingPage(findings=[_told(row[0]) for row in rows], next=after)


@router.get("/{finding_id}")
def get_finding(finding_id: paging.Number, means: With, actor: Entered) -> FindingStory:
    """One finding's story."""
    with means.database.reading() as session:
        row = session.get(FindingRow, finding_id)
        if row is None:
            raise problems.not_found("finding", finding_id)
        rule = rulebook.RULES.get(row.rule)
        return FindingStory(
            **_told(row).model_dump(),
            todo=rule.todo if rule else "",
            controls=list(rule.controls) if rule else [],
            history=[Event.model_validate(event) for event in queries.history(session, row.id)],
        )


def _told(row: FindingRow) -> Finding:
    rule = rulebook.RULES.get(row.rule)
    return Finding.model_validate(row).model_copy(update={"title": rule.title if rule else row.rule})
