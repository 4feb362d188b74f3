"""Rows of what each line came out as, and when that was looked at."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Big, Json, Moment


class StatusRunRow(Base):
    """One look at every line. That nothing changed since is known only as far as the latest of these."""

    __tablename__ = "status_runs"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    version: Mapped[str] = mapped_column(String(20))  # of the checklist
    counts: Mapped[dict[str, Any]] = mapped_column(Json)  # {outcome: lines}
    sections: Mapped[dict[str, Any]] = mapped_column(Json)  # {section: {outcome: lines}}
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 over every line's outcome and reason, in order


class OutcomeRow(Base):
    """What a line came out as from `began` until `ended`, in one system or over all.

    A row is one unbroken time of the same outcome for the same reason; `proof` is of the last look that confirmed it.
    """

    __tablename__ = "control_outcomes"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    line: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(40))  # "all", or "system:3"
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(20))
    because: Mapped[str] = mapped_column(String)
    proof: Mapped[list[Any]] = mapped_column(Json)
    run: Mapped[uuid.UUID] = mapped_column(ForeignKey("status_runs.id"))  # the first that said so
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('FAIL','EXPIRED','NOT_EVALUABLE','ATTESTED','PASS','NOT_APPLICABLE')", name="outcome_known"
        ),
        Index(
            "uq_control_outcomes_live",
            "line",
            "place",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
        Index("ix_control_outcomes_line_began", "line", "began"),
    )
