"""What PostgreSQL is told of a large statement, so that it neither looks up what is known nor takes for empty what is not.

On SQLite all of this does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.orm import Session


@contextmanager
def parents_known(session: Session) -> Iterator[None]:
    """Write rows whose parents were read in this transaction, out of tables from which nothing is ever deleted.

    PostgreSQL looks up each parent of each row anew, one by one, which takes longer than all the rest of a large INSERT.
    It is spared that where our role may spare it: a superuser, or whom `GRANT SET ON PARAMETER session_replication_role`
    (PostgreSQL 15) lets. Triggers that are to fire always, such as the ledger's, do. Elsewhere this does nothing.
    """
    connection = session.connection()
    spared = connection.dialect.name == "postgresql" and _may_spare(connection)
    if spared:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    yield
    if spared:  # what fails takes its transaction with it, and this setting with that
        connection.exec_driver_sql("SET LOCAL session_replication_role = origin")


@contextmanager
def by_hash(session: Session) -> Iterator[None]:
    """Join large tables, of which PostgreSQL does not know yet that they are: it has not looked at what was just written.

    Taken for empty, a table is sought through anew for each row of the other.
    """
    connection = session.connection()
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        connection.exec_driver_sql("SET LOCAL enable_nestloop = off")
    yield
    if postgresql:
        connection.exec_driver_sql("SET LOCAL enable_nestloop TO DEFAULT")


def _may_spare(connection: Connection) -> bool:
    may = "current_setting('is_superuser') = 'on'"
    if (connection.dialect.server_version_info or (0,)) >= (15,):
        may += " OR has_parameter_privilege('session_replication_role', 'SET')"
    return bool(connection.exec_driver_sql(f"SELECT {may}").scalar())
