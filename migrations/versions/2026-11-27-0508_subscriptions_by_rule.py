"""A subscription may be to some rules' findings, and to those about some departments.

Revision ID: 202611270508
Revises: 202611270500
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Json

revision = "202611270508"
down_revision = "202611270500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    for name in ("rules", "departments"):
        op.add_column("subscriptions", sa.Column(name, Json, nullable=True))


def downgrade() -> None:
    for name in ("rules", "departments"):
        op.drop_column("subscriptions", name)
