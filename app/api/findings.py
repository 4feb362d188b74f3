"""Findings: what is wrong, what matters most first, each with its facts, its lives and what was said about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, paging, problems
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Page, Told
from app.api.words import DataClass, FindingStatus, Severity, WaiverStatus
from app.detection import ownership, queries
from app.detection.tables import FindingRow
from app.stories import findings as stories
from app.stories import queue, rules
from app.stories.queue import Wanted

router = APIRouter(prefix="/api/v1/findings", tags=["findings"])
ORDERS = {
    "priority": Order((FindingRow.priority * -1, FindingRow.id)),
    "worst": Order((queries.WEIGHT, FindingRow.id)),
    "due": Order((queue.DUE, FindingRow.id)),
    "newest": Order((FindingRow.opened_at, FindingRow.id), falling=True),
}


class Finding(Told):
    """A subject that fails a rule. `cause`: the story it belongs to. `baseline`: from its system's first reading."""

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
    cause: str
    priority: int
    privileged: bool
    held: DataClass
    owner: str
    owner_name: str = ""
    assigned_by: str | None
    due_at: datetime | None
    breached_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    version: int


class Event(Told):
    """One turn in a finding's life."""

    kind: str
    at: datetime
    by: str
    because: str


class Life(Told):
    """From an opening to the reading that no longer showed it; null while it lasts."""

    number: int
    began: datetime
    because: str
    ended: datetime | None


class Waiver(Told):
    """An accepted exception: asked for by one, approved by another, until a moment."""

    id: UUID
    finding_id: int
    status: WaiverStatus
    severity: Severity
    reason: str
    until: datetime
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    ended_at: datetime | None
    because: str | None


class FindingStory(Finding):
    """A finding with what to do about it, the controls it touches, its lives, its waivers, its history, and what else is
    open of the same cause."""

    todo: str
    steps: list[str]
    controls: list[str]
    lives: list[Life]
    waivers: list[Waiver]
    history: list[Event]
    siblings: list[int]


class FindingPage(Page):
    """A page of findings."""

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
    owner: Annotated[str | None, Query(max_length=120, description='"me", or an owner as findings name it.')] = None,
    due: Annotated[Literal["late", "soon"] | None, Query(description="Past its date, or within a week of it.")] = None,
    noticed: Annotated[bool | None, Query(description="Whether somebody has taken note.")] = None,
    baseline: Annotated[bool | None, Query(description="Whether it is from a first reading.")] = None,
    waiver: Annotated[Literal["asked", "approved"] | None, Query(description="A waiver that stands.")] = None,
    department: Annotated[str | None, Query(max_length=200, description="Of the person, or of the account.")] = None,
    cause: Annotated[str | None, Query(max_length=200, description="One story.")] = None,
    sort: Literal["priority", "worst", "due", "newest"] = "priority",
) -> FindingPage:
    """Findings, what matters most first unless asked otherwise; open ones unless `status` says otherwise."""
    if rule is not None and rule not in rules.RULES:
        raise problems.unknown("rule", rule, rules.RULES)
    wanted = Wanted(
        status=None if status == "any" else status, severity=severity, system=system, rule=rule, department=department,
        owners=() if owner is None else tuple(ownership.mine(actor)) if owner == "me" else (owner,), due=due,
        noticed=noticed, waiver=waiver, baseline=baseline, cause=cause,
    )  # fmt: skip
    with means.database.reading() as session:
        statement = queue.narrowed(select(FindingRow), wanted, means.clock())
        rows, after = page.page(session, statement, ORDERS[sort])
        return FindingPage(findings=told(session, [row[0] for row in rows]), next=after)


@router.get("/{finding_id}")
def get_finding(finding_id: paging.Number, means: With, actor: Entered, response: Response) -> FindingStory:
    """One finding's story."""
    with means.database.reading() as session:
        story = stories.story(session, finding_id, by=actor)
        if story is None:
            raise problems.not_found("finding", finding_id)
        answering.tag(response, story.row.version)
        (shown,) = told(session, [story.row])
        return FindingStory(
            **shown.model_dump(),
            todo=story.rule.todo if story.rule else "",
            steps=list(story.steps),
            controls=list(story.rule.controls) if story.rule else [],
            lives=[Life.model_validate(life) for life in story.lives],
            waivers=[Waiver.model_validate(waiver) for waiver in story.waivers],
            history=[Event.model_validate(event) for event in story.history],
            siblings=[line.id for line in story.siblings],
        )


def told(session: Session, rows: Sequence[FindingRow]) -> list[Finding]:
    """Findings as this door tells them."""
    names = ownership.names(session, (row.owner for row in rows))
    return [
        Finding.model_validate(row).model_copy(
            update={
                "title": rules.title(row.rule),
                "owner_name": names[row.owner],
            }
        )
        for row in rows
    ]
