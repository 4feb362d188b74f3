"""Rows of actors, their roles, their tokens, and the keys of requests already answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Json, Moment


class ActorRow(Base):
    """Somebody or something that may sign in here."""

    __tablename__ = "actors"
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320), unique=True)
    # The roster's key of the person, not a foreign key: actors are known before inventory is.
    person_key: Mapped[str | None] = mapped_column(String(200), index=True)
    created: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)


class ActorRoleRow(Base):
    """A role an actor holds, until `until` (auditors always have an end)."""

    __tablename__ = "actor_roles"
    actor_id: Mapped[str] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    until: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        CheckConstraint("role IN ('admin','it_security','reviewer','auditor','service')", name="role_known"),
    )


class TokenRow(Base):
    """A bearer token. Only SHA-256 of its 256-bit secret is kept; `id` is the part that may be shown."""

    __tablename__ = "tokens"
    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    actor_id: Mapped[str] = mapped_column(ForeignKey("actors.id"), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    label: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(Moment)
    expires: Mapped[datetime] = mapped_column(Moment)
    last_used: Mapped[datetime | None] = mapped_column(Moment)
    revoked: Mapped[datetime | None] = mapped_column(Moment)


class RequestKeyRow(Base):
    """An Idempotency-Key: inserted first, in the verb's transaction. The same key with another body is refused (422)."""

    __tablename__ = "request_keys"
    actor_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(Moment)
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    __table_args__ = (Index("ix_request_keys_at", "at"),)
