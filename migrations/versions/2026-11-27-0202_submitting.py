"""A reviewer's share is submitted as a whole; shares of campaigns that have ended stay as they were.

Revision ID: 202611270202
Revises: 202611270155
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from app.kit.db import Moment
from migrations.rewording import reword

revision = "202611270202"
down_revision = "202611270155"
branch_labels = None
depends_on = None

_KNOWN = "CONSTRAINT ck_tasks_status_known CHECK (status IN ('open','submitted'))"


def upgrade() -> None:
    """Not in batch mode: items refer to tasks, and SQLite lets no table go that rows refer to."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute(f"ALTER TABLE tasks ADD COLUMN status VARCHAR(10) DEFAULT 'open' NOT NULL {_KNOWN}")
    op.add_column("tasks", sa.Column("submitted_at", Moment(), nullable=True))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # where a column goes only when no constraint of its table names it
        _free()
    op.drop_column("tasks", "submitted_at")
    op.drop_column("tasks", "status")


def _free() -> None:
    """Take the constraint off the table, where an earlier wording of this migration had put it, or off the column."""
    written = op.get_bind().exec_driver_sql("SELECT sql FROM sqlite_schema WHERE name = 'tasks'").scalar_one()
    found = re.search(rf",?\s*{re.escape(_KNOWN)}", written)
    if found:
        reword("tasks", (found[0], ""))
