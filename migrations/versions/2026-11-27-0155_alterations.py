"""What entitlements, edges and grants were before a reading showed them otherwise, so that the past can be told exactly.

Revision ID: 202611270155
Revises: 202611270150
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big

revision = "202611270155"
down_revision = "202611270150"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "alterations",
        sa.Column("id", Big, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", Big, nullable=False),
        sa.Column("snapshot_id", Big, nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('entitlement','edge','grant')", name=op.f("ck_alterations_kind_known")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_alterations_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alterations")),
    )
    op.create_index(op.f("ix_alterations_snapshot_id"), "alterations", ["snapshot_id"])
    op.create_index("ix_alterations_subject", "alterations", ["kind", "subject_id"])


def downgrade() -> None:
    op.drop_table("alterations")
