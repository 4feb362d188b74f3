"""A desk to send from, and what it sends to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.kit.db import Database
from tests.app.notices.desk import Desk, Receiver, receiving


@pytest.fixture
def desk(request: pytest.FixtureRequest, make_database: Callable[[str], str], tmp_path: Path) -> Iterator[Desk]:
    """A desk on SQLite; on each kind of database for tests marked `desk.both`."""
    database = Database(make_database(getattr(request, "param", "sqlite")), durable=False)
    yield Desk(database, tmp_path / "home")
    database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made
