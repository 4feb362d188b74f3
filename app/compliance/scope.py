"""The scope of the audit: what is in it and what is not, said by somebody, held against what readings show."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.compliance import policy, seeing
from app.compliance.tables import ConfirmationRow, ScopeRow
from app.kit import clock, ids
from app.kit.refusal import Refusal, insist
from app.ledger import entries, jcs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def declare(
    session: Session, kind: str, subject: str, name: str, *, inside: bool, reason: str, by: Actor, at: datetime
) -> ScopeRow:
    """Say that something is in scope, or is not, and why. What was said of it before ends."""
    at = clock.utc(at)
    insist(policy.why_not_scope(kind, subject, reason))
    before = (ScopeRow.kind == kind, ScopeRow.subject == subject, ScopeRow.ended.is_(None))
    session.execute(update(ScopeRow).where(*before).values(ended=at))
    row = ScopeRow(
        id=ids.uuid7(), kind=kind, subject=subject, name=name or subject, inside=inside, reason=reason.strip(), by=by.id,
        began=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {"kind": kind, "about": subject, "inside": inside, "reason": row.reason}
    entries.record(session, Entry(Kind.SCOPE_CHANGED, f"scope:{kind}", body), by=by.id, at=at)
    return row


def adopt(session: Session, kind: str, reason: str, *, by: Actor, at: datetime) -> int:
    """Take everything that readings show and nobody has spoken of into scope, and let go of what is there no more."""
    at = clock.utc(at)
    insist(policy.why_not_scope(kind, kind, reason))
    drift = seeing.drift(session, kind)
    rows: list[dict[str, Any]] = [
        {
            "id": ids.uuid7(), "kind": kind, "subject": subject, "name": name, "inside": True, "reason": reason.strip(),
            "by": by.id, "began": at,
        }
        for subject, name in drift.new.items()
    ]  # fmt: skip
    if rows:
        session.execute(insert(ScopeRow), rows)
    for gone in drift.gone:
        session.execute(
            update(ScopeRow)
            .where(ScopeRow.kind == kind, ScopeRow.subject == gone, ScopeRow.ended.is_(None))
            .values(ended=at)
        )
    body = {"kind": kind, "adopted": len(rows), "let_go": len(drift.gone), "reason": reason.strip()}
    entries.record(session, Entry(Kind.SCOPE_CHANGED, f"scope:{kind}", body), by=by.id, at=at)
    return len(rows)


def confirm(session: Session, kind: str, *, until: datetime, by: Actor, at: datetime) -> ConfirmationRow:
    """Confirm one kind of the scope as it stands, for a year at most. Refuses while readings show something else."""
    at, until = clock.utc(at), clock.utc(until)
    insist(policy.why_not_scope(kind, kind, "confirmed as it stands") or policy.why_not_confirm(until, at))
    drift = seeing.drift(session, kind)
    if drift.new or drift.gone:
        insist(
            Refusal(
                "scope_drifted",
                f"Readings show {len(drift.new)} that nobody spoke of, and {len(drift.gone)} are gone.",
                "Declare each, or take all of them over, and confirm then.",
                status=409,
            )
        )
    stands = sorted([row.subject, row.inside] for row in seeing.register(session, kind))
    row = ConfirmationRow(
        id=ids.uuid7(), kind=kind, entries=len(stands), digest=hashlib.sha256(jcs.dumps(stands)).hexdigest(), until=until,
        by=by.id, at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {"kind": kind, "entries": row.entries, "digest": row.digest, "until": until.isoformat()}
    entries.record(session, Entry(Kind.SCOPE_CONFIRMED, f"scope:{kind}", body), by=by.id, at=at)
    return row
