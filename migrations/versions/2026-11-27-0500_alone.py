"""Items know whether they are decided by themselves, so that what a share takes can be said before it is opened.

Revision ID: 202611270500
Revises: 202611270455
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611270500"
down_revision = "202611270455"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("items", sa.Column("alone", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("items", "alone")
