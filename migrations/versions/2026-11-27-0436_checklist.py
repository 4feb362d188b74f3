"""The checklist: what each line came out as, and what is on file for it.

Revision ID: 202611270436
Revises: 202611270412
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Json, Moment

revision = "202611270436"
down_revision = "202611270412"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "documents",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("media", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_documents")),
    )
    op.create_table(
        "status_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("sections", Json, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_runs")),
    )
    op.create_index(op.f("ix_status_runs_at"), "status_runs", ["at"])
    op.create_table(
        "control_outcomes",
        sa.Column("id", Big, nullable=False),
        sa.Column("line", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("system_id", Big, nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("proof", Json, nullable=False),
        sa.Column("run", sa.Uuid(), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('FAIL','EXPIRED','NOT_EVALUABLE','ATTESTED','PASS','NOT_APPLICABLE')",
            name=op.f("ck_control_outcomes_outcome_known"),
        ),
        sa.ForeignKeyConstraint(["run"], ["status_runs.id"], name=op.f("fk_control_outcomes_run_status_runs")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_control_outcomes_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_outcomes")),
    )
    op.create_index("ix_control_outcomes_line_began", "control_outcomes", ["line", "began"])
    op.create_index(op.f("ix_control_outcomes_system_id"), "control_outcomes", ["system_id"])
    op.create_index(
        "uq_control_outcomes_live",
        "control_outcomes",
        ["line", "place"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_table(
        "exemptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.String(length=20), nullable=False),
        sa.Column("system_id", Big, nullable=True),
        sa.Column("justification", sa.String(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('proposed','approved','declined','withdrawn')", name=op.f("ck_exemptions_status_known")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_exemptions_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemptions")),
    )
    op.create_index(op.f("ix_exemptions_line"), "exemptions", ["line"])
    op.create_index(op.f("ix_exemptions_system_id"), "exemptions", ["system_id"])
    op.create_table(
        "registers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("extracted_at", Moment(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('training','screening','confidentiality','third_party_nda','contracts','vendors')",
            name=op.f("ck_registers_kind_known"),
        ),
        sa.ForeignKeyConstraint(["digest"], ["documents.digest"], name=op.f("fk_registers_digest_documents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registers")),
    )
    op.create_index(op.f("ix_registers_digest"), "registers", ["digest"])
    op.create_index(op.f("ix_registers_kind"), "registers", ["kind"])
    op.create_table(
        "attestations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.String(length=20), nullable=False),
        sa.Column("system_id", Big, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("link", sa.String(length=2000), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("owner_id", Big, nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_by_identity_id", Big, nullable=True),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("because", sa.String(), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('proposed','approved','declined','withdrawn')", name=op.f("ck_attestations_status_known")
        ),
        sa.ForeignKeyConstraint(["digest"], ["documents.digest"], name=op.f("fk_attestations_digest_documents")),
        sa.ForeignKeyConstraint(
            ["made_by_identity_id"], ["identities.id"], name=op.f("fk_attestations_made_by_identity_id_identities")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["identities.id"], name=op.f("fk_attestations_owner_id_identities")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_attestations_system_id_systems")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestations")),
    )
    op.create_index(op.f("ix_attestations_digest"), "attestations", ["digest"])
    op.create_index("ix_attestations_line", "attestations", ["line", "system_id", "revision"])
    op.create_index(op.f("ix_attestations_owner_id"), "attestations", ["owner_id"])
    op.create_index(op.f("ix_attestations_system_id"), "attestations", ["system_id"])
    op.create_table(
        "register_lines",
        sa.Column("id", Big, nullable=False),
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("whose", sa.String(length=320), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["register_id"], ["registers.id"], name=op.f("fk_register_lines_register_id_registers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_lines")),
        sa.UniqueConstraint("register_id", "whose", name=op.f("uq_register_lines_register_id_whose")),
    )


def downgrade() -> None:
    op.drop_table("register_lines")
    op.drop_table("attestations")
    op.drop_table("registers")
    op.drop_table("exemptions")
    op.drop_table("control_outcomes")
    op.drop_table("status_runs")
    op.drop_table("documents")
