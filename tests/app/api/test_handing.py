"""Items handed on to another reviewer, by who may, of what is theirs."""

from __future__ import annotations

from typing import Any

from app.review.tables import ItemRow, TaskRow
from tests.app.api.house import House


def handover(house: House, who: str, **body: Any) -> tuple[int, dict[str, Any]]:
    path = f"/api/v1/campaigns/{house.campaign.id}/handover"
    answer = house.client(who).put(path, json={"to": "fay", "reason": "Ada is away"} | body)
    return answer.status_code, answer.json()


def reviewer_of(house: House, item: int) -> int:
    with house.database.reading() as session:
        return session.get_one(TaskRow, session.get_one(ItemRow, item).task_id).reviewer_id


def test_an_administrator_hands_a_whole_share_on(house: House) -> None:
    shares = house.client("boss").get(f"/api/v1/campaigns/{house.campaign.id}").json()["shares"]
    status, told = handover(house, "boss", task=shares[0]["task_id"])
    assert (status, told["reviewer"]) == (200, "Fay")
    assert {reviewer_of(house, item.id) for item in house.items.values()} == {house.company.fay.id}


def test_a_reviewer_hands_on_one_item_to_an_address(house: House) -> None:
    status, told = handover(house, "ada", items=[house.plain.id], to=house.company.cy.key)
    assert (status, told["reviewer_id"]) == (200, house.company.cy.id)
    others = [item.id for item in house.items.values() if item.id != house.plain.id]
    assert {reviewer_of(house, item) for item in others} == {house.company.ada.id}


def test_it_is_done_once_for_a_key(house: House) -> None:
    path = f"/api/v1/campaigns/{house.campaign.id}/handover"
    ada = house.client("ada", **{"Idempotency-Key": "k-1"})
    body = {"items": [house.plain.id], "to": "fay", "reason": "away"}
    first, second = ada.put(path, json=body), ada.put(path, json=body)
    assert first.json() == second.json()
    assert (first.status_code, second.headers["Idempotency-Replayed"]) == (200, "true")


def test_nobody_is_given_their_own_access(house: House) -> None:
    status, told = handover(house, "boss", items=[house.plain.id], to=house.company.bo.key)
    assert (status, told["code"]) == (403, "self_review")
    assert reviewer_of(house, house.plain.id) == house.company.ada.id


def test_somebody_elses_items_and_those_that_are_not_there_answer_alike(house: House) -> None:
    ours = {"items": [house.plain.id]}, {"items": [999_999]}
    assert handover(house, "eve", **ours[0]) == handover(house, "eve", **ours[1])
    assert handover(house, "eve", **ours[0])[0] == 404
    with house.database.reading() as session:
        task = session.get_one(ItemRow, house.plain.id).task_id
    theirs, none = handover(house, "eve", task=task)[1], handover(house, "eve", task=999_999)[1]
    assert theirs["detail"].replace(str(task), "#") == none["detail"].replace("999999", "#")
    assert handover(house, "it_security", **ours[0])[1]["code"] == "not_reviewer"  # who sees it all may be told


def test_either_items_or_a_task_to_somebody_there_is(house: House) -> None:
    assert handover(house, "boss")[0] == 422
    assert handover(house, "boss", items=[house.plain.id], task=1)[0] == 422
    status, told = handover(house, "boss", items=[house.plain.id], to="nobody@example.com")
    assert (status, told["code"]) == (404, "not_found")
    assert handover(house, "boss", items=[house.plain.id], reason=" ")[0] == 422
