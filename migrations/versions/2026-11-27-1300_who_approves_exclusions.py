"""Reviews and schedules: whose word it is that something is left out.

Revision ID: 202611271300
Revises: 202611271246
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.inventory.tables.seen import JsonOrNull

revision = "202611271300"
down_revision = "202611271246"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("schedules", sa.Column("approval", JsonOrNull, nullable=True))
    op.add_column("campaigns", sa.Column("approval", JsonOrNull, nullable=True))


def downgrade() -> None:
    op.drop_column("campaigns", "approval")
    op.drop_column("schedules", "approval")
