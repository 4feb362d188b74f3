"""What an embedded engine needs of the machine it is on."""

from __future__ import annotations

import time

from sqlalchemy import create_engine

from app.kit.engine.embedded import teach_subseconds


def test_an_older_sqlite_is_taught_the_present_moment_with_its_fraction() -> None:
    teach_subseconds((3, 40, 1))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT unixepoch('subsec') * 1000, unixepoch('now') * 1000").one()
    engine.dispose()
    assert abs(told[0] - time.time() * 1000) < 5000
    assert told[1] % 1000 == 0
