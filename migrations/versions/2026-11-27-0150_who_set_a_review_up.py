"""Who set a review up, or its schedule: they decide on nothing in it. Unknown for those that are there already.

Revision ID: 202611270150
Revises: 202611270119
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big

revision = "202611270150"
down_revision = "202611270119"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("campaigns", sa.Column("configurer_id", Big, nullable=True))
    op.add_column("schedules", sa.Column("configurer_id", Big, nullable=True))


def downgrade() -> None:
    op.drop_column("schedules", "configurer_id")
    op.drop_column("campaigns", "configurer_id")
