"""One way to talk to SQLite and to PostgreSQL.

A `Database` gives transactions to the doors and the worker; nobody else commits. On SQLite, writers begin IMMEDIATE (a
deferred writer that later upgrades fails at once when somebody else wrote meanwhile) and readers have an engine of their
own, so that a reader inside a writer's thread cannot lock itself out. On PostgreSQL both are READ COMMITTED; `frozen`
gives the one REPEATABLE READ view that evidence is read in.

Open and close a session inside the endpoint and build the answer before it closes: a FastAPI `yield` dependency commits
after the reply was sent, and starves a bounded pool.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Big = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself only an INTEGER key
Json = JSON().with_variant(JSONB(), "postgresql")
# JSON that is only ever taken out whole, in which no query seeks: PostgreSQL keeps its text, and sees that it is JSON.
# Of a large INSERT that is a third less than taking each value apart for `jsonb`. It can neither be compared nor grouped.
JsonText = JSON()

_BEGIN = "rolecall_begin"  # a connection's own way to begin a transaction of SQLite's


class Written(str):
    """A value for a JSON column that stands as JSON text already, and is not written once more."""

    __slots__ = ()


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; times are kept in UTC")
    return moment.astimezone(UTC)


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. Refuses a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All rows share one catalogue, so that constraints are named alike and migrations can be checked against it."""

    metadata = MetaData(naming_convention=NAMES)


class Database:
    """An address with its engines. `transaction()` to write, `reading()` to read, `frozen()` for one steady view."""

    def __init__(self, url: str, *, pool_size: int = 10, durable: bool = True) -> None:
        """`durable=False` spares SQLite the waiting for the disk, for databases that nobody will miss (tests)."""
        self.url = make_url(url)
        if self.url.get_backend_name() == "postgresql" and self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite:
            self.writer = _sqlite(self.url, "BEGIN IMMEDIATE", "FULL" if durable else "OFF")
            self.reader = _sqlite(self.url, "BEGIN", "FULL" if durable else "OFF")
            self.haste = _sqlite(self.url, "BEGIN IMMEDIATE", "NORMAL" if durable else "OFF")
        else:
            self.writer = create_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_pre_ping=True,
                isolation_level="READ COMMITTED",
                hide_parameters=True,  # an error's text goes into logs; what was being written does not
                json_serializer=serialized,
            )
            self.reader = self.haste = self.writer

    @contextmanager
    def transaction(self, on: Connection | None = None) -> Iterator[Session]:
        """A session that commits when the block ends well and rolls back when it does not. `on`: see `own`."""
        if on is not None:
            on.execution_options(**{_BEGIN: None})
        with Session(on or self.writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def staging(self, on: Connection) -> Iterator[Session]:
        """A transaction on a connection of one's own that reads, and writes to temporary tables: nobody waits for it."""
        on.execution_options(**{_BEGIN: "BEGIN"})
        with Session(on, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def own(self) -> Iterator[Connection]:
        """A connection outside the pool, for one alone: temporary tables last as long as it does.

        `staging(it)` fills them, and `transaction(on=it)` writes out of them.
        """
        with self.writer.connect() as connection:
            connection.detach()
            yield connection

    @contextmanager
    def hasty(self) -> Iterator[Session]:
        """A transaction whose commit does not wait for the disk: a power cut may undo it, and the last few like it.

        Whole ones, never a part of one, and none that a later `transaction` rests on: its commit waits for all before it.
        A process that dies loses nothing. For what can be had again by asking again.
        """
        with Session(self.haste, expire_on_commit=False) as session, session.begin():
            if not self.sqlite:
                session.execute(text("SET LOCAL synchronous_commit = off"))
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading only; whatever it changes is rolled back."""
        with Session(self.reader, expire_on_commit=False) as session:
            yield session  # closing rolls back, and leaves the rows that were loaded readable

    @contextmanager
    def frozen(self) -> Iterator[Session]:
        """A read session that sees one moment from beginning to end, however long it takes."""
        engine = self.reader if self.sqlite else self.reader.execution_options(isolation_level="REPEATABLE READ")
        with Session(engine, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Let go of every connection."""
        self.writer.dispose()
        self.reader.dispose()
        self.haste.dispose()


# What is asked for and not what is there: whoever gave PostgreSQL more keeps it.
_ROOM = """
SELECT set_config('work_mem', '64MB', true) WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')
"""


def room_to_join(session: Session) -> None:
    """Let PostgreSQL join and sort within 64 MB each until this transaction ends, where less is set: with the usual 4 MB
    the joins of a large merge or launch go through files, or seek row by row. Elsewhere nothing."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(_ROOM))


def serialized(value: Any) -> str:
    """A value of a JSON column as the text that is kept."""
    return value if type(value) is Written else json.dumps(value)


def _sqlite(url: Any, begin: str, synchronous: str) -> Engine:
    waiting = {"check_same_thread": False, "timeout": 30}
    engine = create_engine(url, connect_args=waiting, hide_parameters=True, json_serializer=serialized)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the begin event below opens transactions, not the driver
        cursor = connection.cursor()
        for pragma in (
            "busy_timeout=30000",
            "journal_mode=WAL",
            f"synchronous={synchronous}",  # FULL: what was acknowledged survives a power cut
            "foreign_keys=ON",
            "recursive_triggers=ON",  # else INSERT OR REPLACE slips past the ledger's guards
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN) or begin)

    return engine
