"""The room of systems: what each reading is worth, connecting one step by step, switches, credentials and rosters."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.inventory import systems
from app.inventory.tables import RosterUploadRow, StreamRow, SystemRow
from app.ledger.tables import EntryRow
from connectors import registry
from connectors.records import Stream
from tests import fake_connector, guided_connector, make
from tests.app.api.house import House
from tests.app.console.visiting import Visitor, visitor

SECRET = "s3cret-token-that-nobody-may-see"
ROSTER = "id,emails,name,manager,start,end\n1,ada@example.com,Ada,,2020-01-01,\n"


@pytest.fixture
def crm() -> fake_connector.World:
    """A scripted CRM whose connector brings a guide."""
    registry.add("guided", guided_connector)
    return fake_connector.world("console")


def typed(**given: str) -> dict[str, str]:
    return {"name": "New org", "config-world": "console", "way": "0", "secret-0-token": SECRET} | given


def sealed(page: str) -> str:
    return html.unescape(re.search(r'name="sealed" value="([^"]+)"', page)[1])  # type: ignore[index]


def named(house: House, name: str) -> SystemRow | None:
    with house.database.reading() as session:
        return session.scalars(select(SystemRow).where(SystemRow.name == name)).one_or_none()


def test_a_list_leads_with_what_needs_somebody(house: House) -> None:
    with house.database.transaction() as session:
        new = make.system(session, name="Never read").id
        some = make.system(session, name="Half read")
        make.snapshot(session, some, streams={"accounts": "complete", "integrations": "not_collected"})
        failed = make.system(session, name="Failing org")
        make.snapshot(session, failed, status="failed", sealed_at=None, because="The certificate has expired.")
    page = visitor(house, "auditor").get("/systems").text
    assert page.index("Never read") < page.index("Failing org") < page.index("Sales org")
    assert "The certificate has expired." in page
    assert "You may not add systems" in page
    told = visitor(house, "auditor").get(f"/systems/{new}").text
    assert "<dt>Accounts</dt><dd>not known yet</dd>" in told, "what was never read has not none of it"
    told = visitor(house, "auditor").get(f"/systems/{some.id}").text
    assert "<dt>Integrations</dt><dd>not read</dd>" in told
    assert "<dt>Accounts</dt><dd>0</dd>" in told
    assert (
        'Never read was never read</a><p class="quiet">Nothing is known about it yet.'
        in visitor(house, "admin").get("/").text
    )


def test_whoever_answers_for_a_system_is_called_by_their_name(house: House) -> None:
    path = f"/systems/{house.company.system.id}"
    assert f'<a href="/people/{house.company.cy.id}">Cy</a>' in visitor(house, "auditor").get(path).text
    told = visitor(house, "service").get(path).text  # which may see systems and nobody's access
    assert ("<dd>Cy</dd>" in told, "/people/" in told) == (True, False)


def test_a_system_shows_when_its_accounts_were_last_used(house: House) -> None:
    with house.database.transaction() as session:
        for days in (1, 2, 50, 200):
            make.account(session, house.company.system, last_login=make.NOW - timedelta(days=days))
    text = visitor(house, "auditor").get(f"/systems/{house.company.system.id}").text
    told = re.findall(
        r'<th scope="row">([^<]+)</th>\s*<td class="picture"><svg.*?</svg></td>\s*<td class="number">(\d+)', text
    )
    assert dict(told) == {  # with Bo's, which the cast uses every day
        "Used within 30 days": "3", "Used within 90 days": "1", "Not used for over 90 days": "1", "Never used": "0",
        "Use is not known": "0",
    }  # fmt: skip
    assert "When its accounts" not in visitor(house, "auditor").get(f"/systems/{house.company.roster.id}").text


def test_receipts_are_told_in_words_with_the_right_that_is_missing(house: House) -> None:
    with house.database.transaction() as session:
        snapshot = make.snapshot(session, house.company.system, at=make.NOW + timedelta(minutes=1))
        row = session.get_one(StreamRow, (snapshot.id, "logins"))
        row.verdict, row.because, row.said, row.rows = "incomplete", "the list ended early", 10, 7
        row.missing, row.asked, row.dropped = ["Monitor Login History"], ["GET /logins?page=1"], ["row 3: no key"]
    browser = visitor(house, "auditor")
    page = browser.get(f"/systems/{house.company.system.id}").text
    for part in (
        "Not everything could be read.",
        "There are 10.",
        "3 fewer than it said",
        "It takes: Monitor Login History.",
    ):
        assert part in page
    page = browser.get(f"/systems/{house.company.system.id}/readings/{snapshot.id}").text
    assert "GET /logins?page=1" in page
    assert "row 3: no key" in page
    assert browser.get(f"/systems/{house.company.roster.id}/readings/{snapshot.id}").status_code == 404


@pytest.mark.parametrize("kind", ["salesforce", "hubspot", "bottlecrm", "roster"])
def test_each_kind_has_a_guided_page(shown_house: House, kind: str) -> None:
    page = visitor(shown_house, "admin").get(f"/systems/add/{kind}")
    assert page.status_code == 200
    assert 'name="name"' in page.text


def test_a_kind_that_names_files_of_the_server_is_not_connected_here(shown_house: House) -> None:
    answer = visitor(shown_house, "admin").get("/systems/add/spreadsheet")
    assert answer.status_code == 404
    assert "rolecall system add" in answer.text


def test_a_system_is_checked_then_kept_and_its_secret_is_never_shown(house: House, crm: fake_connector.World) -> None:
    crm.unreadable[Stream.LOGINS] = "account-info.security.read"
    browser = visitor(house, "admin")
    checked = browser.act("/systems/add/guided", typed())
    for part in ("The credential works.", "Fake CRM", "account-info.security.read", "1 stream cannot be read"):
        assert part in checked.text
    assert SECRET not in checked.text
    assert named(house, "New org") is None, "a check keeps nothing"
    answer = browser.act("/systems/add/guided", {"name": "New org", "sealed": sealed(checked.text)})
    row = named(house, "New org")
    assert row is not None
    assert answer.headers["location"] == f"/systems/{row.id}"
    assert (row.key, row.principal, row.config, row.writing) == ("org-1", "reader-1", {"world": "console"}, [])
    kept = house.means.keys.open_mapping(row.reader_secret or b"", where=systems.place(row.id, "reader"))
    assert kept == {"token": SECRET}
    assert SECRET not in browser.get(f"/systems/{row.id}").text
    with house.database.reading() as session:
        kinds = session.scalars(select(EntryRow.kind).where(EntryRow.subject == f"system:{row.id}")).all()
    assert {"system.added", "sync.requested"} <= set(kinds)


def test_a_credential_that_is_refused_leaves_the_rest_as_typed(house: House, crm: fake_connector.World) -> None:
    crm.token = "another"
    answer = visitor(house, "admin").act("/systems/add/guided", typed(owner="p-7"))
    assert answer.status_code == 422
    assert "The token is not valid" in answer.text or "the token is not valid" in answer.text
    assert 'value="New org"' in answer.text
    assert 'value="p-7"' in answer.text
    assert SECRET not in answer.text
    assert named(house, "New org") is None
    taken = visitor(house, "admin").act("/systems/add/guided", typed(name="Sales org"))
    assert "There is a system named Sales org already." in taken.text


def test_what_was_checked_can_be_kept_by_nobody_else_and_not_for_long(house: House, crm: fake_connector.World) -> None:
    browser, other = visitor(house, "admin"), visitor(house, "boss")
    note = sealed(browser.act("/systems/add/guided", typed()).text)
    for who, kind, given in (
        (other, "hubspot", note),
        (browser, "salesforce", note),
        (browser, "hubspot", note[:-6] + "AAAA=="),
    ):
        answer = who.act(f"/systems/add/{kind}", {"name": "New org", "sealed": given})
        assert (answer.status_code, "too long ago, or not made here" in answer.text) == (409, True)
    assert named(house, "New org") is None


def test_the_doctor_says_what_each_credential_can_do(house: House, crm: fake_connector.World) -> None:
    number = connected(house)
    crm.unreadable[Stream.GRANTS] = "crm.read"
    page = visitor(house, "admin").act(f"/systems/{number}/check").text
    assert "The reader now" in page
    assert "crm.read" in page
    assert "has no executor credential" in page


def connected(house: House) -> int:
    browser = visitor(house, "admin")
    note = sealed(browser.act("/systems/add/guided", typed()).text)
    answer = browser.act("/systems/add/guided", {"name": "New org", "sealed": note})
    return int(answer.headers["location"].rsplit("/", 1)[1])


def test_a_credential_is_replaced_only_when_it_enters_the_same_org(house: House, crm: fake_connector.World) -> None:
    number, browser = connected(house), visitor(house, "admin")
    form = {"role": "executor", "way": "0", "secret-0-token": "executor-secret"}
    assert browser.act(f"/systems/{number}/credential", form).status_code == 303
    row = named(house, "New org")
    assert row is not None
    assert row.executor_principal == "executor-1"
    crm.key = "org-9"
    answer = browser.act(f"/systems/{number}/credential", form | {"role": "reader"})
    assert (answer.status_code, "New org is org-1, but this credential enters org-9" in html.unescape(answer.text)) == (
        409,
        True,
    )
    assert "executor-secret" not in answer.text
    same = browser.act(f"/systems/{number}/credential", {"role": "reader", "way": "0"})
    assert (same.status_code, "Key is missing." in same.text) == (422, True)


def test_acts_are_switched_on_one_by_one_and_only_with_an_executor(house: House, crm: fake_connector.World) -> None:
    number, browser = connected(house), visitor(house, "admin")
    refused = browser.act(f"/systems/{number}/writing", {"act": "freeze"})
    assert (refused.status_code, "no executor credential" in refused.text) == (409, True)
    browser.act(f"/systems/{number}/credential", {"role": "executor", "way": "0", "secret-0-token": "executor"})
    assert browser.act(f"/systems/{number}/writing", {"act": ["freeze", "deactivate"]}).status_code == 303
    row = named(house, "New org")
    assert row is not None
    assert row.writing == ["deactivate", "freeze"]
    assert "It may: deactivate an account, freeze a login." in browser.get(f"/systems/{number}").text


def test_a_system_is_disconnected_by_its_name_unless_it_is_needed(house: House, crm: fake_connector.World) -> None:
    number, browser = connected(house), visitor(house, "admin")
    assert browser.act(f"/systems/{number}/removal", {"name": "new org"}).status_code == 422
    assert browser.act(f"/systems/{number}/removal", {"name": "New org"}).headers["location"] == "/systems"
    assert browser.get(f"/systems/{number}").status_code == 404
    needed = browser.act(f"/systems/{house.company.system.id}/removal", {"name": "Sales org"})
    assert (needed.status_code, "needed by the review Q4" in needed.text) == (409, True)


def hand_in(browser: Visitor, number: int, content: str = ROSTER, **given: Any) -> Any:
    return browser.act(f"/systems/{number}/roster", {"source": "HR"} | given, files={"file": ("roster.csv", content)})


def test_a_roster_is_handed_in_by_one_and_vouched_for_by_another(house: House) -> None:
    number, admin, boss = house.company.roster.id, visitor(house, "admin"), visitor(house, "boss")
    assert hand_in(admin, number).status_code == 303
    with house.database.reading() as session:
        (row,) = session.scalars(select(RosterUploadRow)).all()
    own = admin.get(f"/systems/{number}").text
    assert "Whoever handed the roster in cannot approve it." in own
    assert admin.act(f"/systems/{number}/roster/approval", {"roster": str(row.id)}).status_code == 403
    assert boss.act(f"/systems/{number}/roster/approval", {"roster": str(make.uuid.uuid4())}).status_code == 412
    assert boss.act(f"/systems/{number}/roster/approval", {"roster": str(row.id)}).status_code == 303
    with house.database.reading() as session:
        assert session.get_one(RosterUploadRow, row.id).approved_by is not None


@pytest.mark.parametrize(
    ("content", "given", "said"),
    [
        ("", {}, "No file was chosen."),
        ("name\nAda\n", {}, "id"),
        (ROSTER, {"extracted": "2030-01-01T10:00"}, "which is still to come"),
        (ROSTER, {"extracted": "yesterday"}, "is not a time"),
    ],
)
def test_a_roster_that_cannot_be_one_is_refused_on_the_page(
    house: House, content: str, given: dict[str, str], said: str
) -> None:
    answer = hand_in(visitor(house, "admin"), house.company.roster.id, content, **given)
    assert answer.status_code in (409, 422)
    assert said in answer.text
    assert "Hand in a file" in answer.text


def test_a_reading_is_asked_for(house: House) -> None:
    assert visitor(house, "it_security").act(f"/systems/{house.company.system.id}/readings").status_code == 303
    with house.database.reading() as session:
        asked = session.scalars(select(EntryRow).where(EntryRow.kind == "sync.requested")).one()
    assert asked.subject == f"system:{house.company.system.id}"


def test_the_rules_are_asked_for_and_what_was_never_read_cannot_be_asked_about(house: House) -> None:
    browser = visitor(house, "it_security")
    system, roster = house.company.system.id, house.company.roster.id
    assert "Ask the rules now" in browser.get(f"/systems/{system}").text
    assert "Ask the rules now" not in browser.get(f"/systems/{roster}").text
    assert browser.act(f"/systems/{system}/passes").status_code == 303
    assert "No rules are asked of" in browser.act(f"/systems/{roster}/passes").text
    with house.database.transaction() as session:
        new = make.system(session).id
    assert "was never read" in browser.act(f"/systems/{new}/passes").text
    with house.database.reading() as session:
        asked = session.scalars(select(EntryRow).where(EntryRow.kind == "detection.requested")).one()
    assert asked.body == {"system": system}
