"""Rows of reviews. A campaign is frozen at snapshots; its items never change what they show; decisions are never edited."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.inventory.tables.seen import JsonOrNull
from app.kit.db import Base, Big, Json, JsonText, Moment


class ScheduleRow(Base):
    """When reviews open by themselves, in the operator's time zone."""

    __tablename__ = "schedules"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    cadence: Mapped[str] = mapped_column(String(20))  # weekly, monthly, quarterly, yearly
    every: Mapped[int] = mapped_column(default=1, server_default="1")  # 2: every second week, month and so on
    starts_on: Mapped[date | None]  # nothing opens before; from its week, month and so on `every` counts
    zone: Mapped[str] = mapped_column(String(60))
    opens_on_day: Mapped[int]  # day of the week, month and so on, 1 = its first
    opens_at_hour: Mapped[int]
    due_days: Mapped[int]
    calendar: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)  # see `workdays`; None: every day is open
    scope: Mapped[dict[str, Any]] = mapped_column(Json)
    # Whose word it is that the scope leaves something out (`exclusions.Approval`).
    approval: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    # Whose standing word it is that its reviews may open (`owning.Acceptance`).
    acceptance: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    since: Mapped[datetime] = mapped_column(Moment)  # added or resumed: what should have opened before is not missed
    paused: Mapped[bool] = mapped_column(default=False)
    # Who set it up, by identity. No foreign key: SQLite cannot add one to a table that is there.
    configurer_id: Mapped[int | None] = mapped_column(Big)
    version: Mapped[int] = mapped_column(default=1)


class CampaignRow(Base):
    """A review of a scope across systems."""

    __tablename__ = "campaigns"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    slot: Mapped[str | None] = mapped_column(String(120), unique=True)  # schedule and quarter: one campaign a slot
    status: Mapped[str] = mapped_column(String(10))
    scope: Mapped[dict[str, Any]] = mapped_column(Json)
    excluded: Mapped[list[Any]] = mapped_column(Json, default=list)  # what was left out, with count and reason
    planned_at: Mapped[datetime | None] = mapped_column(Moment)  # when its slot began; opened_at later: it was missed
    moved: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)  # from which closed day to that moment, and why
    opened_at: Mapped[datetime] = mapped_column(Moment)
    opened_by: Mapped[str] = mapped_column(String(80))
    configurer_id: Mapped[int | None] = mapped_column(Big)  # who set it up, as for schedules; decides on nothing in it
    owner_id: Mapped[int | None] = mapped_column(Big)  # the control owner, as for schedules; decides on nothing in it
    due_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str | None] = mapped_column(String(80))
    unanswered: Mapped[str | None] = mapped_column(String(10))  # what closing made of items nobody decided on
    round: Mapped[int] = mapped_column(default=1, server_default="1")  # the present one
    escalated_at: Mapped[datetime | None] = mapped_column(
        Moment
    )  # when what had no answer went on by the review's rule
    owners_asked_at: Mapped[datetime | None] = mapped_column(Moment)  # when the systems' owners got what had no answer
    override: Mapped[dict[str, Any] | None] = mapped_column(Json)  # who let it open on incomplete readings, and why
    approval: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)  # whose word it is that it leaves something out
    # What its control owner accepted before it opened, and what they signed after it was closed (`owning`).
    acceptance: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    signature: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (CheckConstraint("status IN ('open','closed','cancelled')", name="status_known"),)


class CampaignSnapshotRow(Base):
    """The reading of each system that a campaign is frozen at."""

    __tablename__ = "campaign_snapshots"
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"), primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshots.id"))


class TaskRow(Base):
    """One reviewer's share. `reviewer_id` is an identity; nobody is without one.

    Answers are a draft until it is submitted; then they stand, unless an administrator opens it again.
    """

    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)
    status: Mapped[str] = mapped_column(String(10), default="open", server_default="open")
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        UniqueConstraint("campaign_id", "reviewer_id"),
        CheckConstraint("status IN ('open','submitted')", name="status_known"),
    )


