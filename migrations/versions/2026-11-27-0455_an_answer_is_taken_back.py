"""Decisions: a word for taking an answer back to none.

Revision ID: 202611270455
Revises: 202611270446
"""

from __future__ import annotations

from alembic import op

from migrations.rewording import reword

revision = "202611270455"
down_revision = "202611270446"
branch_labels = None
depends_on = None

_OLD = "'keep','remove','change','acknowledge'"
_NEW = f"{_OLD},'withdraw'"


def upgrade() -> None:
    _answers(_OLD, _NEW)


def downgrade() -> None:
    _answers(_NEW, _OLD)


def _answers(before: str, after: str) -> None:
    """Both databases refuse a downgrade while an answer was taken back: what was said is not unsaid."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
        name = op.f("ck_decisions_answer_known")
        op.drop_constraint(name, "decisions", type_="check")
        op.create_check_constraint(name, "decisions", f"answer IN ({after})")
    else:
        reword("decisions", (f"answer IN ({before})", f"answer IN ({after})"))
