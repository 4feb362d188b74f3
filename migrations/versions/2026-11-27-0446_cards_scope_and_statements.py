"""Cards of integrations, the register of scope, and Statements of Applicability.

Revision ID: 202611270446
Revises: 202611270410
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Json, Moment

revision = "202611270446"
down_revision = "202611270410"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "scope",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('systems','integrations','classes','groups','places')", name=op.f("ck_scope_kind_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope")),
    )
    op.create_index(
        "uq_scope_live",
        "scope",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_table(
        "scope_confirmations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope_confirmations")),
    )
    op.create_index(op.f("ix_scope_confirmations_kind"), "scope_confirmations", ["kind"])
    op.create_table(
        "statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_of", sa.String(length=20), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_by_identity_id", Big, nullable=True),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("approved_at", Moment(), nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_identity_id"], ["identities.id"], name=op.f("fk_statements_made_by_identity_id_identities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("number", name=op.f("uq_statements_number")),
    )
    op.create_table(
        "assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", Big, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(length=40), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("owner_id", Big, nullable=True),
        sa.Column("vendor", sa.String(length=300), nullable=True),
        sa.Column("contract", sa.String(length=500), nullable=True),
        sa.Column("classes", Json, nullable=False),
        sa.Column("answers", Json, nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("submitted_by", sa.String(length=80), nullable=True),
        sa.Column("submitted_by_identity_id", Big, nullable=True),
        sa.Column("submitted_at", Moment(), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status <> 'approved' OR until IS NOT NULL", name=op.f("ck_assessments_approved_until")),
        sa.CheckConstraint(
            "status IN ('open','submitted','approved','declined')", name=op.f("ck_assessments_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integrations.id"], name=op.f("fk_assessments_integration_id_integrations")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["identities.id"], name=op.f("fk_assessments_owner_id_identities")),
        sa.ForeignKeyConstraint(
            ["submitted_by_identity_id"],
            ["identities.id"],
            name=op.f("fk_assessments_submitted_by_identity_id_identities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        sa.UniqueConstraint("integration_id", "number", name=op.f("uq_assessments_integration_id_number")),
    )
    op.create_index(op.f("ix_assessments_owner_id"), "assessments", ["owner_id"])
    op.add_column("exemptions", sa.Column("made_by_identity_id", Big, nullable=True))


def downgrade() -> None:
    op.drop_column("exemptions", "made_by_identity_id")
    op.drop_table("assessments")
    op.drop_table("statements")
    op.drop_table("scope_confirmations")
    op.drop_table("scope")
