"""Drift: which state of a row somebody saw when they decided on it. Rows that are there begin with their first.

Revision ID: 202611280120
Revises: 202611271905
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611280120"
down_revision = "202611271905"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drift", sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("drift", "version")
