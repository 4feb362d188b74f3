"""Schedules: any cadence, the day that it counts from, and a calendar; reviews say from which closed day they were moved.

Revision ID: 202611271240
Revises: 202611271210
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.inventory.tables.seen import JsonOrNull

revision = "202611271240"
down_revision = "202611271210"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("schedules", sa.Column("every", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("schedules", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("schedules", sa.Column("calendar", JsonOrNull, nullable=True))
    op.add_column("campaigns", sa.Column("moved", JsonOrNull, nullable=True))


def downgrade() -> None:
    op.drop_column("campaigns", "moved")
    op.drop_column("schedules", "calendar")
    op.drop_column("schedules", "starts_on")
    op.drop_column("schedules", "every")
