"""What has to hold without our script, on paper, and in a company that means us harm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from app import settings
from app.actors import actors
from app.actors.actor import Role
from app.console import places
from app.inventory.tables import AccountRow, IdentityEmailRow, IntegrationRow, SystemRow
from app.kit import clock
from app.kit.db import Database
from app.ledger import signing
from app.main import create_app
from app.means import Means
from tests import make
from tests.app.api.house import KEYS, furnish, serving
from tests.app.console import hostile, poison
from tests.browser import chromium, looking
from tests.browser.chromium import Window
from tests.browser.conftest import Awkward, Served, served, signed_in
from tests.browser.test_every_page import PAGES, _address, _who


def test_a_manager_signs_in_decides_and_submits_without_any_script(empty: Served) -> None:
    house = empty.house
    with house.database.reading() as session:
        mine = select(IdentityEmailRow.email).where(IdentityEmailRow.identity_id == house.company.ada.id)
        email = session.scalars(mine.limit(1)).one()
    ada = User(sub="ada-1", claims={"name": "Ada", "email": email, "email_verified": True, "groups": ["managers"]})
    with run_server_in_thread(user_claims=[ada]) as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        chosen = settings.read(
            {
                "ROLECALL_BASE_URL": empty.url, "ROLECALL_OIDC_ISSUER": issuer, "ROLECALL_OIDC_CLIENT_ID": hostile.CLIENT,
                "ROLECALL_OIDC_CLIENT_SECRET": hostile.SECRET, "ROLECALL_OIDC_ROLES": "reviewer=managers",
                "ROLECALL_CONTROL_OWNER_REQUIRED": "no",
            }
        )  # fmt: skip
        house.means = house.app.state.means = replace(house.means, settings=chosen, clock=clock.now)
        window = empty.window(None, script=False, elsewhere=(issuer,))
        page = window.page
        window.open("/")
        page.get_by_role("button", name="Sign in with").click()
        page.locator("input[name=sub]").fill("ada-1")
        page.get_by_role("button", name="Authorize").click()
        page.get_by_role("button", name="Go on").click()
        for _ in range(9):
            todo = page.locator("[data-row]:not(.done) .decide:not(details .decide)").first
            if not todo.count():
                break
            if todo.locator("[data-why]").count():
                todo.locator("[data-why]").first.fill("needed for the job")
            todo.get_by_role("button", name="Keep").click()
        page.get_by_role("button", name="Look over and submit").click()
        page.get_by_role("button", name="Submit").click()
        expect(page.get_by_text("Submitted.").first).to_be_visible()
        window.close()


PAPER = ("/reviews/{campaign}", "/findings/1", "/systems/{system}", "/campaigns/{campaign}")


@pytest.mark.parametrize("path", PAPER)
def test_paper_shows_the_facts_and_nothing_to_press(awkward: Awkward, path: str) -> None:
    window = awkward.window("ada" if "reviews" in path else "admin")
    page = window.page
    window.open(path.format(campaign=awkward.town.campaign.id, system=awkward.town.systems[0].id))
    page.emulate_media(media="print")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_be_visible()
    for pressed in ("header.top nav", "button", "[role=button]", "input", "select", "dialog", ".pager"):
        assert page.locator(f"{pressed}:visible").count() == 0, pressed
    folded = page.locator("details ul.items, details ol").all()
    assert all(each.is_visible() for each in folded), "what is folded away on a screen cannot be opened on paper"
    assert heading.evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
    for size in ("A4", "Letter"):
        assert page.pdf(format=size).count(b"/Type /Page\n") >= 1
    window.close()


@pytest.fixture(scope="module")
def evil(browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A company in which every text from outside is markup, and every address a script."""
    path = tmp_path_factory.mktemp("evil") / "house.db"
    shutil.copy(sqlite_template, path)
    house = furnish(Database(f"sqlite:///{path}", durable=False))
    with house.database.transaction() as session:
        poison.poison(session)
        script = "javascript:alert(1)//"
        session.execute(update(IntegrationRow).values(publisher=script))
        session.execute(update(AccountRow).values(email=script))
        session.execute(update(SystemRow).values(config={"base_url": script}))
    yield from served(house, browser)
    house.database.close()


def test_what_a_hostile_company_says_runs_nowhere(evil: Served) -> None:
    """A dialog, an address that is asked for, and whatever the content policy forbids are wrongs that fail the window."""
    shown = 0
    for who in sorted({_who(path) or "" for path in PAGES} - {""}):
        window = evil.window(who)
        for path in PAGES:
            if _who(path) != who:
                continue
            window.open(_address(evil, path))
            ran = window.page.evaluate(
                """() => [...document.querySelectorAll('main *')].filter(e => ['SCRIPT', 'IMG'].includes(e.tagName)
                  || [...e.attributes].some(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value)
                    && ['href', 'src', 'action', 'formaction', 'xlink:href'].includes(a.name)))
                  .map(e => e.outerHTML.slice(0, 120))"""
            )
            assert not ran, (path, ran)
            shown += "onerror=alert(1)" in window.text()
        window.close()
    assert shown > 10, "the pages do show what was poisoned"


@pytest.fixture(scope="module")
def bare(browser: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """An administrator's window in an installation in which nothing has happened yet."""
    path = tmp_path_factory.mktemp("bare") / "house.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}", durable=False)
    with database.transaction() as session:
        signing.found(session, version="test", demo=False, by="cli:test", at=make.NOW)
        row = actors.make(session, "Flo First", {Role.ADMIN: None}, by=make.ADMIN, at=make.NOW)
    app = create_app(Means(database, KEYS, settings.read({}), lambda: make.NOW))
    with serving(app) as url:
        means = app.state.means = replace(app.state.means, settings=settings.read({"ROLECALL_BASE_URL": url}))
        yield chromium.window(browser, url, cookies=signed_in(means, row), width=390)
    database.close()


def test_a_new_installation_says_in_every_room_what_to_do_first(bare: Window) -> None:
    rooms = [place.path for place in places.PLACES if place.path not in ("/reviews", "/settings")]
    for path in rooms:
        assert bare.open(path).ok, path
        assert looking.sideways(bare.page) is None, path
        assert not looking.violations(bare.page), path
        ways = bare.page.locator("main :is(.state, .steps, form, a[href])").count()
        assert ways, f"{path} shows neither why it is empty nor a way out"
    bare.open("/")
    assert bare.page.get_by_role("button", name="Connect a CRM").count() == 1
    bare.close()
