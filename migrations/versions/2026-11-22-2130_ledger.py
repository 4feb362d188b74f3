"""The rows of ledger.

Revision ID: 202611222130
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql  # noqa: F401

from app.kit.db import Big, Json, Moment
from app.ledger import guards

revision = "202611222130"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "checkpoint_keys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("handover", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint_keys")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("id", Big, nullable=False),
        sa.Column("size", Big, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
    )
    op.create_index("ix_checkpoints_size", "checkpoints", ["size"], unique=False)
    op.create_table(
        "entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    op.create_index("ix_entries_kind_at", "entries", ["kind", "at"], unique=False)
    op.create_index("ix_entries_subject_at", "entries", ["subject", "at"], unique=False)
    op.create_table(
        "tree_nodes",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_tree_nodes")),
    )
    op.create_table(
        "leafless",
        sa.Column("position", Big, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_leafless_entry_id_entries")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_leafless")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_leafless_entry_id")),
    )
    op.create_table(
        "leaves",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_leaves_entry_id_entries")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_leaves")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_leaves_entry_id")),
    )
    op.create_table(
        "pending",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_pending_entry_id_entries")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_pending")),
    )
    op.create_table(
        "personal_values",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_personal_values_entry_id_entries")),
        sa.PrimaryKeyConstraint("entry_id", "field", name=op.f("pk_personal_values")),
    )
    op.create_index(op.f("ix_personal_values_person"), "personal_values", ["person"], unique=False)
    guards.install(op.get_bind())


def downgrade() -> None:
    op.drop_index(op.f("ix_personal_values_person"), table_name="personal_values")
    op.drop_table("personal_values")
    op.drop_table("pending")
    op.drop_table("leaves")
    op.drop_table("leafless")
    op.drop_table("tree_nodes")
    op.drop_index("ix_entries_subject_at", table_name="entries")
    op.drop_index("ix_entries_kind_at", table_name="entries")
    op.drop_table("entries")
    op.drop_index("ix_checkpoints_size", table_name="checkpoints")
    op.drop_table("checkpoints")
    op.drop_table("checkpoint_keys")
