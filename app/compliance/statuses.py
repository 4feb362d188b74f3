"""Looking at every line: what each came out as is kept for as long as it stays so, and when it changes, both are known."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.compliance import gathering, judging, queries
from app.compliance.controls import catalogue
from app.compliance.controls.line import Line, Outcome
from app.compliance.facts import Facts, Limits, Verdict
from app.compliance.tables import OutcomeRow, StatusRunRow
from app.kit import clock, ids
from app.ledger import entries, jcs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


@dataclass(frozen=True, slots=True)
class Judged:
    """What one look found: lines by outcome, and how many outcomes or reasons are other than before."""

    run: uuid.UUID
    counts: Mapping[str, int]
    changed: int
    facts: Facts  # what it was judged by


def judge(
    session: Session,
    limits: Limits,
    *,
    roster_max_age_days: int,
    lines: Iterable[Line] = catalogue.LINES.values(),
    by: Actor,
    at: datetime,
) -> Judged:
    """Judge every line by what is known now, and keep what is other than before. One ledger entry, with counts."""
    at = clock.utc(at)
    facts = gathering.facts(session, limits, roster_max_age_days=roster_max_age_days, at=at)
    told = judging.judge_all(lines, facts)
    run = ids.uuid7()
    overall = [each for each in told if each.system is None]
    counts = Counter(str(each.outcome) for each in overall)
    digest = digest_of(told)
    session.add(
        StatusRunRow(
            id=run, at=at, version=catalogue.VERSION, counts=dict(counts), sections=_sections(overall), digest=digest
        )
    )
    session.flush()
    changed = _keep(session, told, run, at)
    body = {
        "run": str(run), "version": catalogue.VERSION, "counts": {name: counts[name] for name in sorted(counts)},
        "changed": changed, "digest": digest,
    }  # fmt: skip
    entries.record(session, Entry(Kind.CONTROLS_JUDGED, "checklist", body), by=by.id, at=at)
    return Judged(run, counts, changed, facts)


def digest_of(told: Iterable[Verdict]) -> str:
    """SHA-256 over every outcome and reason, in order: the entry stands for these and no others."""
    lines = sorted([each.line, _place(each.system), str(each.outcome), each.because] for each in told)
    return hashlib.sha256(jcs.dumps(lines)).hexdigest()


def _place(system: int | None) -> str:
    return queries.ALL if system is None else f"system:{system}"


def _sections(overall: Sequence[Verdict]) -> dict[str, dict[str, int]]:
    told: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for each in overall:
        if each.line in catalogue.LINES:
            told[catalogue.LINES[each.line].section][each.outcome] += 1
    return {section: {str(outcome): count for outcome, count in counted.items()} for section, counted in told.items()}


def _keep(session: Session, told: Sequence[Verdict], run: uuid.UUID, at: datetime) -> int:
    """End what is no longer so, begin what is new, and renew the proof of what stayed. Returns how many changed."""
    known = {(row.line, row.place): row for row in queries.outcomes(session)}
    now = {(each.line, _place(each.system)): each for each in told}
    over, fresh, proved = [], [], []
    for key, row in known.items():
        verdict = now.get(key)
        if verdict is None or (row.outcome, row.because) != (verdict.outcome, verdict.because):
            over.append({"id": row.id, "ended": at})
        elif row.proof != list(verdict.proof):
            proved.append({"id": row.id, "proof": list(verdict.proof)})
        if verdict is not None and (row.outcome, row.because) == (verdict.outcome, verdict.because):
            del now[key]
    fresh = [_row(place, each, run, at) for (_, place), each in now.items()]
    for changes in (over, proved):
        if changes:
            session.execute(update(OutcomeRow), changes)
    if fresh:
        session.execute(insert(OutcomeRow), fresh)
    for row in known.values():
        session.expire(row)  # what was changed set-wise is read anew
    return max(len(fresh), len(over))


def _row(place: str, verdict: Verdict, run: uuid.UUID, at: datetime) -> dict[str, Any]:
    return {
        "line": verdict.line, "place": place, "system_id": verdict.system, "outcome": str(verdict.outcome),
        "because": verdict.because, "proof": [dict(each) for each in verdict.proof], "run": run, "began": at,
    }  # fmt: skip
