"""The rows of review.

Revision ID: 202611222134
Revises: 202611222133
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql  # noqa: F401

from app.kit.db import Big, Json, Moment

revision = "202611222134"
down_revision = "202611222133"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "campaigns",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("slot", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("scope", Json, nullable=False),
        sa.Column("excluded", Json, nullable=False),
        sa.Column("planned_at", Moment(), nullable=True),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("unanswered", sa.String(length=10), nullable=True),
        sa.Column("override", Json, nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('open','closed','cancelled')", name=op.f("ck_campaigns_status_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_campaigns_name")),
        sa.UniqueConstraint("slot", name=op.f("uq_campaigns_slot")),
    )
    op.create_table(
        "schedules",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("cadence", sa.String(length=20), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("opens_on_day", sa.Integer(), nullable=False),
        sa.Column("opens_at_hour", sa.Integer(), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("scope", Json, nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("name", name=op.f("uq_schedules_name")),
    )
    op.create_table(
        "drift",
        sa.Column("id", Big, nullable=False),
        sa.Column("campaign_id", Big, nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("change", sa.String(length=8), nullable=False),
        sa.Column("privileged", sa.Boolean(), nullable=False),
        sa.Column("shown", Json, nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.Column("at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_drift_campaign_id_campaigns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift")),
        sa.UniqueConstraint("campaign_id", "subject", "change", name=op.f("uq_drift_campaign_id_subject_change")),
    )
    op.create_index(op.f("ix_drift_campaign_id"), "drift", ["campaign_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", Big, nullable=False),
        sa.Column("campaign_id", Big, nullable=False),
        sa.Column("reviewer_id", Big, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_tasks_campaign_id_campaigns")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["identities.id"], name=op.f("fk_tasks_reviewer_id_identities")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("campaign_id", "reviewer_id", name=op.f("uq_tasks_campaign_id_reviewer_id")),
    )
    op.create_index(op.f("ix_tasks_reviewer_id"), "tasks", ["reviewer_id"], unique=False)
    op.create_table(
        "campaign_snapshots",
        sa.Column("campaign_id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("snapshot_id", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_snapshots_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_campaign_snapshots_snapshot_id_snapshots")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_campaign_snapshots_system_id_systems")),
        sa.PrimaryKeyConstraint("campaign_id", "system_id", name=op.f("pk_campaign_snapshots")),
    )
    op.create_table(
        "items",
        sa.Column("id", Big, nullable=False),
        sa.Column("campaign_id", Big, nullable=False),
        sa.Column("task_id", Big, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("account_id", Big, nullable=True),
        sa.Column("grant_id", Big, nullable=True),
        sa.Column("integration_id", Big, nullable=True),
        sa.Column("credential_id", Big, nullable=True),
        sa.Column("subject_identity_id", Big, nullable=True),
        sa.Column("chosen_by", sa.String(length=12), nullable=False),
        sa.Column("privileged", sa.Boolean(), nullable=False),
        sa.Column("risk", sa.Integer(), nullable=False),
        sa.Column("shown", Json, nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('grant','account','integration','credential')", name=op.f("ck_items_kind_known")),
        sa.CheckConstraint("outcome IN ('keep','remove','change')", name=op.f("ck_items_outcome_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_items_account_id_accounts")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_items_campaign_id_campaigns")),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials.id"], name=op.f("fk_items_credential_id_credentials")),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_items_grant_id_grants")),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integrations.id"], name=op.f("fk_items_integration_id_integrations")
        ),
        sa.ForeignKeyConstraint(
            ["subject_identity_id"], ["identities.id"], name=op.f("fk_items_subject_identity_id_identities")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_items_system_id_systems")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_items_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("campaign_id", "subject", name=op.f("uq_items_campaign_id_subject")),
    )
    op.create_index(op.f("ix_items_account_id"), "items", ["account_id"], unique=False)
    op.create_index("ix_items_campaign_outcome", "items", ["campaign_id", "outcome"], unique=False)
    op.create_index(op.f("ix_items_grant_id"), "items", ["grant_id"], unique=False)
    op.create_index("ix_items_queue", "items", ["task_id", sa.literal_column("risk DESC"), "id"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", Big, nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("change_to", sa.String(length=200), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("by_identity_id", Big, nullable=True),
        sa.Column("way", sa.String(length=12), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("answer IN ('keep','remove','change')", name=op.f("ck_decisions_answer_known")),
        sa.ForeignKeyConstraint(
            ["by_identity_id"], ["identities.id"], name=op.f("fk_decisions_by_identity_id_identities")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_decisions_item_id_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_item_id"), "decisions", ["item_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_decisions_item_id"), table_name="decisions")
    op.drop_table("decisions")
    op.drop_index("ix_items_queue", table_name="items")
    op.drop_index(op.f("ix_items_grant_id"), table_name="items")
    op.drop_index("ix_items_campaign_outcome", table_name="items")
    op.drop_index(op.f("ix_items_account_id"), table_name="items")
    op.drop_table("items")
    op.drop_table("campaign_snapshots")
    op.drop_index(op.f("ix_tasks_reviewer_id"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_index(op.f("ix_drift_campaign_id"), table_name="drift")
    op.drop_table("drift")
    op.drop_table("schedules")
    op.drop_table("campaigns")
