"""What a stream's receipt says: the count afterwards, distinct records, each question by itself, the clocks apart.

Revision ID: 202611270115
Revises: 202611270106
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611270115"
down_revision = "202611270106"
branch_labels = None
depends_on = None

JSON_OR_NULL = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
COLUMNS = ("said_after", "distinct", "skew_seconds")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    for name in COLUMNS:
        op.add_column("snapshot_streams", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("snapshot_streams", sa.Column("parts", JSON_OR_NULL, nullable=True))


def downgrade() -> None:
    for name in ("parts", *reversed(COLUMNS)):
        op.drop_column("snapshot_streams", name)
