"""Both CRMs inside this process, made once per worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storms.inside import Inside, Time, answering
from tests.storms.weather import Weather


@pytest.fixture(scope="session")
def _made() -> Iterator[list[Weather]]:
    """A worker that takes up storms again, after tests of another kind, finds both CRMs as they were."""
    made: list[Weather] = []
    yield made
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def weather(_made: list[Weather], sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weather]:
    inside = _made[0].inside if _made else Inside(Time(most=1e12))
    with answering(inside):
        if not _made:
            run = tmp_path_factory.getbasetemp()
            told = run.parent / "storms" if run.name.startswith("popen-") else run / "storms"  # one for all workers
            told.mkdir(exist_ok=True)
            _made.append(Weather(tmp_path_factory.mktemp("weather"), sqlite_template, inside, told))
        yield _made[0]
