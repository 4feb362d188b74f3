"""Rows of notices: channels, who is told what by which, one delivery for each person and cause, and what became of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.inventory.tables.seen import JsonOrNull
from app.kit.db import Base, Big, Json, Moment


class ChannelRow(Base):
    """A way by which messages leave. What lets one in (addresses, passwords, signing secrets) is sealed in `secret`."""

    __tablename__ = "channels"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    config: Mapped[dict[str, Any]] = mapped_column(Json)
    shown: Mapped[dict[str, Any]] = mapped_column(Json)  # what may be seen of it: of an address the host alone
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    overlap_until: Mapped[datetime | None] = mapped_column(Moment)  # until then a former secret signs as well
    status: Mapped[str] = mapped_column(String(10))
    because: Mapped[str | None] = mapped_column(String)  # what its last failure said
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    resting_until: Mapped[datetime | None] = mapped_column(Moment)
    last_delivered: Mapped[datetime | None] = mapped_column(Moment)
    tested_at: Mapped[datetime | None] = mapped_column(Moment)
    tested_well: Mapped[bool | None]
    added: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        CheckConstraint("kind IN ('email','webhook','slack','teams','apprise','file')", name="kind_known"),
        CheckConstraint("status IN ('on','off','dead','removed')", name="status_known"),
        Index(
            "uq_channels_name_live",
            "name",
            unique=True,
            sqlite_where=text("status <> 'removed'"),
            postgresql_where=text("status <> 'removed'"),
        ),
    )


class SubscriptionRow(Base):
    """Who is told which events by which channel. Several may name the same person; they hear of a cause once."""

    __tablename__ = "subscriptions"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    events: Mapped[list[str]] = mapped_column(Json)
    recipient: Mapped[str | None] = mapped_column(String(320))  # concerned, role:…, an actor's id, an address
    severity: Mapped[str | None] = mapped_column(String(10))  # only what is as bad as that, or worse
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"))
    rules: Mapped[list[str] | None] = mapped_column(
        JsonOrNull
    )  # of findings: only by these rules, which it switches on
    departments: Mapped[list[str] | None] = mapped_column(JsonOrNull)  # of findings: only about people of these
    digest: Mapped[bool] = mapped_column(default=False)
    added: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)


class PreferenceRow(Base):
    """When a reader is not to be spoken to, in minutes of the day on their own wall clock."""

    __tablename__ = "notice_preferences"
    whom: Mapped[str] = mapped_column(String(120), primary_key=True)  # identity:7, actor-…, channel:3
    zone: Mapped[str] = mapped_column(String(60))
    quiet_from: Mapped[int]
    quiet_until: Mapped[int]
    weekends: Mapped[bool]


class DeliveryRow(Base):
    """One message to one reader about one cause. Its id names it at the other side, however often it is sent."""

    __tablename__ = "deliveries"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    # identity:7, actor-…, subscription:5 (the address written there) or channel:3 (whoever reads there)
    whom: Mapped[str] = mapped_column(String(120))
    event: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(10))
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[bool]
    leaves: Mapped[bool]  # whether the reader may end the subscription that it comes from
    status: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime] = mapped_column(Moment)
    since: Mapped[datetime] = mapped_column(Moment)  # three days of trying count from here: its hour, or its replay
    not_before: Mapped[datetime] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    because: Mapped[str | None] = mapped_column(String)
    carrier_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("deliveries.id"), index=True
    )  # left inside this one
    __table_args__ = (
        UniqueConstraint("whom", "cause", name="uq_deliveries_one_per_cause"),
        CheckConstraint("status IN ('waiting','sending','delivered','failed','folded','dropped')", name="status_known"),
        Index("ix_deliveries_queue", "channel_id", "status", "not_before"),
        Index("ix_deliveries_made_at", "made_at"),
    )


class TryRow(Base):
    """One try to deliver a message: when, and what the other side said."""

    __tablename__ = "delivery_tries"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    delivery_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    outcome: Mapped[str] = mapped_column(String(10))
    code: Mapped[int | None]  # HTTP's or SMTP's
    said: Mapped[str] = mapped_column(String)


class MarkRow(Base):
    """How far something has been told: the ledger's leaves, or the day of a digest."""

    __tablename__ = "notice_marks"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(Big)
    at: Mapped[datetime] = mapped_column(Moment)
