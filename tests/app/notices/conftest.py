"""Desks to send from, on both databases or on one; and what they send to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.kit.db import Database
from tests.app.notices.desk import Desk, Receiver, receiving


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """A desk on each kind of database."""
    return Desk(database, tmp_path / "home")


@pytest.fixture
def lone_desk(make_database: Callable[[str], str], tmp_path: Path) -> Iterator[Desk]:
    """A desk on SQLite, for what the database has no part in."""
    database = Database(make_database("sqlite"), durable=False)
    yield Desk(database, tmp_path / "home")
    database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made
