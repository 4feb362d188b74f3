"""The rows of actors.

Revision ID: 202611222131
Revises: 202611222130
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql  # noqa: F401

from app.kit.db import Big, Json, Moment  # noqa: F401

revision = "202611222131"
down_revision = "202611222130"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "actors",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("person_key", sa.String(length=200), nullable=True),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actors")),
        sa.UniqueConstraint("email", name=op.f("uq_actors_email")),
    )
    op.create_index(op.f("ix_actors_person_key"), "actors", ["person_key"], unique=False)
    op.create_table(
        "request_keys",
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", Json, nullable=True),
        sa.PrimaryKeyConstraint("actor_id", "key", name=op.f("pk_request_keys")),
    )
    op.create_index("ix_request_keys_at", "request_keys", ["at"], unique=False)
    op.create_table(
        "actor_roles",
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("until", Moment(), nullable=True),
        sa.CheckConstraint(
            "role IN ('admin','it_security','reviewer','auditor','service')", name=op.f("ck_actor_roles_role_known")
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_actor_roles_actor_id_actors")),
        sa.PrimaryKeyConstraint("actor_id", "role", name=op.f("pk_actor_roles")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("expires", Moment(), nullable=False),
        sa.Column("last_used", Moment(), nullable=True),
        sa.Column("revoked", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_tokens_actor_id_actors")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_actor_id"), "tokens", ["actor_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_tokens_actor_id"), table_name="tokens")
    op.drop_table("tokens")
    op.drop_table("actor_roles")
    op.drop_index("ix_request_keys_at", table_name="request_keys")
    op.drop_table("request_keys")
    op.drop_index(op.f("ix_actors_person_key"), table_name="actors")
    op.drop_table("actors")
