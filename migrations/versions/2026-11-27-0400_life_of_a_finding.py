"""A finding has an owner, a priority, a due date and a story; waivers have rows.

Revision ID: 202611270400
Revises: 202611270230
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big, Moment

revision = "202611270400"
down_revision = "202611270230"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_findings_status_priority": ["status", "priority", "id"],
    "ix_findings_status_owner": ["status", "owner"],
    "ix_findings_cause": ["cause"],
}


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("privileged", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("held", sa.String(length=12), server_default="confidential", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cause", sa.String(length=200), server_default="unknown", nullable=False),
        sa.Column("owner", sa.String(length=120), server_default="role:it_security", nullable=False),
        sa.Column("assigned_by", sa.String(length=80), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("breached_at", Moment(), nullable=True),
        sa.Column("acknowledged_at", Moment(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=80), nullable=True),
        sa.Column("escalated_at", Moment(), nullable=True),
    ]


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    for column in _columns():
        op.add_column("findings", column)
    # One statement, and only what no later run would say of a finding that has closed; the rest comes with the next run.
    op.execute("UPDATE findings SET cause = rule || ':' || subject, priority = CASE severity "
               "WHEN 'critical' THEN 72 WHEN 'high' THEN 36 WHEN 'medium' THEN 18 ELSE 6 END")  # fmt: skip
    for name, columns in _INDEXES.items():
        op.create_index(name, "findings", columns)
    _class_of_systems()
    _waivers()


def _class_of_systems() -> None:
    known = "held IN ('public','internal','confidential','restricted')"
    if op.get_bind().dialect.name == "postgresql":
        column = sa.Column("held", sa.String(length=12), server_default="confidential", nullable=False)
        op.add_column("systems", column)
        op.create_check_constraint(op.f("ck_systems_held_known"), "systems", known)
    else:  # no batch: it would rebuild the table that nearly every other refers to
        named = f"CONSTRAINT ck_systems_held_known CHECK ({known})"
        op.execute(f"ALTER TABLE systems ADD COLUMN held VARCHAR(12) DEFAULT 'confidential' NOT NULL {named}")


def _waivers() -> None:
    op.create_table(
        "waivers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", Big, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_identity", Big, nullable=True),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("because", sa.String(), nullable=True),
        sa.CheckConstraint(
            "status IN ('asked','approved','refused','withdrawn','ended')", name=op.f("ck_waivers_status_known")
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR decided_by <> asked_by", name=op.f("ck_waivers_approved_by_another")
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_waivers_finding_id_findings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waivers")),
    )
    op.create_index(op.f("ix_waivers_finding_id"), "waivers", ["finding_id"])
    op.create_index(op.f("ix_waivers_until"), "waivers", ["until"])
    standing = sa.text("status IN ('asked','approved')")
    op.create_index(
        "uq_waivers_standing", "waivers", ["finding_id"], unique=True, sqlite_where=standing, postgresql_where=standing
    )


def downgrade() -> None:
    op.drop_table("waivers")
    for name in _INDEXES:
        op.drop_index(name, table_name="findings")
    for column in reversed(_columns()):
        op.drop_column("findings", column.name)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_systems_held_known"), "systems", type_="check")
    op.drop_column("systems", "held")
