"""Decisions: under which delegation one was given. Of those that are there it is not known, but as their items say.

Revision ID: 202611281530
Revises: 202611281500
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611281530"
down_revision = "202611281500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("decisions", sa.Column("delegation_id", number, nullable=True))


def downgrade() -> None:
    op.drop_column("decisions", "delegation_id")
