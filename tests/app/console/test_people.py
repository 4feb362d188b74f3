"""The room of people: finding one, what they can reach, how it stood on a day, and who may look at sign-ins."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.inventory.tables import AccountRow
from app.ledger.tables import EntryRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import visitor

SEC = "it_security"


def test_people_are_found_and_so_are_accounts_of_nobody(house: House) -> None:
    with house.database.transaction() as session:
        make.account(session, house.company.system, username="stray@corp", email=None)
    browser = visitor(house, "auditor")
    page = browser.get("/people").text
    assert f'href="/people/{house.company.bo.id}"' in page
    assert "stray@corp" in page
    assert "Eve" not in browser.get("/people?q=bo@corp").text
    assert "Nobody of the roster has" in browser.get("/people", params={"q": "nobody <b>"}).text
    assert "nobody <b>" not in browser.get("/people", params={"q": "nobody <b>"}).text


def test_pages_of_people_follow_each_other(house: House) -> None:
    with house.database.transaction() as session:
        made = {make.identity(session, f"Person {n:03}").id for n in range(60)}
    browser, seen, path = visitor(house, SEC), set(), "/people?q=person"
    while path:
        page = browser.get(path).text
        seen |= {int(number) for number in re.findall(r'href="/people/(\d+)"', page)}
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == made
    assert browser.get("/people?after=W10").status_code == 400


def test_one_person_is_told_by_path_and_use_in_bands(house: House) -> None:
    with house.database.transaction() as session:
        company = house.company
        inner = make.entitlement(session, company.system, label="Report folder")
        make.privilege(session, company.account, company.boss, "export", path=f"{company.boss.id}>{inner.id}")
    page = visitor(house, "auditor").get(f"/people/{house.company.bo.id}").text
    for part in (
        "can take data out in bulk",
        "through Boss › Report folder",
        "Used within 30 days",
        "Sales rep",
        "Q4",
        "Ada",
    ):
        assert part in page
    assert "Look at its sign-ins" not in page, "auditors see bands, not times"
    assert visitor(house, SEC).get("/people/999999").status_code == 404


def test_a_past_day_shows_what_was_held_then(house: House) -> None:
    with house.database.transaction() as session:
        company = house.company
        former = make.entitlement(session, company.system, name="Former role")
        make.grant(
            session, company.account, former, began=make.NOW - timedelta(days=60), ended=make.NOW - timedelta(days=30)
        )
    browser, path = visitor(house, SEC), f"/people/{house.company.bo.id}"
    assert "Former role" in browser.get(f"{path}?on=2026-10-01").text
    assert "Former role" not in browser.get(f"{path}?on=2026-11-10").text.split("History")[0]
    assert "No account of theirs was there" in browser.get(f"{path}?on=2020-01-01").text
    for day in ("2030-01-01", "yesterday"):
        assert browser.get(f"{path}?on={day}").status_code == 422


def test_looking_at_sign_ins_is_it_securitys_and_is_written_down(house: House) -> None:
    with house.database.transaction() as session:
        make.login(session, house.company.account, way="SSO", application="Browser")
    path = f"/people/accounts/{house.company.account.id}/sign-ins"
    assert visitor(house, "admin").act(path).status_code == 403
    with house.database.reading() as session:
        assert session.scalars(select(EntryRow).where(EntryRow.kind == "logins.seen")).all() == []
    page = visitor(house, SEC).act(path).text
    assert "SSO" in page
    with house.database.reading() as session:
        (entry,) = session.scalars(select(EntryRow).where(EntryRow.kind == "logins.seen")).all()
    assert entry.subject == f"account:{house.company.account.id}"


def test_an_account_of_nobody_has_a_page_and_another_leads_to_its_person(house: House) -> None:
    with house.database.transaction() as session:
        stray: AccountRow = make.account(session, house.company.system, username="stray@corp")
    browser = visitor(house, SEC)
    assert "This account is nobody&#39;s." in browser.get(f"/people/accounts/{stray.id}").text
    answer = browser.get(f"/people/accounts/{house.company.account.id}")
    assert answer.headers["location"] == f"/people/{house.company.bo.id}"


@pytest.mark.parametrize("path", ["/people", "/people/1"])
def test_reviewers_do_not_look_people_up(shown_house: House, path: str) -> None:
    assert visitor(shown_house, "eve").get(path).status_code == 403
