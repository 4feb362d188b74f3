"""Rules: what is asked here, which of them tell people, and the numbers that a system is judged by."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api import answering, paging, problems, systems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.shapes import Asked, Nothing, Told
from app.api.words import Severity
from app.detection import limits, queries, runs, tuning
from app.detection.queries import Standing
from app.detection.rule import Subject
from app.inventory.tables import SystemRow
from app.means import Means, rule_limits
from app.stories import rules

router = APIRouter(prefix="/api/v1", tags=["rules"])
Named = Annotated[str, Path(max_length=60)]
Because = Annotated[str, Field(max_length=2000, examples=["Our policy says two months."])]
MOST = 2**31 - 1


class RuleTold(Told):
    """A rule as it stands here. `proposes`: what to turn, when too many of its findings were accepted."""

    name: str
    title: str
    subject: str
    severity: Severity
    iso: list[str] = Field(description="Controls of ISO/IEC 27001:2022, Annex A.")
    controls: list[str] = Field(description="Lines of our own checklist.")
    needs: list[str]
    limits: list[str]
    alerts: bool
    alerts_unless_told: bool
    open: int
    waived: int
    proposes: str | None
    todo: str


class RuleStory(RuleTold):
    """A rule with its manual page, and what to do by kind of system."""

    manual: str
    steps: dict[str, list[str]]


class Rulebook(Told):
    """Every rule, the worst first. A book comes whole: it has as many pages as this version has rules."""

    rules: list[RuleTold]


class Limit(Told):
    """A number that a system is judged by. `own`: it has it for itself, and `because` says why."""

    name: str
    value: int
    everybodys: int
    why: str
    own: bool
    because: str | None = None
    by: str | None = None
    at: datetime | None = None


class Numbers(Told):
    """Every number that a system is judged by."""

    limits: list[Limit]


class LimitAsked(Asked):
    """A number for one system alone; null: everybody's again."""

    value: Annotated[int, Field(ge=-MOST, le=MOST)] | None
    because: Because


class AlertsAsked(Asked):
    """Whether people are told of a rule's new findings."""

    on: bool
    because: Because


class PassAsked(Told):
    """Every rule is to be asked anew; a worker does it. `entry` is the ledger entry that says so."""

    entry: str


@router.get("/rules")
def read_rules(means: With, actor: Entered, subject: Subject | None = None) -> Rulebook:
    """Every rule (or those about one kind of subject), how it stands here, and what it proposes."""
    with means.database.reading() as session:
        told = [each for each in queries.standing(session, rules.OF_SYSTEMS) if subject in (None, each.rule.subject)]
        return Rulebook(rules=[_rule(each) for each in told])


@router.get("/rules/{rule}")
def get_rule(rule: Named, means: With, actor: Entered) -> RuleStory:
    """One rule with its manual page."""
    with means.database.reading() as session:
        return _story(session, rule)


@router.put("/rules/{rule}/alerts", response_model=RuleStory)
def switch_alerts(
    rule: Named, asked: AlertsAsked, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Have people told, or not told, of a rule's new findings."""

    def verb(session: Session, at: datetime) -> RuleStory:
        if rule not in rules.OF_SYSTEMS:
            raise problems.not_found("rule", rule)
        tuning.switch_alerts(session, rules.OF_SYSTEMS[rule], asked.because, on=asked.on, by=actor, at=at)
        return _story(session, rule)

    return answering.once(means, actor, key, asked, request, verb)


@router.get("/systems/{system_id}/limits")
def read_limits(system_id: paging.Number, means: With, actor: Entered) -> Numbers:
    """What a system is judged by: everybody's numbers, and its own."""
    with means.database.reading() as session:
        return _limits(session, means, systems.found(session, system_id))


@router.put("/systems/{system_id}/limits/{limit}", response_model=Numbers)
def set_limit(
    system_id: paging.Number,
    limit: Named,
    asked: LimitAsked,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
) -> Response:
    """Judge one system by a number of its own, from the next pass of the rules on."""

    def verb(session: Session, at: datetime) -> Numbers:
        system = systems.found(session, system_id)
        if asked.value is None:
            tuning.clear_limit(session, system, limit, asked.because, by=actor, at=at)
        else:
            tuning.set_limit(session, system, limit, asked.value, asked.because, by=actor, at=at)
        return _limits(session, means, system)

    return answering.once(means, actor, key, asked, request, verb)


@router.post("/systems/{system_id}/passes", status_code=202, response_model=PassAsked)
def ask_rules(system_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Ask every rule of a system now, without reading it first. A worker does it, as each night; see its findings then."""

    def verb(session: Session, at: datetime) -> PassAsked:
        return PassAsked(entry=str(runs.ask(session, systems.found(session, system_id), by=actor, at=at)))

    return answering.once(means, actor, key, Nothing(), request, verb, status=202)


def _rule(stands: Standing) -> RuleTold:
    rule = stands.rule
    return RuleTold(
        name=rule.name, title=rule.title, subject=str(rule.subject), severity=Severity(rule.severity), iso=list(rule.iso),
        controls=list(rule.controls), needs=list(rule.needs), limits=list(stands.limits), alerts=stands.alerts,
        alerts_unless_told=rule.alerts, open=stands.open, waived=stands.waived, proposes=stands.proposes, todo=rule.todo,
    )  # fmt: skip


def _story(session: Session, name: str) -> RuleStory:
    stands = next((each for each in queries.standing(session, rules.OF_SYSTEMS) if each.rule.name == name), None)
    if stands is None:
        raise problems.not_found("rule", name)
    steps = {kind or "any": list(told) for kind, told in stands.rule.steps.items()}
    return RuleStory(**_rule(stands).model_dump(), manual=rules.manual(name) or "", steps=steps)


def _limits(session: Session, means: Means, system: SystemRow) -> Numbers:
    base = rule_limits(means.settings)
    everybodys, own = asdict(base), {row.name: row for row in queries.own_limits(session, system.id)}
    told = asdict(queries.limits_of(session, system.id, base))
    return Numbers(
        limits=[
            Limit(
                name=name, value=told[name], everybodys=everybodys[name], why=limits.WHY[name], own=name in own,
                because=own[name].because if name in own else None, by=own[name].by if name in own else None,
                at=own[name].at if name in own else None,
            )
            for name in limits.NAMES
        ]
    )  # fmt: skip
