"""Logged changes: whom an entry names without saying that they acted, and which entry may tell of the same event.

Of HubSpot's entries that are here the account was taken for who acted, whether it was or not; the next reading says it of
those that HubSpot still tells, and of the others it is not known.

Revision ID: 202611281500
Revises: 202611281450
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611281500"
down_revision = "202611281450"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("system_changes", sa.Column("named_key", sa.String(length=200), nullable=True))
    op.add_column("system_changes", sa.Column("same_as", sa.String(length=200), nullable=True))
    op.execute(
        "UPDATE system_changes SET named_key = actor_key, actor_key = NULL "
        "WHERE key NOT LIKE 'audit:%' AND system_id IN (SELECT id FROM systems WHERE kind = 'hubspot')"
    )


def downgrade() -> None:
    op.execute("UPDATE system_changes SET actor_key = named_key WHERE actor_key IS NULL")
    op.drop_column("system_changes", "same_as")
    op.drop_column("system_changes", "named_key")
