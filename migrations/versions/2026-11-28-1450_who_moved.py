"""Whose title, department or manager a roster's reading showed changed. Not to what: that stands with the person.

Revision ID: 202611281450
Revises: 202611280520
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big

revision = "202611281450"
down_revision = "202611280520"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moves",
        sa.Column("id", Big, nullable=False),
        sa.Column("identity_id", Big, nullable=False),
        sa.Column("snapshot_id", Big, nullable=False),
        sa.Column("field", sa.String(12), nullable=False),
        sa.CheckConstraint("field IN ('title','department','manager')", name=op.f("ck_moves_field_known")),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name="fk_moves_identity_id_identities"),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name="fk_moves_snapshot_id_snapshots"),
        sa.PrimaryKeyConstraint("id", name="pk_moves"),
    )
    op.create_index("ix_moves_identity_id", "moves", ["identity_id"])
    op.create_index("ix_moves_snapshot_id", "moves", ["snapshot_id"])


def downgrade() -> None:
    op.drop_table("moves")
