"""Items and removals: groups, and definitions of what can be held.

Revision ID: 202611271530
Revises: 202611271545
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Big
from migrations.rewording import reword

revision = "202611271530"
down_revision = "202611271545"
branch_labels = None
depends_on = None

_OLD = "'grant','account','integration','credential'"
_NEW = f"{_OLD},'group','definition'"
_TABLES = ("items", "remediations")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    for table in _TABLES:
        op.add_column(table, sa.Column("entitlement_id", Big, nullable=True))
        op.create_index(op.f(f"ix_{table}_entitlement_id"), table, ["entitlement_id"])
    _words(_OLD, _NEW)


def downgrade() -> None:
    """Both databases refuse it while something was decided on a group or a definition."""
    _words(_NEW, _OLD)
    for table in reversed(_TABLES):
        op.drop_index(op.f(f"ix_{table}_entitlement_id"), table)
        op.drop_column(table, "entitlement_id")


def _words(before: str, after: str) -> None:
    for table in _TABLES:
        if op.get_bind().dialect.name == "postgresql":
            name = op.f(f"ck_{table}_kind_known")
            op.drop_constraint(name, table, type_="check")
            op.create_check_constraint(name, table, f"kind IN ({after})")
        else:
            reword(table, (f"kind IN ({before})", f"kind IN ({after})"))
