"""Reviews: their control owner, who accepted the population, and who signed the outcome.

Reviews that are there have none; what was not accepted and not signed then stays so, and their pages say it.

Revision ID: 202611271905
Revises: 202611271900
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.inventory.tables.seen import JsonOrNull
from app.kit.db import Big

revision = "202611271905"
down_revision = "202611271900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("acceptance", JsonOrNull, nullable=True))
    op.add_column("campaigns", sa.Column("owner_id", Big, nullable=True))
    op.add_column("campaigns", sa.Column("acceptance", JsonOrNull, nullable=True))
    op.add_column("campaigns", sa.Column("signature", JsonOrNull, nullable=True))


def downgrade() -> None:
    op.drop_column("campaigns", "signature")
    op.drop_column("campaigns", "acceptance")
    op.drop_column("campaigns", "owner_id")
    op.drop_column("schedules", "acceptance")
