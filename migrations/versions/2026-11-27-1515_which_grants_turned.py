"""Grants: those that ended, were written otherwise or have an end are found without reading all of them.

Revision ID: 202611271515
Revises: 202611271305
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611271515"
down_revision = "202611271305"
branch_labels = None
depends_on = None

COLUMNS = ("ended", "touched", "until")


def upgrade() -> None:
    for column in COLUMNS:
        there = sa.text(f"{column} IS NOT NULL")  # few rows: what a first reading brings has none of these
        op.create_index(f"ix_grants_{column}", "grants", [column], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f"ix_grants_{column}", table_name="grants")
