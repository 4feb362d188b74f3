"""Findings: what is wrong, worst first, each with its facts and history."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from app.api import paging, problems
from app.api.entering import Entered, With
from app.detection import queries, rulebook
from app.detection.tables import FindingRow

router = APIRouter(prefix="/api/v1/findings", tags=["findings"], responses=problems.RESPONSES)


class Finding(BaseModel):
    """A subject that fails a rule."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    rule: str
    title: str = ""
    subject: str
    system_id: int | None
    severity: str
    status: str
    because: str
    facts: dict[str, Any]
    baseline: bool
    opened_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    times_opened: int


class Event(BaseModel):
    """One turn in a finding's life."""

    model_config = ConfigDict(from_attributes=True)
    kind: str
    at: datetime
    by: str
    because: str


class FindingStory(Finding):
    """A finding with what to do about it, the controls it touches, and its history."""

    todo: str
    controls: list[str]
    history: list[Event]


class FindingPage(BaseModel):
    """A page of findings. `next` goes on after it; null on the last."""

    findings: list[Finding]
    next: str | None


@router.get("")
def list_findings(
    means: With,
    actor: Entered,
    status: Literal["open", "closed", "waived"] | None = "open",
    system: int | None = None,
    rule: str | None = None,
    limit: Annotated[int, Query(ge=1, le=paging.MOST)] = 50,
    after: str | None = None,
) -> FindingPage:
    """Findings, worst first."""
    place = paging.read(means.keys, "findings", after)
    with means.database.reading() as session:
        statement = queries.findings(status=status, system_id=system, rule=rule, after=place)
        rows = session.scalars(statement.limit(limit + 1)).all()
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        cursor = paging.seal(means.keys, "findings", [queries.weight(last.severity), last.id]) if last else None
        return FindingPage(findings=[_told(row) for row in rows[:limit]], next=cursor)


@router.get("/{finding_id}")
def get_finding(finding_id: int, means: With, actor: Entered) -> FindingStory:
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
