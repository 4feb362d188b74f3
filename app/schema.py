"""The whole schema: every stage's tables in one catalogue, and bringing a database to the present revision.

Several processes may start at once; on PostgreSQL an advisory lock lets one of them migrate while the others wait, on
SQLite the writer's lock does.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import app.actors.tables
import app.compliance.tables
import app.detection.tables
import app.inventory.tables
import app.kit.engine.tables
import app.ledger.tables
import app.notices.tables
import app.remediation.tables
import app.review.tables  # noqa: F401
import migrations
from app.kit.db import Base, Database
from app.kit.refusal import Refusal

METADATA = Base.metadata
_LOCK = 0x726F6C65  # "role": any number, the same in every version


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database up to a revision; a database that is there already is left alone."""
    if revision == "head" and why_not_current(database) is None:
        return
    with database.writer.begin() as connection:
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to a revision, where that is possible."""
    with database.writer.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def why_not_current(database: Database) -> Refusal | None:
    """Whether the database has another schema than this version of Rolecall works with."""
    with database.reader.connect() as connection:
        here = MigrationContext.configure(connection).get_current_heads()
    heads = _heads()
    if set(here) == set(heads):
        return None
    return Refusal(
        "schema_not_current",
        f"The database is at revision {', '.join(here) or 'none'}; this version needs {', '.join(heads)}.",
        "Run `rolecall migrate` once, then start again.",
    )


@cache
def _heads() -> tuple[str, ...]:
    """The revision of this version; every file of a migration is read for it."""
    return tuple(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    return config
