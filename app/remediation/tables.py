"""Rows of removals. A remediation ends verified by a later reading, or open for all to see."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.inventory.tables.seen import JsonOrNull
from app.kit.db import Base, Big, Json, Moment


class RemediationRow(Base):
    """A promise to make one removal true in the CRM."""

    __tablename__ = "remediations"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"), unique=True)
    drift_id: Mapped[int | None] = mapped_column(ForeignKey("drift.id"), unique=True)
    # Started from a finding, without a campaign; `turn` is how often the finding had been opened by then.
    finding_id: Mapped[int | None] = mapped_column(ForeignKey("findings.id"))
    turn: Mapped[int | None]
    asked_by: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(String)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    # What it is about; `account_id` is the account's own or the one that holds it.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id"), index=True)
    integration_id: Mapped[int | None] = mapped_column(ForeignKey("integrations.id"), index=True)
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("credentials.id"), index=True)
    entitlement_id: Mapped[int | None] = mapped_column(Big, index=True)  # of a group or definition
    target: Mapped[dict[str, Any]] = mapped_column(Json)  # connectors.connector.Target, as JSON
    subject: Mapped[str] = mapped_column(String(60))  # "grant:12"
    kind: Mapped[str] = mapped_column(String(12))  # grant, account, integration, credential, group, definition
    wish: Mapped[str] = mapped_column(String(10))  # remove, change, time_box, restore
    change_to: Mapped[str | None] = mapped_column(String(200))  # with "change": the entitlement's key to hold instead
    until: Mapped[datetime | None] = mapped_column(Moment)  # with "time_box": the end that the access is to have
    undoes_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("remediations.id"))  # with "restore": what is undone
    life: Mapped[int] = mapped_column(default=1, server_default=text("1"))  # one more each time that it came back
    status: Mapped[str] = mapped_column(String(12))
    since: Mapped[datetime] = mapped_column(Moment)  # when it came to this status
    because: Mapped[str | None] = mapped_column(String)  # why it is where it is, in words
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)  # the look before, with its digest
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)  # the executor's own look after; no proof
    steps: Mapped[list[str]] = mapped_column(Json, default=list)  # for a person, where no API can
    opened_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    acted_at: Mapped[datetime | None] = mapped_column(Moment)
    verified_at: Mapped[datetime | None] = mapped_column(Moment)
    verified_snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("snapshots.id"))
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        CheckConstraint(
            "status IN ('open','by_hand','acting','acted','declined','verified','returned','undone')",
            name="status_known",
        ),
        CheckConstraint(
            "kind IN ('grant','account','integration','credential','group','definition')", name="kind_known"
        ),
        CheckConstraint("wish IN ('remove','change','restore','time_box')", name="wish_known"),
        CheckConstraint("status <> 'verified' OR verified_snapshot_id IS NOT NULL", name="verified_by_a_reading"),
        Index("ix_remediations_system_status", "system_id", "status"),
        Index("ix_remediations_subject", "subject"),
        Index("uq_remediations_undoes_id", "undoes_id", unique=True),
        Index("uq_remediations_finding_turn_subject", "finding_id", "turn", "subject", unique=True),
    )


class PaperRow(Base):
    """What a person handed in about a removal: a picture, a closed ticket. It proves nothing; the next reading does."""

    __tablename__ = "remediation_papers"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)  # also the id of its ledger entry
    remediation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("remediations.id"))
    digest: Mapped[str] = mapped_column(ForeignKey("documents.digest"))
    name: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("remediation_id", "digest"),)


class ActRow(Base):
    """One call that changes something. Written `begun` before it is made, so that a crash is never followed by a blind
    second call: what was begun and not ended is resolved by looking."""

    __tablename__ = "acts"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    remediation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("remediations.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    says: Mapped[str] = mapped_column(String)
    request: Mapped[str] = mapped_column(String)
    status: Mapped[str] = mapped_column(String(10))
    begun_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    receipt: Mapped[dict[str, Any] | None] = mapped_column(Json)
    because: Mapped[str | None] = mapped_column(String)
    __table_args__ = (
        UniqueConstraint("remediation_id", "number"),
        CheckConstraint("status IN ('planned','begun','done','declined','skipped','ambiguous')", name="status_known"),
    )


class LaneRow(Base):
    """What holds one system's removals otherwise than the settings say. Null: as they say. Empty hours: at any time."""

    __tablename__ = "lanes"
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), primary_key=True, autoincrement=False)
    per_run: Mapped[int | None]
    percent: Mapped[int | None]
    release_above: Mapped[int | None]
    hours: Mapped[str | None] = mapped_column(String(300))
    zone: Mapped[str | None] = mapped_column(String(60))
    left_out: Mapped[list[str] | None] = mapped_column(JsonOrNull)  # days, or FIRST..LAST
    because: Mapped[str] = mapped_column(String)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


class WaitRow(Base):
    """What a system's open removals wait for, since when, and until when. Gone when they go on."""

    __tablename__ = "lane_waits"
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)  # of the refusal
    because: Mapped[str] = mapped_column(String)
    way_out: Mapped[str] = mapped_column(String)
    removals: Mapped[int]
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)  # when it ends by itself
    woken_at: Mapped[datetime | None] = mapped_column(Moment)  # when the lane was sent to work again


class StopRow(Base):
    """Somebody stopped every removal in every system. Never edited but to end it."""

    __tablename__ = "stops"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    standing: Mapped[bool | None] = mapped_column(unique=True)  # true while it stands, null afterwards: one at a time
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(String)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_reason: Mapped[str | None] = mapped_column(String)


class ReleaseRow(Base):
    """A second person's word that exactly these removals may begin."""

    __tablename__ = "releases"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), index=True)
    removals: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))  # over their ids, as they were looked at
    reason: Mapped[str] = mapped_column(String)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


class ReleasedRow(Base):
    """One removal of a release. The word counts until it is acted on: what has to be done again is released again."""

    __tablename__ = "released"
    release_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("releases.id"), primary_key=True)
    remediation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("remediations.id"), primary_key=True, index=True)
