"""The rows of inventory.

Revision ID: 202611222132
Revises: 202611222131
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kit.db import Big, Json, Moment

revision = "202611222132"
down_revision = "202611222131"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "systems",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("config", Json, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("principal", sa.String(length=200), nullable=True),
        sa.Column("executor_principal", sa.String(length=200), nullable=True),
        sa.Column("reader_secret", sa.LargeBinary(), nullable=True),
        sa.Column("executor_secret", sa.LargeBinary(), nullable=True),
        sa.Column("writing", Json, nullable=False),
        sa.Column("owner_key", sa.String(length=200), nullable=True),
        sa.Column("added", Moment(), nullable=False),
        sa.Column("removed", Moment(), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_systems")),
        sa.UniqueConstraint("name", name=op.f("uq_systems_name")),
    )
    op.create_table(
        "entitlements",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column(
            "privileges",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=True,
        ),
        sa.Column("native", Json, nullable=False),
        sa.Column("revocable", sa.Boolean(), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_entitlements_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlements")),
        sa.UniqueConstraint("system_id", "key", name=op.f("uq_entitlements_system_id_key")),
    )
    op.create_table(
        "identities",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=True),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("engagement", sa.String(length=20), nullable=True),
        sa.Column("manager_id", Big, nullable=True),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("end", sa.Date(), nullable=True),
        sa.Column("away_from", sa.Date(), nullable=True),
        sa.Column("away_until", sa.Date(), nullable=True),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.Column("erased", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["manager_id"], ["identities.id"], name=op.f("fk_identities_manager_id_identities")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_identities_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("key", name=op.f("uq_identities_key")),
    )
    op.create_index(op.f("ix_identities_manager_id"), "identities", ["manager_id"], unique=False)
    op.create_index(op.f("ix_identities_system_id"), "identities", ["system_id"], unique=False)
    op.create_table(
        "roster_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("extracted_at", Moment(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=80), nullable=False),
        sa.Column("uploaded_at", Moment(), nullable=False),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("approved_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_roster_uploads_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_uploads")),
    )
    op.create_index(op.f("ix_roster_uploads_system_id"), "roster_uploads", ["system_id"], unique=False)
    op.create_table(
        "system_changes",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("action", sa.String(length=120), nullable=False),
        sa.Column("actor_key", sa.String(length=200), nullable=True),
        sa.Column("subject_key", sa.String(length=200), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_system_changes_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_changes")),
        sa.UniqueConstraint("system_id", "key", name=op.f("uq_system_changes_system_id_key")),
    )
    op.create_index("ix_system_changes_at", "system_changes", ["system_id", "at"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("username", sa.String(length=320), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("frozen", sa.Boolean(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("manager_key", sa.String(length=200), nullable=True),
        sa.Column("employee_number", sa.String(length=80), nullable=True),
        sa.Column("licence", sa.String(length=200), nullable=True),
        sa.Column("created", Moment(), nullable=True),
        sa.Column("first_login", Moment(), nullable=True),
        sa.Column("last_login", Moment(), nullable=True),
        sa.Column("logins_known_since", Moment(), nullable=True),
        sa.Column("native", Json, nullable=False),
        sa.Column("identity_id", Big, nullable=True),
        sa.Column("matched_by", sa.String(length=20), nullable=True),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name=op.f("fk_accounts_identity_id_identities")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_accounts_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("system_id", "key", name=op.f("uq_accounts_system_id_key")),
    )
    op.create_index(op.f("ix_accounts_email"), "accounts", ["email"], unique=False)
    op.create_index(op.f("ix_accounts_identity_id"), "accounts", ["identity_id"], unique=False)
    op.create_table(
        "entitlement_edges",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("holder_id", Big, nullable=False),
        sa.Column("held_id", Big, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["held_id"], ["entitlements.id"], name=op.f("fk_entitlement_edges_held_id_entitlements")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["entitlements.id"], name=op.f("fk_entitlement_edges_holder_id_entitlements")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_entitlement_edges_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement_edges")),
    )
    op.create_index(op.f("ix_entitlement_edges_system_id"), "entitlement_edges", ["system_id"], unique=False)
    op.create_index(
        "uq_entitlement_edges_live",
        "entitlement_edges",
        ["holder_id", "held_id"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_table(
        "identity_emails",
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("identity_id", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identities.id"], name=op.f("fk_identity_emails_identity_id_identities")
        ),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_identity_emails")),
    )
    op.create_index(op.f("ix_identity_emails_identity_id"), "identity_emails", ["identity_id"], unique=False)
    op.create_table(
        "snapshots",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("run", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("sealed_at", Moment(), nullable=True),
        sa.Column("principal", sa.String(length=200), nullable=True),
        sa.Column("api_version", sa.String(length=40), nullable=True),
        sa.Column("connector", sa.String(length=80), nullable=False),
        sa.Column("coverage", Json, nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("counts", Json, nullable=False),
        sa.Column("because", sa.String(), nullable=True),
        sa.CheckConstraint("status IN ('reading','sealed','failed')", name=op.f("ck_snapshots_status_known")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_snapshots_system_id_systems")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["roster_uploads.id"], name=op.f("fk_snapshots_upload_id_roster_uploads")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("run", name=op.f("uq_snapshots_run")),
    )
    op.create_index("ix_snapshots_system_sealed", "snapshots", ["system_id", "sealed_at"], unique=False)
    op.create_table(
        "account_changes",
        sa.Column("id", Big, nullable=False),
        sa.Column("account_id", Big, nullable=False),
        sa.Column("snapshot_id", Big, nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_changes_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_account_changes_snapshot_id_snapshots")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_changes")),
    )
    op.create_index(op.f("ix_account_changes_account_id"), "account_changes", ["account_id"], unique=False)
    op.create_index(op.f("ix_account_changes_snapshot_id"), "account_changes", ["snapshot_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("account_id", Big, nullable=False),
        sa.Column("entitlement_id", Big, nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("authority", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("granted", Moment(), nullable=True),
        sa.Column("granted_by", sa.String(length=200), nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("effective", sa.Boolean(), nullable=True),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_grants_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlements.id"], name=op.f("fk_grants_entitlement_id_entitlements")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_grants_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    op.create_index(op.f("ix_grants_entitlement_id"), "grants", ["entitlement_id"], unique=False)
    op.create_index(op.f("ix_grants_system_id"), "grants", ["system_id"], unique=False)
    op.create_index(
        "uq_grants_live",
        "grants",
        ["account_id", "entitlement_id", "source"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_table(
        "integrations",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("publisher", sa.String(length=300), nullable=True),
        sa.Column("owner_account_id", Big, nullable=True),
        sa.Column(
            "scopes",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=True,
        ),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created", Moment(), nullable=True),
        sa.Column("last_used", Moment(), nullable=True),
        sa.Column("derived", sa.Boolean(), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_account_id"], ["accounts.id"], name=op.f("fk_integrations_owner_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_integrations_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        sa.UniqueConstraint("system_id", "key", name=op.f("uq_integrations_system_id_key")),
    )
    op.create_table(
        "logins",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("account_id", Big, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=True),
        sa.Column("way", sa.String(length=120), nullable=True),
        sa.Column("application", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_logins_account_id_accounts")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_logins_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.UniqueConstraint("system_id", "key", name=op.f("uq_logins_system_id_key")),
    )
    op.create_index("ix_logins_account_at", "logins", ["account_id", "at"], unique=False)
    op.create_table(
        "privileges",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("account_id", Big, nullable=False),
        sa.Column("privilege", sa.String(length=30), nullable=False),
        sa.Column("entitlement_id", Big, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_privileges_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlements.id"], name=op.f("fk_privileges_entitlement_id_entitlements")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_privileges_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privileges")),
        sa.UniqueConstraint("account_id", "privilege", "path", name=op.f("uq_privileges_account_id_privilege_path")),
    )
    op.create_index(op.f("ix_privileges_system_id"), "privileges", ["system_id"], unique=False)
    op.create_table(
        "returns",
        sa.Column("id", Big, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", Big, nullable=False),
        sa.Column("gone", Moment(), nullable=False),
        sa.Column("back", Moment(), nullable=False),
        sa.Column("snapshot_id", Big, nullable=False),
        sa.CheckConstraint(
            "kind IN ('account','entitlement','integration','credential','identity')",
            name=op.f("ck_returns_kind_known"),
        ),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_returns_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    op.create_index(op.f("ix_returns_snapshot_id"), "returns", ["snapshot_id"], unique=False)
    op.create_index("ix_returns_subject", "returns", ["kind", "subject_id"], unique=False)
    op.create_table(
        "snapshot_streams",
        sa.Column("snapshot_id", Big, nullable=False),
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("said", sa.Integer(), nullable=True),
        sa.Column("missing", Json, nullable=False),
        sa.Column("dropped", Json, nullable=False),
        sa.Column("asked", Json, nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("server_at", Moment(), nullable=True),
        sa.Column("pages_digest", sa.String(length=64), nullable=True),
        sa.Column("rows_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('complete','explained','incomplete','not_collected')",
            name=op.f("ck_snapshot_streams_verdict_known"),
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_snapshot_streams_snapshot_id_snapshots")
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "stream", name=op.f("pk_snapshot_streams")),
    )
    op.create_table(
        "spool_pages",
        sa.Column("snapshot_id", Big, nullable=False),
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", Json, nullable=False),
        sa.Column("resume", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_spool_pages_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("snapshot_id", "stream", "number", name=op.f("pk_spool_pages")),
    )
    op.create_table(
        "system_settings",
        sa.Column("system_id", Big, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("snapshot_id", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name=op.f("fk_system_settings_snapshot_id_snapshots")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_system_settings_system_id_systems")),
        sa.PrimaryKeyConstraint("system_id", "key", name=op.f("pk_system_settings")),
    )
    op.create_table(
        "credentials",
        sa.Column("id", Big, nullable=False),
        sa.Column("system_id", Big, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("integration_id", Big, nullable=True),
        sa.Column("account_id", Big, nullable=True),
        sa.Column(
            "scopes",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=True,
        ),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("created", Moment(), nullable=True),
        sa.Column("last_used", Moment(), nullable=True),
        sa.Column("uses_known_since", Moment(), nullable=True),
        sa.Column("expires", Moment(), nullable=True),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_credentials_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integrations.id"], name=op.f("fk_credentials_integration_id_integrations")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_credentials_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("system_id", "key", name=op.f("uq_credentials_system_id_key")),
    )
    op.create_index(op.f("ix_credentials_account_id"), "credentials", ["account_id"], unique=False)
    op.create_index(op.f("ix_credentials_integration_id"), "credentials", ["integration_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_credentials_integration_id"), table_name="credentials")
    op.drop_index(op.f("ix_credentials_account_id"), table_name="credentials")
    op.drop_table("credentials")
    op.drop_table("system_settings")
    op.drop_table("spool_pages")
    op.drop_table("snapshot_streams")
    op.drop_index("ix_returns_subject", table_name="returns")
    op.drop_index(op.f("ix_returns_snapshot_id"), table_name="returns")
    op.drop_table("returns")
    op.drop_index(op.f("ix_privileges_system_id"), table_name="privileges")
    op.drop_table("privileges")
    op.drop_index("ix_logins_account_at", table_name="logins")
    op.drop_table("logins")
    op.drop_table("integrations")
    op.drop_index(
        "uq_grants_live",
        table_name="grants",
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.drop_index(op.f("ix_grants_system_id"), table_name="grants")
    op.drop_index(op.f("ix_grants_entitlement_id"), table_name="grants")
    op.drop_table("grants")
    op.drop_index(op.f("ix_account_changes_snapshot_id"), table_name="account_changes")
    op.drop_index(op.f("ix_account_changes_account_id"), table_name="account_changes")
    op.drop_table("account_changes")
    op.drop_index("ix_snapshots_system_sealed", table_name="snapshots")
    op.drop_table("snapshots")
    op.drop_index(op.f("ix_identity_emails_identity_id"), table_name="identity_emails")
    op.drop_table("identity_emails")
    op.drop_index(
        "uq_entitlement_edges_live",
        table_name="entitlement_edges",
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.drop_index(op.f("ix_entitlement_edges_system_id"), table_name="entitlement_edges")
    op.drop_table("entitlement_edges")
    op.drop_index(op.f("ix_accounts_identity_id"), table_name="accounts")
    op.drop_index(op.f("ix_accounts_email"), table_name="accounts")
    op.drop_table("accounts")
    op.drop_index("ix_system_changes_at", table_name="system_changes")
    op.drop_table("system_changes")
    op.drop_index(op.f("ix_roster_uploads_system_id"), table_name="roster_uploads")
    op.drop_table("roster_uploads")
    op.drop_index(op.f("ix_identities_system_id"), table_name="identities")
    op.drop_index(op.f("ix_identities_manager_id"), table_name="identities")
    op.drop_table("identities")
    op.drop_table("entitlements")
    op.drop_table("systems")
