"""Rows of who holds what: people, accounts, entitlements, grants, privileges, integrations and credentials."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base, Big, Json, Moment

# Unknown must be SQL's NULL, not JSON's null, or "IS NULL" would overlook it.
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


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
    __table_args__ = (Index("ix_identities_name", "name", "id"),)


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
    matched_at: Mapped[datetime | None] = mapped_column(Moment)  # when it last changed hands
    touched: Mapped[datetime | None] = mapped_column(Moment)  # when it was last written otherwise than it had been
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


class MoveRow(Base):
    """Somebody's title, department or manager changed from one reading of a roster to the next. What it was and is now is
    not kept a second time; a new manager because the former one left is no move."""

    __tablename__ = "moves"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), index=True)
    field: Mapped[str] = mapped_column(String(12))
    __table_args__ = (CheckConstraint("field IN ('title','department','manager')", name="field_known"),)


class AlterationRow(Base):
    """What an entitlement, an edge or a grant was before a reading showed it otherwise; `AccountChangeRow` is for accounts.

    Kept for what access is told from: what an entitlement is called and allows, how an edge counts, whether a grant has
    effect. `before` is text, a list as JSON, null where the system had not said.
    """

    __tablename__ = "alterations"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int] = mapped_column(Big)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), index=True)
    field: Mapped[str] = mapped_column(String(20))
    before: Mapped[str | None] = mapped_column(String)
    __table_args__ = (
        CheckConstraint("kind IN ('entitlement','edge','grant')", name="kind_known"),
        Index("ix_alterations_subject", "kind", "subject_id"),
    )


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
    touched: Mapped[datetime | None] = mapped_column(Moment)  # when it was last written otherwise; an end is no writing
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
        # Few of all grants, by which a pass finds what has turned without reading the others.
        # What an account held once; what it holds now has the index above. `queries.held_by` asks for both.
        Index(
            "ix_grants_former",
            "account_id",
            sqlite_where=text("ended IS NOT NULL"),
            postgresql_where=text("ended IS NOT NULL"),
        ),
        *(
            Index(f"ix_grants_{each}", each, sqlite_where=text(there), postgresql_where=text(there))
            for each, there in ((name, f"{name} IS NOT NULL") for name in ("ended", "touched", "until"))
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
    permitted: Mapped[list[str] | None] = mapped_column(JsonOrNull)  # entitlement keys whose holders need not be asked
    native: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)  # null: read before this was asked for
    by_events: Mapped[bool] = mapped_column(default=False, server_default=false())  # absence does not end it
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
    by_events: Mapped[bool] = mapped_column(default=False, server_default=false())  # absence does not end it
    touched: Mapped[datetime | None] = mapped_column(Moment)  # as for accounts
    began: Mapped[datetime] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("system_id", "key"),)
