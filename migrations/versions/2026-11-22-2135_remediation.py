"""The rows of remediation.

Revision ID: 202611222135
Revises: 202611222134
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql  # noqa: F401

from app.kit.db import Big, Json, Moment

revision = "202611222135"
down_revision = "202611222134"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "remediations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", Big, nullable=True),
        sa.Column("item_id", Big, nullable=True),
        sa.Column("drift_id", Big, nullable=True),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("account_id", Big, nullable=True),
        sa.Column("grant_id", Big, nullable=True),
        sa.Column("integration_id", Big, nullable=True),
        sa.Column("credential_id", Big, nullable=True),
        sa.Column("target", Json, nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("wish", sa.String(length=10), nullable=False),
        sa.Column("change_to", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("because", sa.String(), nullable=True),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.Column("steps", Json, nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("acted_at", Moment(), nullable=True),
        sa.Column("verified_at", Moment(), nullable=True),
        sa.Column("verified_snapshot_id", Big, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('grant','account','integration','credential')", name=op.f("ck_remediations_kind_known")
        ),
        sa.CheckConstraint(
            "status <> 'verified' OR verified_snapshot_id IS NOT NULL",
            name=op.f("ck_remediations_verified_by_a_reading"),
        ),
        sa.CheckConstraint(
            "status IN ('open','by_hand','acting','acted','declined','verified','returned')",
            name=op.f("ck_remediations_status_known"),
        ),
        sa.CheckConstraint("wish IN ('remove','change')", name=op.f("ck_remediations_wish_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_remediations_account_id_accounts")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_remediations_campaign_id_campaigns")),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_remediations_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(["drift_id"], ["drift.id"], name=op.f("fk_remediations_drift_id_drift")),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_remediations_grant_id_grants")),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integrations.id"], name=op.f("fk_remediations_integration_id_integrations")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_remediations_item_id_items")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_remediations_system_id_systems")),
        sa.ForeignKeyConstraint(
            ["verified_snapshot_id"], ["snapshots.id"], name=op.f("fk_remediations_verified_snapshot_id_snapshots")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remediations")),
        sa.UniqueConstraint("drift_id", name=op.f("uq_remediations_drift_id")),
        sa.UniqueConstraint("item_id", name=op.f("uq_remediations_item_id")),
    )
    op.create_index(op.f("ix_remediations_account_id"), "remediations", ["account_id"], unique=False)
    op.create_index(op.f("ix_remediations_campaign_id"), "remediations", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_remediations_credential_id"), "remediations", ["credential_id"], unique=False)
    op.create_index(op.f("ix_remediations_grant_id"), "remediations", ["grant_id"], unique=False)
    op.create_index(op.f("ix_remediations_integration_id"), "remediations", ["integration_id"], unique=False)
    op.create_index("ix_remediations_system_status", "remediations", ["system_id", "status"], unique=False)
    op.create_table(
        "acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("remediation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("says", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("begun_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("receipt", Json, nullable=True),
        sa.Column("because", sa.String(), nullable=True),
        sa.CheckConstraint(
            "status IN ('planned','begun','done','declined','skipped','ambiguous')", name=op.f("ck_acts_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["remediation_id"], ["remediations.id"], name=op.f("fk_acts_remediation_id_remediations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
        sa.UniqueConstraint("remediation_id", "number", name=op.f("uq_acts_remediation_id_number")),
    )


def downgrade() -> None:
    op.drop_table("acts")
    op.drop_index("ix_remediations_system_status", table_name="remediations")
    op.drop_index(op.f("ix_remediations_integration_id"), table_name="remediations")
    op.drop_index(op.f("ix_remediations_grant_id"), table_name="remediations")
    op.drop_index(op.f("ix_remediations_credential_id"), table_name="remediations")
    op.drop_index(op.f("ix_remediations_campaign_id"), table_name="remediations")
    op.drop_index(op.f("ix_remediations_account_id"), table_name="remediations")
    op.drop_table("remediations")
