"""One Chromium for the whole run, and a house with everything in it behind a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app import settings
from app.actors import sessions
from app.actors.tables import ActorRow
from app.console import entering
from app.kit.db import Database
from app.ledger import signing
from app.main import create_app
from app.means import Means
from tests import console_cast, make
from tests.app.api.house import KEYS, LENIENT, House, furnish, serving
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
        cookies = {} if who is None else signed_in(self.house.means, actor_of(self.house, who))
        return chromium.window(self.browser, self.url, cookies=cookies, **given)  # type: ignore[arg-type]


@dataclass
class Awkward:
    """The awkward company with its address; who is in it are actors by part: admin, auditor, ada, max."""

    means: Means
    town: console_cast.Town
    url: str
    browser: Browser

    def window(self, who: str, **given: object) -> Window:
        """A window in which somebody is signed in."""
        cookies = signed_in(self.means, self.town.actors[who])
        return chromium.window(self.browser, self.url, cookies=cookies, **given)  # type: ignore[arg-type]


def signed_in(means: Means, row: ActorRow) -> dict[str, str]:
    """The cookie of somebody's new session."""
    with means.database.transaction() as session:
        _, value = sessions.begin(
            session, row, way="oidc", entry=os.urandom(32), limits=entering.limits(means.settings), at=means.clock()
        )
    return {entering.cookie_of(means.settings): value}


def served(house: House, browser: Browser) -> Iterator[Served]:
    """The house behind a server; its own address is where the server listens."""
    with serving(house.app) as url:
        chosen = settings.read(LENIENT | {"ROLECALL_BASE_URL": url})
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


@pytest.fixture(scope="session")
def awkward(browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awkward]:
    """The awkward company. Whoever answers in it answers somebody's share whole, and no other test counts on that share."""
    with _town(browser, sqlite_template, tmp_path_factory.mktemp("awkward")) as town:
        yield town


@pytest.fixture
def awkward_alone(browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[Awkward]:
    """The awkward company for one test, which answers as it likes."""
    with _town(browser, sqlite_template, tmp_path) as town:
        yield town


@contextmanager
def _town(browser: Browser, template: Path, folder: Path) -> Iterator[Awkward]:
    path = folder / "town.db"
    shutil.copy(template, path)
    database = Database(f"sqlite:///{path}", durable=False)
    with database.transaction() as session:
        signing.found(session, version="test", demo=False, by="cli:test", at=make.NOW)
        town = console_cast.seed(session, at=make.NOW)
    means = Means(database, KEYS, settings.read(LENIENT), lambda: make.NOW)
    app = create_app(means)
    with serving(app) as url:
        chosen = settings.read(LENIENT | {"ROLECALL_BASE_URL": url})
        means = app.state.means = replace(means, settings=chosen)
        yield Awkward(means, town, url, browser)
    database.close()


@pytest.fixture
def empty(browser: Browser, make_database: Callable[[str], str]) -> Iterator[Served]:
    """A house of one's own."""
    database = Database(make_database("sqlite"), durable=False)
    yield from served(furnish(database), browser)
    database.close()
