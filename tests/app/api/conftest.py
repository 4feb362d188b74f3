"""Houses for the tests of the doors; `house` has what is in them."""

from __future__ import annotations

import copy
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.datastructures import State

from app.kit.db import Database
from app.main import create_app
from tests.app.api.house import House, finding, furnish, means_over


@pytest.fixture(scope="session")
def _app() -> FastAPI:
    return create_app(means_over(Database("sqlite://")))


@pytest.fixture
def lent_app(_app: FastAPI) -> Iterator[FastAPI]:
    """One app for all tests of a run, as good as new: putting it together costs more than most of them do."""
    routes, _app.state = len(_app.router.routes), State()
    yield _app
    del _app.router.routes[routes:]


@pytest.fixture
def house_on_both(database: Database, lent_app: FastAPI) -> House:
    """A house on each kind of database, for what the database has a part in."""
    return furnish(database, app=lent_app)


@dataclass(frozen=True)
class _Furnished:
    """A house that was furnished once, to be copied."""

    template: Path
    kept: Database  # stands elsewhere; its engines have every statement compiled
    rows: bytes

    def copied(self, app: FastAPI) -> House:
        place = str(self.kept.url.database)
        for ending in ("", "-wal", "-shm"):
            Path(place + ending).unlink(missing_ok=True)
        shutil.copy(self.template, place)
        database = copy.copy(self.kept)
        database.writer, database.reader = (one.execution_options() for one in (self.kept.writer, self.kept.reader))
        app.state.means = means_over(database)
        rows: dict[str, Any] = pickle.loads(self.rows)  # each test has rows of its own to change
        return House(means=app.state.means, app=app, **rows)


def _furnish_once(template: Path, folder: Path, app: FastAPI, **how: Any) -> _Furnished:
    made_at = folder / "template.db"
    shutil.copy(template, made_at)
    database = Database(f"sqlite:///{made_at}", durable=False)
    made = furnish(database, app=app, **how)
    database.close()
    rows = {each.name: getattr(made, each.name) for each in fields(made) if each.name not in ("means", "app")}
    return _Furnished(made_at, Database(f"sqlite:///{folder / 'house.db'}", durable=False), pickle.dumps(rows))


@pytest.fixture(scope="session")
def _furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, _app: FastAPI) -> _Furnished:
    return _furnish_once(sqlite_template, tmp_path_factory.mktemp("furnished"), _app)


@pytest.fixture(scope="session")
def _full(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, _app: FastAPI) -> _Furnished:
    return _furnish_once(sqlite_template, tmp_path_factory.mktemp("full"), _app, accounts=30)


@pytest.fixture
def house(_furnished: _Furnished, lent_app: FastAPI) -> Iterator[House]:
    """A house of one's own, on SQLite: doors are thin, and the verbs behind them are tested on both."""
    yield _furnished.copied(lent_app)
    _furnished.kept.close()


@pytest.fixture
def full(_full: _Furnished, lent_app: FastAPI) -> Iterator[House]:
    """A house of one's own with thirty findings of every severity and thirty items more for Ada."""
    house = _full.copied(lent_app)
    with house.database.transaction() as session:
        for n in range(30):
            finding(session, house.company, severity=("low", "critical", "high", "medium")[n % 4])
    yield house
    _full.kept.close()


@pytest.fixture(scope="session")
def shown_house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for tests that change nothing the others look at."""
    path = tmp_path_factory.mktemp("house") / "house.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield furnish(database)
    database.close()
