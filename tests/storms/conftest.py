"""Both CRMs inside this process, made once per worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storms.inside import Time, answering
from tests.storms.weather import Weather


@pytest.fixture(scope="module")
def weather(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weather]:
    with answering(Time(most=1e12)) as inside:
        made = Weather(tmp_path_factory.mktemp("weather"), sqlite_template, inside)
        yield made
        made.close()
