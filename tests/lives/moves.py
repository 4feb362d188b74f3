"""The database keeps every move of a status, whoever makes it; each must be in its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.remediation import calls
from app.remediation import policy as removals
from app.review import outcomes, submission, turns
from app.review import policy as reviews

TABLES: Mapping[tuple[str, str], Mapping[Any, frozenset[Any]]] = {
    ("campaigns", "status"): reviews.MOVES,
    ("tasks", "status"): submission.MOVES,
    ("rounds", "status"): turns.MOVES,
    ("items", "outcome"): outcomes.MOVES,
    ("remediations", "status"): removals.MOVES,
    ("acts", "status"): calls.MOVES,
}
_KEYS = {"rounds": "old.campaign_id * 100 + old.number"}  # the others have an id
_SQLITE = """CREATE TRIGGER seen_{table} AFTER UPDATE OF {column} ON {table}
WHEN old.{column} IS NOT new.{column}
BEGIN INSERT INTO moves_seen VALUES ('{table}', CAST({key} AS TEXT), old.{column}, new.{column}); END"""
_POSTGRESQL = """CREATE FUNCTION seen_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF old.{column} IS DISTINCT FROM new.{column} THEN
INSERT INTO moves_seen VALUES ('{table}', ({key})::text, old.{column}, new.{column}); END IF; RETURN new; END $$;
CREATE TRIGGER seen_{table} AFTER UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION seen_{table}()"""


def watch(session: Session) -> None:
    """Begin to keep them."""
    session.execute(text("CREATE TABLE moves_seen (kind TEXT, id TEXT, was TEXT, now TEXT)"))
    written = _SQLITE if session.get_bind().dialect.name == "sqlite" else _POSTGRESQL
    for table, column in TABLES:
        session.connection().exec_driver_sql(written.format(table=table, column=column, key=_KEYS.get(table, "old.id")))


def seen(session: Session) -> list[tuple[str, str, str | None, str | None]]:
    """Every move so far: of what kind, of which, from where, to where."""
    return [(kind, key, was, now) for kind, key, was, now in session.execute(text("SELECT * FROM moves_seen"))]


def unlawful(session: Session) -> list[str]:
    """The moves that are in no table."""
    by_table = {table: moves for (table, _), moves in TABLES.items()}
    return [
        f"{kind} {key} went from {was} to {now}, which is not in its table"
        for kind, key, was, now in seen(session)
        if now not in by_table[kind].get(was, frozenset())
    ]
