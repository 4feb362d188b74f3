"""Rows of actors, their roles, their ways in (tokens, hooks, links, sessions), failed tries, and answered requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Big, Json, Moment


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
    # Who the identity provider says it is: `sub` is unique and lasting at its issuer, an address is neither.
    issuer: Mapped[str | None] = mapped_column(String(300))
    subject: Mapped[str | None] = mapped_column(String(255))
    __table_args__ = (Index("uq_actors_issuer_subject", "issuer", "subject", unique=True),)


class ActorRoleRow(Base):
    """A role an actor holds, until `until` (auditors always have an end)."""

    __tablename__ = "actor_roles"
    actor_id: Mapped[str] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    until: Mapped[datetime | None] = mapped_column(Moment)
    # Came from a group, so it goes with it; what an admin gave stays until an admin takes it.
    from_group: Mapped[bool] = mapped_column(default=False, server_default=false())
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
    scope: Mapped[list[str] | None] = mapped_column(Json)  # acts by name; None: all of the roles'


class HookRow(Base):
    """A program that decides for its actor by signed messages. `secret` is sealed: no hash can check a signature."""

    __tablename__ = "hooks"
    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    actor_id: Mapped[str] = mapped_column(ForeignKey("actors.id"), index=True)
    label: Mapped[str] = mapped_column(String(200))
    secret: Mapped[bytes] = mapped_column(LargeBinary)  # its present and its former one; empty once the hook has ended
    overlap_until: Mapped[datetime | None] = mapped_column(Moment)  # until then the former one counts as well
    made: Mapped[datetime] = mapped_column(Moment)
    expires: Mapped[datetime] = mapped_column(Moment)
    last_used: Mapped[datetime | None] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)


class LinkRow(Base):
    """A link that lets somebody in once. Only SHA-256 of its secret is kept.

    `purpose`: "review" (from a message; its reviewer's items of one campaign), "entry" (from an operator or admin; signs
    its actor in), "first" (makes the first admin; it has no actor yet).
    """

    __tablename__ = "links"
    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    purpose: Mapped[str] = mapped_column(String(8))
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("actors.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(Big)  # no foreign key: actors are known before reviews are
    made: Mapped[datetime] = mapped_column(Moment)
    expires: Mapped[datetime] = mapped_column(Moment)
    used: Mapped[datetime | None] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (CheckConstraint("purpose IN ('review','entry','first')", name="purpose_known"),)


class SessionRow(Base):
    """Somebody signed in at the console, with one browser. Only SHA-256 of the cookie is kept.

    `entry` is the digest of what let them in (a link, a provider's state), so that nothing lets in twice.
    """

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    actor_id: Mapped[str] = mapped_column(ForeignKey("actors.id"), index=True)
    way: Mapped[str] = mapped_column(String(12))
    campaign_id: Mapped[int | None] = mapped_column(Big)
    entry: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    began: Mapped[datetime] = mapped_column(Moment)
    seen: Mapped[datetime] = mapped_column(Moment)
    expires: Mapped[datetime] = mapped_column(Moment, index=True)
    ended: Mapped[datetime | None] = mapped_column(Moment)


class FailedEntryRow(Base):
    """Something wrong that was presented to get in. `source` is a keyed digest of where from, never the address itself.

    One row for each different thing: a program that repeats one old token is no guesser.
    """

    __tablename__ = "failed_entries"
    source: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    presented: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    subject: Mapped[str | None] = mapped_column(String(120))  # "link:…", "token:…" whose secret it was not
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    __table_args__ = (Index("ix_failed_entries_subject_at", "subject", "at"),)


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
