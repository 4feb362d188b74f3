"""Findings remember what the rules said: opened, seen again, closed by proof, opened again.

`reconcile` takes any stage's judgements and closes only what that source has just judged: a finding stays open while its
rule cannot tell, and no other source's run can touch it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import queries
from app.detection.judgement import Judgement
from app.detection.policy import Status
from app.detection.rule import CannotTell, Fails
from app.detection.tables import FindingEventRow, FindingRow, RunRow
from app.kit import ids
from app.ledger import entries, jcs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run changed. `baseline`: the system's first, to be told as one digest."""

    run: uuid.UUID
    baseline: bool
    opened: int
    reopened: int
    seen: int
    closed: int
    cannot_tell: int


@dataclass(slots=True)
class _Tally:
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    fails: dict[tuple[str, str], Judgement] = field(default_factory=dict)
    unsure: set[tuple[str, str]] = field(default_factory=set)

    def add(self, judged: Judgement) -> None:
        key = (judged.rule, judged.subject)
        if isinstance(judged.answer, Fails):
            self.counts[judged.rule]["fails"] += 1
            self.fails[key] = judged
        elif isinstance(judged.answer, CannotTell):
            self.counts[judged.rule]["cannot_tell"] += 1
            self.reasons[judged.rule][judged.answer.because] += 1
            self.unsure.add(key)
        else:
            self.counts[judged.rule]["holds"] += 1


def reconcile(
    session: Session,
    source: str,
    judgements: Iterable[Judgement],
    *,
    rules: Iterable[str],
    system_id: int | None,
    snapshot_id: int | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Bring the source's findings about one system in line with what was just judged.

    `rules` are the rules that were asked, so that a finding whose subject has gone is closed too; a rule left out keeps its
    findings as they are. Writes one ledger entry with counts, whatever the number of findings.
    """
    run, tally = ids.uuid7(), _Tally()
    for judged in judgements:
        tally.add(judged)
    baseline = queries.is_first_run(session, source, system_id)
    known = {(row.rule, row.subject): row for row in session.scalars(_known(source, rules, system_id))}
    new = [judged for key, judged in tally.fails.items() if key not in known]
    again = [(row, tally.fails[key]) for key, row in known.items() if key in tally.fails]
    over = [
        row
        for key, row in known.items()
        if row.status != Status.CLOSED and key not in tally.fails and key not in tally.unsure
    ]
    _open(session, source, new, run, system_id, baseline, by, at)
    reopened = _see_again(session, again, run, by, at)
    _close(session, over, run, by, at)
    outcome = Outcome(run, baseline, len(new), reopened, len(again) - reopened, len(over), len(tally.unsure))
    _write_run(session, source, outcome, tally, system_id, snapshot_id, by, at)
    return outcome


def _known(source: str, rules: Iterable[str], system_id: int | None) -> Any:
    return select(FindingRow).where(
        FindingRow.source == source,
        FindingRow.rule.in_(list(rules)),
        FindingRow.system_id.is_not_distinct_from(system_id),
    )


def _open(
    session: Session,
    source: str,
    new: list[Judgement],
    run: uuid.UUID,
    system_id: int | None,
    baseline: bool,
    by: Actor,
    at: datetime,
) -> None:
    if not new:
        return
    rows = [
        {
            "source": source, "rule": j.rule, "subject": j.subject, "system_id": system_id, "account_id": j.account_id,
            "identity_id": j.identity_id, "severity": j.severity, "status": Status.OPEN, "because": _because(j),
            "facts": dict(j.facts), "baseline": baseline, "opened_at": at, "last_seen_at": at, "last_run": run,
        }
        for j in new
    ]  # fmt: skip
    made = session.scalars(insert(FindingRow).returning(FindingRow.id, sort_by_parameter_order=True), rows).all()
    session.execute(
        insert(FindingEventRow),
        [_event(number, "opened", at, run, by, _because(j)) for number, j in zip(made, new, strict=True)],
    )


def _see_again(
    session: Session, again: list[tuple[FindingRow, Judgement]], run: uuid.UUID, by: Actor, at: datetime
) -> int:
    """Move `last_seen_at`, and re-open what had been closed. A waived finding stays waived. Returns how many re-opened."""
    changes: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for row, judged in again:
        back = row.status == Status.CLOSED
        changes.append(
            {
                "id": row.id, "last_seen_at": at, "last_run": run, "because": _because(judged),
                "severity": judged.severity, "facts": dict(judged.facts), "identity_id": judged.identity_id,
                "status": Status.OPEN if back else row.status, "closed_at": None if back else row.closed_at,
                "times_opened": row.times_opened + back, "version": row.version + 1,
            }
        )  # fmt: skip
        if back:
            events.append(_event(row.id, "reopened", at, run, by, _because(judged)))
    if changes:
        session.execute(update(FindingRow), changes)
    if events:
        session.execute(insert(FindingEventRow), events)
    return len(events)


def _close(session: Session, over: list[FindingRow], run: uuid.UUID, by: Actor, at: datetime) -> None:
    if not over:
        return
    session.execute(
        update(FindingRow),
        [
            {"id": r.id, "status": Status.CLOSED, "closed_at": at, "last_run": run, "version": r.version + 1}
            for r in over
        ],
    )
    because = "a later complete reading no longer shows it"
    session.execute(insert(FindingEventRow), [_event(r.id, "closed", at, run, by, because) for r in over])


def _write_run(
    session: Session,
    source: str,
    outcome: Outcome,
    tally: _Tally,
    system_id: int | None,
    snapshot_id: int | None,
    by: Actor,
    at: datetime,
) -> None:
    counts = {rule: dict(of_rule) for rule, of_rule in sorted(tally.counts.items())}
    session.add(
        RunRow(
            id=outcome.run, source=source, system_id=system_id, snapshot_id=snapshot_id, at=at, baseline=outcome.baseline,
            counts=counts, cannot_tell={rule: dict(of_rule) for rule, of_rule in tally.reasons.items()},
        )
    )  # fmt: skip
    body = {
        "run": str(outcome.run), "source": source, "snapshot": snapshot_id, "baseline": outcome.baseline,
        "opened": outcome.opened, "reopened": outcome.reopened, "seen": outcome.seen, "closed": outcome.closed,
        "answers": counts, "digest": _digest(tally),
    }  # fmt: skip
    entries.record(session, Entry(Kind.DETECTION_RAN, f"system:{system_id}", body), by=by.id, at=at)


def _digest(tally: _Tally) -> str:
    """SHA-256 over what failed, in order: the entry stands for each of these findings, and for no others."""
    failed = sorted([rule, subject, str(j.severity), _because(j)] for (rule, subject), j in tally.fails.items())
    return hashlib.sha256(jcs.dumps(failed)).hexdigest()


def _because(judged: Judgement) -> str:
    return judged.answer.because if isinstance(judged.answer, Fails) else ""


def _event(finding: int, kind: str, at: datetime, run: uuid.UUID, by: Actor, because: str) -> dict[str, Any]:
    return {"finding_id": finding, "kind": kind, "at": at, "run": run, "by": by.id, "because": because}
