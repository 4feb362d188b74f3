"""Coming in by a link."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from app import settings
from app.actors import actors, links, secret
from app.actors.actor import Role
from app.actors.tables import ActorRow, LinkRow, SessionRow
from app.kit.db import Database
from app.kit.refusal import Refused
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import Visitor, actor_of, stranger, visitor

SAME = {"Sec-Fetch-Site": "same-origin"}


def sent(house: House, who: str = "ada") -> str:
    """A link for somebody's share of the campaign, as a message brings it."""
    with house.database.transaction() as session:
        return links.make(session, actor_of(house, who), house.campaign.id, by=make.ADMIN, at=make.NOW)


def handed(house: House, who: str = "ada") -> str:
    """A link that an admin hands over."""
    with house.database.transaction() as session:
        return links.invite(session, actor_of(house, who), by=make.ADMIN, at=make.NOW)


def pressed(browser: Visitor, path: str, **fields: str) -> int:
    """Look at the link and press its button; the status."""
    shown = browser.get(path)
    assert shown.status_code == 200
    word = re.search(r'name="csrf" value="([^"]+)"', shown.text)
    assert word
    return browser.post(path, data={"csrf": word[1], **fields}, headers=SAME).status_code


def session_of(house: House) -> SessionRow:
    with house.database.reading() as session:
        return session.scalars(select(SessionRow).order_by(SessionRow.began.desc(), SessionRow.id)).one()


def test_a_link_shows_a_page_and_its_button_signs_in(house: House) -> None:
    browser, path = stranger(house), sent(house)
    assert pressed(browser, path) == 303
    row = session_of(house)
    assert (row.way, row.campaign_id, row.actor_id) == ("link", house.campaign.id, actor_of(house, "ada").id)
    assert browser.get("/sign-in").status_code == 303


def test_a_link_that_an_admin_handed_over_has_all_the_roles(house: House) -> None:
    browser = stranger(house)
    assert pressed(browser, handed(house, "boss")) == 303
    row = session_of(house)
    assert (row.way, row.campaign_id) == ("invitation", None)


def test_looking_at_a_link_uses_nothing_up(house: House) -> None:
    """Mail scanners follow every link, some of them ten times."""
    path = sent(house)
    for _ in range(10):
        assert stranger(house).get(path).status_code == 200
        assert stranger(house).head(path).status_code in (200, 405)
    assert pressed(stranger(house), path) == 303


def test_a_link_signs_in_once(house: House) -> None:
    path = sent(house)
    assert pressed(stranger(house), path) == 303
    assert pressed(stranger(house), path) == 400


