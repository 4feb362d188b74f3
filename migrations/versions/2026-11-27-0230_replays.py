"""Replays: samples of accounts that were read again and held against a reading.

Revision ID: 202611270230
Revises: 202611270228
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Json, Moment

revision = "202611270230"
down_revision = "202611270228"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "replays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("snapshot_id", Big, nullable=False),
        sa.Column("seed", sa.String(length=80), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("grants", sa.Integer(), nullable=False),
        sa.Column("keys_digest", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("differences", Json, nullable=False),
        sa.Column("receipts", Json, nullable=False),
        sa.Column("principal", sa.String(length=200), nullable=True),
        sa.Column("because", sa.String(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('same','drifted','differs','incomplete')", name=op.f("ck_replays_verdict_known")
        ),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_replays_snapshot_id_snapshots")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_replays_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replays")),
    )
    op.create_index(op.f("ix_replays_snapshot_id"), "replays", ["snapshot_id"])
    op.create_index(op.f("ix_replays_system_id"), "replays", ["system_id"])


def downgrade() -> None:
    op.drop_table("replays")
