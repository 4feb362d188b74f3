"""Rows of what is wrong."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid, false, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from app.detection.policy import TEAM
from app.detection.priority import DataClass, priority
from app.inventory.tables.seen import JsonOrNull
from app.kit.db import Base, Big, Json, Moment


def _own_priority(context: DefaultExecutionContext) -> int:
    """What the row's own factors make, for whoever inserts one without saying."""
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return priority(given["severity"], privileged=given["privileged"], held=given["held"])


def _own_cause(context: DefaultExecutionContext) -> str:
    """A story of its own, for whoever inserts a row without saying which one it belongs to."""
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return f"{given['rule']}:{given['subject']}"


class RunRow(Base):
    """One pass of the rules over one system (or of another stage's judgements): counts, not rows, of what held."""

    __tablename__ = "detection_runs"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    source: Mapped[str] = mapped_column(String(40))  # "detection", later "review", "remediation" …
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"), index=True)
    snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("snapshots.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    baseline: Mapped[bool] = mapped_column(default=False)  # the system's first: one digest, not a flood
    # Asked only of what a reading touched: its counts are of a part, and prove nothing of the whole.
    narrowed: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What all subjects were judged by, and how far the logs went: what the next pass must find the same to be narrowed.
    basis: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
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
    baseline: Mapped[bool] = mapped_column(default=False)  # of the system's first run: it has a plan, and is no news
    opened_at: Mapped[datetime] = mapped_column(Moment)  # this life's beginning; earlier lives are in its events
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    last_run: Mapped[uuid.UUID] = mapped_column(Uuid)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    times_opened: Mapped[int] = mapped_column(default=1)
    # What its priority is made of (`detection.priority`), and which story it belongs to.
    privileged: Mapped[bool] = mapped_column(default=False, server_default=false())
    held: Mapped[str] = mapped_column(String(12), default=DataClass.CONFIDENTIAL, server_default="confidential")
    priority: Mapped[int] = mapped_column(default=_own_priority, server_default="0")
    cause: Mapped[str] = mapped_column(String(200), default=_own_cause, server_default="unknown")
    # Whose it is: "identity:7", "actor-…", "role:it_security"; never nobody's. `assigned_by` null: it follows the system.
    owner: Mapped[str] = mapped_column(String(120), default=TEAM, server_default=TEAM)
    assigned_by: Mapped[str | None] = mapped_column(String(80))
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    breached_at: Mapped[datetime | None] = mapped_column(Moment)  # when it was told, once, that it is late
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_by: Mapped[str | None] = mapped_column(String(80))
    escalated_at: Mapped[datetime | None] = mapped_column(Moment)  # when it was told that nobody has taken note
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        UniqueConstraint("rule", "subject"),
        CheckConstraint("status IN ('open','closed','waived')", name="status_known"),
        CheckConstraint("severity IN ('critical','high','medium','low')", name="severity_known"),
        Index("ix_findings_status_severity", "status", "severity"),
        Index("ix_findings_status_priority", "status", "priority", "id"),
        Index("ix_findings_status_owner", "status", "owner"),
        Index("ix_findings_cause", "cause"),
    )


class FindingEventRow(Base):
    """A finding's history: every turn, and what people said. Being seen again only moves `last_seen_at`.

    `kind`: opened, reopened, closed; commented, assigned, acknowledged; asked, waived, refused, withdrawn, ended (of a
    waiver); overdue, escalated.
    """

    __tablename__ = "finding_events"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(Moment)
    run: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    by: Mapped[str] = mapped_column(String(80))
    because: Mapped[str] = mapped_column(String)


class WaiverRow(Base):
    """An accepted exception: somebody asked, with a reason and an end; somebody else approved. At most one stands."""

    __tablename__ = "waivers"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    finding_id: Mapped[int] = mapped_column(ForeignKey("findings.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    severity: Mapped[str] = mapped_column(String(10))  # how bad it was when it was accepted; nothing worse is covered
    reason: Mapped[str] = mapped_column(String)
    until: Mapped[datetime] = mapped_column(Moment, index=True)
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_identity: Mapped[int | None] = mapped_column(Big)  # the person behind them, so that nobody approves their own
    asked_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    because: Mapped[str | None] = mapped_column(String)  # why it was refused or has ended
    __table_args__ = (
        CheckConstraint("status IN ('asked','approved','refused','withdrawn','ended')", name="status_known"),
        CheckConstraint("status <> 'approved' OR decided_by <> asked_by", name="approved_by_another"),
        Index(
            "uq_waivers_standing",
            "finding_id",
            unique=True,
            sqlite_where=text("status IN ('asked','approved')"),
            postgresql_where=text("status IN ('asked','approved')"),
        ),
    )


class JustificationRow(Base):
    """The reason on file why an account holds privileged access, until when, and who said so."""

    __tablename__ = "justifications"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    reason: Mapped[str] = mapped_column(String)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)


class LimitRow(Base):
    """A number that one system judges by in place of everybody's, and why."""

    __tablename__ = "rule_limits"
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[int]
    because: Mapped[str] = mapped_column(String)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


class AlertRow(Base):
    """Whether people are told of a rule's new findings, where somebody chose otherwise than the rule."""

    __tablename__ = "rule_alerts"
    rule: Mapped[str] = mapped_column(String(60), primary_key=True)
    on: Mapped[bool]
    because: Mapped[str] = mapped_column(String)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
