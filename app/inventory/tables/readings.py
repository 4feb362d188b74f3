"""Rows of systems and their readings: what was asked, what came back, how far it may be trusted."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.inventory.tables.seen import JsonOrNull
from app.kit.db import Base, Big, Json, Moment


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
    # How its owner classed what it holds: public, internal, confidential, restricted
    held: Mapped[str] = mapped_column(String(12), default="confidential", server_default="confidential")
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        CheckConstraint("held IN ('public','internal','confidential','restricted')", name="held_known"),
        Index(
            "uq_systems_ourselves",  # this installation is one system and not two
            "kind",
            unique=True,
            sqlite_where=text("kind = 'rolecall'"),
            postgresql_where=text("kind = 'rolecall'"),
        ),
    )


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
    said_after: Mapped[int | None]  # the server's count asked again after the last page
    distinct: Mapped[int | None]  # records told apart by their keys; null until sealed
    parts: Mapped[list[Any] | None] = mapped_column(JsonOrNull)  # each question of the stream by itself; null: not kept
    missing: Mapped[list[str]] = mapped_column(Json, default=list)
    dropped: Mapped[list[str]] = mapped_column(Json, default=list)
    asked: Mapped[list[str]] = mapped_column(Json, default=list)
    began_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    server_at: Mapped[datetime | None] = mapped_column(Moment)  # the server's own clock on the last page
    skew_seconds: Mapped[int | None]  # our clock less the server's when that page came: above zero, ours is ahead
    pages_digest: Mapped[str | None] = mapped_column(String(64))  # SHA-256 over the raw pages' digests, in order
    rows_digest: Mapped[str | None] = mapped_column(String(64))  # SHA-256 over the records as spooled, in order
    __table_args__ = (
        CheckConstraint("verdict IN ('complete','explained','incomplete','not_collected')", name="verdict_known"),
    )


class ReplayRow(Base):
    """A sample of accounts read again and held against a snapshot: the receipt of it."""

    __tablename__ = "replays"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), index=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), index=True)
    seed: Mapped[str] = mapped_column(String(80))
    wanted: Mapped[int]  # accounts asked for
    population: Mapped[int]  # accounts that the sample was drawn from
    accounts: Mapped[int]
    grants: Mapped[int]  # grants that the snapshot says these accounts hold
    keys_digest: Mapped[str] = mapped_column(String(64))  # SHA-256 over the sampled keys: the draw can be repeated
    verdict: Mapped[str] = mapped_column(String(10))
    differences: Mapped[list[Any]] = mapped_column(Json)
    receipts: Mapped[list[Any]] = mapped_column(Json)  # what was asked, part by part
    principal: Mapped[str | None] = mapped_column(String(200))
    because: Mapped[str | None] = mapped_column(String)  # why it is incomplete
    by: Mapped[str] = mapped_column(String(80))
    began_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (CheckConstraint("verdict IN ('same','drifted','differs','incomplete')", name="verdict_known"),)


class SpoolRow(Base):
    """A page waiting to be sealed. Written as it arrives, so that a crash resumes after the last one.

    Gone at sealing; but pages of grants and sign-ins may stay until the next, which is compared with them
    (`merges.differences`).
    """

    __tablename__ = "spool_pages"
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    records: Mapped[bytes] = mapped_column(LargeBinary)
    receipt: Mapped[dict[str, Any]] = mapped_column(Json)
    resume: Mapped[str | None] = mapped_column(String)
    form: Mapped[str | None] = mapped_column(String(40))  # `packing.FORM` of the release that packed it; null: not kept
    oldest: Mapped[datetime | None] = mapped_column(Moment)  # of its sign-ins; null: there is none on it


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
