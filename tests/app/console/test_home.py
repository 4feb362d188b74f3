"""Home says what waits for whoever comes, and nothing that is not theirs to see."""

from __future__ import annotations

from tests.app.api.house import House
from tests.app.console.visiting import stranger, visitor


def test_a_reviewer_sees_what_is_theirs_to_decide(shown_house: House) -> None:
    page = visitor(shown_house, "ada").get("/")
    assert page.status_code == 200
    assert "Yours to decide" in page.text
    assert "2 items to decide" in page.text
    assert f'href="/reviews/{shown_house.campaign.id}"' in page.text
    assert "Reviews going on" not in page.text
    assert "Open findings" not in page.text


def test_eve_has_nothing_to_do_and_sees_nothing(shown_house: House) -> None:
    page = visitor(shown_house, "eve").get("/")
    assert "Nothing waits for you." in page.text
    assert "Q4" not in page.text


def test_an_administrator_sees_what_goes_on(shown_house: House) -> None:
    page = visitor(shown_house, "admin").get("/")
    assert "Reviews going on" in page.text
    assert "1 of 1" in page.text  # one reviewer, who has not submitted
    assert "Open findings" in page.text


def test_whoever_is_not_signed_in_is_led_to_the_sign_in(shown_house: House) -> None:
    page = stranger(shown_house).get("/")
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
