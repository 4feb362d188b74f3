"""Findings remember what the rules said: opened, seen again, closed by proof, opened again.

`reconcile` takes any stage's judgements and closes only what that source has just judged: a finding stays open while its
rule cannot tell, and no other source's run can touch it. Each life has its own due date; a waiver ends with the life, or
with the severity, that it was given for.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import lives, ownership, queries
from app.detection.judgement import Counted, Judgement, Touched
from app.detection.policy import Status, WaiverStatus
from app.detection.priority import priority
from app.detection.rule import CannotTell, Fails, Severity
from app.detection.tables import FindingEventRow, FindingRow, RunRow, WaiverRow
from app.detection.terms import Terms, due_again
from app.kit import ids
from app.ledger import entries, jcs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

_BY_PROOF = "a later complete reading no longer shows it"
_WORSE = "the finding has become worse than what was accepted"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run changed. `baseline`: the system's first, to be told as one digest. `waivers`: how many it ended."""

    run: uuid.UUID
    baseline: bool
    opened: int
    reopened: int
    seen: int
    closed: int
    cannot_tell: int
    waivers: int = 0


@dataclass(slots=True)
class _Tally:
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    fails: dict[tuple[str, str], Judgement] = field(default_factory=dict)
    unsure: set[tuple[str, str]] = field(default_factory=set)  # of what was found before; the others are only counted
    blind: set[str] = field(default_factory=set)

    def add(self, judged: Judgement | Counted, known: Container[tuple[str, str]]) -> None:
        if isinstance(judged, Counted):
            self._count(judged)
            return
        key = (judged.rule, judged.subject)
        if isinstance(judged.answer, Fails):
            self.counts[judged.rule]["fails"] += 1
            self.fails[key] = judged
        elif isinstance(judged.answer, CannotTell):
            self.counts[judged.rule]["cannot_tell"] += 1
            self.reasons[judged.rule][judged.answer.because] += 1
            if key in known:
                self.unsure.add(key)
        else:
            self.counts[judged.rule]["holds"] += 1

    def _count(self, many: Counted) -> None:
        if isinstance(many.answer, CannotTell):
            self.counts[many.rule]["cannot_tell"] += many.times
            self.reasons[many.rule][many.answer.because] += many.times
            self.blind.add(many.rule)
        else:
            self.counts[many.rule]["holds"] += many.times

    def stays(self, row: FindingRow) -> bool:
        """Whether nothing was said that could close a finding."""
        key = (row.rule, row.subject)
        return key in self.fails or key in self.unsure or row.rule in self.blind

    @property
    def cannot_tell(self) -> int:
        """Of how many subjects it could not be told, over all rules."""
        return sum(of_rule["cannot_tell"] for of_rule in self.counts.values())


@dataclass(frozen=True, slots=True)
class _Run:
    """What every finding of one run shares. `privileged`: accounts with a privilege; `held`: how the system is classed."""

    id: uuid.UUID
    source: str
    system_id: int | None
    baseline: bool
    owner: str
    held: str
    privileged: frozenset[int]
    terms: Terms
    by: Actor
    at: datetime

    def event(self, finding: int, kind: str, because: str) -> dict[str, Any]:
        return {
            "finding_id": finding, "kind": kind, "at": self.at, "run": self.id, "by": self.by.id, "because": because
        }  # fmt: skip

    def seen(self, judged: Judgement) -> dict[str, Any]:
        """What a finding says of its subject, as this run has it."""
        privileged = judged.account_id in self.privileged
        return {
            "severity": judged.severity, "because": _because(judged), "facts": dict(judged.facts),
            "identity_id": judged.identity_id, "cause": judged.cause or f"{judged.rule}:{judged.subject}",
            "privileged": privileged, "held": self.held,
            "priority": priority(judged.severity, privileged=privileged, held=self.held),
            "last_seen_at": self.at, "last_run": self.id,
        }  # fmt: skip


