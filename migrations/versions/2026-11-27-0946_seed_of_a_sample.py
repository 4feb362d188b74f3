"""The seed of a second look's sample, which the opening of its review commits to.

Revision ID: 202611270946
Revises: 202611270945
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611270946"
down_revision = "202611270945"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("rounds", sa.Column("seed", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("rounds", "seed")
