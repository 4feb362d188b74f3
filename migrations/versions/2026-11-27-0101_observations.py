"""What else a system tells of itself: object rights, factors, sessions, packages, endpoints, usage; integrations' policies.

Revision ID: 202611270101
Revises: 202611270059
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit.db import Big, Json, Moment

revision = "202611270101"
down_revision = "202611270059"
branch_labels = None
depends_on = None

JSON_OR_NULL = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "observations",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("account_id", Big, nullable=True),
        sa.Column("entitlement_id", Big, nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.CheckConstraint(
            "stream IN ('object_rights','factors','sessions','packages','endpoints','usage')",
            name=op.f("ck_observations_stream_known"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_observations_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlements.id"], name=op.f("fk_observations_entitlement_id_entitlements")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_observations_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
    )
    op.create_index(op.f("ix_observations_account_id"), "observations", ["account_id"])
    op.create_index(op.f("ix_observations_entitlement_id"), "observations", ["entitlement_id"])
    op.create_index("ix_observations_key", "observations", ["system_id", "stream", "key"])
    op.create_index(
        "uq_observations_live",
        "observations",
        ["system_id", "stream", "key"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.add_column("integrations", sa.Column("permitted", JSON_OR_NULL, nullable=True))
    op.add_column("integrations", sa.Column("native", JSON_OR_NULL, nullable=True))


def downgrade() -> None:
    op.drop_column("integrations", "native")
    op.drop_column("integrations", "permitted")
    op.drop_table("observations")
