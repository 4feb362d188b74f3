"""Runs migrations on SQLite and on PostgreSQL, one transaction for each revision."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection

from app.kit.db import Database
from app.schema import METADATA


def _compared(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    """SQLite does not tell the direction of an index's column, so an index that has one cannot be compared there."""
    return not (kind == "index" and name == "ix_items_queue" and context.get_context().dialect.name == "sqlite")


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transaction_per_migration=True,
        render_as_batch=False,  # batch mode recreates a table and drops its triggers without a word; ask for it by hand
        include_object=_compared,
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