class DelegationRow(Base):
    """Somebody reviews for somebody else for a time. It begins and ends by itself; what was not answered then goes back."""

    __tablename__ = "delegations"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)
    scope: Mapped[str | None] = mapped_column(String)  # an expression over `delegating.FACTS`; null: everything
    reason: Mapped[str] = mapped_column(String)
    began: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(String(80))
    made_by_identity_id: Mapped[int | None] = mapped_column(Big)  # chooses nobody for their own access
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_by: Mapped[str | None] = mapped_column(String(80))


class ItemRow(Base):
    """One thing to decide on: a direct grant, an account, an integration, a credential, or what access contains.

    `shown` is what the reviewer sees, fixed at freezing. `outcome` mirrors the latest decision.
    """

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    kind: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(60))  # "grant:12": unique in a campaign
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id"), index=True)
    integration_id: Mapped[int | None] = mapped_column(ForeignKey("integrations.id"))
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("credentials.id"))
    entitlement_id: Mapped[int | None] = mapped_column(
        Big, index=True
    )  # of a group or definition; no foreign key, as for schedules
    subject_identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))  # whose access it is
    chosen_by: Mapped[str] = mapped_column(String(12))  # see `choice.ChosenBy`
    privileged: Mapped[bool]
    risk: Mapped[int]  # higher first in a reviewer's list
    shown: Mapped[dict[str, Any]] = mapped_column(JsonText)
    delegation_id: Mapped[int | None] = mapped_column(Big)  # by which it came here; no foreign key, as for schedules
    # The version of a role model that covers it: one answer for the person may acknowledge it, which is no keeping.
    bundle_version_id: Mapped[int | None] = mapped_column(ForeignKey("bundle_versions.id"))
    alone: Mapped[bool | None]  # decided by itself, as frozen; null: from before this was kept
    round: Mapped[int] = mapped_column(default=1, server_default="1")  # in which it is, or was last, asked
    outcome: Mapped[str | None] = mapped_column(String(12))
    # What gave it its outcome, if that was not its reviewer's last answer (`silence.Settled`); null while it has none, too.
    settled: Mapped[str | None] = mapped_column(String(10))
    # Why its reviewer decides nothing (`aside.Aside`); it goes on when their share is submitted. Never beside an outcome.
    aside: Mapped[str | None] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        UniqueConstraint("campaign_id", "subject"),
        CheckConstraint(
            "kind IN ('grant','account','integration','credential','group','definition')", name="kind_known"
        ),
        CheckConstraint("outcome IN ('keep','remove','change','acknowledge')", name="outcome_known"),
        Index("ix_items_queue", "task_id", text("risk DESC"), "id"),
        Index("ix_items_campaign_outcome", "campaign_id", "outcome"),
        *(
            Index(f"ix_items_{each}", each, sqlite_where=text(there), postgresql_where=text(there))
            for each, there in ((name, f"{name} IS NOT NULL") for name in ("subject_identity_id", "integration_id"))
        ),
    )


class BundleRow(Base):
    """A role model: the access that a job is meant to have. Its owner answers for what is in it."""

    __tablename__ = "bundles"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("identities.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (CheckConstraint("status IN ('live','retired')", name="status_known"),)


class BundleVersionRow(Base):
    """One version of a role model: whose job it is, and what is meant to go with it. Contents never change."""

    __tablename__ = "bundle_versions"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    bundle_id: Mapped[int] = mapped_column(ForeignKey("bundles.id"))
    number: Mapped[int]  # 1, 2, 3 …: "model v3"
    status: Mapped[str] = mapped_column(String(10))
    match: Mapped[str] = mapped_column(String)  # an expression over facts of the roster
    proposed: Mapped[dict[str, Any] | None] = mapped_column(
        JsonOrNull
    )  # from which peers, by which share; null: by hand
    digest: Mapped[str] = mapped_column(String(64))  # over match and contents
    drafted_by: Mapped[str] = mapped_column(String(80))
    drafted_at: Mapped[datetime] = mapped_column(Moment)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))
    approved_at: Mapped[datetime | None] = mapped_column(Moment)  # the latest approval; it counts for a year
    __table_args__ = (
        UniqueConstraint("bundle_id", "number"),
        CheckConstraint("status IN ('draft','approved','superseded','withdrawn')", name="status_known"),
    )


