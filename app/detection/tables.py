"""Rows of what is wrong."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Big, Json, Moment


class RunRow(Base):
    """One pass of the rules over one system (or of another stage's judgements): counts, not rows, of what held."""

    __tablename__ = "detection_runs"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    source: Mapped[str] = mapped_column(String(40))  # "detection", later "review", "remediation" …
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"), index=True)
    snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("snapshots.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    baseline: Mapped[bool] = mapped_column(default=False)  # the system's first: one digest, not a flood
    counts: Mapped[dict[str, Any]] = mapped_column(Json)  # {rule: {"holds": n, "fails": n, "cannot_tell": n}}
    cannot_tell: Mapped[dict[str, Any]] = mapped_column(Json)  # {rule: {because: n}}


class FindingRow(Base):
    """A subject that fails a rule. Closed only by a later answer of the same source; re-opened, never doubled."""

    __tablename__ = "findings"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    rule: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))  # "account:12", "credential:7"
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"), index=True)
    severity: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    because: Mapped[str] = mapped_column(String)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    baseline: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    last_run: Mapped[uuid.UUID] = mapped_column(Uuid)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    times_opened: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        UniqueConstraint("rule", "subject"),
        CheckConstraint("status IN ('open','closed','waived')", name="status_known"),
        CheckConstraint("severity IN ('critical','high','medium','low')", name="severity_known"),
        Index("ix_findings_status_severity", "status", "severity"),
    )


class FindingEventRow(Base):
    """A finding's history: opened, closed, re-opened, waived. Being seen again only moves `last_seen_at`."""

    __tablename__ = "finding_events"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(Moment)
    run: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    by: Mapped[str] = mapped_column(String(80))
    because: Mapped[str] = mapped_column(String)


class JustificationRow(Base):
    """The reason on file why an account holds privileged access, until when, and who said so."""

    __tablename__ = "justifications"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    reason: Mapped[str] = mapped_column(String)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
