"""Reviews that were made elsewhere, as somebody's file tells them.

Revision ID: 202611270930
Revises: 202611270917
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Moment

revision = "202611270930"
down_revision = "202611270917"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_reviews",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("imported_by", sa.String(80), nullable=False),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name="fk_imported_reviews_system_id_systems"),
        sa.PrimaryKeyConstraint("id", name="pk_imported_reviews"),
        sa.UniqueConstraint("name", name="uq_imported_reviews_name"),
        sa.UniqueConstraint("system_id", "digest", name="uq_imported_reviews_system_id_digest"),
    )
    op.create_table(
        "imported_decisions",
        sa.Column("review_id", Big, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("access", sa.String(), nullable=True),
        sa.Column("of_account", sa.Boolean(), nullable=False),
        sa.Column("account_id", Big, nullable=True),
        sa.Column("entitlement_id", Big, nullable=True),
        sa.Column("answer", sa.String(12), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("answer IN ('keep','remove','change')", name=op.f("ck_imported_decisions_answer_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_imported_decisions_account_id_accounts"),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlements.id"], name="fk_imported_decisions_entitlement_id_entitlements"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["imported_reviews.id"], name="fk_imported_decisions_review_id_imported_reviews"
        ),
        sa.PrimaryKeyConstraint("review_id", "line", name="pk_imported_decisions"),
    )
    about = ["review_id", "account_id", "entitlement_id", "of_account"]
    op.create_index("uq_imported_decisions_about", "imported_decisions", about, unique=True)


def downgrade() -> None:
    op.drop_table("imported_decisions")
    op.drop_table("imported_reviews")
