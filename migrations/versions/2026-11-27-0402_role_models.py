"""Role models: bundles with their versions and contents, items that one covers, and a word for acknowledging them.

Revision ID: 202611270402
Revises: 202611270400
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from app.kit.db import Big, Moment
from migrations.rewording import reword

revision = "202611270402"
down_revision = "202611270400"
branch_labels = None
depends_on = None

_OLD, _NEW = "'keep','remove','change'", "'keep','remove','change','acknowledge'"
_ANSWERS = (("items", "outcome"), ("decisions", "answer"))
_REFERENCE = "CONSTRAINT fk_items_bundle_version_id_bundle_versions REFERENCES bundle_versions (id)"


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute("SET LOCAL lock_timeout = '4s'")
    _tables()
    op.execute(f"ALTER TABLE items ADD COLUMN bundle_version_id {'BIGINT' if postgresql else 'INTEGER'} {_REFERENCE}")
    for table, column in _ANSWERS:
        _answers(table, column, (10, 12), (_OLD, _NEW))


def _tables() -> None:
    op.create_table(
        "bundles",
        sa.Column("id", Big, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("owner_id", Big, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('live','retired')", name=op.f("ck_bundles_status_known")),
        sa.ForeignKeyConstraint(["owner_id"], ["identities.id"], name=op.f("fk_bundles_owner_id_identities")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundles")),
        sa.UniqueConstraint("name", name=op.f("uq_bundles_name")),
    )
    op.create_index(op.f("ix_bundles_owner_id"), "bundles", ["owner_id"])
    op.create_table(
        "bundle_versions",
        sa.Column("id", Big, nullable=False),
        sa.Column("bundle_id", Big, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("match", sa.String(), nullable=False),
        sa.Column("proposed", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("drafted_by", sa.String(length=80), nullable=False),
        sa.Column("drafted_at", Moment(), nullable=False),
        sa.Column("approved_by_id", Big, nullable=True),
        sa.Column("approved_at", Moment(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft','approved','superseded','withdrawn')", name=op.f("ck_bundle_versions_status_known")
        ),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_bundle_versions_bundle_id_bundles")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["identities.id"], name=op.f("fk_bundle_versions_approved_by_id_identities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_versions")),
        sa.UniqueConstraint("bundle_id", "number", name=op.f("uq_bundle_versions_bundle_id_number")),
    )
    op.create_table(
        "bundle_contents",
        sa.Column("version_id", Big, nullable=False),
        sa.Column("entitlement_id", Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["bundle_versions.id"], name=op.f("fk_bundle_contents_version_id_bundle_versions")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlements.id"], name=op.f("fk_bundle_contents_entitlement_id_entitlements")
        ),
        sa.PrimaryKeyConstraint("version_id", "entitlement_id", name=op.f("pk_bundle_contents")),
    )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, column in _ANSWERS:
        said = op.get_bind().execute(sa.text(f"SELECT count(*) FROM {table} WHERE {column} = 'acknowledge'")).scalar()
        if said:
            raise RuntimeError(f"{said} {table} are acknowledged; the former version has no word for that")
        _answers(table, column, (12, 10), (_NEW, _OLD))
    if not postgresql:  # it drops no column that refers to another table, so the reference goes first
        reword("items", (f" {_REFERENCE}", ""))
    op.drop_column("items", "bundle_version_id")
    for name in ("bundle_contents", "bundle_versions", "bundles"):
        op.drop_table(name)


def _answers(table: str, column: str, length: tuple[int, int], words: tuple[str, str]) -> None:
    before, after = words
    name = op.f(f"ck_{table}_{column}_known")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(name, table, type_="check")
        old, new = (sa.String(length=each) for each in length)
        op.alter_column(table, column, type_=new, existing_type=old)
        op.create_check_constraint(name, table, f"{column} IN ({after})")
    else:
        sizes = (f"{column} VARCHAR({length[0]})", f"{column} VARCHAR({length[1]})")
        reword(table, sizes, (f"{column} IN ({before})", f"{column} IN ({after})"))
