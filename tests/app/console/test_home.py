"""Home says what waits for whoever comes, and nothing that is not theirs to see."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import update

from app.inventory.tables import SystemRow
from app.remediation import stops
from app.review.tables import CampaignRow, ScheduleRow, TaskRow
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


def _late(house: House, **more: int | None) -> None:
    """The review was due yesterday."""
    with house.database.transaction() as session:
        values = {"due_at": house.means.clock() - timedelta(days=1)} | more
        session.execute(update(CampaignRow).where(CampaignRow.id == house.campaign.id).values(values))


def test_that_nothing_opens_by_itself_is_told_to_who_runs_reviews_and_who_answers_for_them(house: House) -> None:
    title = "No review opens by itself"
    assert title not in visitor(house, "admin").get("/").text
    with house.database.transaction() as session:
        session.execute(update(ScheduleRow).values(paused=True))
        session.merge(house.campaign).owner_id = house.company.eve.id
    for who in ("admin", "boss"):
        page = visitor(house, who).get("/").text
        assert f'<a href="/schedules" data-key="e">{title}</a>' in page
        assert "the schedule is paused" in page
    eve = visitor(house, "eve").get("/").text
    assert f"<h1>{title}</h1>" in eve
    assert "Ask whoever runs reviews for a schedule." in eve
    for who in ("bo", "auditor"):
        assert title not in visitor(house, who).get("/").text
    for who in ("eve", "boss"):
        assert title not in visitor(house, who, way="link", campaign=house.campaign.id).get("/").text
    for path in ("/campaigns", "/schedules"):
        page = visitor(house, "admin").get(path).text
        assert title in page
        assert "That goes for the small ones too" in page


def test_a_manager_is_told_at_home_who_of_theirs_is_not_done_once_it_is_overdue(house: House) -> None:
    """The message that says how many they are leads here, and tells no name."""
    with house.database.transaction() as session:
        session.merge(house.company.ada).manager_id = house.company.eve.id
    assert "<h1>Nothing waits for you</h1>" in visitor(house, "eve").get("/").text  # it is not due yet
    _late(house)
    page = visitor(house, "eve").get("/").text
    assert "<h1>1 reviewer who reports to you is not done</h1>" in page
    assert "Q4 is overdue: Ada (2 items without an answer)." in page
    assert "Ada (2 items" not in visitor(house, "bo").get("/").text
    with house.database.transaction() as session:
        session.execute(update(TaskRow).values(status="submitted"))
    assert "<h1>Nothing waits for you</h1>" in visitor(house, "eve").get("/").text


def test_a_link_in_a_message_shows_no_more_of_the_others_than_before(house: House) -> None:
    _late(house, owner_id=house.company.eve.id)
    with house.database.transaction() as session:
        session.merge(house.company.ada).manager_id = house.company.eve.id
    page = visitor(house, "eve", way="link", campaign=house.campaign.id).get("/").text
    assert ("not done" in page, "answer for" in page) == (False, False)


def test_a_control_owner_sees_how_far_their_review_is_and_that_it_is_overdue(house: House) -> None:
    with house.database.transaction() as session:
        session.merge(house.campaign).owner_id = house.company.eve.id
    page = visitor(house, "eve").get("/").text
    assert "<h1>Nothing waits for you</h1>" in page
    assert "Reviews that you answer for" in page
    assert "1 of 3 items answered, 1 of 1 reviewer not done" in page
    assert "Reviews that you answer for" not in visitor(house, "bo").get("/").text
    _late(house)
    page = visitor(house, "eve").get("/").text
    assert "<h1>Q4, which you answer for, is overdue</h1>" in page
    where = f"/campaigns/{house.campaign.id}/signature"
    assert f'class="main" href="{where}"' in page
    told = visitor(house, "eve").get(where).text
    assert "It is not closed." in told
    assert "It is overdue: it was due" in told
    assert "1 of 1 reviewer have not submitted" not in told
    assert "<h1>Q4</h1>" in told


def test_a_control_owner_who_runs_it_hears_of_it_once(house: House) -> None:
    _late(house, owner_id=house.company.flo.id)
    page = visitor(house, "boss").get("/").text
    assert ("Q4 is overdue" in page, "which you answer for" in page) == (True, False)
