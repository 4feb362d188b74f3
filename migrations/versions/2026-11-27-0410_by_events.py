"""Integrations and credentials know whether they are pieced together from a log of events, which only an event can end.

Revision ID: 202611270410
Revises: 202611270436
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611270410"
down_revision = "202611270436"
branch_labels = None
depends_on = None

# What HubSpot's history told before this was asked for, so that the next reading does not end it by absence.
PORTALS = "system_id IN (SELECT id FROM systems WHERE kind = 'hubspot')"
DERIVED = f"SELECT id FROM integrations WHERE derived AND {PORTALS}"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    for table in ("integrations", "credentials"):
        op.add_column(table, sa.Column("by_events", sa.Boolean(), server_default=sa.false(), nullable=False))
    yes = "true" if op.get_bind().dialect.name == "postgresql" else "1"
    op.execute(f"UPDATE integrations SET by_events = {yes} WHERE derived AND {PORTALS}")
    personal = f"kind = 'personal_access_key' AND {PORTALS}"
    op.execute(f"UPDATE credentials SET by_events = {yes} WHERE {personal} OR integration_id IN ({DERIVED})")


def downgrade() -> None:
    for table in ("integrations", "credentials"):
        op.drop_column(table, "by_events")
