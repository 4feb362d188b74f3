"""A quarter, played by three people in a real browser, who sign in at a real identity provider.

The administrator connects the CRM on the guided page, has it read, switches acts on and opens the review. A manager
decides with the keyboard alone and submits. The review is closed, the removals are carried out in the CRM and proved by
reading it again. The auditor takes the packet home, hands it in on the page, and verifies it without us.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from app.actors.actor import Actor, Role
from app.inventory.tables import IdentityRow
from app.kit import clock
from app.kit.db import Database
from app.review import decisions, queries, tasks
from app.review.decisions import Ask
from app.review.tables import TaskRow
from connectors.sandbox import company as companies
from connectors.sandbox import roster as rolls
from connectors.sandbox.serve import Running, start
from tests.browser import chromium
from tests.browser.chromium import Window
from tests.journeys import stagehands

PEOPLE, SEED = 80, 7
PATIENCE = 20_000  # milliseconds; the machine of CI has two cores and other things to do
GROUPS = "admin=crm-admins; reviewer=crm-reviewers; auditor=crm-auditors"


@dataclass
class Town:
    """Everything the quarter is played in."""

    url: str
    provider: str
    environ: dict[str, str]
    company: companies.Company
    crm: Running
    browser: Browser
    folder: Path

    def window(self, person: str) -> Window:
        """A window in which somebody signs in at the provider, by the button and not by a trick."""
        opened = chromium.window(self.browser, self.url, elsewhere=(self.provider,))
        opened.page.set_default_timeout(PATIENCE)
        opened.open("/")
        opened.page.get_by_role("link", name=re.compile("sign in", re.IGNORECASE)).or_(
            opened.page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE))
        ).first.click()
        opened.page.locator("input[name=sub]").fill(person)
        opened.page.get_by_role("button", name="Authorize").click()
        opened.page.wait_for_url(self.url + "/**")
        return opened

    def rolecall(self, *words: str) -> str:
        """A command of an operator; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", *words],
            env=self.environ, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout


def _manager(company: companies.Company) -> companies.Person:
    """The manager whose people have the most accounts in the CRM, so that there is something to decide."""
    reports = [person for person in company.people.values() if person.manager and person.end is None]
    many = max({person.manager for person in reports}, key=lambda key: sum(each.manager == key for each in reports))
    return company.people[many]


def _signs_in(person: str, name: str, email: str, group: str) -> User:
    claims = {"name": name, "email": email, "email_verified": True, "groups": [group]}
    return User(sub=person, claims=claims)


