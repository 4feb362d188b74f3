"""Home says what waits for whoever comes, and nothing that is not theirs to see."""

from __future__ import annotations

import re

from sqlalchemy import update

from app.inventory.tables import SystemRow
from app.remediation import stops
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import stranger, visitor


def test_a_reviewer_sees_what_is_theirs_to_decide(shown_house: House) -> None:
    page = visitor(shown_house, "ada").get("/")
    assert page.status_code == 200
    assert "<h1>2 items wait for your answer</h1>" in page.text
    assert f'href="/reviews/{shown_house.campaign.id}"' in page.text
    assert "Reviews going on" not in page.text
    assert "open finding" not in page.text
    assert "The last 7 days" not in page.text


def test_eve_has_nothing_to_do_and_sees_nothing(shown_house: House) -> None:
    page = visitor(shown_house, "eve").get("/")
    assert "<h1>Nothing waits for you</h1>" in page.text
    assert "Q4" not in page.text.partition("<main")[2]  # before it stands a random word


def test_an_administrator_sees_what_goes_on(shown_house: House) -> None:
    page = visitor(shown_house, "admin").get("/")
    assert "Reviews going on" in page.text
    assert "1 of 1 reviewer not done" in page.text
    assert "open finding" in page.text
    assert "The last 7 days" in page.text


def test_an_auditor_is_asked_to_mend_nothing(shown_house: House) -> None:
    page = visitor(shown_house, "auditor").get("/")
    assert "<h1>Nothing waits for you</h1>" in page.text
    assert "Take a review's packet" in page.text
    assert "Waiting as well" not in page.text


def test_nobody_is_told_that_nothing_severe_is_open_while_it_is(shown_house: House) -> None:
    page = visitor(shown_house, "auditor").get("/").text
    assert "Nothing waits for you" in page
    assert "critical or high finding is with others." in page
    assert "nothing severe is open" not in page
    assert "Every system was read completely" not in page


def test_a_new_installation_is_led_by_the_hand(house: House) -> None:
    with house.database.transaction() as session:
        session.execute(update(SystemRow).values(removed=house.means.clock()))
    page = visitor(house, "admin").get("/")
    assert "<h1>The first review is 2 steps away</h1>" in page.text
    assert page.text.count('class="next"') == 1
    assert '<a role="button" class="main" href="/systems/add">Connect a CRM</a>' in page.text
    assert 'class="steps"' not in visitor(house, "auditor").get("/").text


def test_whoever_is_not_signed_in_is_led_to_the_sign_in(shown_house: House) -> None:
    page = stranger(shown_house).get("/")
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")


def test_it_says_that_everything_is_stopped_to_those_who_may_know(house: House) -> None:
    with house.database.transaction() as session:
        stops.pull(session, "the wrong list was sent", by=make.ADMIN, at=make.NOW)
    page = visitor(house, "it_security").get("/").text
    assert "Removals are stopped everywhere," in page
    assert re.search(r'by [^<>]+ since <time datetime="[^"]+">[^<>]+</time>: the wrong list was sent', page), page
    assert "or let them go on" in page
    audited = visitor(house, "auditor").get("/").text
    assert ("Look at what waits</a>" in audited, "or let them go on" in audited) == (True, False), (
        "an auditor ends no stop"
    )
    assert "stopped everywhere" not in visitor(house, "ada").get("/").text
