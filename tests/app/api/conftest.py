"""Houses for the tests of the doors; `house` has what is in them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.kit.db import Database
from tests.app.api.house import House, furnish


@pytest.fixture
def house_on_both(database: Database) -> House:
    """A house on each kind of database, for what the database has a part in."""
    return furnish(database)


@pytest.fixture
def house(make_database: Callable[[str], str]) -> Iterator[House]:
    """A house of one's own, on SQLite: doors are thin, and the verbs behind them are tested on both."""
    database = Database(make_database("sqlite"))
    yield furnish(database)
    database.close()


@pytest.fixture(scope="session")
def shown_house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for tests that change nothing the others look at."""
    path = tmp_path_factory.mktemp("house") / "house.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield furnish(database)
    database.close()
