"""Rows of what we saw.

Mass rows have bigint keys. Everything with a history carries `began` and a null `ended` while it lasts; the moment is the
sealing snapshot's `began_at`. `ended` is set only by a complete reading of the row's stream that lacks it.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Big, Json, Moment

# Unknown must be SQL's NULL, not JSON's null, or "IS NULL" would overlook it.
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class SystemRow(Base):
    """One org, portal or roster. Secrets are sealed by `kit.secrets`; writing is off until switched on, kind by kind."""

    __tablename__ = "systems"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    config: Mapped[dict[str, Any]] = mapped_column(Json)
    key: Mapped[str | None] = mapped_column(String(200))  # org or portal id, pinned by the first check
    principal: Mapped[str | None] = mapped_column(String(200))  # the reader's own account key
    executor_principal: Mapped[str | None] = mapped_column(String(200))
    reader_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    executor_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    writing: Mapped[list[str]] = mapped_column(Json, default=list)  # ActKind values that are switched on
    owner_key: Mapped[str | None] = mapped_column(String(200))  # roster key of the system's owner
    added: Mapped[datetime] = mapped_column(Moment)
    removed: Mapped[datetime | None] = mapped_column(Moment)
    demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)


class SnapshotRow(Base):
    """One reading of a system. `sealed` ones never change."""

    __tablename__ = "snapshots"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    run: Mapped[str] = mapped_column(
        String(120), unique=True
    )  # the job's own id: the same run continues, never doubles
    status: Mapped[str] = mapped_column(String(10))
    began_at: Mapped[datetime] = mapped_column(Moment)
    sealed_at: Mapped[datetime | None] = mapped_column(Moment)
    principal: Mapped[str | None] = mapped_column(String(200))
    api_version: Mapped[str | None] = mapped_column(String(40))
    connector: Mapped[str] = mapped_column(String(80))  # kind and version
    coverage: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # what check() said could be read
    upload_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("roster_uploads.id"))  # a roster's file
    digest: Mapped[str | None] = mapped_column(String(64))  # over the streams' digests
    counts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # began/ended/changed per table
    because: Mapped[str | None] = mapped_column(String)  # why it failed
    __table_args__ = (
        CheckConstraint("status IN ('reading','sealed','failed')", name="status_known"),
        Index("ix_snapshots_system_sealed", "system_id", "sealed_at"),
    )


class StreamRow(Base):
    """A stream's receipt in a snapshot: how far it may be trusted, and why."""

    __tablename__ = "snapshot_streams"
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(20), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20))
    because: Mapped[str] = mapped_column(String)
    rows: Mapped[int]  # as the server counts: of every part of the stream
    records: Mapped[int] = mapped_column(default=0)  # what they were translated into: accounts, grants, sign-ins …
    pages: Mapped[int]
    calls: Mapped[int]
    said: Mapped[int | None]
    missing: Mapped[list[str]] = mapped_column(Json, default=list)
    dropped: Mapped[list[str]] = mapped_column(Json, default=list)
    asked: Mapped[list[str]] = mapped_column(Json, default=list)
    began_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    server_at: Mapped[datetime | None] = mapped_column(Moment)  # the server's own clock on the last page
    pages_digest: Mapped[str | None] = mapped_column(String(64))  # SHA-256 over the raw pages' digests, in order
    rows_digest: Mapped[str | None] = mapped_column(String(64))  # SHA-256 over the records as spooled, in order
    __table_args__ = (
        CheckConstraint("verdict IN ('complete','explained','incomplete','not_collected')", name="verdict_known"),
    )


class SpoolRow(Base):
    """A page waiting to be sealed. Written as it arrives, so that a crash resumes after the last one; gone at sealing."""

    __tablename__ = "spool_pages"
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    records: Mapped[bytes] = mapped_column(LargeBinary)
    receipt: Mapped[dict[str, Any]] = mapped_column(Json)
    resume: Mapped[str | None] = mapped_column(String)


class IdentityRow(Base):
    """A person (or known program) of the roster, across systems."""

    __tablename__ = "identities"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"), index=True)  # the roster that names it
    key: Mapped[str] = mapped_column(String(200), unique=True)  # the roster's own id
    name: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(10))
    engagement: Mapped[str | None] = mapped_column(String(20))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"), index=True)
    department: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str | None] = mapped_column(String(200))
    start: Mapped[date | None]
    end: Mapped[date | None]
    away_from: Mapped[date | None]
    away_until: Mapped[date | None]
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)  # no longer in the roster
    erased: Mapped[datetime | None] = mapped_column(Moment)


class IdentityEmailRow(Base):
    """An address of an identity, lower case. One address belongs to one identity."""

    __tablename__ = "identity_emails"
    email: Mapped[str] = mapped_column(String(320), primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)


