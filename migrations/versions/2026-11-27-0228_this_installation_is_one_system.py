"""This installation is a system under review, and one only.

Revision ID: 202611270228
Revises: 202611270202
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611270228"
down_revision = "202611270202"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    ours = sa.text("kind = 'rolecall'")
    op.create_index("uq_systems_ourselves", "systems", ["kind"], unique=True, sqlite_where=ours, postgresql_where=ours)


def downgrade() -> None:
    op.drop_index("uq_systems_ourselves", table_name="systems")
