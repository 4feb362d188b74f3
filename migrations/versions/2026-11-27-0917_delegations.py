"""Delegations: somebody reviews for somebody else for a time.

Revision ID: 202611270917
Revises: 202611270850
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Moment

revision = "202611270917"
down_revision = "202611270850"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "delegations",
        sa.Column("id", Big, nullable=False),
        sa.Column("from_id", Big, nullable=False),
        sa.Column("to_id", Big, nullable=False),
        sa.Column("scope", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_by_identity_id", Big, nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["identities.id"], name=op.f("fk_delegations_from_id_identities")),
        sa.ForeignKeyConstraint(["to_id"], ["identities.id"], name=op.f("fk_delegations_to_id_identities")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index(op.f("ix_delegations_from_id"), "delegations", ["from_id"])
    op.create_index(op.f("ix_delegations_to_id"), "delegations", ["to_id"])
    op.add_column("items", sa.Column("delegation_id", Big, nullable=True))


def downgrade() -> None:
    op.drop_column("items", "delegation_id")
    op.drop_table("delegations")
