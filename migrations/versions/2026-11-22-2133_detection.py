"""The rows of detection.

Revision ID: 202611222133
Revises: 202611222132
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql  # noqa: F401

from app.kit.db import Big, Json, Moment

revision = "202611222133"
down_revision = "202611222132"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "detection_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("system_id", Big, nullable=True),
        sa.Column("snapshot_id", Big, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("cannot_tell", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_detection_runs_snapshot_id_snapshots")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_detection_runs_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detection_runs")),
    )
    op.create_index(op.f("ix_detection_runs_system_id"), "detection_runs", ["system_id"], unique=False)
    op.create_table(
        "findings",
        sa.Column("id", Big, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("system_id", Big, nullable=True),
        sa.Column("account_id", Big, nullable=True),
        sa.Column("identity_id", Big, nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("last_seen_at", Moment(), nullable=False),
        sa.Column("last_run", sa.Uuid(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("times_opened", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("severity IN ('critical','high','medium','low')", name=op.f("ck_findings_severity_known")),
        sa.CheckConstraint("status IN ('open','closed','waived')", name=op.f("ck_findings_status_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_findings_account_id_accounts")),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name=op.f("fk_findings_identity_id_identities")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_findings_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("rule", "subject", name=op.f("uq_findings_rule_subject")),
    )
    op.create_index(op.f("ix_findings_account_id"), "findings", ["account_id"], unique=False)
    op.create_index(op.f("ix_findings_identity_id"), "findings", ["identity_id"], unique=False)
    op.create_index("ix_findings_status_severity", "findings", ["status", "severity"], unique=False)
    op.create_index(op.f("ix_findings_system_id"), "findings", ["system_id"], unique=False)
    op.create_table(
        "justifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", Big, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_justifications_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_justifications")),
    )
    op.create_index(op.f("ix_justifications_account_id"), "justifications", ["account_id"], unique=False)
    op.create_table(
        "finding_events",
        sa.Column("id", Big, nullable=False),
        sa.Column("finding_id", Big, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("run", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_events_finding_id_findings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_events")),
    )
    op.create_index(op.f("ix_finding_events_finding_id"), "finding_events", ["finding_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_finding_events_finding_id"), table_name="finding_events")
    op.drop_table("finding_events")
    op.drop_index(op.f("ix_justifications_account_id"), table_name="justifications")
    op.drop_table("justifications")
    op.drop_index(op.f("ix_findings_system_id"), table_name="findings")
    op.drop_index("ix_findings_status_severity", table_name="findings")
    op.drop_index(op.f("ix_findings_identity_id"), table_name="findings")
    op.drop_index(op.f("ix_findings_account_id"), table_name="findings")
    op.drop_table("findings")
    op.drop_index(op.f("ix_detection_runs_system_id"), table_name="detection_runs")
    op.drop_table("detection_runs")