class AccountRow(Base):
    """A login in one system."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    key: Mapped[str] = mapped_column(String(200))
    username: Mapped[str] = mapped_column(String(320))
    email: Mapped[str | None] = mapped_column(String(320), index=True)
    name: Mapped[str | None] = mapped_column(String(300))
    active: Mapped[bool | None]
    frozen: Mapped[bool | None]
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str | None] = mapped_column(String(200))
    department: Mapped[str | None] = mapped_column(String(200))
    manager_key: Mapped[str | None] = mapped_column(String(200))
    employee_number: Mapped[str | None] = mapped_column(String(80))
    licence: Mapped[str | None] = mapped_column(String(200))
    created: Mapped[datetime | None] = mapped_column(Moment)
    first_login: Mapped[datetime | None] = mapped_column(Moment)  # earliest sign-in seen; outlives the rows of logins
    last_login: Mapped[datetime | None] = mapped_column(Moment)  # never moves backwards
    logins_known_since: Mapped[datetime | None] = mapped_column(Moment)
    native: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"), index=True)
    matched_by: Mapped[str | None] = mapped_column(String(20))  # roster_id, email, username, hand; null: nobody's
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("system_id", "key"),)


class AccountChangeRow(Base):
    """What changed on an account from one reading to the next (active, title, department, e-mail …)."""

    __tablename__ = "account_changes"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), index=True)
    field: Mapped[str] = mapped_column(String(40))
    before: Mapped[str | None] = mapped_column(String)
    after: Mapped[str | None] = mapped_column(String)


class ReturnRow(Base):
    """Something that was gone from one complete reading and is there again: its row goes on, the gap is kept here."""

    __tablename__ = "returns"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int] = mapped_column(Big)
    gone: Mapped[datetime] = mapped_column(Moment)
    back: Mapped[datetime] = mapped_column(Moment)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), index=True)
    __table_args__ = (
        CheckConstraint("kind IN ('account','entitlement','integration','credential','identity')", name="kind_known"),
        Index("ix_returns_subject", "kind", "subject_id"),
    )


class EntitlementRow(Base):
    """Something an account can hold in one system. `privileges` null: the system does not say what it allows."""

    __tablename__ = "entitlements"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(300))
    label: Mapped[str | None] = mapped_column(String(300))
    description: Mapped[str | None] = mapped_column(String)
    privileges: Mapped[list[str] | None] = mapped_column(JsonOrNull)
    native: Mapped[list[str]] = mapped_column(Json, default=list)
    revocable: Mapped[bool]
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("system_id", "key"),)


class EdgeRow(Base):
    """Whoever holds `holder` also holds `held`."""

    __tablename__ = "entitlement_edges"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), index=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("entitlements.id"))
    held_id: Mapped[int] = mapped_column(ForeignKey("entitlements.id"))
    kind: Mapped[str] = mapped_column(String(40))
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        Index(
            "uq_entitlement_edges_live",
            "holder_id",
            "held_id",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
    )


class GrantRow(Base):
    """A direct edge (account, entitlement, source), from `began` until `ended`."""

    __tablename__ = "grants"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlements.id"), index=True)
    source: Mapped[str] = mapped_column(String(120))
    authority: Mapped[str] = mapped_column(String(10))
    key: Mapped[str | None] = mapped_column(String(200))
    granted: Mapped[datetime | None] = mapped_column(Moment)
    granted_by: Mapped[str | None] = mapped_column(String(200))
    until: Mapped[datetime | None] = mapped_column(Moment)
    effective: Mapped[bool | None]
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        Index(
            "uq_grants_live",
            "account_id",
            "entitlement_id",
            "source",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
    )


class PrivilegeRow(Base):
    """What an account can do, and through which grant: derived at sealing, rewritten for the system each time.

    `path` is the chain of entitlement ids from the granted one to the one that carries the privilege.
    """

    __tablename__ = "privileges"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    privilege: Mapped[str] = mapped_column(String(30))
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlements.id"))  # the granted one
    path: Mapped[str] = mapped_column(String)  # "12>40>7"
    __table_args__ = (UniqueConstraint("account_id", "privilege", "path"),)


class LoginRow(Base):
    """One sign-in, kept 12 months; afterwards only the account's first and last use remain."""

    __tablename__ = "logins"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    key: Mapped[str] = mapped_column(String(200))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    succeeded: Mapped[bool | None]
    way: Mapped[str | None] = mapped_column(String(120))
    application: Mapped[str | None] = mapped_column(String(200))
    __table_args__ = (UniqueConstraint("system_id", "key"), Index("ix_logins_account_at", "account_id", "at"))


class IntegrationRow(Base):
    """A program with its own way in."""

    __tablename__ = "integrations"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(300))
    publisher: Mapped[str | None] = mapped_column(String(300))
    owner_account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    scopes: Mapped[list[str] | None] = mapped_column(JsonOrNull)
    active: Mapped[bool | None]
    created: Mapped[datetime | None] = mapped_column(Moment)
    last_used: Mapped[datetime | None] = mapped_column(Moment)
    derived: Mapped[bool]
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("system_id", "key"),)


class CredentialRow(Base):
    """The token or key by which an integration or an account enters. Never its value."""

    __tablename__ = "credentials"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(300))
    integration_id: Mapped[int | None] = mapped_column(ForeignKey("integrations.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    scopes: Mapped[list[str] | None] = mapped_column(JsonOrNull)
    active: Mapped[bool | None]
    created: Mapped[datetime | None] = mapped_column(Moment)
    last_used: Mapped[datetime | None] = mapped_column(Moment)
    uses_known_since: Mapped[datetime | None] = mapped_column(Moment)
    expires: Mapped[datetime | None] = mapped_column(Moment)
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("system_id", "key"),)


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
    __table_args__ = (UniqueConstraint("system_id", "key"), Index("ix_system_changes_at", "system_id", "at"))


class RosterUploadRow(Base):
    """A roster file that was handed in: from where, extracted when, by whom, approved by whom."""

    __tablename__ = "roster_uploads"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    source: Mapped[str] = mapped_column(String(300))
    extracted_at: Mapped[datetime] = mapped_column(Moment)
    rows: Mapped[int]
    uploaded_by: Mapped[str] = mapped_column(String(80))
    uploaded_at: Mapped[datetime] = mapped_column(Moment)
    approved_by: Mapped[str | None] = mapped_column(String(80))
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
