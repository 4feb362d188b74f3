"""Indexes for looking through the ledger by author and by time, and through people by name.

Revision ID: 202611270118
Revises: 202611270115
"""

from __future__ import annotations

from alembic import op

revision = "202611270118"
down_revision = "202611270115"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index("ix_entries_author_at", "entries", ["author", "at"])
    op.create_index("ix_entries_at", "entries", ["at", "id"])
    op.create_index("ix_identities_name", "identities", ["name", "id"])


def downgrade() -> None:
    op.drop_index("ix_identities_name", table_name="identities")
    op.drop_index("ix_entries_at", table_name="entries")
    op.drop_index("ix_entries_author_at", table_name="entries")
