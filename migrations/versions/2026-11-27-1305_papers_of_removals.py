"""Removals: what people hand in about them.

Revision ID: 202611271305
Revises: 202611271300
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Moment

revision = "202611271305"
down_revision = "202611271300"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remediation_papers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("remediation_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["remediation_id"], ["remediations.id"], name=op.f("fk_remediation_papers_remediation_id_remediations")
        ),
        sa.ForeignKeyConstraint(["digest"], ["documents.digest"], name=op.f("fk_remediation_papers_digest_documents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remediation_papers")),
        sa.UniqueConstraint("remediation_id", "digest", name=op.f("uq_remediation_papers_remediation_id_digest")),
    )


def downgrade() -> None:
    op.drop_table("remediation_papers")
