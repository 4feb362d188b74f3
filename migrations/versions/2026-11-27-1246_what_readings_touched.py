"""Detection: which accounts, grants and credentials a reading wrote otherwise, and which passes were narrowed to them.

Revision ID: 202611271246
Revises: 202611271240
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit.db import Moment

revision = "202611271246"
down_revision = "202611271240"
branch_labels = None
depends_on = None

TOUCHED = (("accounts", "matched_at"), ("accounts", "touched"), ("grants", "touched"), ("credentials", "touched"))


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    for table, column in TOUCHED:
        op.add_column(table, sa.Column(column, Moment(), nullable=True))
    op.add_column("detection_runs", sa.Column("narrowed", sa.Boolean(), server_default=sa.false(), nullable=False))
    basis = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.add_column("detection_runs", sa.Column("basis", basis, nullable=True))


def downgrade() -> None:
    op.drop_column("detection_runs", "basis")
    op.drop_column("detection_runs", "narrowed")
    for table, column in reversed(TOUCHED):
        op.drop_column(table, column)
