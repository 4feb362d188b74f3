"""Items: why their reviewer decides nothing; decisions: the words for it.

Revision ID: 202611271210
Revises: 202611270949
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rewording import reword

revision = "202611271210"
down_revision = "202611270949"
branch_labels = None
depends_on = None

_OLD = "'keep','remove','change','acknowledge','withdraw'"
_NEW = f"{_OLD},'not_mine','cannot_say'"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("items", sa.Column("aside", sa.String(12), nullable=True))
    _words(_OLD, _NEW)


def downgrade() -> None:
    """Both databases refuse it while something was set aside: what was said is not unsaid."""
    _words(_NEW, _OLD)
    op.drop_column("items", "aside")


def _words(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        name = op.f("ck_decisions_answer_known")
        op.drop_constraint(name, "decisions", type_="check")
        op.create_check_constraint(name, "decisions", f"answer IN ({after})")
    else:
        reword("decisions", (f"answer IN ({before})", f"answer IN ({after})"))
