"""A second person's word: bound to one review, to who gave it, and to an hour."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.actors import actors
from app.actors.tables import TokenRow
from tests import make
from tests.app.api import breaking
from tests.app.api.house import NOW, House

REASON = "the portal is down until Monday"
REVIEW: dict[str, Any] = {"name": "Extra", "scope": {"systems": "all", "fallback": "flo", "second_fallback": "fay"}}


@pytest.fixture
def now() -> list[datetime]:
    return [NOW]


@pytest.fixture
def broken(house: House, now: list[datetime]) -> House:
    """A house whose latest reading of grants is incomplete, with Flo and Fay as administrators."""
    return breaking.fall_short(house, clock=lambda: now[0])


def word(house: House, who: str = "fay", **other: Any) -> str:
    answer = house.client(who).post("/api/v1/overrides", json=REVIEW | {"reason": REASON} | other)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["override"])


def opening(house: House, override: str | None, who: str = "boss", **other: Any) -> tuple[int, dict[str, Any]]:
    answer = house.client(who).post("/api/v1/campaigns", json=REVIEW | {"override": override} | other)
    return answer.status_code, answer.json()


def test_without_a_second_persons_word_it_does_not_open(broken: House) -> None:
    status, told = opening(broken, None)
    assert (status, told["code"]) == (409, "readings_lack")


def test_with_it_it_opens_and_keeps_both_names_and_the_reason(broken: House) -> None:
    status, told = opening(broken, word(broken))
    assert status == 201, told
    assert told["override"]["reason"] == REASON
    assert told["override"]["asked_by"] == told["opened_by"] != told["override"]["granted_by"]


def test_nobody_overrides_for_themselves(broken: House) -> None:
    status, told = opening(broken, word(broken, "boss"), "boss")
    assert (status, told["code"]) == (403, "bad_override")


def test_the_word_is_for_one_review(broken: House) -> None:
    given = word(broken)
    for other in ({"name": "Another"}, {"scope": REVIEW["scope"] | {"department": "Sales"}}):
        status, told = opening(broken, given, **other)
        assert (status, told["code"]) == (422, "no_override")


def test_the_word_is_good_for_an_hour(broken: House, now: list[datetime]) -> None:
    given = word(broken)
    now[0] = NOW + timedelta(hours=1)
    status, told = opening(broken, given)
    assert (status, told["code"]) == (422, "no_override")


def test_the_word_of_somebody_who_has_ended_counts_no_more(broken: House) -> None:
    given = word(broken)
    with broken.database.transaction() as session:
        token = session.get_one(TokenRow, broken.tokens["fay"].split("_")[1])
        row = session.get_one(actors.ActorRow, token.actor_id)
        actors.end(session, row, by=make.ADMIN, at=NOW)
    assert opening(broken, given)[1]["code"] == "no_override"


def _edited(given: str) -> str:
    raw = base64.urlsafe_b64decode(given)
    return base64.urlsafe_b64encode(raw.replace(b"Monday", b"Friday")).decode()


@pytest.mark.parametrize(
    "forge", [_edited, lambda _: "", lambda _: "AAAA", lambda _: "no word", lambda given: given[:40]]
)
def test_a_word_that_we_did_not_give_is_refused(broken: House, forge: Callable[[str], str]) -> None:
    status, told = opening(broken, forge(word(broken)))
    assert (status, told["code"]) == (422, "no_override"), told


@pytest.mark.parametrize("who", ["it_security", "auditor", "ada"])
def test_only_administrators_give_a_word(broken: House, who: str) -> None:
    assert broken.client(who).post("/api/v1/overrides", json=REVIEW | {"reason": REASON}).status_code == 403
