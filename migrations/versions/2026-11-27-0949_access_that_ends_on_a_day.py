"""Decisions: the day on which access that may stay for a time is to end.

Revision ID: 202611270949
Revises: 202611270930
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Moment

revision = "202611270949"
down_revision = "202611270946"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("decisions", sa.Column("until", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("decisions", "until")
