"""The queue of findings as somebody works through it, and one finding's whole story.

Counts are of what the filters beside them leave, so that each can be a link to exactly those rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection import queries, rulebook
from app.detection.rule import Rule
from app.detection.tables import FindingEventRow, FindingRow, JustificationRow
from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from app.kit.refusal import insist
from app.remediation.tables import RemediationRow

SEVERITIES = ("critical", "high", "medium", "low")
NEW_ONES = ("inactive_account", "never_used", "leaver_active", "leaver_credential")  # what the digest counts
NOBODYS = ""  # the department of whoever has none
AGES = (("within a week", 7), ("a month", 30), ("three months", 90), ("longer", None))  # days, each up to and including


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the queue; None: all."""

    status: str | None = "open"
    severity: str | None = None
    system: int | None = None
    rule: str | None = None
    department: str | None = None
    since: datetime | None = None  # opened, or opened again, after this moment
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in the queue. `who`: the person of the roster, or else the account's own name."""

    id: int
    severity: str
    status: str
    rule: str
    title: str
    because: str
    subject: str
    name: str
    person_id: int | None
    person: str | None
    department: str | None
    system_id: int | None
    system: str | None
    opened_at: datetime
    times_opened: int
    underway: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the queue, worst first. `after` continues; None at the end."""

    lines: Sequence[Line]
    after: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many findings each choice of a filter would show, the other filters as they are."""

    total: int
    status: dict[str, int]
    severity: dict[str, int]
    rule: dict[str, int]
    system: dict[int, int]
    department: dict[str, int]


@dataclass(frozen=True, slots=True)
class Age:
    """How many open findings are this old, by severity."""

    band: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """All severities together."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Story:
    """One finding with its rule, its manual page, its history, and what was done about it."""

    line: Line
    row: FindingRow
    rule: Rule | None
    manual: str | None
    history: Sequence[FindingEventRow]
    removals: Sequence[RemediationRow]
    justifications: Sequence[JustificationRow]


def queue(session: Session, wanted: Wanted, *, by: Actor, after: Sequence[int] | None = None, limit: int = 50) -> Page:
    """A page of the queue, worst first."""
    insist(policy.why_not(by, May.SEE_FINDINGS))
    found = queries.findings(status=wanted.status, system_id=wanted.system, rule=wanted.rule, after=after)
    numbers = list(
        session.execute(_narrowed(found, wanted).with_only_columns(FindingRow.id).limit(limit + 1)).scalars()
    )
    lines = _lines(session, numbers[:limit])
    last = lines[-1] if len(numbers) > limit else None
    return Page(lines, (queries.weight(last.severity), last.id) if last else None)


def facets(session: Session, wanted: Wanted, *, by: Actor) -> Facets:
    """Every filter's choices with what each would show; two passes over the findings, however many there are."""
    insist(policy.why_not(by, May.SEE_FINDINGS))
    free = replace(wanted, status=None, severity=None, system=None, rule=None)
    names = ("status", "severity", "rule", "system")
    columns = (FindingRow.status, FindingRow.severity, FindingRow.rule, FindingRow.system_id)
    rows = session.execute(_narrowed(select(*columns, func.count()), free).group_by(*columns)).all()
    chosen = {name: getattr(wanted, name) for name in names}
    told: dict[str, Counter[Any]] = {name: Counter() for name in names}
    total = 0
    for row in rows:
        values, count = tuple(row)[:-1], row[-1]
        off = [name for name, value in zip(names, values, strict=True) if chosen[name] not in (None, value)]
        total += 0 if off else count
        for name, value in zip(names, values, strict=True):
            if not off or off == [name]:
                told[name][value] += count
    departments = _departments(session, wanted)
    return Facets(total, **{name: dict(told[name]) for name in names}, department=departments)


def ages(session: Session, wanted: Wanted, *, by: Actor, at: datetime) -> list[Age]:
    """How old the findings are that the filters leave, in bands, the youngest first."""
    insist(policy.why_not(by, May.SEE_FINDINGS))
    bands = [
        (FindingRow.opened_at > at - timedelta(days=days), place)
        for place, (_name, days) in enumerate(AGES)
        if days is not None
    ]
    band = case(*bands, else_=len(AGES) - 1)
    statement = select(band, FindingRow.severity, func.count())
    if wanted.status is not None:
        statement = statement.where(FindingRow.status == wanted.status)
    rows = session.execute(_plain(_narrowed(statement, wanted), wanted).group_by(band, FindingRow.severity)).all()
    return [
        Age(name, {severity: count for found, severity, count in rows if found == place})
        for place, (name, _days) in enumerate(AGES)
    ]


