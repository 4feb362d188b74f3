"""What is not yours to see is not there: the answer does not tell the two apart."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.actors import actors, queries, tokens
from app.actors.actor import Role
from app.actors.tables import ActorRow, TokenRow
from app.kit.db import Database
from app.review import campaigns
from app.review.tables import DecisionRow
from tests import make
from tests.app.api.house import NOW, House, furnish

KEEP = {"answer": "keep", "reason": "still sells"}


def test_ada_sees_the_items_that_are_hers(shown_house: House) -> None:
    rows = shown_house.client("ada").get("/api/v1/items", params={"campaign": shown_house.campaign.id}).json()["items"]
    assert {row["id"] for row in rows} == {item.id for item in shown_house.items.values()}


def test_eve_sees_nothing(shown_house: House) -> None:
    eve = shown_house.client("eve")
    page = eve.get("/api/v1/items", params={"campaign": shown_house.campaign.id}).json()
    assert page == {"items": [], "next": None}


def test_somebody_elses_item_and_one_that_is_not_there_answer_alike(shown_house: House) -> None:
    eve, there = shown_house.client("eve"), shown_house.plain.id
    for method, end, body in (("GET", "", None), ("PUT", "/decision", KEEP)):
        theirs = eve.request(method, f"/api/v1/items/{there}{end}", json=body)
        none = eve.request(method, f"/api/v1/items/999999{end}", json=body)
        assert theirs.status_code == none.status_code == 404
        assert theirs.text.replace(str(there), "#") == none.text.replace("999999", "#")


def test_in_a_bulk_too_somebody_elses_item_and_one_that_is_not_there_answer_alike(house: House) -> None:
    """Also after the review has ended, which would be another refusal for an item that is there."""
    ids = house.plain.id, 999_999
    body = {"decisions": [{"item": item, **KEEP} for item in ids]}
    for ended in (False, True):
        if ended:
            with house.database.transaction() as session:
                campaigns.cancel(session, house.campaign.id, reason="over", by=make.ADMIN, at=NOW)
        for who in ("eve", "reviewer"):  # somebody else, and somebody who is no person of the roster
            results = house.client(who).post("/api/v1/decisions", json=body).json()["results"]
            assert {each["code"] for each in results} == {"not_found"}
            details = {each["detail"].replace(str(each["item"]), "#") for each in results}
            assert len(details) == 1
    codes = [each["code"] for each in house.client("boss").post("/api/v1/decisions", json=body).json()["results"]]
    assert codes == ["campaign_ended", "not_found"]  # who sees every item is told why


def test_who_sees_everything_still_decides_only_on_their_own_items(house: House) -> None:
    assert house.client("it_security").get(f"/api/v1/items/{house.plain.id}").status_code == 200
    answer = house.client("boss").put(f"/api/v1/items/{house.plain.id}/decision", json=KEEP)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_reviewer")
    with house.database.reading() as session:
        decided = select(DecisionRow.item_id).where(DecisionRow.item_id == house.plain.id)
        assert session.scalars(decided).all() == []


def test_a_program_without_a_person_behind_it_cannot_decide(shown_house: House) -> None:
    answer = shown_house.client("admin").put(f"/api/v1/items/{shown_house.plain.id}/decision", json=KEEP)
    assert (answer.status_code, answer.json()["code"]) == (403, "nobody")


def test_a_reviewer_cannot_ask_for_another_reviewers_list(shown_house: House) -> None:
    path = f"/api/v1/campaigns/{shown_house.campaign.id}/items?reviewer={shown_house.company.ada.id}"
    assert shown_house.client("eve").get(path).status_code == 403
    own = shown_house.client("eve").get(f"/api/v1/items?campaign={shown_house.campaign.id}&reviewer=1")
    assert (own.status_code, own.json()["code"]) == (422, "unknown_parameter")


def test_me_says_who_i_am_here(shown_house: House) -> None:
    me = shown_house.client("ada").get("/api/v1/me").json()
    assert (me["name"], me["roles"], me["identity"]) == ("Ada", ["reviewer"], shown_house.company.ada.id)
    assert shown_house.client("admin").get("/api/v1/me").json()["identity"] is None


def test_no_answer_holds_a_secret_of_a_system(shown_house: House) -> None:
    told = shown_house.client("admin").get("/api/v1/systems").json()["systems"]
    assert told
    for system in told:
        assert not {"reader_secret", "executor_secret", "config", "secret"} & system.keys()


# --- entering ---


def _status(house: House) -> int:
    return house.client("ada").get("/api/v1/me").status_code


def test_a_token_stops_when_its_time_is_over(database: Database) -> None:
    now = [NOW]
    house = furnish(database, clock=lambda: now[0])
    assert _status(house) == 200
    now[0] = NOW + timedelta(days=30)
    assert _status(house) == 401


def test_a_token_stops_at_once_when_it_is_revoked_or_its_actor_ends(house_on_both: House) -> None:
    house = house_on_both
    with house.database.transaction() as session:
        token = session.get_one(TokenRow, house.tokens["ada"].split("_")[1])
        tokens.revoke(session, token, by=make.ADMIN, at=NOW)
        eve = session.get_one(TokenRow, house.tokens["eve"].split("_")[1])
        actors.end(session, session.get_one(ActorRow, eve.actor_id), by=make.ADMIN, at=NOW)
    assert house.client("ada").get("/api/v1/me").status_code == 401
    assert house.client("eve").get("/api/v1/me").status_code == 401


def test_a_role_that_has_ended_opens_nothing(database: Database) -> None:
    now = [NOW]
    house = furnish(database, clock=lambda: now[0])
    assert house.client("auditor").get("/api/v1/systems").status_code == 200
    now[0] = NOW + timedelta(days=21)
    assert house.client("auditor").get("/api/v1/systems").status_code == 403


def test_an_actor_is_the_person_with_its_address(house: House) -> None:
    with house.database.transaction() as session:
        row = actors.make(session, "Cy", {Role.REVIEWER: None}, email=_address(house), by=make.ADMIN, at=NOW)
        house.tokens["cy"] = tokens.make(session, row, "test", days=1, by=make.ADMIN, at=NOW)
    assert house.client("cy").get("/api/v1/me").json()["identity"] == house.company.cy.id


def _address(house: House) -> str:
    from app.inventory.tables import IdentityEmailRow

    with house.database.reading() as session:
        found = select(IdentityEmailRow.email).where(IdentityEmailRow.identity_id == house.company.cy.id)
        return session.scalars(found).one()


def test_a_use_of_a_token_is_noted_and_not_each_time(database: Database) -> None:
    now = [NOW]
    house = furnish(database, clock=lambda: now[0])

    def used() -> datetime | None:
        with house.database.reading() as session:
            return queries.tokens_of(
                session, session.scalars(select(TokenRow.actor_id).where(TokenRow.id == mine)).one()
            )[0].last_used

    mine = house.tokens["ada"].split("_")[1]
    for later, expected in ((0, NOW), (4, NOW), (6, NOW + timedelta(minutes=6))):
        now[0] = NOW + timedelta(minutes=later)
        assert _status(house) == 200
        assert used() == expected
