"""Takes somebody out of the removals of their access: what was taken away stays, by its number and its key in the CRM."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.naming import GONE, Named, blank
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import policy
from app.remediation.policy import Status
from app.remediation.tables import ActRow, PaperRow, RemediationRow


def erase(session: Session, named: Named, *, by: Actor, at: datetime) -> None:
    """Blank a person's names in removals that have ended, and take away the reasons. Refuses while one is under way."""
    rows = list(session.scalars(select(RemediationRow).where(RemediationRow.account_id.in_(named.accounts))))
    insist(policy.why_not_erase([Status(row.status) for row in rows]))
    for row in rows:
        for name in ("target", "before", "after", "steps", "because"):
            setattr(row, name, blank(getattr(row, name), named.words))
        row.reason = row.reason and GONE
    acts = select(ActRow).where(ActRow.remediation_id.in_([row.id for row in rows]))
    for act in session.scalars(acts):
        for name in ("says", "request", "receipt", "because"):
            setattr(act, name, blank(getattr(act, name), named.words))
    papers = select(PaperRow).where(PaperRow.remediation_id.in_([row.id for row in rows]))
    for paper in session.scalars(papers):
        paper.note, paper.name = GONE, GONE
    session.flush()
    body = {"where": "removals", "removals": len(rows)}
    entries.record(session, Entry(Kind.PERSON_ERASED, f"identity:{named.identity}", body), by=by.id, at=at)
