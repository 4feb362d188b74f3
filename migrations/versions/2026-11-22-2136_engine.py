"""The rows of engine.

Revision ID: 202611222136
Revises: 202611222135
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql  # noqa: F401

from app.kit.db import Big, Json, Moment  # noqa: F401

revision = "202611222136"
down_revision = "202611222135"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "engine_jobs",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=True),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("wake", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_engine_jobs")),
    )
    op.create_table(
        "engine_spent_keys",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_engine_spent_keys")),
    )
    op.create_table(
        "engine_steps",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("gave", Json, nullable=True),
        sa.PrimaryKeyConstraint("key", "name", "number", name=op.f("pk_engine_steps")),
    )
    op.create_table(
        "engine_workers",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("beat", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engine_workers")),
    )


def downgrade() -> None:
    op.drop_table("engine_workers")
    op.drop_table("engine_steps")
    op.drop_table("engine_spent_keys")
    op.drop_table("engine_jobs")