@pytest.fixture
def town(browser: Browser, tmp_path: Path) -> Iterator[Town]:
    company = companies.make(SEED, clock.now(), PEOPLE)
    boss = _manager(company)
    people = (
        _signs_in("ines", "Ines Admin", "ines@elsewhere.example", "crm-admins"),
        _signs_in("boss", boss.name, boss.emails[0], "crm-reviewers"),
        _signs_in("aude", "Aude Auditor", "aude@auditors.example", "crm-auditors"),
    )
    port = stagehands.free_port()
    with ExitStack() as stack:
        crm = start("hubspot", home=tmp_path / "sandbox", seed=SEED, people=PEOPLE)
        stack.callback(crm.stop)
        provider = stack.enter_context(run_server_in_thread(user_claims=people))
        issuer = f"http://127.0.0.1:{provider.server_port}"
        environ = stagehands.environment(
            tmp_path / "home", f"sqlite:///{tmp_path}/rolecall.db",
            ROLECALL_PORT=str(port), ROLECALL_BASE_URL=f"http://127.0.0.1:{port}",
            ROLECALL_OIDC_ISSUER=issuer, ROLECALL_OIDC_CLIENT_ID="rolecall", ROLECALL_OIDC_CLIENT_SECRET="any",
            ROLECALL_OIDC_ROLES=GROUPS, ROLECALL_OIDC_SCOPES="openid profile email groups",
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        made = Town(url, issuer, environ, company, crm, browser, tmp_path)
        _roster(made)
        stack.enter_context(stagehands.process(environ, "serve"))
        stagehands.until(lambda: _answers(url), what="the service")
        yield made


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/ready", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def _roster(town: Town) -> None:
    """Who works here; handed in by an operator before the service starts."""
    path = town.folder / "roster.csv"
    path.write_text(rolls.csv_text(town.company))
    town.rolecall("system", "add", "roster", "People")
    town.rolecall("system", "roster", "People", str(path), "--source", "personnel")
    town.rolecall("sync", "People")


def _connect(town: Town, admin: Window) -> None:
    """The guided page: which rights and why, paste, check, see what can be read, add."""
    page, given = admin.page, town.crm.credentials
    admin.open("/systems/add/hubspot")
    page.get_by_label("Name", exact=False).first.fill("Marketing")
    page.get_by_label("Address of the API").fill(str(given["base_url"]))
    page.locator("[name$=token]").first.fill(given["reader"]["token"])
    page.get_by_role("button", name="Check the credential").click()
    expect(page.get_by_text("The credential works.")).to_be_visible()
    assert given["reader"]["token"] not in page.content()
    page.get_by_role("button", name=re.compile("Add Marketing")).click()
    expect(page.get_by_text("is connected, read-only")).to_be_visible()


def _switch_on(town: Town, admin: Window) -> None:
    """The executor's own credential, checked; then the acts that it may carry out; then until it was read."""
    page, given = admin.page, town.crm.credentials
    page.get_by_text("Replace a credential").click()
    page.locator("input[name=role][value=executor]").check()
    page.locator("[name$=token]").first.fill(given["executor"]["token"])
    page.get_by_role("button", name="Check it and keep it").click()
    expect(page.get_by_text("is kept.")).to_be_visible()
    page.get_by_text("Switch acts on and off").click()
    for act in ("remove_grant", "remove_account"):
        page.locator(f"input[name=act][value={act}]").check()
    page.get_by_role("button", name="Let exactly these be carried out").click()
    expect(page.get_by_text("It may: ")).to_be_visible()

    def read() -> bool:
        page.reload()
        return page.get_by_text("The last one").count() > 0

    stagehands.until(read, what="the first reading")
    assert page.get_by_text("complete").count() > 0


def _open_the_review(town: Town, admin: Window, boss: companies.Person) -> str:
    """Say what to review, look at what it would be, open it. Gives the review's path."""
    page = admin.page
    admin.open("/campaigns/new")
    page.locator("input[name=name]").fill("Q4")
    page.locator("input[name=fallback]").fill(boss.key)
    page.locator("input[name=second]").fill(_above(town.company, boss))
    page.locator("input[name=systems][value=Marketing]").check()
    page.get_by_role("button", name="See what it would ask").click()
    expect(page.get_by_text("Nothing is open yet.")).to_be_visible()
    many = page.locator("input[name=many_answers]")
    if many.count():  # somebody has more to answer than a review should ask for, and the page wants to know why
        many.fill("The first review: no role model is approved yet.")
    page.get_by_role("button", name="Open the review").click()
    expect(page.get_by_text("Q4 is open.")).to_be_visible()
    return page.url.removeprefix(town.url)


def _close_and_see_it_proved(admin: Window, campaign: str) -> None:
    """Close it when everybody has submitted, and wait until a later reading no longer shows what was removed."""
    page = admin.page
    admin.open(campaign + "/closure")
    page.get_by_role("button", name="Close", exact=True).click()
    page.wait_for_url("**" + campaign)

    def proved() -> bool:
        page.reload()
        return page.get_by_text("Verified: a later reading no longer shows it").count() > 0

    stagehands.until(proved, what="the removal's proof")


def _everybody_else(town: Town, boss: str) -> None:
    """The other reviewers keep everything and submit, so that the quarter is not forty windows long."""
    database = Database(town.environ["ROLECALL_DATABASE_URL"])
    with database.transaction() as session:
        tasked = select(TaskRow, IdentityRow).join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        for task, person in session.execute(tasked.where(IdentityRow.key != boss)).all():
            by = Actor(f"test:{person.key}", person.name, frozenset({Role.REVIEWER}), way="api", identity_id=person.id)
            page = queries.queue(session, task.campaign_id, by=by, limit=5000, undecided=True)
            asks = [Ask(item.id, "keep", "still needed", item.version) for item in page.items]
            results = decisions.record_many(session, asks, by=by, at=clock.now()) if asks else []
            assert not [result.refusal for result in results if result.refusal]
            tasks.submit(session, task.id, by=by, at=clock.now())
    database.close()


def _role_of_somebody(page: Page) -> Locator:
    """A row that is somebody's role or team, which the CRM's API can take away. Not of Rolecall's own account: that is
    never touched."""
    for section in page.locator("section.person").all():
        rows = section.locator("li[data-row]:visible").filter(has_text=re.compile(r"(role|team) · Marketing"))
        if "rolecall-" not in section.inner_text() and rows.count():
            return rows.first
    raise AssertionError("nobody holds a role or a team")


def _decide_by_keyboard(manager: Window) -> int:
    """Open the share from Home and answer everything without the mouse: remove one role, keep the rest."""
    page = manager.page
    page.get_by_role("button", name="Begin").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/*")
    row = _role_of_somebody(page)
    row.focus()
    page.keyboard.press("r")
    page.keyboard.type("not part of the job")
    page.keyboard.press("Enter")
    expect(page.get_by_text("To be removed", exact=True)).to_be_visible()
    presses = 1
    while presses < 400:
        left = page.locator("[data-row]:visible:not(.done) button[data-key=a]:visible")
        before = left.count()
        if not before:
            break
        row = left.first.locator("xpath=ancestor::*[@data-row][1]")
        needs_why = row.locator("button[data-key=a][data-needs-why]").count() > 0
        row.focus()
        page.keyboard.press("a")
        if needs_why:
            page.keyboard.type("needed for the job")
            page.keyboard.press("Enter")
        presses += 1
        expect(left).not_to_have_count(before)
    page.keyboard.press("s")
    page.wait_for_url("**/submission")
    expect(page.get_by_text("1 to be removed")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("Marketing: 1 removal"))).to_be_visible()
    page.get_by_role("button", name="Submit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Submitted")).first).to_be_visible()
    return presses


