"""Numbers that one system judges by, and which rules tell people.

Revision ID: 202611270512
Revises: 202611270508
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Moment

revision = "202611270512"
down_revision = "202611270508"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "rule_limits",
        sa.Column("system_id", Big, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_rule_limits_system_id_systems")),
        sa.PrimaryKeyConstraint("system_id", "name", name=op.f("pk_rule_limits")),
    )
    op.create_table(
        "rule_alerts",
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_rule_alerts")),
    )


def downgrade() -> None:
    op.drop_table("rule_alerts")
    op.drop_table("rule_limits")