def test_a_button_pressed_by_another_site_does_nothing(house: House) -> None:
    """Else somebody could be signed in as the attacker without knowing it."""
    path, browser = sent(house), stranger(house)
    word = re.search(r'name="csrf" value="([^"]+)"', browser.get(path).text)
    assert word
    data = {"csrf": word[1]}
    assert browser.post(path, data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.post(path, data={}, headers=SAME).status_code == 403
    assert stranger(house).post(path, data=data, headers=SAME).status_code == 403  # another browser's word
    assert browser.post(path, data=data, headers=SAME).status_code == 303


def test_a_link_replaces_the_session_that_the_browser_had(house: House) -> None:
    browser, eve = stranger(house), visitor(house, "eve")
    browser.cookies.set("rolecall", eve.cookie)
    assert pressed(browser, sent(house)) == 303
    with house.database.reading() as session:
        assert session.get_one(SessionRow, eve.session).ended is not None
        live = session.scalars(select(SessionRow).where(SessionRow.ended.is_(None))).one()
    assert (live.actor_id, live.hash != secret.digest(eve.cookie)) == (actor_of(house, "ada").id, True)


def _texts(house: House) -> dict[str, tuple[int, str]]:
    """What pressing the button answers, for every way in which a link can be wrong."""
    used, expired, ended = sent(house), sent(house), sent(house, "bo")
    assert pressed(stranger(house), used) == 303
    with house.database.transaction() as session:
        session.get_one(LinkRow, expired.split("/")[2].split(".")[0]).expires = make.NOW
        actors.end(session, session.get_one(ActorRow, actor_of(house, "bo").id), by=make.ADMIN, at=make.NOW)
    whole = sent(house)
    asked = {
        "used": used, "expired": expired, "its actor has ended": ended, "wrong secret": whole[:-4] + "AAAA",
        "unknown": "/links/0123456789ab." + "A" * 43, "no link": "/links/hello", "odd": "/links/%00%ff.%00",
    }  # fmt: skip
    said = {}
    for name, path in asked.items():
        browser = stranger(house)
        word = re.search(r'name="csrf" value="([^"]+)"', browser.get(path).text)
        assert word, name
        answer = browser.post(path, data={"csrf": word[1]}, headers=SAME)
        said[name] = (answer.status_code, answer.text)
    return said


def test_nobody_can_tell_why_a_link_opens_nothing(house: House) -> None:
    """Not from the words, so that nobody finds out whose links are about."""
    said = _texts(house)
    assert {status for status, _ in said.values()} == {400}
    assert len({text for _, text in said.values()}) == 1
    assert "it was used, it has expired, or it is not whole" in said["used"][1]


def test_a_page_before_the_button_tells_nothing_about_the_link(house: House) -> None:
    path = sent(house)
    pages = []
    for each in (path, "/links/0123456789ab." + "A" * 43):
        text = stranger(house).get(each).text
        pages.append(re.sub(r'value="[^"]+"|action="[^"]+"', "", text))
    assert pages[0] == pages[1]
    assert "Ada" not in pages[0]


def test_a_wrong_secret_costs_the_same_work_whether_its_link_is_known_or_not(house: House) -> None:
    """The same statements, so that the time taken does not tell which links there are."""
    known = sent(house).removeprefix("/links/").split(".")[0]
    asked: list[str] = []
    event.listen(house.database.reader, "before_cursor_execute", lambda *told: asked.append(told[2]))
    work = []
    for identifier in (known, "0123456789ab"):
        asked.clear()
        with house.database.reading() as session, pytest.raises(Refused, match="opens nothing"):
            links.open(session, f"{identifier}.{'A' * 43}", at=make.NOW)
        work.append(list(asked))
    assert work[0] == work[1]
    assert len(work[0]) == 2  # BEGIN, and one look


def test_who_guesses_at_a_link_has_to_wait_and_so_does_the_link(house: House) -> None:
    given = settings.read({"ROLECALL_FAILED_ENTRIES": "3"})
    house.means = house.app.state.means = replace(house.means, settings=given)
    path = sent(house)
    for n in range(3):
        assert pressed(stranger(house), f"{path[:-1]}{'abc'[n]}" if path[-1] not in "abc" else f"{path}{n}") == 400
    assert pressed(stranger(house), path) == 429
    house.app.state.means = replace(house.means, clock=lambda: make.NOW + timedelta(minutes=15))
    assert pressed(stranger(house), path) == 303


def test_one_old_link_that_is_opened_again_and_again_locks_nobody_out(house: House) -> None:
    given = settings.read({"ROLECALL_FAILED_ENTRIES": "3"})
    house.means = house.app.state.means = replace(house.means, settings=given)
    used, fresh = sent(house), sent(house)
    assert pressed(stranger(house), used) == 303
    for _ in range(10):
        assert pressed(stranger(house), used) == 400
    assert pressed(stranger(house), fresh) == 303


# --- the first admin ---


@pytest.fixture
def empty(house: House) -> House:
    """The house before it has an admin."""
    with house.database.transaction() as session:
        for name in (Role.ADMIN, "boss"):
            session.get_one(ActorRow, actor_of(house, name).id).ended = make.NOW
    return house


def _first(database: Database) -> str:
    with database.transaction() as session:
        made = links.make_first(session, by=make.ADMIN, at=make.NOW)
    assert made is not None
    return made


def test_the_first_admin_names_themselves_and_is_signed_in(empty: House) -> None:
    browser = stranger(empty)
    assert pressed(browser, _first(empty.database), name=" Root ", email="Root@Example.com") == 303
    with empty.database.reading() as session:
        row = session.scalars(select(ActorRow).where(ActorRow.email == "root@example.com")).one()
    assert row.name == "Root"
    assert browser.get("/sign-in").status_code == 303


def test_there_is_one_first_admin(empty: House) -> None:
    path, other = _first(empty.database), stranger(empty)
    other.get(path)
    assert pressed(stranger(empty), path, name="Root") == 303
    assert pressed(stranger(empty), path, name="Mallory") == 400
    with empty.database.reading() as session:
        assert session.scalar(select(ActorRow).where(ActorRow.name == "Mallory")) is None


def test_a_first_admin_without_a_name_may_try_again(empty: House) -> None:
    path = _first(empty.database)
    assert pressed(stranger(empty), path, name="  ") == 422
    assert pressed(stranger(empty), path, name="Root") == 303


def test_no_link_works_at_the_other_kinds_door(empty: House) -> None:
    first, review = _first(empty.database), sent(empty)
    assert pressed(stranger(empty), first.replace("/first-admin/", "/links/")) == 400
    assert pressed(stranger(empty), review.replace("/links/", "/first-admin/"), name="Eve") == 400
    assert pressed(stranger(empty), review) == 303
    assert pressed(stranger(empty), first, name="Root") == 303
