"""Ways in: sessions, links, failed tries; who the identity provider says an actor is; tokens with a scope.

Revision ID: 202611270119
Revises: 202611270118
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Json, Moment

revision = "202611270119"
down_revision = "202611270118"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "failed_entries",
        sa.Column("source", sa.LargeBinary(length=16), nullable=False),
        sa.Column("presented", sa.LargeBinary(length=16), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source", "presented", name=op.f("pk_failed_entries")),
    )
    op.create_index(op.f("ix_failed_entries_at"), "failed_entries", ["at"], unique=False)
    op.create_index("ix_failed_entries_subject_at", "failed_entries", ["subject", "at"], unique=False)
    op.create_table(
        "links",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=True),
        sa.Column("campaign_id", Big, nullable=True),
        sa.Column("made", Moment(), nullable=False),
        sa.Column("expires", Moment(), nullable=False),
        sa.Column("used", Moment(), nullable=True),
        sa.Column("ended", Moment(), nullable=True),
        sa.CheckConstraint("purpose IN ('review','entry','first')", name=op.f("ck_links_purpose_known")),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_links_actor_id_actors")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_actor_id"), "links", ["actor_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("way", sa.String(length=12), nullable=False),
        sa.Column("campaign_id", Big, nullable=True),
        sa.Column("entry", sa.LargeBinary(length=32), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("seen", Moment(), nullable=False),
        sa.Column("expires", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_sessions_actor_id_actors")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("entry", name=op.f("uq_sessions_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_sessions_hash")),
    )
    op.create_index(op.f("ix_sessions_actor_id"), "sessions", ["actor_id"], unique=False)
    op.create_index(op.f("ix_sessions_expires"), "sessions", ["expires"], unique=False)
    op.add_column("actor_roles", sa.Column("from_group", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("actors", sa.Column("issuer", sa.String(length=300), nullable=True))
    op.add_column("actors", sa.Column("subject", sa.String(length=255), nullable=True))
    op.create_index("uq_actors_issuer_subject", "actors", ["issuer", "subject"], unique=True)
    op.add_column("tokens", sa.Column("scope", Json, nullable=True))


def downgrade() -> None:
    op.drop_column("tokens", "scope")
    op.drop_index("uq_actors_issuer_subject", table_name="actors")
    op.drop_column("actors", "subject")
    op.drop_column("actors", "issuer")
    op.drop_column("actor_roles", "from_group")
    op.drop_index(op.f("ix_sessions_expires"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_actor_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_links_actor_id"), table_name="links")
    op.drop_table("links")
    op.drop_index("ix_failed_entries_subject_at", table_name="failed_entries")
    op.drop_index(op.f("ix_failed_entries_at"), table_name="failed_entries")
    op.drop_table("failed_entries")
