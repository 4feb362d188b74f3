"""What was shown is kept by PostgreSQL as the text it was written as, not as `jsonb`: nothing seeks in it.

Both tables are written anew, with their indexes; nobody writes to them meanwhile. SQLite keeps text in any case.

Revision ID: 202611280520
Revises: 202611280120
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "202611280520"
down_revision = "202611280120"
branch_labels = None
depends_on = None

_TABLES = ("items", "drift")


def upgrade() -> None:
    _turn(postgresql.JSONB(), sa.JSON(), "json")


def downgrade() -> None:
    _turn(sa.JSON(), postgresql.JSONB(), "jsonb")


def _turn(old: sa.types.TypeEngine[object], new: sa.types.TypeEngine[object], name: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("SET LOCAL lock_timeout = '4s'")
    for table in _TABLES:
        op.alter_column(
            table, "shown", type_=new, existing_type=old, existing_nullable=False, postgresql_using=f"shown::{name}"
        )
