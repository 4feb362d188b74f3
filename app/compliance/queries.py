"""Reads of compliance: what lines came out as, now or on a day, and what is on file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.compliance.tables import (
    AssessmentRow,
    AttestationRow,
    ExemptionRow,
    OutcomeRow,
    RegisterRow,
    StatementRow,
    StatusRunRow,
)
from app.inventory import queries as inventory
from app.inventory.tables import IntegrationRow, SystemRow

ALL = "all"
NO_CRM = ("roster", "rolecall")  # who works here, and this installation itself


def crms(session: Session) -> list[SystemRow]:
    """The systems that the checklist is about, by name."""
    return [row for row in inventory.systems(session) if row.kind not in NO_CRM]


def outcomes(
    session: Session, *, at: datetime | None = None, line: str | None = None, place: str | None = None
) -> Sequence[OutcomeRow]:
    """What lines came out as, now or at a moment; `place` "all" or "system:3", None for each."""
    found = select(OutcomeRow).order_by(OutcomeRow.line, OutcomeRow.system_id, OutcomeRow.began)
    if at is None:
        found = found.where(OutcomeRow.ended.is_(None))
    else:
        found = found.where(OutcomeRow.began <= at, or_(OutcomeRow.ended.is_(None), OutcomeRow.ended > at))
    if line is not None:
        found = found.where(OutcomeRow.line == line)
    if place is not None:
        found = found.where(OutcomeRow.place == place)
    return session.scalars(found).all()


def history(session: Session, line: str, *, place: str = ALL, limit: int = 50) -> Sequence[OutcomeRow]:
    """What a line has been, the latest first."""
    found = select(OutcomeRow).where(OutcomeRow.line == line, OutcomeRow.place == place)
    return session.scalars(found.order_by(OutcomeRow.began.desc(), OutcomeRow.id.desc()).limit(limit)).all()


def latest_run(session: Session, *, at: datetime | None = None) -> StatusRunRow | None:
    """The latest look at every line, or the latest before a moment."""
    found = select(StatusRunRow).order_by(StatusRunRow.at.desc(), StatusRunRow.id.desc()).limit(1)
    return session.scalar(found if at is None else found.where(StatusRunRow.at <= at))


def first_run(session: Session) -> datetime | None:
    """When the checklist was looked at for the first time."""
    return session.scalar(select(func.min(StatusRunRow.at)))


def attestations(
    session: Session, *, line: str | None = None, system_id: int | None = None, status: str | None = None
) -> Sequence[AttestationRow]:
    """What people gave their word for, by line, the latest revision first."""
    found = select(AttestationRow).order_by(AttestationRow.line, AttestationRow.revision.desc())
    given = {AttestationRow.line: line, AttestationRow.system_id: system_id, AttestationRow.status: status}
    return session.scalars(
        found.where(*(column == value for column, value in given.items() if value is not None))
    ).all()


def exemptions(session: Session, *, line: str | None = None) -> Sequence[ExemptionRow]:
    """Why lines do not apply, the latest first."""
    found = select(ExemptionRow).order_by(ExemptionRow.made_at.desc(), ExemptionRow.id.desc())
    return session.scalars(found if line is None else found.where(ExemptionRow.line == line)).all()


def latest_registers(session: Session) -> dict[str, RegisterRow]:
    """The register of each kind that was taken last from where it is kept."""
    found = select(RegisterRow).order_by(RegisterRow.extracted_at, RegisterRow.at, RegisterRow.id)
    return {row.kind: row for row in session.scalars(found)}


def in_force(session: Session) -> list[AttestationRow]:
    """Per line and place the latest revision that was approved, whether or not its end has passed."""
    found = select(AttestationRow).where(AttestationRow.status == "approved").order_by(AttestationRow.revision)
    return list({(row.line, row.system_id): row for row in session.scalars(found)}.values())


def latest_assessment(session: Session, integration_id: int) -> AssessmentRow | None:
    """The latest turn of an integration's card."""
    found = select(AssessmentRow).where(AssessmentRow.integration_id == integration_id)
    return session.scalar(found.order_by(AssessmentRow.number.desc()).limit(1))


def approved_assessment(session: Session, integration_id: int) -> AssessmentRow | None:
    """The latest turn of an integration's card that was approved."""
    found = select(AssessmentRow).where(AssessmentRow.integration_id == integration_id)
    return session.scalar(
        found.where(AssessmentRow.status == "approved").order_by(AssessmentRow.number.desc()).limit(1)
    )


def unassessed(session: Session, at: datetime) -> list[tuple[int, int, str]]:
    """Integrations that are there and have no turn under way: (integration, its last turn's number, why a new one)."""
    last = (
        select(AssessmentRow.integration_id, func.max(AssessmentRow.number).label("number"))
        .group_by(AssessmentRow.integration_id)
        .subquery()
    )
    turn = and_(AssessmentRow.integration_id == last.c.integration_id, AssessmentRow.number == last.c.number)
    found = (
        select(IntegrationRow.id, func.coalesce(last.c.number, 0), AssessmentRow.status, AssessmentRow.until)
        .outerjoin(last, last.c.integration_id == IntegrationRow.id)
        .outerjoin(AssessmentRow, turn)
        .where(IntegrationRow.ended.is_(None), IntegrationRow.active.is_not(False))
        .where(IntegrationRow.system_id.in_([row.id for row in crms(session)]))
        .order_by(IntegrationRow.id)
    )
    told = []
    for number, turns, status, until in session.execute(found):
        if status is None:
            told.append((number, turns, "new"))
        elif status == "declined" or (status == "approved" and until <= at):
            told.append((number, turns, "due"))
    return told


def statements(session: Session) -> Sequence[StatementRow]:
    """Every Statement of Applicability, the latest first."""
    return session.scalars(select(StatementRow).order_by(StatementRow.number.desc())).all()


def statement_in_force(session: Session) -> StatementRow | None:
    """The latest that was approved."""
    approved = select(StatementRow).where(StatementRow.approved_at.is_not(None))
    return session.scalar(approved.order_by(StatementRow.number.desc()).limit(1))
