"""Whatever goes wrong between a CRM and us, our copy never says what is not so.

Each seed draws faults, their rate, changes that happen meanwhile, and whether streams are read side by side; the real
connector reads the whole CRM through it. Afterwards the copy is compared with the CRM: complete means equal, and where
a reading was not complete, nothing that is still there may have been ended. `make soak` runs as many as one likes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from connectors.connector import Coverage, Page, Reader
from connectors.errors import ConnectorError
from connectors.records import Stream
from tests.storms.weather import SHARE, Storm, Weather

pytestmark = pytest.mark.slow

CHUNK, CHUNKS = 25, 12  # three hundred seeds
CORE = ("accounts", "entitlements", "grants")


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_storm_ends_complete_and_equal_or_honestly_incomplete_and_harmless(weather: Weather, chunk: int) -> None:
    ended, happened = Counter[bool](), Counter[str]()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        storm = Storm.of(seed)
        told, wrong = weather.blow(storm)
        assert wrong == [], (storm, told.verdicts, told.happened)
        ended[all(told.verdicts.get(stream) == "complete" for stream in CORE)] += 1
        happened.update(told.happened)
    assert ended[True] > 3
    assert ended[False] > 3
    assert len(happened) > 5


def test_of_these_storms_some_pages_are_understood_apart(weather: Weather) -> None:
    before = weather.apart
    for seed in (SHARE, 3 * SHARE, 5 * SHARE):
        assert weather.blow(Storm.of(seed))[1] == []
    assert weather.apart > before


def test_changes_alone_are_read_as_they_are(weather: Weather) -> None:
    for kind in weather.worlds:
        before, after = weather.worlds[kind].before, weather.after(kind, 1)
        assert before["grants"] - after["grants"]
        assert after["accounts"] - before["accounts"]
        told, wrong = weather.blow(Storm(0, kind, 0.0, (), 1, 3, 1, 0.0))
        assert (wrong, told.status) == ([], "sealed")


class Careless:
    """A reader that takes a failure for the end of the list, and counts nothing."""

    def __init__(self, true: Reader) -> None:
        self.true = true

    def check(self) -> Coverage:
        return self.true.check()

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        from dataclasses import replace

        last = None
        try:
            for page in self.true.pull(stream, resume):
                if last is not None:
                    yield last
                last = replace(page, receipt=replace(page.receipt, said=None))
        except ConnectorError:
            pass
        if last is not None:
            yield replace(last, resume=None)

    def close(self) -> None:
        """The true one is closed by whoever opened it."""


def test_a_careless_reader_would_be_found_out(weather: Weather) -> None:
    found = [
        wrong
        for seed in range(6)
        if (wrong := weather.blow(Storm(seed, "salesforce", 0.05, ("limit_daily",), 0, None, 1, 0.0), Careless)[1])
    ]
    assert found
