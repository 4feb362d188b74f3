"""Runs migrations on SQLite and on PostgreSQL, one transaction for each revision."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from app.kit.db import Database
from app.schema import METADATA


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transaction_per_migration=True,
        render_as_batch=False,  # batch mode recreates a table and drops its triggers without a word; ask for it by hand
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    from app import settings

    database = Database(settings.read().database_url)
    with database.writer.connect() as connection:
        _run(connection)
        connection.commit()
    database.close()
