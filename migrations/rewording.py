"""Another wording of a table's constraint or type, on SQLite in place.

SQLite alters no constraint, and Alembic's batch mode rebuilds the table instead: it drops triggers without a word, and
fails where rows of other tables refer to it. Changing the text of the schema is what SQLite's documentation gives for
changes that touch no stored row ("Making Other Kinds Of Table Schema Changes"); the rows are checked against it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def reword(table: str, *changes: tuple[str, str]) -> None:
    """Replace each text, which must be there exactly once, in the schema of a SQLite table."""
    connection = op.get_bind()
    found = sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = :name")
    written = connection.execute(found, {"name": table}).scalar_one()
    for before, after in changes:
        if written.count(before) != 1:
            raise RuntimeError(f"the schema of {table} does not hold {before!r} exactly once")
        written = written.replace(before, after)
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    update = sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :name")
    connection.execute(update, {"sql": written, "name": table})
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
    wrong = connection.exec_driver_sql(f"PRAGMA integrity_check({table})").scalars().all()
    if wrong != ["ok"]:
        raise RuntimeError(f"{table} does not fit its new wording: {wrong[:3]}")
