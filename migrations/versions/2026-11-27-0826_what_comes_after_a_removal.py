"""What comes after a removal: its lives, what is given back, and access that is given an end.

Revision ID: 202611270826
Revises: 202611270512
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Moment
from migrations.rewording import reword

revision = "202611270826"
down_revision = "202611270512"
branch_labels = None
depends_on = None

_STATUSES = "status IN ('open','by_hand','acting','acted','declined','verified','returned'{})"
_WISHES = "wish IN ('remove','change'{})"
_MORE = ((_STATUSES, ",'undone'"), (_WISHES, ",'restore','time_box'"))


def upgrade() -> None:
    _lock()
    op.add_column("remediations", sa.Column("life", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("remediations", sa.Column("until", Moment(), nullable=True))
    if "undoes_id" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("remediations")}:
        kind = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
        named = "CONSTRAINT fk_remediations_undoes_id_remediations REFERENCES remediations (id)"
        op.execute(f"ALTER TABLE remediations ADD COLUMN undoes_id {kind} {named}")
    op.create_index("uq_remediations_undoes_id", "remediations", ["undoes_id"], unique=True)
    _reword([(text.format(""), text.format(more)) for text, more in _MORE])


def downgrade() -> None:
    """Both databases refuse it while something was undone or given an end: what was promised is not unsaid."""
    _lock()
    _reword([(text.format(more), text.format("")) for text, more in _MORE])
    op.drop_index("uq_remediations_undoes_id", table_name="remediations")
    op.drop_column("remediations", "until")
    op.drop_column("remediations", "life")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("remediations", "undoes_id")
    # SQLite drops no column that refers to another table: it stays, empty, and the way up finds it there


def _lock() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")


def _reword(changes: list[tuple[str, str]]) -> None:
    if op.get_bind().dialect.name != "postgresql":
        reword("remediations", *changes)
        return
    for _, after in changes:
        name = op.f(f"ck_remediations_{after.partition(' ')[0]}_known")
        op.drop_constraint(name, "remediations", type_="check")
        op.create_check_constraint(name, "remediations", after)
