"""Undoing a removal: a new decision that the access may be there, carried out from what was kept of how it was before.

What was decided stays on record. The removal ends undone, and another promise gives back what it took away: by the calls
that the connector knows, or by a person where there are none. As ever, it is true when a later reading shows it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import AccountRow
from app.kit import clock, ids
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import policy
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow

SLA = timedelta(days=7)
_THINGS = ("account_id", "grant_id", "integration_id", "credential_id", "entitlement_id")


def undo(
    session: Session, remediation: RemediationRow, reason: str, *, sla: timedelta = SLA, by: Actor, at: datetime
) -> RemediationRow:
    """End a removal undone, and promise to give back what it took away. Returns that promise.

    Refuses a removal that was undone, whose call has no known end yet, or that itself gives back; no reason; and whoever
    the access belongs to, for nobody decides on their own. `sla` is the time until a reading should show it.
    """
    at = clock.utc(at)
    insist(policy.why_not_undo(remediation.status, remediation.wish, reason, own=_own(session, remediation, by)))
    former = remediation.status
    mine = (RemediationRow.id == remediation.id, RemediationRow.version == remediation.version)
    said = f"undone: {reason.strip()}"
    values = {"status": Status.UNDONE, "since": at, "because": said, "version": remediation.version + 1}
    moved: Any = session.execute(
        update(RemediationRow).where(*mine).values(values).execution_options(synchronize_session=False)
    )
    insist(None if moved.rowcount == 1 else policy.overtaken())
    row = _promise(remediation, reason, by, at, sla)
    session.execute(insert(RemediationRow), [row])
    session.refresh(remediation)
    person = f"account:{remediation.account_id}" if remediation.account_id else None
    told = {"reason": reason.strip()}
    ended = {
        "system": remediation.system_id,
        "from": former,
        "to": str(Status.UNDONE),
        "by_giving_back": str(row["id"]),
    }
    opened = {
        "campaign": remediation.campaign_id, "system_id": remediation.system_id, "subject": remediation.subject,
        "wish": "restore", "undoes": str(remediation.id), "due_at": row["due_at"].isoformat(),
    }  # fmt: skip
    both = [
        Entry(Kind.REMEDIATION_UNDONE, f"remediation:{remediation.id}", ended, told, person),
        Entry(Kind.REMEDIATION_OPENED, f"remediation:{row['id']}", opened, told, person),
    ]
    entries.record_many(session, both, by=by.id, at=at)
    return session.get_one(RemediationRow, row["id"])


def _own(session: Session, remediation: RemediationRow, by: Actor) -> bool:
    """Whether it is the access of whoever decides."""
    account = session.get(AccountRow, remediation.account_id) if remediation.account_id else None
    return by.identity_id is not None and account is not None and account.identity_id == by.identity_id


def _promise(of: RemediationRow, reason: str, by: Actor, at: datetime, sla: timedelta) -> dict[str, Any]:
    same = ("campaign_id", "system_id", "target", "subject", "kind", *_THINGS)
    return {name: getattr(of, name) for name in same} | {
        "id": ids.uuid7(),
        "wish": "restore",
        "undoes_id": of.id,
        "asked_by": by.id,
        "reason": reason.strip(),
        "status": Status.OPEN,
        "since": at,
        "steps": [],
        "opened_at": at,
        "due_at": at + sla,
        "version": 1,
    }
