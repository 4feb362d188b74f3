"""The rows of notices.

Revision ID: 202611270106
Revises: 202611270101
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Json, Moment

revision = "202611270106"
down_revision = "202611270101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    _channels()
    _subscriptions()
    _deliveries()
    op.create_table(
        "notice_preferences",
        sa.Column("whom", sa.String(length=120), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_until", sa.Integer(), nullable=False),
        sa.Column("weekends", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("whom", name=op.f("pk_notice_preferences")),
    )
    op.create_table(
        "notice_marks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", Big, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_notice_marks")),
    )


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("config", Json, nullable=False),
        sa.Column("shown", Json, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("overlap_until", Moment(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("because", sa.String(), nullable=True),
        sa.Column("failing_since", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("resting_until", Moment(), nullable=True),
        sa.Column("last_delivered", Moment(), nullable=True),
        sa.Column("tested_at", Moment(), nullable=True),
        sa.Column("tested_well", sa.Boolean(), nullable=True),
        sa.Column("added", Moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('email','webhook','slack','teams','apprise','file')", name=op.f("ck_channels_kind_known")
        ),
        sa.CheckConstraint("status IN ('on','off','dead','removed')", name=op.f("ck_channels_status_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
    )
    live = sa.text("status <> 'removed'")
    op.create_index(
        "uq_channels_name_live", "channels", ["name"], unique=True, sqlite_where=live, postgresql_where=live
    )


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", Big, nullable=False),
        sa.Column("channel_id", Big, nullable=False),
        sa.Column("events", Json, nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=True),
        sa.Column("system_id", Big, nullable=True),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("added", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_subscriptions_channel_id_channels")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_subscriptions_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_channel_id"), "subscriptions", ["channel_id"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", Big, nullable=False),
        sa.Column("whom", sa.String(length=120), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("leaves", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("not_before", Moment(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claimed_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("because", sa.String(), nullable=True),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting','sending','delivered','failed','folded','dropped')",
            name=op.f("ck_deliveries_status_known"),
        ),
        sa.ForeignKeyConstraint(["carrier_id"], ["deliveries.id"], name=op.f("fk_deliveries_carrier_id_deliveries")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_deliveries_channel_id_channels")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("whom", "cause", name="uq_deliveries_one_per_cause"),
    )
    op.create_index("ix_deliveries_queue", "deliveries", ["channel_id", "status", "not_before"])
    op.create_index("ix_deliveries_made_at", "deliveries", ["made_at"])
    op.create_index(op.f("ix_deliveries_carrier_id"), "deliveries", ["carrier_id"])
    op.create_table(
        "delivery_tries",
        sa.Column("id", Big, nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_tries_delivery_id_deliveries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_tries")),
    )
    op.create_index(op.f("ix_delivery_tries_delivery_id"), "delivery_tries", ["delivery_id"])


def downgrade() -> None:
    for table in ("notice_marks", "notice_preferences", "delivery_tries", "deliveries", "subscriptions", "channels"):
        op.drop_table(table)
