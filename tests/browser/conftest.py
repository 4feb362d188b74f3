"""One Chromium for the whole run, and a house with everything in it behind a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app import settings
from app.actors import sessions
from app.console import entering
from app.kit.db import Database
from tests.app.api.house import House, furnish, serving
from tests.app.console.visiting import actor_of
from tests.browser import chromium
from tests.browser.chromium import Window


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser."""
    here = Path(__file__).parent
    if not os.environ.get("ROLECALL_SCREENSHOTS"):  # deselected, not skipped: where CI=true nothing may be skipped
        items[:] = [item for item in items if item.path != here / "test_screenshots.py"]
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.running() as found:
        yield found


@dataclass
class Served:
    """A house with its address."""

    house: House
    url: str
    browser: Browser

    def window(self, who: str | None, **given: object) -> Window:
        """A window in which somebody is signed in: a role, "ada", "boss"; nobody without a name."""
        cookies: dict[str, str] = {}
        if who is not None:
            house = self.house
            with house.database.transaction() as session:
                _, value = sessions.begin(
                    session, actor_of(house, who), way="oidc", entry=os.urandom(32),
                    limits=entering.limits(house.means.settings), at=house.means.clock(),
                )  # fmt: skip
            cookies[entering.cookie_of(house.means.settings)] = value
        return chromium.window(self.browser, self.url, cookies=cookies, **given)  # type: ignore[arg-type]


def served(house: House, browser: Browser) -> Iterator[Served]:
    """The house behind a server; its own address is where the server listens."""
    with serving(house.app) as url:
        chosen = settings.read({"ROLECALL_BASE_URL": url})
        house.means = house.app.state.means = replace(house.means, settings=chosen)
        yield Served(house, url, browser)


@pytest.fixture(scope="session")
def furnished(browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house that is looked at and not changed."""
    path = tmp_path_factory.mktemp("browser") / "house.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}", durable=False)
    yield from served(furnish(database), browser)
    database.close()


@pytest.fixture
def empty(browser: Browser, make_database: Callable[[str], str]) -> Iterator[Served]:
    """A house of one's own."""
    database = Database(make_database("sqlite"), durable=False)
    yield from served(furnish(database), browser)
    database.close()
