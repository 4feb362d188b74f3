"""What makes the ledger append-only: triggers, on both databases, that refuse to change or remove what was written.

Personal values may be removed (that is erasure) and never changed. On SQLite, INSERT OR REPLACE removes a row without
firing its delete trigger unless recursive_triggers is on, so a guard before each insert looks for the row it would replace,
also by its hidden rowid. On PostgreSQL the triggers fire ALWAYS, also for a session that calls itself a replica.

Whoever may drop a trigger or a table can still do so; what that leaves behind is found by `proofs.examine` and by
anybody who keeps a former checkpoint. Alembic's batch mode rebuilds a table without its triggers: never use it on these
tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

# Table -> the columns by which an insert could replace a row.
_KEYS = {
    "entries": (("id",),),
    "leaves": (("number",), ("entry_id",)),
    "tree_nodes": (("level", "number"),),
    "checkpoints": (("id",),),
    "checkpoint_keys": (("id",),),
    "personal_values": (("entry_id", "field"),),
}
_ERASABLE = frozenset({"personal_values"})
GUARDED = tuple(_KEYS)


def install(connection: Connection, tables: Iterable[str] = GUARDED) -> None:
    """Put the guards on tables that exist. May be called again. Used by a table's creation and by migrations."""
    for statement in statements(connection.dialect.name, tables):
        connection.exec_driver_sql(statement)


def missing(connection: Connection) -> list[str]:
    """The guards that are not there, or are switched off, by name; empty when the ledger is guarded."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    else:
        found = connection.exec_driver_sql("SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal")
    there = {str(row[0]) for row in found}
    return [name for name in _names(connection.dialect.name, GUARDED) if name not in there]


def statements(dialect: str, tables: Iterable[str] = GUARDED) -> list[str]:
    """The plain SQL of the guards."""
    made = [_FUNCTION] if dialect == "postgresql" else []
    for table in tables:
        made += _postgresql(table) if dialect == "postgresql" else _sqlite(table)
    return made


_FUNCTION = """
CREATE OR REPLACE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        MESSAGE = 'the ledger is append-only: no ' || TG_OP || ' on ' || TG_TABLE_NAME,
        ERRCODE = 'restrict_violation';
END
$$
"""


def _names(dialect: str, tables: Iterable[str]) -> list[str]:
    if dialect == "postgresql":
        return [f"{table}_append_only" for table in tables]
    return [
        f"{table}_no_{verb}"
        for table in tables
        for verb in ("replace", "update", "delete")
        if not (verb == "delete" and table in _ERASABLE)
    ]


def _postgresql(table: str) -> list[str]:
    verbs = "UPDATE OR TRUNCATE" if table in _ERASABLE else "UPDATE OR DELETE OR TRUNCATE"
    name = f"{table}_append_only"
    return [
        f"CREATE OR REPLACE TRIGGER {name} BEFORE {verbs} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
    ]


def _sqlite(table: str) -> list[str]:
    refuse = "SELECT RAISE(ABORT, 'the ledger is append-only: no {} on " + table + "')"
    same = [" AND ".join(f"{column} = NEW.{column}" for column in key) for key in _KEYS[table]]
    exists = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {each})" for each in [*same, "rowid = NEW.rowid"])
    made = [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN {exists} BEGIN {refuse.format('REPLACE')}; END",
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table} BEGIN {refuse.format('UPDATE')}; END",
    ]
    if table not in _ERASABLE:
        made.append(
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table} BEGIN {refuse.format('DELETE')}; END"
        )
    return made
