"""Opening a review on readings that fall short: two administrators, two browsers, one word between them."""

from __future__ import annotations

import html
import re

import pytest

from app.review.tables import CampaignRow
from tests.app.api import breaking
from tests.app.api.house import House
from tests.app.console.visiting import visitor

OPENING = {
    "name": "Extra", "systems": ["Sales org"], "kinds": ["grant", "account"], "fallback": "flo", "second": "cy",
    "due_days": "7",
}  # fmt: skip
REASON = "the portal is down until Monday"


@pytest.fixture
def broken(house: House) -> House:
    return breaking.fall_short(house)


def asked(house: House, who: str = "admin") -> str:
    """Look, be refused, and find the address for a second administrator."""
    page = visitor(house, who).act("/campaigns/new", OPENING)
    assert page.status_code == 409
    found = re.search(r'href="[^"]*(/campaigns/new/word\?[^"]+)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def word(house: House, who: str = "fay", **other: str) -> str:
    """What the second administrator gets, having followed the address."""
    browser = visitor(house, who)
    page = browser.get(asked(house)).text
    assert "grants: incomplete (a page is missing)" in page
    form = {name: [] for name in re.findall(r'type="hidden" name="(\w+)"', page)}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page):
        form[name].append(html.unescape(value))
    form.pop("csrf")
    answer = browser.act("/campaigns/new/word", form | {"reason": REASON} | other)
    assert answer.status_code == 200, answer.text
    found = re.search(r"readonly>([\w=-]+)<", answer.text)
    assert found, answer.text
    return found[1]


def opened(house: House, given: str, who: str = "admin", **other: str) -> tuple[int, str]:
    """Look once more with the word, then open what was shown."""
    browser, form = visitor(house, who), OPENING | {"word": given} | other
    looked = browser.act("/campaigns/new", form)
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', looked.text)
    if looked.status_code != 200 or seen is None:
        return looked.status_code, looked.text
    assert "readings that fall short" in looked.text
    assert REASON in looked.text
    answer = browser.act("/campaigns/new", form | {"go": "open", "seen": seen[1]})
    return answer.status_code, answer.headers.get("location", answer.text)


def test_two_administrators_open_a_review_on_readings_that_fall_short(broken: House) -> None:
    status, path = opened(broken, word(broken))
    assert status == 303, path
    with broken.database.reading() as session:
        told = session.get_one(CampaignRow, int(path.rsplit("/", 1)[1])).override
    assert told is not None
    assert told["reason"] == REASON
    assert told["asked_by"] != told["granted_by"]
    assert "readings that fall short" in visitor(broken, "auditor").get(path).text


def test_nobody_hands_themselves_a_word(broken: House) -> None:
    status, page = opened(broken, word(broken, "fay"), "fay")
    assert status == 403
    assert "needs a second person" in page


def test_a_word_for_another_review_or_none_of_ours_opens_nothing(broken: House) -> None:
    given = word(broken)
    for wrong in (opened(broken, given, name="Another"), opened(broken, "AAAA"), opened(broken, "no word")):
        assert wrong[0] == 422
        assert "Ask a second administrator" in wrong[1]


def test_a_word_survives_a_letter_and_why_so_many_answers_is_said_later(broken: House) -> None:
    given = word(broken)
    status, told = opened(broken, f" {given[:40]}\n{given[40:]} ", many_answers="nobody else knows the region")
    assert status == 303, told


def test_a_word_has_a_reason_and_a_review_that_lacks_nothing_needs_none(broken: House, shown_house: House) -> None:
    refused = visitor(broken, "fay").act("/campaigns/new/word", OPENING | {"reason": "because"})
    assert (refused.status_code, "Say why, in a sentence." in refused.text) == (422, True)
    scope = "name=Extra&fallback=fay&second=cy&systems=Sales+org&kinds=grant"
    assert "needs nobody" in visitor(shown_house, "admin").get(f"/campaigns/new/word?{scope}").text
