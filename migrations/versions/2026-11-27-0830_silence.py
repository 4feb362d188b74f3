"""What no answer came to: which outcomes nobody gave, when it was escalated, when the owners were asked.

Revision ID: 202611270830
Revises: 202611270826
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.kit.db import Moment

revision = "202611270830"
down_revision = "202611270826"
branch_labels = None
depends_on = None

_UNSAID = """
UPDATE items SET settled = 'silence'
WHERE outcome IS NOT NULL
  AND campaign_id IN (SELECT id FROM campaigns WHERE unanswered IS NOT NULL)
  AND coalesce(
    (SELECT answer FROM decisions WHERE item_id = items.id ORDER BY at DESC, decisions.id DESC LIMIT 1), 'withdraw'
  ) = 'withdraw'
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("items", sa.Column("settled", sa.String(length=10), nullable=True))
    op.add_column("campaigns", sa.Column("escalated_at", Moment(), nullable=True))
    op.add_column("campaigns", sa.Column("owners_asked_at", Moment(), nullable=True))
    # Only closed reviews in which somebody was silent: few rows, and nothing else tells them apart later.
    op.execute(_UNSAID)


def downgrade() -> None:
    op.drop_column("campaigns", "owners_asked_at")
    op.drop_column("campaigns", "escalated_at")
    op.drop_column("items", "settled")
