"""Rows of what the organisation governs: integrations' cards, the register of scope, statements of applicability."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Json, Moment


class AssessmentRow(Base):
    """One turn of an integration's card: what it is for, whose it is, and how risky; approved by another than who asks."""

    __tablename__ = "assessments"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    integration_id: Mapped[int] = mapped_column(ForeignKey("integrations.id"))
    number: Mapped[int]
    because: Mapped[str] = mapped_column(String(40))  # why it was opened: "new", "asked", "due"
    opened_by: Mapped[str] = mapped_column(String(80))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(10))
    purpose: Mapped[str | None] = mapped_column(String)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"), index=True)
    vendor: Mapped[str | None] = mapped_column(String(300))  # "own" for a program of one's own
    contract: Mapped[str | None] = mapped_column(String(500))
    classes: Mapped[list[str]] = mapped_column(Json, default=list)  # of data that it reaches
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # the form's questions, 0 to 3 each
    score: Mapped[int | None]
    submitted_by: Mapped[str | None] = mapped_column(String(80))
    submitted_by_identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_by: Mapped[str | None] = mapped_column(String(80))
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        UniqueConstraint("integration_id", "number"),
        CheckConstraint("status IN ('open','submitted','approved','declined')", name="status_known"),
        CheckConstraint("status <> 'approved' OR until IS NOT NULL", name="approved_until"),
    )


class ScopeRow(Base):
    """One thing that somebody said is in scope, or is not, and why, from `began` until `ended`."""

    __tablename__ = "scope"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(300))  # "integration:7", or the name of a class or a place
    name: Mapped[str] = mapped_column(String(300))
    inside: Mapped[bool]
    reason: Mapped[str] = mapped_column(String)
    by: Mapped[str] = mapped_column(String(80))
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        CheckConstraint("kind IN ('systems','integrations','classes','groups','places')", name="kind_known"),
        Index(
            "uq_scope_live",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
    )


class ConfirmationRow(Base):
    """Somebody confirmed one kind of the scope as it stood, until a day."""

    __tablename__ = "scope_confirmations"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    entries: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 over what stood in it
    until: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


class StatementRow(Base):
    """A Statement of Applicability as it was generated: every control, whether it applies, why, and how it stands."""

    __tablename__ = "statements"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    version_of: Mapped[str] = mapped_column(String(20))  # of the checklist
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(80))
    made_by_identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)
    approved_by: Mapped[str | None] = mapped_column(String(80))
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)
