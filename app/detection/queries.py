"""Reads of what is wrong, and of how far the readings behind it may be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, exists, func, select, tuple_
from sqlalchemy.orm import Session

from app.detection import rulebook
from app.detection.rule import Limits, Rule
from app.detection.tables import AlertRow, FindingEventRow, FindingRow, JustificationRow, LimitRow, RunRow
from app.inventory import queries as inventory
from app.inventory import things
from app.inventory.tables import AccountRow

AT_LEAST, TOO_MANY = 3, 30  # waived findings, and percent of them, from which on a rule proposes its own tuning
TRUSTED = ("complete", "explained")
_WEIGHTS = {"critical": 0, "high": 1, "medium": 2, "low": 3}
WEIGHT = case(_WEIGHTS, value=FindingRow.severity, else_=len(_WEIGHTS))


def justified_until(session: Session, system_id: int) -> dict[int, datetime]:
    """Until when each account's privileges have a reason on file (the latest end counts)."""
    ours = exists().where(AccountRow.id == JustificationRow.account_id, AccountRow.system_id == system_id)
    rows = session.execute(
        select(JustificationRow.account_id, func.max(JustificationRow.until))
        .where(ours)
        .group_by(JustificationRow.account_id)
    )
    return dict(rows.all())


def justified_since(session: Session, system_id: int, since: datetime) -> set[int]:
    """Accounts whose privileges were given a reason since then."""
    of_system = AccountRow.system_id == system_id
    rows = select(JustificationRow.account_id).join(AccountRow).where(of_system, JustificationRow.at >= since)
    return set(session.scalars(rows))


def reasons_over(session: Session, system_id: int, *, after: datetime, at: datetime) -> set[int]:
    """Accounts of which a reason on file ended in (after, at]."""
    over = (AccountRow.system_id == system_id, JustificationRow.until > after, JustificationRow.until <= at)
    return set(session.scalars(select(JustificationRow.account_id).join(AccountRow).where(*over)))


def untrusted(session: Session, system_id: int, *, roster_max_age_days: int, at: datetime) -> dict[str, str]:
    """Which streams the latest reading does not fully know, and why; `people` is judged by the rosters."""
    told: dict[str, str] = {}
    latest = inventory.latest_sealed(session, system_id)
    read = {row.stream: row for row in inventory.receipts(session, latest.id)} if latest is not None else {}
    for stream in things.STREAMS:
        row, named = read.get(stream), stream.replace("_", " ")
        if row is None:
            told[stream] = f"{named} are not read from this system" if latest is not None else "never read"
        elif row.verdict not in TRUSTED:
            told[stream] = f"{named}: {row.because}"
    trouble = _roster_trouble(session, roster_max_age_days, at)
    if trouble:
        told["people"] = trouble
    return told


def _roster_trouble(session: Session, max_age_days: int, at: datetime) -> str | None:
    rosters = inventory.systems(session, kind="roster")
    if not rosters:
        return "there is no roster, so nobody can say who works here"
    for roster in rosters:
        refusal = inventory.why_not_trust_roster(session, roster.id, max_age_days=max_age_days, at=at)
        if refusal is not None:
            return refusal.reason
    return None


def is_first_run(session: Session, source: str, system_id: int | None) -> bool:
    """Whether nothing of this source has judged the system before."""
    ran = select(RunRow.id).where(RunRow.source == source, RunRow.system_id.is_not_distinct_from(system_id)).limit(1)
    return session.scalar(ran) is None


def weight(severity: str) -> int:
    """A severity's place in the order, worst first."""
    return _WEIGHTS.get(severity, len(_WEIGHTS))


def findings(
    *,
    status: str | None = "open",
    system_id: int | None = None,
    rule: str | None = None,
    after: Sequence[int] | None = None,
) -> Select[FindingRow]:
    """Findings, worst first, as a statement that doors page through; `after` is (weight, id) of the last one seen."""
    statement = select(FindingRow).order_by(WEIGHT, FindingRow.id)
    if status is not None:
        statement = statement.where(FindingRow.status == status)
    if system_id is not None:
        statement = statement.where(FindingRow.system_id == system_id)
    if rule is not None:
        statement = statement.where(FindingRow.rule == rule)
    if after is not None:
        statement = statement.where(tuple_(WEIGHT, FindingRow.id) > tuple_(*after))
    return statement


