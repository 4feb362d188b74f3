"""The Statement of Applicability: generated from the checklist as it stands, numbered, approved by a second person."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.compliance import applicability, policy, queries
from app.compliance.controls import catalogue
from app.compliance.tables import StatementRow
from app.kit import clock, ids
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries, jcs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def generate(session: Session, *, by: Actor, at: datetime) -> StatementRow:
    """Write down every control of 2022 that the checklist touches: whether it applies, why not, and how its lines stand."""
    at = clock.utc(at)
    exempt = {
        row.line: row.justification
        for row in reversed(queries.exemptions(session))
        if row.status == policy.Status.APPROVED and row.until > at and row.system_id is None
    }
    outcomes = {row.line: row.outcome for row in queries.outcomes(session, place=queries.ALL)}
    content = applicability.compose(catalogue.LINES.values(), exempt, outcomes)
    number = (session.scalar(select(func.max(StatementRow.number))) or 0) + 1
    row = StatementRow(
        id=ids.uuid7(), number=number, version_of=catalogue.VERSION, content=content,
        digest=hashlib.sha256(jcs.dumps(content)).hexdigest(), made_by=by.id, made_by_identity_id=by.identity_id,
        made_at=at, version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {"number": number, "digest": row.digest, "checklist": catalogue.VERSION}
    entries.record(session, Entry(Kind.STATEMENT_MADE, f"statement:{number}", body), by=by.id, at=at)
    return row


def approve(session: Session, row: StatementRow, *, until: datetime, by: Actor, at: datetime) -> StatementRow:
    """Approve what somebody else had generated, for a year at most."""
    at, until = clock.utc(at), clock.utc(until)
    if row.approved_at is not None:
        insist(Refusal("approved_already", f"Number {row.number} is approved.", "Generate another.", status=409))
    insist(
        policy.why_not_approve(made_by=row.made_by, made_by_identity=row.made_by_identity_id, owner=None, by=by)
        or policy.why_not_confirm(until, at)
    )
    moved: Any = session.execute(
        update(StatementRow)
        .where(StatementRow.id == row.id, StatementRow.approved_at.is_(None))
        .values(approved_by=by.id, approved_at=at, until=until, version=StatementRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    if moved.rowcount != 1:
        insist(Refusal("changed_meanwhile", "It is approved meanwhile.", "Look again.", status=412))
    body = {"number": row.number, "digest": row.digest, "until": until.isoformat()}
    entries.record(session, Entry(Kind.STATEMENT_APPROVED, f"statement:{row.number}", body), by=by.id, at=at)
    return row


def found(session: Session, number: int) -> StatementRow:
    """The statement of this number. Refuses (404) what is not there."""
    row = session.scalar(select(StatementRow).where(StatementRow.number == number))
    if row is None:
        raise Refused(Refusal("not_found", f"There is no statement {number}.", "Look at the list.", status=404))
    return row
