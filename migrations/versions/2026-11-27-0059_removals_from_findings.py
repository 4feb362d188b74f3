"""Removals may be started from a finding, by a person and for a reason, without a campaign.

Revision ID: 202611270059
Revises: 202611222136
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611270059"
down_revision = "202611222136"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    # No batch: it would rebuild the table, and the rows of acts refer to it. Both databases take a named reference here.
    named = "CONSTRAINT fk_remediations_finding_id_findings REFERENCES findings (id)"
    number = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    if "finding_id" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("remediations")}:
        op.execute(f"ALTER TABLE remediations ADD COLUMN finding_id {number} {named}")
    op.add_column("remediations", sa.Column("turn", sa.Integer(), nullable=True))
    op.add_column("remediations", sa.Column("asked_by", sa.String(length=80), nullable=True))
    op.add_column("remediations", sa.Column("reason", sa.String(), nullable=True))
    op.create_index("ix_remediations_subject", "remediations", ["subject"])
    op.create_index(
        "uq_remediations_finding_turn_subject", "remediations", ["finding_id", "turn", "subject"], unique=True
    )


def downgrade() -> None:
    op.drop_index("uq_remediations_finding_turn_subject", table_name="remediations")
    op.drop_index("ix_remediations_subject", table_name="remediations")
    for name in ("reason", "asked_by", "turn"):
        op.drop_column("remediations", name)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("remediations", "finding_id")
    else:  # SQLite drops no column that refers to another table: it stays, empty, and the way up finds it there
        op.execute("UPDATE remediations SET finding_id = NULL")
