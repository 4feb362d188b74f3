"""The checklist as a page tells it: lines by section with their trend, what cannot be known and why, one whole line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.compliance import queries
from app.compliance.controls import catalogue, mapping
from app.compliance.controls.line import Line, Outcome, Section
from app.compliance.tables import AttestationRow, ExemptionRow, OutcomeRow, StatusRunRow
from app.inventory.tables import IdentityRow
from app.kit.refusal import insist
from app.ledger.tables import DocumentRow

TREND = timedelta(days=30)
POINTS, LONGEST = 13, timedelta(weeks=12)  # of a trend: a week apart, or nearer while there is less to show
_NOT_YET = "nobody has looked at it yet"


@dataclass(frozen=True, slots=True)
class Told:
    """One line with what it came out as. `owner`: who gave their word, or the function that should."""

    line: Line
    outcome: str
    because: str
    proof: Sequence[Mapping[str, Any]]
    since: datetime | None
    owner: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section with its lines, counted per outcome, and what the counts were a month before."""

    section: Section
    lines: Sequence[Told]
    counts: Mapping[str, int]
    before: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Posture:
    """The whole checklist at a moment. `unknown`: each reason why lines cannot be evaluated, with these lines."""

    chapters: Sequence[Chapter]
    counts: Mapping[str, int]
    before: Mapping[str, int] | None
    run: StatusRunRow | None
    earlier: StatusRunRow | None
    unknown: Sequence[tuple[str, Sequence[str]]]
    trend: Sequence[
        tuple[datetime, Mapping[str, int]]
    ]  # oldest first: the counts as they stood at each of some moments


@dataclass(frozen=True, slots=True)
class Word:
    """A paper on file, with its people and its file."""

    row: AttestationRow
    owner: str
    owner_id: int
    made_by: str
    answered_by: str | None
    system: str | None
    file: str | None


@dataclass(frozen=True, slots=True)
class LineStory:
    """One line with what it is in each system, what it was, and what is on file for it."""

    told: Told
    systems: Sequence[tuple[str, OutcomeRow]]
    history: Sequence[OutcomeRow]
    words: Sequence[Word]
    exemptions: Sequence[tuple[ExemptionRow, str, str | None]]
    names: Mapping[int, str]
    before: str | None  # the lines beside it, to walk along
    after: str | None
    names_2022: Mapping[str, str]
    rules: Sequence[str]  # what each rule that tests it is called


def posture(session: Session, *, by: Actor, at: datetime, on: datetime | None = None) -> Posture:
    """Every section, now or as it was at a moment, beside what it was a month before."""
    insist(policy.why_not(by, May.SEE_CHECKLIST))
    lines = _lines(session, on)
    run = queries.latest_run(session, at=on)
    earlier = queries.latest_run(session, at=(on or at) - TREND) if run is not None else None
    chapters = []
    for section in catalogue.SECTIONS:
        mine = [each for each in lines if each.line.section == section.key]
        before = earlier.sections.get(section.key, {}) if earlier is not None else None
        chapters.append(Chapter(section, mine, Counter(each.outcome for each in mine), before))
    counts = Counter(each.outcome for each in lines)
    past = earlier.counts if earlier else None
    return Posture(chapters, counts, past, run, earlier, _unknown(lines), _trend(session, on or at))


def _trend(session: Session, at: datetime) -> list[tuple[datetime, Mapping[str, int]]]:
    """The counts as they stood at up to 13 moments of the last quarter, at least a day apart."""
    first = queries.first_run(session)
    if first is None or first >= at:
        return []
    apart = max(min(at - first, LONGEST) / (POINTS - 1), timedelta(days=1))
    moments = [at - apart * back for back in range(POINTS) if at - apart * back >= first]
    stood = [(moment, queries.latest_run(session, at=moment)) for moment in reversed(moments)]
    return [(moment, run.counts) for moment, run in stood if run is not None]