def history(session: Session, finding_id: int) -> list[FindingEventRow]:
    """A finding's events, oldest first."""
    statement = select(FindingEventRow).where(FindingEventRow.finding_id == finding_id).order_by(FindingEventRow.id)
    return list(session.scalars(statement))


def events_of(session: Session, run: RunRow) -> dict[str, int]:
    """How many findings a run opened, opened again and closed."""
    event = FindingEventRow
    rows = select(event.kind, func.count()).where(event.run == run.id).group_by(event.kind)
    return dict(session.execute(rows).all())


def latest_run(session: Session, system_id: int, *, source: str = "detection") -> RunRow | None:
    """The latest pass over a whole system of the rules that a source asks; one that was narrowed proves nothing of it."""
    return session.scalar(_passes(system_id, source).where(RunRow.narrowed.is_(False)).limit(1))


def latest_pass(session: Session, system_id: int, *, source: str = "detection") -> RunRow | None:
    """The latest pass over a system, or over what was touched of it."""
    return session.scalar(_passes(system_id, source).limit(1))


def narrowed_since(session: Session, run: RunRow) -> Sequence[RunRow]:
    """The passes over what was touched that came after one over all."""
    later = tuple_(RunRow.at, RunRow.id) > tuple_(run.at, run.id)
    return session.scalars(_passes(run.system_id, run.source).where(RunRow.narrowed, later)).all()


def _passes(system_id: int | None, source: str) -> Select[RunRow]:
    of = select(RunRow).where(RunRow.system_id == system_id, RunRow.source == source)
    return of.order_by(RunRow.at.desc(), RunRow.id.desc())


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule as it stands here: whether it tells people, what it found, and how much of that was accepted.

    `proposes`: what to look at when more than `TOO_MANY` percent of its findings are waived: a rule that people keep
    arguing with asks the wrong question, or asks it too early.
    """

    rule: Rule
    alerts: bool
    open: int
    waived: int
    limits: tuple[str, ...]
    proposes: str | None


def limits_of(session: Session, system_id: int, base: Limits) -> Limits:
    """What one system is judged by: everybody's numbers, but for its own."""
    own = session.execute(select(LimitRow.name, LimitRow.value).where(LimitRow.system_id == system_id))
    return base.having(dict(own.all()))


def own_limits(session: Session, system_id: int) -> list[LimitRow]:
    """The numbers that a system has of its own, by name."""
    return list(session.scalars(select(LimitRow).where(LimitRow.system_id == system_id).order_by(LimitRow.name)))


def alerting(session: Session, rules: Mapping[str, Rule] = rulebook.RULES) -> frozenset[str]:
    """Those of these rules of whose new findings people are told."""
    chosen = dict(session.execute(select(AlertRow.rule, AlertRow.on)).all())
    return frozenset(name for name, rule in rules.items() if chosen.get(name, rule.alerts))


def standing(session: Session, rules: Mapping[str, Rule] = rulebook.RULES) -> list[Standing]:
    """Each of these rules as it stands, in their order."""
    telling = alerting(session, rules)
    counted = select(FindingRow.rule, FindingRow.status, func.count()).group_by(FindingRow.rule, FindingRow.status)
    counts = {(rule, status): count for rule, status, count in session.execute(counted)}
    return [_standing(rule, rule.name in telling, counts) for rule in rules.values()]


def _standing(rule: Rule, alerts: bool, counts: Mapping[tuple[str, str], int]) -> Standing:
    open_, waived = counts.get((rule.name, "open"), 0), counts.get((rule.name, "waived"), 0)
    judged_by = rulebook.limits_in(rule.name)
    proposes = None
    if waived >= AT_LEAST and waived * 100 > (open_ + waived) * TOO_MANY:
        what = " or ".join(judged_by) if judged_by else "whether it should be asked here"
        proposes = f"{waived} of {open_ + waived} findings are accepted: look at {what}"
    return Standing(rule, alerts, open_, waived, judged_by, proposes)
