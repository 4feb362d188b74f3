"""Databases on one PostgreSQL server, for tests: copies of a template, and one that is emptied after each test."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, create_engine, make_url, text

from app.kit.db import Database


def psycopg(url: str) -> URL:
    """The address as SQLAlchemy is to take it."""
    return make_url(url).set(drivername="postgresql+psycopg")


class Postgres:
    """Makes and drops databases on one server, through one connection."""

    def __init__(self, server: str, template: str) -> None:
        self.server, self.template = psycopg(server), template
        self._admin = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with self._admin.connect() as connection:
            new = int(connection.execute(text("SHOW server_version_num")).scalar_one()) >= 150_000
        # A copy of files takes a third of the time of a copy through the log, and leaves a drop less to do.
        self._how = " STRATEGY file_copy" if new else ""  # before 15 there is no other way

    def make(self, name: str) -> str:
        """Copy the template under this name; returns its address."""
        with self._admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"{self._how}'))
        return str(self.server.set(database=name).render_as_string(hide_password=False))

    def drop(self, name: str) -> None:
        """Drop it, whoever is still connected."""
        with self._admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    def close(self) -> None:
        """Let go of the connection."""
        self._admin.dispose()


class Kept:
    """One database on PostgreSQL that tests use one after the other: connections, and what servers keep for each, stay.

    What a test wrote is deleted, its sequences begin anew. Where it left more behind than rows (a table, a connection, a
    lock), the database goes and another one comes. A test sees no difference, and a run takes a fifth less.
    """

    def __init__(self, server: Postgres, database: Database) -> None:
        self.server, self.database, self.there = server, database, False
        self.as_made: Any = None
        self.master = False  # else what is guarded cannot be deleted
        self._engine = database.writer.execution_options(isolation_level="AUTOCOMMIT")

    def ready(self) -> Database:
        """The database, as the template is."""
        if not self.there:
            self.server.make(str(self.database.url.database))
            self.there = True
            with self._engine.connect() as connection:
                self.master = connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
                self._read(connection)
                self.as_made = self._state(connection)
        return self.database

    def _read(self, connection: Connection) -> None:
        """Which tables there are, and which of them are never empty, as the template has rows there."""
        self._given = set(connection.scalars(text(_FULL)))
        self._guards = connection.execute(text(_GUARDS)).all()  # they hold against a replica too

    def _state(self, connection: Connection) -> Any:
        """What else than rows a test may leave behind, and the rows that the template has."""
        return connection.execute(text(_STATE)).one(), [
            connection.scalar(text(f"SELECT md5(string_agg(each::text, '|' ORDER BY each::text)) FROM {name} each"))
            for name in sorted(self._given)
        ]

    def empty(self) -> None:
        """Make it as it was, or let it go where that cannot be."""
        pool: Any = self.database.writer.pool
        emptied = False
        try:
            emptied = self.master and not pool.checkedout() and self._emptied(pool)
        finally:
            if not emptied:
                self.let_go()

    def _emptied(self, pool: Any) -> bool:
        with self._engine.connect() as connection:
            full = [name for name in connection.scalars(text(_FULL)) if name not in self._given]
            connection.execute(text("SET session_replication_role = replica"))  # no trigger, no foreign key
            if full:
                guards = [(table, guard) for table, guard in self._guards if table in full]
                off = [f"ALTER TABLE {table} DISABLE TRIGGER {guard}" for table, guard in guards]
                on = [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}" for table, guard in guards]
                connection.execute(text("; ".join([*off, *(f"DELETE FROM {name}" for name in full), *on])))
                connection.execute(text(f"VACUUM {', '.join(full)}"))  # the files are empty again
            connection.execute(text("RESET session_replication_role"))
            connection.execute(text(_BEGIN_ANEW))
            others = connection.scalar(text(_OTHERS))
            return bool(others == pool.checkedin() and self._state(connection) == self.as_made)

    def let_go(self) -> None:
        """Drop it, whoever is connected."""
        self.database.close()
        self.server.drop(str(self.database.url.database))
        self.there = False


# A table that has a file with something in it; to look into each of them would have to be planned anew each time.
_FULL = """
    SELECT format('"%s"', relname) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
_STATE = """
    SELECT (SELECT (count(*), max(oid)) FROM pg_class), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
    (SELECT (count(*), max(oid)) FROM pg_proc), (SELECT (count(*), max(oid)) FROM pg_trigger)
"""
_GUARDS = """
    SELECT format('"%s"', relname), quote_ident(tgname) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgenabled = 'A'
"""
_BEGIN_ANEW = """
    SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
    WHERE last_value IS NOT NULL
"""
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