def story(session: Session, line_id: str, *, by: Actor) -> LineStory | None:
    """One line's story; None if there is no such line."""
    insist(policy.why_not(by, May.SEE_CHECKLIST))
    line = catalogue.LINES.get(line_id)
    if line is None:
        return None
    rows = queries.outcomes(session, line=line_id)
    names = {row.id: row.name for row in queries.crms(session)}
    order = list(catalogue.LINES)
    place = order.index(line_id)
    (told,) = [each for each in _lines(session, None) if each.line.id == line_id]
    return LineStory(
        told,
        [(names.get(row.system_id, "a system that is gone"), row) for row in rows if row.system_id is not None],
        queries.history(session, line_id),
        _words(session, line_id, names),
        _exemptions(session, line_id),
        names,
        order[place - 1] if place else None,
        order[place + 1] if place + 1 < len(order) else None,
        {control: mapping.NAMES[control] for control in line.iso2022},
        [catalogue.RULES[name].title for name in line.rules],
    )


def _lines(session: Session, on: datetime | None) -> list[Told]:
    known = {row.line: row for row in queries.outcomes(session, at=on, place=queries.ALL)}
    words = {(row.line, row.system_id): row for row in queries.in_force(session)}
    owners = [row.owner_id for row in words.values()]
    people = dict(session.execute(select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_(owners))).all())
    told = []
    for line in catalogue.LINES.values():
        row, word = known.get(line.id), words.get((line.id, None))
        owner = people.get(word.owner_id) if word is not None else None
        told.append(
            Told(
                line, row.outcome if row else str(Outcome.NOT_EVALUABLE), row.because if row else _NOT_YET,
                row.proof if row else [], row.began if row else None,
                owner or (line.paper.owner if line.paper else None), word.until if word is not None else None,
            )
        )  # fmt: skip
    return told


def _unknown(lines: Sequence[Told]) -> list[tuple[str, Sequence[str]]]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for each in lines:
        if each.outcome == Outcome.NOT_EVALUABLE:
            for reason in dict.fromkeys(_of_many(reason) for reason in each.because.split("; ")):
                reasons[reason].append(each.line.id)
    return sorted(reasons.items(), key=lambda found: -len(found[1]))


def _of_many(reason: str) -> str:
    """The part of a reason that it has in common with others'."""
    for common in ("nobody has given their word yet", "it waits for somebody else's approval", "no rule asks yet"):
        if reason.startswith(common):
            return common
    return "it is no better than another line" if " is NOT_EVALUABLE" in reason else reason


def _words(session: Session, line: str, names: Mapping[int, str]) -> list[Word]:
    found = (
        select(AttestationRow, IdentityRow.name, DocumentRow.name)
        .join(IdentityRow, IdentityRow.id == AttestationRow.owner_id)
        .outerjoin(DocumentRow, DocumentRow.digest == AttestationRow.digest)
        .where(AttestationRow.line == line)
        .order_by(AttestationRow.made_at.desc(), AttestationRow.id.desc())
    )
    rows = session.execute(found).all()
    actors = _actors(session, [each for row, *_ in rows for each in (row.made_by, row.answered_by) if each])
    return [
        Word(
            row, owner, row.owner_id, actors.get(row.made_by, row.made_by),
            actors.get(row.answered_by, row.answered_by) if row.answered_by else None,
            names.get(row.system_id) if row.system_id is not None else None, file,
        )
        for row, owner, file in rows
    ]  # fmt: skip


def _exemptions(session: Session, line: str) -> list[tuple[ExemptionRow, str, str | None]]:
    rows = queries.exemptions(session, line=line)
    actors = _actors(session, [each for row in rows for each in (row.made_by, row.answered_by) if each])
    return [
        (row, actors.get(row.made_by, row.made_by), actors.get(row.answered_by or "", row.answered_by)) for row in rows
    ]


def _actors(session: Session, ids: Sequence[str]) -> dict[str, str]:
    return dict(session.execute(select(ActorRow.id, ActorRow.name).where(ActorRow.id.in_(set(ids)))).all())