def test_a_quarter_played_by_three_people(town: Town) -> None:
    boss = _manager(town.company)
    admin = town.window("ines")
    _connect(town, admin)
    _switch_on(town, admin)
    campaign = _open_the_review(town, admin, boss)
    manager = town.window("boss")
    assert _decide_by_keyboard(manager) > 0
    manager.close()
    _everybody_else(town, boss.key)
    _close_and_see_it_proved(admin, campaign)
    admin.close()
    _take_home(town)


def _take_home(town: Town) -> None:
    """The auditor downloads the packet, hands it in on the page, and verifies it with nothing but the file."""
    auditor = town.window("aude")
    page = auditor.page
    auditor.open("/evidence")
    with page.expect_download() as told:
        page.get_by_role("button", name="Build and download a packet").click()
    packet = town.folder / "packet.zip"
    told.value.save_as(packet)
    auditor.open("/evidence/verification")
    page.locator("input[type=file]").set_input_files(packet)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("packet.zip verifies.")).to_be_visible()
    auditor.close()
    assert "verif" in town.rolecall("evidence", "verify", str(packet))


def _above(company: companies.Company, person: companies.Person) -> str:
    """Somebody else, for the manager's own access."""
    return person.manager or next(key for key, each in company.people.items() if each.manager == person.key)
