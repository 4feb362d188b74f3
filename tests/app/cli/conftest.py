"""One installation on two sandbox CRMs, set up by the commands themselves and copied for each module that changes it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sandbox import company as companies
from connectors.sandbox import roster as rolls
from connectors.sandbox.serve import start
from tests.app.cli.saying import Place, written

PEOPLE, SEED = 80, 7


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Three systems added and read, and a review of them open."""
    home = tmp_path_factory.mktemp("cli")
    company = companies.make(SEED, datetime.now(UTC), PEOPLE)
    sandboxes = {
        "salesforce": start("salesforce", home=None, seed=SEED, people=PEOPLE),
        "hubspot": start("hubspot", home=None, seed=SEED, people=PEOPLE),
    }
    place = Place(home, sandboxes, company)
    try:
        (home / "roster.csv").write_text(rolls.csv_text(company))
        place.rolecall("system", "add", "roster", "People").well()
        place.rolecall("system", "roster", "People", str(home / "roster.csv")).well()
        for kind, name in (("salesforce", "Sales org"), ("hubspot", "Portal")):
            place.rolecall("system", "add", kind, name, *written(place, kind)).well()
        place.rolecall("sync", "People").well()
        place.rolecall("sync").well()
        place.rolecall(
            "campaign",
            "open",
            "Q4",
            "--fallback",
            place.fallback,
            "--second",
            place.second,
            "--days",
            "20",
            "--many-answers",
            "no role model is approved yet",
        ).well()
        yield place
    finally:
        for running in sandboxes.values():
            running.stop()


@pytest.fixture(scope="module")
def place(prepared: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A copy of the prepared installation, this module's own. The sandboxes are the same."""
    home = tmp_path_factory.mktemp("copy") / "home"
    shutil.copytree(prepared.home, home)
    return Place(home, prepared.sandboxes, prepared.company)


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    """An installation that nobody has used yet."""
    return Place(tmp_path / "home", {}, None)
