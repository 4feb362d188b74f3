"""Rows of what a system tells of itself, beyond who holds what: observations, settings, logged changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Big, Json, Moment


class ObservationRow(Base):
    """Something else that a system told of itself: a right on a kind of record, a factor, a session, a package …

    `stream` says which; `facts` are the record's remaining fields. A row is one unbroken time of the same facts: what
    changed has ended, and goes on in a new row.
    """

    __tablename__ = "observations"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    stream: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(300))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    entitlement_id: Mapped[int | None] = mapped_column(ForeignKey("entitlements.id"), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        CheckConstraint(
            "stream IN ('object_rights','factors','sessions','packages','endpoints','usage')", name="stream_known"
        ),
        Index("ix_observations_key", "system_id", "stream", "key"),
        Index(
            "uq_observations_live",
            "system_id",
            "stream",
            "key",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
    )


class SettingRow(Base):
    """One security setting of a system, as last read; the snapshot is the one in which it took this value."""

    __tablename__ = "system_settings"
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str | None] = mapped_column(String)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"))


class ChangeRow(Base):
    """One change to access that the system itself logged."""

    __tablename__ = "system_changes"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    key: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Moment)
    action: Mapped[str] = mapped_column(String(120))
    actor_key: Mapped[str | None] = mapped_column(String(200))
    subject_key: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(String)
    named_key: Mapped[str | None] = mapped_column(String(200))  # may have acted: where the log does not say who did
    same_as: Mapped[str | None] = mapped_column(String(200))  # the key of another entry that may tell of the same event
    __table_args__ = (UniqueConstraint("system_id", "key"), Index("ix_system_changes_at", "system_id", "at"))
