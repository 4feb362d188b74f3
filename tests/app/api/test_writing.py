"""Writing over HTTP: once for each Idempotency-Key, and only on what the writer has seen."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.ledger.tables import EntryRow
from app.review.tables import DecisionRow, ItemRow
from tests.app.api.house import House, serving

KEEP = {"answer": "keep", "reason": "still sells"}


def _decisions(house: House) -> list[str]:
    with house.database.reading() as session:
        found = select(DecisionRow.answer).where(DecisionRow.item_id == house.plain.id).order_by(DecisionRow.id)
        return list(session.scalars(found))


def _path(house: House) -> str:
    return f"/api/v1/items/{house.plain.id}/decision"


# --- If-Match ---


def test_a_decision_on_what_was_seen_is_taken_and_gives_the_next_version(house: House) -> None:
    ada = house.client("ada")
    seen = ada.get(f"/api/v1/items/{house.plain.id}")
    answer = ada.put(_path(house), json=KEEP, headers={"If-Match": seen.headers["ETag"]})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "keep")
    assert answer.headers["ETag"] != seen.headers["ETag"]
    assert answer.headers["ETag"] == ada.get(f"/api/v1/items/{house.plain.id}").headers["ETag"]


def test_who_comes_second_is_told_who_was_first_and_changes_nothing(house_on_both: House) -> None:
    house = house_on_both
    ada = house.client("ada")
    seen = ada.get(f"/api/v1/items/{house.plain.id}").headers["ETag"]
    ada.put(_path(house), json={"answer": "remove", "reason": "gone"}, headers={"If-Match": seen})
    answer = ada.put(_path(house), json=KEEP, headers={"If-Match": seen})
    assert (answer.status_code, answer.json()["code"]) == (412, "too_late")
    assert "Ada" in answer.json()["detail"]
    assert _decisions(house) == ["remove"]


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "1", "*"])
def test_a_version_may_be_written_in_any_usual_way(house: House, tag: str) -> None:
    assert house.client("ada").put(_path(house), json=KEEP, headers={"If-Match": tag}).status_code == 200


def test_without_a_version_the_present_one_is_meant(house: House) -> None:
    ada = house.client("ada")
    assert ada.put(_path(house), json=KEEP).status_code == 200
    assert ada.put(_path(house), json={"answer": "remove", "reason": "on reflection"}).status_code == 200
    assert _decisions(house) == ["keep", "remove"]


@pytest.mark.parametrize("way", ["one", "many", "hook"])
def test_nothing_is_kept_against_a_serious_finding_without_a_reason_at_any_door(house: House, way: str) -> None:
    found = {"rule": "r", "severity": "critical", "because": "left 9 days ago"}
    with house.database.transaction() as session:
        session.get_one(ItemRow, house.plain.id).shown = house.plain.shown | {"findings": [found]}
    for reason, done in (("", False), ("asked her", True)):
        said = {"answer": "keep", "reason": reason}
        many = {"decisions": [said | {"item": house.plain.id}]}
        if way == "one":
            answer = house.client("ada").put(_path(house), json=said)
            assert answer.status_code == (200 if done else 422)
        elif way == "many":
            answer = house.client("ada").post("/api/v1/decisions", json=many)
            assert answer.json()["results"][0]["decided"] is done
        else:
            path = house.address("/api/v1/hooks/{hook_id}/decisions")
            answer = house.client().post(path, **house.message(many, f"msg_{done}"))
            assert answer.json()["results"][0]["decided"] is done
        assert ("against a finding of critical severity needs a reason" in answer.text) is not done
        assert _decisions(house) == (["keep"] if done else [])


# --- Idempotency-Key ---


def test_the_same_key_gives_the_same_answer_and_decides_once(house_on_both: House) -> None:
    house = house_on_both
    ada = house.client("ada")
    first = ada.put(_path(house), json=KEEP, headers={"Idempotency-Key": "k-1"})
    second = ada.put(_path(house), json=KEEP, headers={"Idempotency-Key": "k-1"})
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.headers["ETag"] == second.headers["ETag"]
    assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
    assert _decisions(house) == ["keep"]


def test_the_same_key_with_another_body_or_another_item_is_refused(house: House) -> None:
    ada = house.client("ada", **{"Idempotency-Key": "k-1"})
    ada.put(_path(house), json=KEEP)
    other = house.items[f"account:{house.company.account.id}"]
    for path, body in ((_path(house), KEEP | {"answer": "remove"}), (f"/api/v1/items/{other.id}/decision", KEEP)):
        answer = ada.put(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert _decisions(house) == ["keep"]


def test_the_same_key_of_somebody_else_is_another_key(house: House) -> None:
    """Nobody reads another's answer by guessing a key."""
    house.client("ada", **{"Idempotency-Key": "k-1"}).put(_path(house), json=KEEP)
    answer = house.client("eve", **{"Idempotency-Key": "k-1"}).put(_path(house), json=KEEP)
    assert answer.status_code == 404


