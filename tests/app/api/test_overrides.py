"""A second person's word: bound to one review, to who gave it, and to an hour."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.actors import actors, tokens
from app.actors.actor import Role
from app.actors.tables import TokenRow
from app.inventory.tables import StreamRow
from app.kit.db import Database
from tests import make
from tests.app.api.house import NOW, House, furnish

REASON = "the portal is down until Monday"
REVIEW: dict[str, Any] = {"name": "Extra", "scope": {"systems": "all", "fallback": "flo", "second_fallback": "fay"}}


@pytest.fixture
def now() -> list[datetime]:
    return [NOW]


@pytest.fixture
def broken(make_database: Callable[[str], str], now: list[datetime]) -> House:
    """A house whose latest reading of grants is incomplete, with Flo and Fay as administrators."""
    house = furnish(Database(make_database("sqlite")), clock=lambda: now[0])
    with house.database.transaction() as session:
        snapshot = make.snapshot(
            session, house.company.system, streams={"accounts": "complete", "entitlements": "complete"}
        )
        session.add(
            StreamRow(
                snapshot_id=snapshot.id, stream="grants", verdict="incomplete", because="a page is missing", rows=1,
                pages=1, calls=1, missing=[], dropped=[], asked=[], began_at=NOW, ended_at=NOW,
            )
        )  # fmt: skip
        fay = house.company.fay
        row = actors.make(session, "Fay", {Role.ADMIN: None}, person_key=fay.key, by=make.ADMIN, at=NOW)
        house.tokens["fay"] = tokens.make(session, row, "test", days=30, by=make.ADMIN, at=NOW)
    return house


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
