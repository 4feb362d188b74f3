"""What is looked up by whose it is: the items of a person and of a program, and the grants that an account held.

Each was found by reading the whole table. The live grants of an account have an index already.

Revision ID: 202611271900
Revises: 202611271530
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611271900"
down_revision = "202611271530"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, table, column, where in _INDEXES:
        there = sa.text(where)
        op.create_index(name, table, [column], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    for name, table, _column, _where in _INDEXES:
        op.drop_index(name, table_name=table)


_INDEXES = (
    ("ix_grants_former", "grants", "account_id", "ended IS NOT NULL"),
    ("ix_items_subject_identity_id", "items", "subject_identity_id", "subject_identity_id IS NOT NULL"),
    ("ix_items_integration_id", "items", "integration_id", "integration_id IS NOT NULL"),
)
