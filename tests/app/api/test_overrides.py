"""A review opens on readings that fall short only with a second person's word, and that word is for one review."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.actors.actor import Role
from app.inventory.tables import StreamRow
from app.kit.db import Database
from app.main import create_app
from app.review.tables import CampaignRow
from tests.app.api.house import NOW, House, furnish

SCOPE: dict[str, Any] = {"systems": "all", "fallback": "flo"}
ASKED = {"name": "Q1 2027", "scope": SCOPE, "reason": "the portal is down until Monday"}


def _short(database: Database) -> House:
    """A house whose readings miss pages."""
    house = furnish(database)
    with database.transaction() as session:
        session.execute(update(StreamRow).where(StreamRow.stream == "grants").values(verdict="incomplete"))
    return house


def _open(house: House, who: str, override: str | None = None, **given: Any) -> Any:
    body = {"name": "Q1 2027", "scope": SCOPE} | ({"override": override} if override else {}) | given
    return house.client(who).post("/api/v1/campaigns", json=body)


def test_it_takes_two_people_to_open_a_review_on_readings_that_fall_short(database: Database) -> None:
    house = _short(database)
    refused = _open(house, "admin")
    assert (refused.status_code, refused.json()["code"]) == (409, "readings_lack")
    own = house.client("admin").post("/api/v1/overrides", json=ASKED).json()["override"]
    assert "second person" in _open(house, "admin", own).json()["detail"]
    word = house.client("boss").post("/api/v1/overrides", json=ASKED).json()["override"]
    opened = _open(house, "admin", word)
    assert opened.status_code == 201, opened.text
    with database.reading() as session:
        kept = session.get_one(CampaignRow, opened.json()["id"]).override
    assert kept is not None
    assert ASKED["reason"] in str(kept)


def test_a_word_is_for_one_review_and_for_an_hour_and_nobody_makes_one_up(house: House) -> None:
    with house.database.transaction() as session:
        session.execute(update(StreamRow).where(StreamRow.stream == "grants").values(verdict="incomplete"))
    word = house.client("boss").post("/api/v1/overrides", json=ASKED).json()["override"]
    for given, other in (
        (word, {"name": "Q2 2027"}),
        (word, {"scope": SCOPE | {"kinds": ["grant"]}}),
        (word[:-8] + "AAAAAAA=", {}),
        ("bm9uZQ==", {}),
    ):
        answer = _open(house, "admin", given, **other)
        assert (answer.status_code, answer.json()["code"]) == (422, "no_override")
    later = replace(house.means, clock=lambda: NOW + timedelta(hours=2))
    answer = _open(replace(house, app=create_app(later)), "admin", word)
    assert "run out" in answer.json()["detail"]


def test_only_who_may_open_a_review_may_give_a_word(house: House) -> None:
    for role in set(Role) - {Role.ADMIN}:
        assert house.client(role).post("/api/v1/overrides", json=ASKED).status_code == 403, role