def story(session: Session, finding_id: int, *, by: Actor) -> Story | None:
    """One finding's story; None if there is no such finding."""
    insist(policy.why_not(by, May.SEE_FINDINGS))
    row = session.get(FindingRow, finding_id)
    if row is None:
        return None
    (line,) = _lines(session, [finding_id])
    about = RemediationRow.subject == row.subject
    started = RemediationRow.finding_id == row.id
    removals = session.scalars(select(RemediationRow).where(about | started).order_by(RemediationRow.id)).all()
    reasons = select(JustificationRow).where(JustificationRow.account_id == row.account_id)
    return Story(
        line,
        row,
        rulebook.RULES.get(row.rule),
        rulebook.manual(row.rule),
        queries.history(session, row.id),
        removals,
        session.scalars(reasons.order_by(JustificationRow.at.desc()).limit(20)).all(),
    )


def lines(session: Session, finding_ids: Sequence[int], *, by: Actor) -> list[Line]:
    """These findings, in the order in which they are named; what there is not is left out."""
    insist(policy.why_not(by, May.SEE_FINDINGS))
    return _lines(session, finding_ids)


def _lines(session: Session, finding_ids: Sequence[int]) -> list[Line]:
    removal = exists().where(RemediationRow.subject == FindingRow.subject, RemediationRow.status != "verified")
    rows = session.execute(
        select(FindingRow, SystemRow.name, AccountRow, IdentityRow, removal)
        .outerjoin(SystemRow, SystemRow.id == FindingRow.system_id)
        .outerjoin(AccountRow, AccountRow.id == FindingRow.account_id)
        .outerjoin(IdentityRow, IdentityRow.id == FindingRow.identity_id)
        .where(FindingRow.id.in_(finding_ids))
    ).all()
    found = {row.id: _line(row, system, account, person, under) for row, system, account, person, under in rows}
    return [found[number] for number in finding_ids if number in found]


def _line(
    row: FindingRow, system: str | None, account: AccountRow | None, person: IdentityRow | None, underway: bool
) -> Line:
    rule = rulebook.RULES.get(row.rule)
    named = row.facts.get("credential") or row.facts.get("account") or (account.username if account else row.subject)
    return Line(
        id=row.id,
        severity=row.severity,
        status=row.status,
        rule=row.rule,
        title=rule.title if rule else row.rule.replace("_", " "),
        because=row.because,
        subject=row.subject,
        name=str(named),
        person_id=person.id if person else None,
        person=person.name if person else (account.name if account else None),
        department=(person.department if person else None) or (account.department if account else None),
        system_id=row.system_id,
        system=system,
        opened_at=row.opened_at,
        times_opened=row.times_opened,
        underway=bool(underway),
    )


def _narrowed(statement: Any, wanted: Wanted) -> Any:
    """With the filters that `detection.queries.findings` does not have."""
    if wanted.severity is not None:
        statement = statement.where(FindingRow.severity == wanted.severity)
    if wanted.rules:
        statement = statement.where(FindingRow.rule.in_(wanted.rules))
    if wanted.since is not None:
        turned = (FindingEventRow.finding_id == FindingRow.id, FindingEventRow.at > wanted.since)
        statement = statement.where(exists().where(*turned, FindingEventRow.kind.in_(("opened", "reopened"))))
    if wanted.department is not None:
        statement = _with_people(statement).where(wanted.department == _DEPARTMENT)
    return statement


def _plain(statement: Any, wanted: Wanted) -> Any:
    if wanted.system is not None:
        statement = statement.where(FindingRow.system_id == wanted.system)
    return statement.where(FindingRow.rule == wanted.rule) if wanted.rule is not None else statement


_DEPARTMENT: Any = func.coalesce(IdentityRow.department, AccountRow.department, NOBODYS)


def _with_people(statement: Any) -> Any:
    found = statement.select_from(FindingRow).outerjoin(IdentityRow, IdentityRow.id == FindingRow.identity_id)
    return found.outerjoin(AccountRow, AccountRow.id == FindingRow.account_id)


def _departments(session: Session, wanted: Wanted) -> dict[str, int]:
    others = replace(wanted, department=None)
    statement = _with_people(_plain(_narrowed(select(_DEPARTMENT, func.count()), others), others))
    if wanted.status is not None:
        statement = statement.where(FindingRow.status == wanted.status)
    return dict(session.execute(statement.group_by(_DEPARTMENT).order_by(_DEPARTMENT)).all())