def reconcile(
    session: Session,
    source: str,
    judgements: Iterable[Judgement | Counted],
    *,
    rules: Iterable[str],
    system_id: int | None,
    snapshot_id: int | None = None,
    terms: Terms | None = None,
    news: bool = False,
    only: Touched | None = None,
    basis: Mapping[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> Outcome:
    """Bring the source's findings about one system in line with what was just judged.

    `rules` are the rules that were asked, so that a finding whose subject has gone is closed too; a rule left out keeps its
    findings as they are, and so does a subject that is not among `only`. `news`: what is judged happened under our eyes, so
    a first run brings no past to light. `basis` is kept with the run, for the next one to be narrowed by. Writes one ledger
    entry with counts, whatever the number of findings.
    """
    rows = session.scalars(lives.known(source, rules, system_id, only))
    known = {(row.rule, row.subject): row for row in rows if only is None or only.covers(row.subject)}
    tally = _Tally()
    for judged in judgements:
        tally.add(judged, known)
    first = not news and system_id is not None and queries.is_first_run(session, source, system_id)
    run = _run(session, source, system_id, tally, terms or Terms(), first, by, at)
    waivers = lives.standing_waivers(session, source, system_id)
    new = [judged for key, judged in tally.fails.items() if key not in known]
    again = [(row, tally.fails[key]) for key, row in known.items() if key in tally.fails]
    over = [row for row in known.values() if row.status != Status.CLOSED and not tally.stays(row)]
    _open(session, run, new)
    reopened = _see_again(session, run, again)
    _close(session, run, over)
    ended = _end_waivers(session, run, [*_outgrown(again, waivers), *_finished(over, waivers)])
    outcome = Outcome(
        run.id, run.baseline, len(new), reopened, len(again) - reopened, len(over), tally.cannot_tell, ended
    )
    _write_run(session, source, outcome, tally, system_id, snapshot_id, only, basis, by, at)
    return outcome


def _run(
    session: Session, source: str, system_id: int | None, tally: _Tally, terms: Terms, first: bool, by: Actor,
    at: datetime,
) -> _Run:  # fmt: skip
    accounts = {judged.account_id for judged in tally.fails.values() if judged.account_id is not None}
    return _Run(
        id=ids.uuid7(),
        source=source,
        system_id=system_id,
        # What belongs to no system (a channel, an attestation) has no first reading that would bring the past to light.
        baseline=first,
        owner=ownership.owner_of(session, system_id, terms.security_owner, at=at),
        held=lives.held_by(session, system_id),
        privileged=lives.privileged(session, system_id) & accounts,
        terms=terms,
        by=by,
        at=at,
    )


def _open(session: Session, run: _Run, new: Sequence[Judgement]) -> None:
    if not new:
        return
    rows = [
        run.seen(j)
        | {
            "source": run.source, "rule": j.rule, "subject": j.subject, "system_id": run.system_id,
            "account_id": j.account_id, "status": Status.OPEN, "baseline": run.baseline, "opened_at": run.at,
            "owner": run.owner, "due_at": run.terms.due(j.severity, baseline=run.baseline, at=run.at),
        }
        for j in new
    ]  # fmt: skip
    made = session.scalars(insert(FindingRow).returning(FindingRow.id, sort_by_parameter_order=True), rows).all()
    session.execute(
        insert(FindingEventRow),
        [run.event(number, "opened", _because(j)) for number, j in zip(made, new, strict=True)],
    )


def _see_again(session: Session, run: _Run, again: Sequence[tuple[FindingRow, Judgement]]) -> int:
    """Move `last_seen_at`, and re-open what had been closed. A waived finding stays waived. Returns how many re-opened."""
    changes: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for row, judged in again:
        back = row.status == Status.CLOSED
        if back:
            events.append(run.event(row.id, "reopened", _because(judged)))
        changes.append(run.seen(judged) | {"id": row.id, "version": row.version + 1} | _life(run, row, judged, back))
    if changes:
        session.execute(update(FindingRow), changes)
    if events:
        session.execute(insert(FindingEventRow), events)
    return len(events)


def _life(run: _Run, row: FindingRow, judged: Judgement, back: bool) -> dict[str, Any]:
    """What a new life begins with, or what this one keeps: each row of one statement names the same columns."""
    if back:
        return {
            "status": Status.OPEN, "closed_at": None, "times_opened": row.times_opened + 1, "opened_at": run.at,
            "baseline": False, "due_at": run.terms.due(judged.severity, baseline=False, at=run.at), "breached_at": None,
            "acknowledged_at": None, "acknowledged_by": None, "escalated_at": None,
            "owner": row.owner if row.assigned_by else run.owner,
        }  # fmt: skip
    names = (
        "status", "closed_at", "times_opened", "opened_at", "baseline", "breached_at", "acknowledged_at",
        "acknowledged_by", "escalated_at", "owner",
    )  # fmt: skip
    due = due_again(run.terms, row.due_at, was=row.severity, now=judged.severity, at=run.at)
    return {name: getattr(row, name) for name in names} | {"due_at": due}


def _close(session: Session, run: _Run, over: Sequence[FindingRow]) -> None:
    if not over:
        return
    session.execute(
        update(FindingRow),
        [
            {"id": r.id, "status": Status.CLOSED, "closed_at": run.at, "last_run": run.id, "version": r.version + 1}
            for r in over
        ],
    )
    session.execute(insert(FindingEventRow), [run.event(r.id, "closed", _BY_PROOF) for r in over])


def _outgrown(
    again: Sequence[tuple[FindingRow, Judgement]], waivers: Mapping[int, WaiverRow]
) -> list[tuple[WaiverRow, str]]:
    """Waivers of findings that are worse now than what was accepted."""
    order = list(Severity)
    return [
        (waivers[row.id], _WORSE)
        for row, judged in again
        if row.id in waivers and order.index(judged.severity) < order.index(Severity(waivers[row.id].severity))
    ]


def _finished(over: Sequence[FindingRow], waivers: Mapping[int, WaiverRow]) -> list[tuple[WaiverRow, str]]:
    return [(waivers[row.id], "the finding is closed") for row in over if row.id in waivers]


def _end_waivers(session: Session, run: _Run, ended: Sequence[tuple[WaiverRow, str]]) -> int:
    """End these waivers; a finding that is still waived opens again, with a due date of its own."""
    for waiver, because in ended:
        waiver.status, waiver.ended_at, waiver.because = WaiverStatus.ENDED, run.at, because
        row = session.get_one(FindingRow, waiver.finding_id, populate_existing=True)
        session.add(FindingEventRow(**run.event(row.id, "ended", because)))
        if row.status == Status.WAIVED:
            row.status, row.version = Status.OPEN, row.version + 1
            row.due_at = run.terms.due(row.severity, baseline=False, at=run.at)
    session.flush()
    return len(ended)


def _write_run(
    session: Session,
    source: str,
    outcome: Outcome,
    tally: _Tally,
    system_id: int | None,
    snapshot_id: int | None,
    only: Touched | None,
    basis: Mapping[str, Any] | None,
    by: Actor,
    at: datetime,
) -> None:
    counts = {rule: dict(of_rule) for rule, of_rule in sorted(tally.counts.items())}
    session.add(
        RunRow(
            id=outcome.run, source=source, system_id=system_id, snapshot_id=snapshot_id, at=at, baseline=outcome.baseline,
            counts=counts, cannot_tell={rule: dict(of_rule) for rule, of_rule in tally.reasons.items()},
            narrowed=only is not None, basis=None if basis is None else dict(basis),
        )
    )  # fmt: skip
    body = {
        "run": str(outcome.run), "source": source, "snapshot": snapshot_id, "baseline": outcome.baseline,
        "opened": outcome.opened, "reopened": outcome.reopened, "seen": outcome.seen, "closed": outcome.closed,
        "waivers": outcome.waivers, "answers": counts, "digest": _digest(tally),
        "narrowed": only is not None,
    }  # fmt: skip
    entries.record(session, Entry(Kind.DETECTION_RAN, f"system:{system_id}", body), by=by.id, at=at)


def _digest(tally: _Tally) -> str:
    """SHA-256 over what failed, in order: the entry stands for each of these findings, and for no others."""
    failed = sorted([rule, subject, str(j.severity), _because(j)] for (rule, subject), j in tally.fails.items())
    return hashlib.sha256(jcs.dumps(failed)).hexdigest()


def _because(judged: Judgement) -> str:
    return judged.answer.because if isinstance(judged.answer, Fails) else ""
