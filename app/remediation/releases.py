"""A second person's word that removals may begin: of those who asked for them, nobody; of those who looked, one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock, ids
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import brakes, braking
from app.remediation.tables import ReleasedRow, ReleaseRow


def release(session: Session, system_id: int, seen: str, reason: str, *, by: Actor, at: datetime) -> ReleaseRow:
    """Let exactly what waits in a system begin; its lane is sent to work. `seen`: the digest of the list looked at.

    Refuses whoever asked for any of it, whoever is not signed in as themselves, no reason, and a list that has changed.
    """
    at = clock.utc(at)
    rows = braking.waiting(session, system_id)
    now = braking.digest(rows)
    insist(
        brakes.why_not_release(
            by=by.id, person=by.identity_id, way=by.way, askers=braking.askers(session, rows), waiting=len(rows),
            seen=seen, now=now, reason=reason,
        )
    )  # fmt: skip
    row = ReleaseRow(
        id=ids.uuid7(), system_id=system_id, removals=len(rows), digest=now, reason=reason.strip(), by=by.id, at=at
    )
    session.add(row)
    session.flush()
    session.execute(insert(ReleasedRow), [{"release_id": row.id, "remediation_id": each.id} for each in rows])
    body = {"system": system_id, "removals": row.removals, "digest": row.digest, "way": by.way}
    personal = {"reason": row.reason}
    entries.record(session, Entry(Kind.REMOVALS_RELEASED, f"release:{row.id}", body, personal), by=by.id, at=at)
    return row
