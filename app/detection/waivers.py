"""Waivers: accepting a finding for a time, by two people and for a reason.

Who asks does not approve, and nobody approves what is about their own access. A waiver ends by itself; the finding is open
again from that moment, with a due date of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actors import policy as rights
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection import lives, policy
from app.detection.policy import WAIVER_MOVES, Status, WaiverStatus
from app.detection.tables import FindingRow, WaiverRow
from app.detection.terms import Terms
from app.detection.turns import person_of, turn
from app.kit import clock, ids
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def ask(
    session: Session, row: FindingRow, reason: str, *, until: datetime, most_days: int, by: Actor, at: datetime
) -> WaiverRow:
    """Ask that a finding be accepted until a moment. Nothing changes until somebody else approves."""
    until = clock.utc(until)
    standing = lives.standing_waiver(session, row.id)
    insist(rights.why_not(by, May.HANDLE_FINDINGS))
    insist(policy.why_not_ask(row.status, standing.status if standing else None, reason, until, at, most_days))
    waiver = WaiverRow(
        id=ids.uuid7(), finding_id=row.id, status=WaiverStatus.ASKED, severity=row.severity, reason=reason.strip(),
        until=until, asked_by=by.id, asked_identity=by.identity_id, asked_at=at,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(waiver)
    except IntegrityError:  # somebody else asked at the same moment
        raise Refused(_meanwhile()) from None
    turn(session, row, "asked", f"until {until.date().isoformat()}: {waiver.reason}", by=by, at=at)
    body = {"waiver": str(waiver.id), "until": until.isoformat(), "severity": waiver.severity}
    _note(session, Kind.WAIVER_ASKED, row, body, waiver.reason, by, at)
    return waiver


def approve(session: Session, row: FindingRow, *, by: Actor, at: datetime) -> WaiverRow:
    """Accept the finding until the moment that was asked for. Refuses whoever asked, and whoever it is about."""
    insist(rights.why_not(by, May.APPROVE_WAIVERS))
    waiver = _deciding(session, row, by, at)
    insist(policy.why_not_move(row.status, Status.WAIVED))
    _move(session, waiver, WaiverStatus.APPROVED, decided_by=by.id, decided_at=at, severity=row.severity)
    turn(session, row, "waived", f"until {waiver.until.date().isoformat()}", by=by, at=at, status=Status.WAIVED)
    _note(session, Kind.WAIVER_APPROVED, row, _about(waiver) | {"severity": row.severity}, None, by, at)
    return waiver


def refuse(session: Session, row: FindingRow, reason: str, *, by: Actor, at: datetime) -> WaiverRow:
    """Say no to a waiver, and why. Whoever asked withdraws it instead."""
    insist(rights.why_not(by, May.APPROVE_WAIVERS) or policy.why_not_say(reason, "reason"))
    waiver = _deciding(session, row, by, at)
    values = {"decided_by": by.id, "decided_at": at, "ended_at": at, "because": reason.strip()}
    _move(session, waiver, WaiverStatus.REFUSED, **values)
    turn(session, row, "refused", reason.strip(), by=by, at=at)
    _note(session, Kind.WAIVER_REFUSED, row, _about(waiver), reason.strip(), by, at)
    return waiver


def end(session: Session, row: FindingRow, reason: str, *, terms: Terms, by: Actor, at: datetime) -> WaiverRow:
    """Withdraw what was asked for, or end what was approved: the finding is open again."""
    standing = lives.standing_waiver(session, row.id)
    insist(rights.why_not(by, May.HANDLE_FINDINGS) or policy.why_not_end(standing.status if standing else None))
    insist(policy.why_not_say(reason, "reason"))
    assert standing is not None  # noqa: S101  (the policy has just said so)
    to = WaiverStatus.WITHDRAWN if standing.status == WaiverStatus.ASKED else WaiverStatus.ENDED
    _move(session, standing, to, ended_at=at, because=reason.strip())
    _turn_back(session, row, str(to), reason.strip(), terms, by, at)
    _note(session, Kind.WAIVER_ENDED, row, _about(standing) | {"how": str(to)}, reason.strip(), by, at)
    return standing


def expire(session: Session, *, terms: Terms, by: Actor, at: datetime) -> int:
    """End every waiver whose time is up; what was waived is open again. Returns how many. One entry for each, for each was
    accepted by people."""
    over = lives.run_out(session, at)
    for waiver in over:
        row = session.get_one(FindingRow, waiver.finding_id)
        because = "its time is up" if waiver.status == WaiverStatus.APPROVED else "nobody decided before its end"
        _move(session, waiver, WaiverStatus.ENDED, ended_at=at, because=because)
        _turn_back(session, row, "ended", because, terms, by, at)
        _note(session, Kind.WAIVER_ENDED, row, _about(waiver) | {"how": "expired"}, None, by, at)
    return len(over)


def _deciding(session: Session, row: FindingRow, by: Actor, at: datetime) -> WaiverRow:
    """The waiver that this actor may decide on. Refuses when there is none, or they may not."""
    waiver = lives.standing_waiver(session, row.id)
    if waiver is None:
        raise Refused(Refusal("nothing_asked", "No waiver waits for an approval here.", "Look at the finding again."))
    insist(
        policy.why_not_approve(
            waiver.status, waiver.asked_by, waiver.asked_identity, row.identity_id, waiver.until, by=by, at=at
        )
    )
    return waiver


def _turn_back(
    session: Session, row: FindingRow, kind: str, because: str, terms: Terms, by: Actor, at: datetime
) -> None:
    """The finding as it is without its waiver."""
    values: dict[str, Any] = {}
    if row.status == Status.WAIVED:
        values = {"status": Status.OPEN, "due_at": terms.due(row.severity, baseline=False, at=at), "breached_at": None}
    turn(session, row, kind, because, by=by, at=at, **values)


def _move(session: Session, waiver: WaiverRow, to: WaiverStatus, **values: Any) -> None:
    if to not in WAIVER_MOVES[WaiverStatus(waiver.status)]:
        raise Refused(_meanwhile())
    mine = (WaiverRow.id == waiver.id, WaiverRow.status == waiver.status)
    moved = session.execute(update(WaiverRow).where(*mine).values(status=to, **values))
    insist(None if moved.rowcount == 1 else _meanwhile())  # type: ignore[attr-defined]
    session.refresh(waiver)


def _about(waiver: WaiverRow) -> dict[str, Any]:
    return {"waiver": str(waiver.id), "until": waiver.until.isoformat()}


def _note(
    session: Session, kind: Kind, row: FindingRow, body: dict[str, Any], reason: str | None, by: Actor, at: datetime
) -> None:
    personal = {"reason": reason} if reason is not None else {}
    entry = Entry(kind, f"finding:{row.id}", body, personal, person_of(row))
    entries.record(session, entry, by=by.id, at=at)


def _meanwhile() -> Refusal:
    return Refusal("changed_meanwhile", "The waiver changed since you looked.", "Look again.", status=412)
