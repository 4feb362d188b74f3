"""Assessments: turns of an integration's card. A new integration opens one by itself, and so does one that ran out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.compliance import assessing, policy, queries
from app.compliance.assessing import Status
from app.compliance.tables import AssessmentRow
from app.inventory.tables import IdentityRow, IntegrationRow
from app.kit import clock, ids
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def open_where_needed(session: Session, *, by: Actor, at: datetime) -> int:
    """Open a turn for every integration that has none, and for each whose approved one has run out. Returns how many."""
    at = clock.utc(at)
    rows = [
        {
            "id": ids.uuid7(), "integration_id": integration, "number": number + 1, "because": because, "opened_by": by.id,
            "opened_at": at, "status": Status.OPEN, "classes": [], "answers": {}, "version": 1,
        }
        for integration, number, because in queries.unassessed(session, at)
    ]  # fmt: skip
    if not rows:
        return 0
    session.execute(insert(AssessmentRow), rows)
    body = {"opened": len(rows), "new": sum(row["because"] == "new" for row in rows)}
    entries.record(session, Entry(Kind.ASSESSMENTS_OPENED, "integrations", body), by=by.id, at=at)
    return len(rows)


def open(session: Session, integration_id: int, *, by: Actor, at: datetime) -> AssessmentRow:
    """Open another turn by hand. Refuses while one is open or waits for approval."""
    at = clock.utc(at)
    if session.get(IntegrationRow, integration_id) is None:
        raise Refused(_missing("integration", integration_id))
    last = queries.latest_assessment(session, integration_id)
    if last is not None and last.status in (Status.OPEN, Status.SUBMITTED):
        insist(Refusal("under_way", f"An assessment of it is {last.status}.", "Finish that one.", status=409))
    row = AssessmentRow(
        id=ids.uuid7(), integration_id=integration_id, number=(last.number if last else 0) + 1, because="asked",
        opened_by=by.id, opened_at=at, status=Status.OPEN, classes=[], answers={}, version=1,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {"integration": integration_id, "number": row.number}
    entries.record(session, Entry(Kind.ASSESSMENTS_OPENED, f"assessment:{row.id}", body), by=by.id, at=at)
    return row


def submit(
    session: Session,
    row: AssessmentRow,
    *,
    purpose: str,
    owner: IdentityRow,
    vendor: str,
    contract: str | None,
    classes: Sequence[str],
    answers: Mapping[str, int],
    by: Actor,
    at: datetime,
) -> AssessmentRow:
    """Fill the card in. Refuses a blank, and an owner who does not work here."""
    at = clock.utc(at)
    insist(assessing.why_not_move(row.status, Status.SUBMITTED))
    insist(
        assessing.why_not_submit(purpose=purpose, vendor=vendor, contract=contract, classes=classes, answers=answers)
    )
    if owner.ended is not None or owner.erased is not None:
        insist(Refusal("owner_gone", "Its owner has to work here.", "Name somebody who does.", status=422))
    total = assessing.score(answers)
    values = {
        "status": Status.SUBMITTED, "purpose": purpose.strip(), "owner_id": owner.id, "vendor": vendor.strip(),
        "contract": (contract or "").strip() or None, "classes": sorted({each.strip().lower() for each in classes}),
        "answers": dict(answers), "score": total, "submitted_by": by.id, "submitted_by_identity_id": by.identity_id,
        "submitted_at": at,
    }  # fmt: skip
    _move(session, row, values)
    body = {
        "integration": row.integration_id, "number": row.number, "owner": f"identity:{owner.id}", "score": total,
        "level": assessing.level(total), "classes": row.classes, "answers": dict(answers),
    }  # fmt: skip
    entries.record(session, Entry(Kind.ASSESSMENT_SUBMITTED, f"assessment:{row.id}", body), by=by.id, at=at)
    return row


def answer(
    session: Session, row: AssessmentRow, to: Status, *, until: datetime | None = None, by: Actor, at: datetime
) -> AssessmentRow:
    """Approve what somebody else filled in, until a day, or decline it. Neither who filled it in nor its owner approves."""
    at = clock.utc(at)
    insist(assessing.why_not_move(row.status, to))
    if to is Status.APPROVED:
        insist(
            policy.why_not_approve(
                made_by=row.submitted_by or "", made_by_identity=row.submitted_by_identity_id, owner=row.owner_id, by=by
            )
        )
        until = clock.utc(until) if until is not None else at + assessing.GOOD_FOR
        insist(assessing.why_not_until(until, at))
    _move(session, row, {"status": to, "answered_by": by.id, "answered_at": at, "until": until})
    body = {
        "integration": row.integration_id, "number": row.number, "status": str(to),
        "until": until.isoformat() if until else None,
    }  # fmt: skip
    entries.record(session, Entry(Kind.ASSESSMENT_ANSWERED, f"assessment:{row.id}", body), by=by.id, at=at)
    return row


def found(session: Session, number: UUID) -> AssessmentRow:
    """The one of this id. Refuses (404) what is not there."""
    row = session.get(AssessmentRow, number)
    if row is None:
        raise Refused(_missing("assessment", number))
    return row


def _move(session: Session, row: AssessmentRow, values: Mapping[str, Any]) -> None:
    moved: Any = session.execute(
        update(AssessmentRow)
        .where(AssessmentRow.id == row.id, AssessmentRow.status == row.status, AssessmentRow.version == row.version)
        .values(**values, version=AssessmentRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    if moved.rowcount != 1:
        insist(Refusal("changed_meanwhile", f"It is {row.status} meanwhile.", "Look again.", status=412))


def _missing(what: str, number: object) -> Refusal:
    return Refusal("not_found", f"There is no {what} {number}.", "Look at the list.", status=404)
