"""A reviewer's share is submitted as a whole; shares of campaigns that have ended stay as they were.

Revision ID: 202611270202
Revises: 202611270155
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Moment

revision = "202611270202"
down_revision = "202611270155"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    with op.batch_alter_table("tasks") as batch:
        batch.add_column(sa.Column("status", sa.String(length=10), server_default="open", nullable=False))
        batch.add_column(sa.Column("submitted_at", Moment(), nullable=True))
        batch.create_check_constraint(op.f("ck_tasks_status_known"), "status IN ('open','submitted')")


def downgrade() -> None:
    with op.batch_alter_table("tasks") as batch:
        batch.drop_constraint(op.f("ck_tasks_status_known"), type_="check")
        batch.drop_column("submitted_at")
        batch.drop_column("status")
