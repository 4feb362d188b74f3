"""Which kinds of system there are: ours, and what else is installed, which a process looks up once."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from connectors import registry


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every look through what is installed, where one connector is that is not ours; it is the spreadsheet's module."""
    made: list[str] = []

    def entry_points(*, group: str) -> EntryPoints:
        made.append(group)
        return EntryPoints([EntryPoint("abacus", "connectors.spreadsheet", group)])

    monkeypatch.setattr(registry.metadata, "entry_points", entry_points)
    monkeypatch.setattr(registry, "_added", {})  # whatever other tests of this process made known
    registry._installed.cache_clear()
    yield made
    registry._installed.cache_clear()


def test_what_is_installed_is_known_and_looked_up_once(scans: list[str]) -> None:
    assert registry.kinds()[-1] == "abacus"
    assert registry.meanings("unheard") is None
    for _ in range(3):
        assert registry.guide("abacus") == registry.guide("spreadsheet")
    with pytest.raises(registry.UnknownKind, match=r"no connector of kind 'unheard'; there are: .*roster.*, abacus"):
        registry.guide("unheard")
    assert scans == [registry.GROUP]
