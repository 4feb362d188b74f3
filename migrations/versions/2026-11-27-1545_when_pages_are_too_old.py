"""Pages: by which release each was packed, and when its first sign-in was.

Pages that an earlier release kept have neither; they count as none, and the next night or reading takes them away.

Revision ID: 202611271545
Revises: 202611271515
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Moment

revision = "202611271545"
down_revision = "202611271515"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("spool_pages", sa.Column("form", sa.String(40), nullable=True))
    op.add_column("spool_pages", sa.Column("oldest", Moment(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("spool_pages") as table:
        table.drop_column("oldest")
        table.drop_column("form")
