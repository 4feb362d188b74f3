"""Reviews of several rounds: which there are, and what each came to for an item that went on.

Revision ID: 202611270945
Revises: 202611270930
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Moment

revision = "202611270945"
down_revision = "202611270930"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    for table in ("campaigns", "items", "decisions"):  # with a default of the database's, no row is written anew
        op.add_column(table, sa.Column("round", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "rounds",
        sa.Column("campaign_id", Big, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("began_at", Moment(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=True),
        sa.CheckConstraint("status IN ('planned','open','ended','skipped')", name=op.f("ck_rounds_status_known")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_rounds_campaign_id_campaigns")),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_rounds")),
    )
    op.create_table(
        "round_answers",
        sa.Column("item_id", Big, nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reviewer_id", Big, nullable=False),
        sa.Column("chosen_by", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_round_answers_item_id_items")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["identities.id"], name=op.f("fk_round_answers_reviewer_id_identities")
        ),
        sa.PrimaryKeyConstraint("item_id", "round", name=op.f("pk_round_answers")),
    )


def downgrade() -> None:
    op.drop_table("round_answers")
    op.drop_table("rounds")
    for table in ("decisions", "items", "campaigns"):
        op.drop_column(table, "round")