class BundleContentRow(Base):
    """One entitlement that a version of a role model holds."""

    __tablename__ = "bundle_contents"
    version_id: Mapped[int] = mapped_column(ForeignKey("bundle_versions.id"), primary_key=True)
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlements.id"), primary_key=True)


class DecisionRow(Base):
    """What somebody decided, when, why and by which way in. Answered by a later decision, never edited."""

    __tablename__ = "decisions"
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)  # also the id of its ledger entry
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    answer: Mapped[str] = mapped_column(String(12))  # withdraw: there is none any more; or an `aside.Aside`
    reason: Mapped[str] = mapped_column(String)
    change_to: Mapped[str | None] = mapped_column(String(200))  # with "change": the entitlement's key
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    until: Mapped[datetime | None] = mapped_column(Moment)  # with "remove": it may stay until then
    delegation_id: Mapped[int | None] = mapped_column(Big)  # under which it was given; no foreign key, as for schedules
    by: Mapped[str] = mapped_column(String(80))
    by_identity_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id"))
    way: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (
        CheckConstraint(
            "answer IN ('keep','remove','change','acknowledge','withdraw','not_mine','cannot_say')", name="answer_known"
        ),
    )


class RoundRow(Base):
    """One round of a review that has several. A review of one round has no row here."""

    __tablename__ = "rounds"
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1 is the review's first
    name: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(10))
    began_at: Mapped[datetime | None] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    asked: Mapped[int | None]  # items it was asked about; null: not begun
    seed: Mapped[str | None] = mapped_column(
        String(32)
    )  # of a sample; the opening commits to it, the beginning tells it
    __table_args__ = (CheckConstraint("status IN ('planned','open','ended','skipped')", name="status_known"),)


class RoundAnswerRow(Base):
    """What one round came to for an item that went on into a later one: who was asked, and their answer; null: silent."""

    __tablename__ = "round_answers"
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("identities.id"))
    chosen_by: Mapped[str] = mapped_column(String(12))
    answer: Mapped[str | None] = mapped_column(String(12))


class DriftRow(Base):
    """What began, ended or changed between freezing and closing. What is privileged of it needs a decision before that."""

    __tablename__ = "drift"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    subject: Mapped[str] = mapped_column(String(60))  # "grant:12"
    change: Mapped[str] = mapped_column(String(8))  # began, ended, changed
    privileged: Mapped[bool]
    shown: Mapped[dict[str, Any]] = mapped_column(JsonText)
    answer: Mapped[str | None] = mapped_column(String(10))  # keep, remove
    reason: Mapped[str | None] = mapped_column(String)
    by: Mapped[str | None] = mapped_column(String(80))
    at: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1, server_default="1")  # one more when it tells something else
    __table_args__ = (UniqueConstraint("campaign_id", "subject", "change"),)


class ImportedReviewRow(Base):
    """A review of one system that was made elsewhere, as somebody's file tells it. Never evidence of ours."""

    __tablename__ = "imported_reviews"
    id: Mapped[int] = mapped_column(Big, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the file, as the ledger has it
    rows: Mapped[int]
    unknown: Mapped[int]  # rows about accounts or access that were never read here
    decided_on: Mapped[date]  # the latest of its answers
    imported_by: Mapped[str] = mapped_column(String(80))
    imported_at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (UniqueConstraint("system_id", "digest"),)


class ImportedDecisionRow(Base):
    """One answer of such a review: as the file says it, and whom it is about if that is known."""

    __tablename__ = "imported_decisions"
    review_id: Mapped[int] = mapped_column(ForeignKey("imported_reviews.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account: Mapped[str] = mapped_column(String)
    access: Mapped[str | None] = mapped_column(String)
    of_account: Mapped[bool]  # the account itself was asked about
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entitlement_id: Mapped[int | None] = mapped_column(ForeignKey("entitlements.id"))
    answer: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str] = mapped_column(String)
    decided_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String)
    __table_args__ = (
        CheckConstraint("answer IN ('keep','remove','change')", name="answer_known"),
        Index("uq_imported_decisions_about", "review_id", "account_id", "entitlement_id", "of_account", unique=True),
    )
