"""What holds removals: a stop, each system's own brakes, what waits and until when, and a second person's word.

Revision ID: 202611270850
Revises: 202611270830
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.inventory.tables.seen import JsonOrNull
from app.kit.db import Big, Moment

revision = "202611270850"
down_revision = "202611270830"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "stops",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stops")),
        sa.UniqueConstraint("standing", name=op.f("uq_stops_standing")),
    )
    op.create_table(
        "lanes",
        sa.Column("system_id", Big, autoincrement=False, nullable=False),
        sa.Column("per_run", sa.Integer(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("release_above", sa.Integer(), nullable=True),
        sa.Column("hours", sa.String(length=300), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=True),
        sa.Column("left_out", JsonOrNull, nullable=True),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_lanes_system_id_systems")),
        sa.PrimaryKeyConstraint("system_id", name=op.f("pk_lanes")),
    )
    op.create_table(
        "lane_waits",
        sa.Column("system_id", Big, autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("way_out", sa.String(), nullable=False),
        sa.Column("removals", sa.Integer(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("woken_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_lane_waits_system_id_systems")),
        sa.PrimaryKeyConstraint("system_id", "code", name=op.f("pk_lane_waits")),
    )
    op.create_table(
        "releases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("removals", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_releases_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )
    op.create_index(op.f("ix_releases_system_id"), "releases", ["system_id"])
    op.create_table(
        "released",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("remediation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_released_release_id_releases")),
        sa.ForeignKeyConstraint(
            ["remediation_id"], ["remediations.id"], name=op.f("fk_released_remediation_id_remediations")
        ),
        sa.PrimaryKeyConstraint("release_id", "remediation_id", name=op.f("pk_released")),
    )
    op.create_index(op.f("ix_released_remediation_id"), "released", ["remediation_id"])


def downgrade() -> None:
    for name in ("released", "releases", "lane_waits", "lanes", "stops"):
        op.drop_table(name)