def test_a_refused_request_leaves_its_key_free(house: House) -> None:
    ada = house.client("ada", **{"Idempotency-Key": "k-1"})
    assert ada.put(_path(house), json={"answer": "remove"}).status_code == 422  # no reason
    assert ada.put(_path(house), json=KEEP).status_code == 200


def test_eight_at_once_with_one_key_decide_once_and_all_have_the_answer(house_on_both: House) -> None:
    house = house_on_both
    answers: list[httpx2.Response] = []
    together = threading.Barrier(8)

    def ask(address: str) -> None:
        headers = {"Authorization": f"Bearer {house.tokens['ada']}", "Idempotency-Key": "k-1"}
        together.wait(20)
        answers.append(httpx2.put(address + _path(house), json=KEEP, headers=headers, timeout=30))

    with serving(house.app) as address:
        threads = [threading.Thread(target=ask, args=(address,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
    assert [answer.status_code for answer in answers] == [200] * 8
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert _decisions(house) == ["keep"]


def test_a_reading_is_asked_for_once(house: House) -> None:
    client = house.client("it_security", **{"Idempotency-Key": "k-1"})
    path = f"/api/v1/systems/{house.company.system.id}/readings"
    first, second = client.post(path), client.post(path)
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    with house.database.reading() as session:
        asked = select(func.count()).select_from(EntryRow).where(EntryRow.kind == "sync.requested")
        assert session.scalar(asked) == 1


# --- many at once ---


def test_each_of_many_decisions_has_a_result_of_its_own(house_on_both: House) -> None:
    house = house_on_both
    mine, theirs = house.plain.id, 999_999
    body: dict[str, Any] = {"decisions": [{"item": mine, **KEEP}, {"item": theirs, "answer": "keep"}]}
    answer = house.client("ada").post("/api/v1/decisions", json=body).json()
    assert answer["decided"] == 1
    assert [(each["item"], each["decided"], each["code"]) for each in answer["results"]] == [
        (mine, True, None),
        (theirs, False, "not_found"),
    ]


def test_one_item_twice_in_one_request_is_refused_whole(house: House) -> None:
    body = {"decisions": [{"item": house.plain.id, **KEEP}] * 2}
    answer = house.client("ada").post("/api/v1/decisions", json=body)
    assert answer.status_code in (409, 422)
    assert _decisions(house) == []


def test_what_was_decided_stands_in_the_ledger_with_its_author(house: House) -> None:
    house.client("ada").put(_path(house), json=KEEP)
    with house.database.reading() as session:
        row = session.scalars(select(DecisionRow).where(DecisionRow.item_id == house.plain.id)).one()
        entry = session.get_one(EntryRow, row.id)
        assert session.get_one(ItemRow, house.plain.id).outcome == "keep"
    assert (entry.author, row.way, row.by_identity_id) == (row.by, "token", house.company.ada.id)
    assert row.by.startswith("actor-")


def test_whoever_comes_second_to_a_review_is_told_who_was_first(house: House) -> None:
    path = f"/api/v1/campaigns/{house.campaign.id}"
    seen = house.client("auditor").get(path).headers["ETag"]
    assert house.client("boss").put(f"{path}/cancellation", json={"reason": "wrong scope"}).status_code == 200
    late = house.client("admin", **{"If-Match": seen}).put(f"{path}/closure", json={})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert late.json()["facts"] | {"by": "", "at": ""} == {
        "version": 2, "act": "campaign.cancelled", "by": "", "who": "Flo", "at": "",
    }  # fmt: skip
    assert "campaign.cancelled, by Flo" in late.json()["detail"]


def test_whoever_comes_second_to_a_removal_is_told_who_was_first(house: House) -> None:
    path = f"/api/v1/remediations/{house.remediation.id}"
    seen = house.client("auditor").get(path).headers["ETag"]
    first = house.client("it_security", **{"If-Match": seen}).put(f"{path}/report", json={"note": "done in Setup"})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    late = house.client("admin", **{"If-Match": seen}).put(f"{path}/report", json={"note": "me too"})
    assert (late.status_code, late.json()["facts"]["who"]) == (412, "it_security")
    assert house.client("auditor").get(path).json()["because"] == "by hand: done in Setup"


def test_a_removal_is_undone_once_and_answers_with_what_gives_the_access_back(house: House) -> None:
    path = f"/api/v1/remediations/{house.remediation.id}"
    said = {"reason": "the audit needs it until June"}
    made = house.client("it_security").put(f"{path}/undoing", json=said).json()
    assert (made["wish"], made["undoes_id"], made["status"]) == ("restore", str(house.remediation.id), "open")
    assert house.client("auditor").get(path).json()["status"] == "undone"
    again = house.client("admin").put(f"{path}/undoing", json=said)
    assert (again.status_code, again.json()["code"]) == (409, "undone")
    told = house.client("auditor").get(f"{path}/lookback").json()
    assert (told["ended"], told["changes"]["reach"]) == (None, "unknown")
    answer = house.client("auditor").get(f"/api/v1/remediations/{made['id']}/lookback")
    assert (answer.status_code, answer.json()["code"]) == (409, "takes_nothing")


@pytest.mark.parametrize("tag", ["abc", "3.5", "²", '"1234567890"', "W/x"])
def test_a_version_that_is_none_of_ours_is_refused(shown_house: House, tag: str) -> None:
    path = f"/api/v1/campaigns/{shown_house.campaign.id}/closure"
    answer = shown_house.client("admin").put(path, json={}, headers={"If-Match": tag.encode()})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_if_match")


@pytest.mark.parametrize("text", ["half \ud800", "nul \x00"])
def test_text_that_no_database_keeps_is_refused(shown_house: House, text: str) -> None:
    body = json.dumps({"name": text, "scope": {"systems": [text]}, "reason": "because it is needed"})
    sent = {"content": body, "headers": {"Content-Type": "application/json"}}
    answer = shown_house.client("admin", strict=False).post("/api/v1/overrides", **sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "does_not_fit")
    asked = shown_house.client("admin").get("/api/v1/accounts", params={"search": "a\x00"})
    assert asked.status_code == 422


def test_a_word_misspelt_does_not_count_as_one_left_out(shown_house: House) -> None:
    path = f"/api/v1/campaigns/{shown_house.campaign.id}/closure"
    answer = shown_house.client("admin").put(path, json={"unanswerd": "keep"})
    assert (answer.status_code, answer.json()["facts"]["mistakes"][0]["where"]) == (422, "body.unanswerd")


# --- taking an answer back ---


def test_an_answer_is_taken_back_and_the_item_has_none(house: House) -> None:
    ada = house.client("ada")
    assert ada.delete(_path(house)).status_code == 409
    seen = ada.put(_path(house), json=KEEP).headers["ETag"]
    key = {"Idempotency-Key": "back", "If-Match": seen}
    back = ada.delete(_path(house), headers=key)
    assert (back.status_code, back.json()["outcome"]) == (200, None)
    assert ada.delete(_path(house), headers=key).headers["Idempotency-Replayed"] == "true"
    assert ada.delete(_path(house), headers={"If-Match": seen}).status_code in (409, 412)
    assert house.client("eve").delete(_path(house)).status_code == 404
    assert _decisions(house) == ["keep", "withdraw"]
    # Of many at once, and of programs that decide by signed messages, it is not asked: an answer says something.
    many = {"decisions": [{"item": house.plain.id, "answer": "withdraw"}]}
    assert ada.post("/api/v1/decisions", json=many).status_code == 422
