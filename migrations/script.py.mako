"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}

One idea for each revision. NOT NULL comes in three steps (add nullable, fill by a job, enforce). On ledger tables never use
batch mode: it recreates the table and drops its triggers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '4s'")
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
