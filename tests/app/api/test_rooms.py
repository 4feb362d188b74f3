"""One happy way through every room of the API."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.inventory.tables import EntitlementRow
from app.ledger.tables import EntryRow
from tests import make
from tests.app.api.house import House


def get(house: House, path: str, who: str = "admin") -> Any:
    answer = house.client(who).get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_is_up_without_asking_the_database(shown_house: House) -> None:
    shown = shown_house.client().get("/health").json()
    assert shown["status"] == "up"


def test_a_system_with_its_readings_and_their_receipts(shown_house: House) -> None:
    system = shown_house.company.system
    assert {"Sales org"} <= {each["name"] for each in get(shown_house, "/api/v1/systems")["systems"]}
    assert get(shown_house, f"/api/v1/systems/{system.id}")["name"] == "Sales org"
    newest = get(shown_house, f"/api/v1/systems/{system.id}/snapshots")["snapshots"][0]
    assert newest["status"] == "sealed"
    assert {stream["verdict"] for stream in newest["streams"]} == {"complete"}


def test_a_system_that_was_removed_is_not_read_again(house: House) -> None:
    with house.database.transaction() as session:
        system = make.system(session, removed=make.NOW)
    assert system.id not in {each["id"] for each in get(house, "/api/v1/systems")["systems"]}
    assert house.client("admin").post(f"/api/v1/systems/{system.id}/readings").status_code == 404


def test_a_reading_is_asked_for_in_the_ledger(house: House) -> None:
    answer = house.client("it_security").post(f"/api/v1/systems/{house.company.system.id}/readings")
    assert answer.status_code == 202
    with house.database.reading() as session:
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "sync.requested")).one()
    assert answer.json() == {"entry": str(entry.id)}
    assert entry.body["system"] == house.company.system.id
    assert entry.author.startswith("actor-")


def test_rules_are_asked_anew_in_the_ledger_and_not_of_what_was_never_read(house: House) -> None:
    answer = house.client("it_security").post(f"/api/v1/systems/{house.company.system.id}/passes")
    assert answer.status_code == 202
    with house.database.transaction() as session:
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "detection.requested")).one()
        new = make.system(session).id
    assert answer.json() == {"entry": str(entry.id)}
    refused = house.client("it_security").post(f"/api/v1/systems/{new}/passes")
    assert (refused.status_code, refused.json()["code"]) == (409, "never_read")


def test_a_finding_with_what_to_do_about_it(shown_house: House) -> None:
    rows = get(shown_house, "/api/v1/findings?rule=inactive_account")["findings"]
    assert [row["id"] for row in rows] == [shown_house.finding.id]
    story = get(shown_house, f"/api/v1/findings/{shown_house.finding.id}")
    assert story["todo"]
    assert story["title"] != story["rule"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("status=closed", 0), ("system=999", 0), ("rule=never_used", 0), ("severity=low", 0), ("status=open", 1)],
)
def test_findings_are_narrowed_by_what_is_asked(shown_house: House, asked: str, found: int) -> None:
    assert len(get(shown_house, f"/api/v1/findings?{asked}")["findings"]) == found


def test_a_campaign_with_how_far_each_reviewer_is(shown_house: House) -> None:
    story = get(shown_house, f"/api/v1/campaigns/{shown_house.campaign.id}")
    assert [(each["reviewer"], each["items"], each["remove"], each["undecided"]) for each in story["shares"]] == [
        ("Ada", 3, 1, 2)
    ]


def test_an_item_shows_what_was_frozen_and_what_was_decided(shown_house: House) -> None:
    mighty = shown_house.items[f"grant:{shown_house.company.mighty.id}"]
    story = get(shown_house, f"/api/v1/items/{mighty.id}", "ada")
    assert (story["reviewer"], story["campaign"], story["privileged"]) == ("Ada", "Q4", True)
    assert [(each["answer"], each["reason"]) for each in story["decisions"]] == [("remove", "moved on")]


def test_a_review_opened_decided_and_closed(house_on_both: House) -> None:
    house = house_on_both
    boss, ada = house.client("boss"), house.client("ada")
    scope: dict[str, Any] = {
        "systems": "all",
        "kinds": ["grant", "account"],
        "reviewers": [{"ask": ["manager", "owner"]}],
    }
    scope |= {"fallback": "flo", "second_fallback": "fay"}
    opened = boss.post("/api/v1/campaigns", json={"name": "Extra", "scope": scope, "due_days": 7})
    assert opened.status_code == 201, opened.text
    number = opened.json()["id"]
    early = boss.put(f"/api/v1/campaigns/{number}/closure", json={})
    assert (early.status_code, early.json()["code"]) == (409, "undecided")
    items = ada.get(f"/api/v1/items?campaign={number}").json()["items"]
    asked = [{"item": item["id"], "answer": "keep", "reason": "needed"} for item in items]
    assert ada.post("/api/v1/decisions", json={"decisions": asked}).json()["decided"] == 3
    draft = boss.put(f"/api/v1/campaigns/{number}/closure", json={})
    assert (draft.status_code, draft.json()["code"], draft.json()["facts"]) == (
        409,
        "not_submitted",
        {"drafts": ["Ada"]},
    )
    task = items[0]["task_id"]
    submitted = ada.put(f"/api/v1/tasks/{task}/submission", json={})
    assert (submitted.status_code, submitted.json()["status"]) == (200, "submitted")
    changed = ada.put(f"/api/v1/items/{items[0]['id']}/decision", json={"answer": "remove", "reason": "no"})
    assert (changed.status_code, changed.json()["code"]) == (409, "submitted")
    theirs = house.client("eve").put(f"/api/v1/tasks/{task}/submission", json={})
    assert theirs.status_code == 404  # as one that is not there
    assert boss.put(f"/api/v1/tasks/{task}/reopening", json={"reason": "a slip"}).json()["status"] == "open"
    assert ada.put(f"/api/v1/tasks/{task}/submission", json={}).status_code == 200
    closed = boss.put(f"/api/v1/campaigns/{number}/closure", json={})
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    assert get(house, f"/api/v1/campaigns/{number}")["status"] == "closed"
    again = boss.put(f"/api/v1/campaigns/{number}/closure", json={})
    assert again.status_code == 409


def test_drift_is_listed_and_decided_on(house: House) -> None:
    listed = get(house, f"/api/v1/campaigns/{house.campaign.id}/drift")["drift"]
    assert [(each["id"], each["answer"]) for each in listed] == [(house.drift.id, None)]
    answer = house.client("boss").put(
        f"/api/v1/drift/{house.drift.id}/decision", json={"answer": "keep", "reason": "new job"}
    )
    assert (answer.status_code, answer.json()["answer"]) == (200, "keep")
    assert (answer.headers["ETag"], answer.json()["version"]) == ('"2"', listed[0]["version"] + 1)


def test_drift_that_changed_since_it_was_seen_is_not_decided_on(house: House) -> None:
    boss, path = house.client("boss"), f"/api/v1/campaigns/{house.campaign.id}/drift"

    def brings(*privileges: str) -> dict[str, Any]:
        with house.database.transaction() as session:
            session.get_one(EntitlementRow, house.company.role.id).privileges = list(privileges)
        boss.post(path)
        return next(iter(get(house, f"{path}?change=changed")["drift"]))

    seen, now = brings("export"), brings("export", "develop")
    told = {"answer": "keep", "reason": "new job"}
    decision, tag = f"/api/v1/drift/{seen['id']}/decision", '"{version}"'.format
    stale = boss.put(decision, json=told, headers={"If-Match": tag(**seen)})
    assert (stale.status_code, stale.json()["code"], stale.json()["facts"]["version"]) == (412, "changed_meanwhile", 2)
    assert now["leans"] == []
    with house.database.transaction() as session:
        flo = make.account(session, house.company.system, identity_id=house.company.flo.id, username="flo@corp")
        make.grant(session, flo, session.get_one(EntitlementRow, house.company.role.id))
    (again,) = get(house, f"{path}?change=changed", "boss")["drift"]
    assert again["leans"] == ["holds"]
    assert boss.put(decision, json=told, headers={"If-Match": tag(**now)}).status_code == 200


def test_drift_is_listed_now(house: House) -> None:
    with house.database.transaction() as session:
        began = make.NOW + timedelta(hours=1)
        make.grant(session, house.company.account, make.entitlement(session, house.company.system), began=began)
        make.snapshot(session, house.company.system, at=began)
        session.get_one(EntitlementRow, house.company.role.id).privileges = ["export"]
    path = f"/api/v1/campaigns/{house.campaign.id}/drift"
    before = get(house, path)["drift"]
    answer = house.client("boss").post(path)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["found"], answer.json()["undecided"]) == (
        len(before) + 4,
        3,
    )  # with an integration and its key
    assert len(get(house, path)["drift"]) == len(before) + 4
    (changed,) = get(house, f"{path}?change=changed&undecided=true")["drift"]
    assert (changed["subject"], changed["privileged"]) == (f"definition:{house.company.role.id}", True)
    assert changed["shown"]["changed"] == [{"part": "brings", "came": ["export"], "went": []}]
    assert len(get(house, f"{path}?undecided=true&change=began")["drift"]) == len(before) + 3
    assert get(house, f"{path}?change=ended")["drift"] == []
    assert house.client("boss").post("/api/v1/campaigns/999/drift").status_code == 404


def test_a_review_is_cancelled_with_a_reason(house: House) -> None:
    boss, path = house.client("boss"), f"/api/v1/campaigns/{house.campaign.id}/cancellation"
    assert boss.put(path, json={"reason": " "}).status_code == 422
    answer = boss.put(path, json={"reason": "the wrong scope"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    again = boss.put(path, json={"reason": "the wrong scope"})
    assert (again.status_code, again.json()["code"]) == (409, "campaign_ended")
    assert boss.post(f"/api/v1/campaigns/{house.campaign.id}/drift").status_code == 409
    assert boss.put("/api/v1/campaigns/999/cancellation", json={"reason": "x"}).status_code == 404


def test_a_removal_with_its_story(shown_house: House) -> None:
    rows = get(shown_house, f"/api/v1/remediations?campaign={shown_house.campaign.id}&status=open")["remediations"]
    assert [row["id"] for row in rows] == [str(shown_house.remediation.id)]
    assert get(shown_house, f"/api/v1/remediations/{shown_house.remediation.id}")["acts"] == []


def test_a_removal_done_by_hand_is_reported_and_tried_again(house: House) -> None:
    it, path = house.client("it_security"), f"/api/v1/remediations/{house.remediation.id}"
    early = it.put(f"{path}/retry", json={"reason": "it was never tried"})
    assert (early.status_code, early.json()["code"]) == (409, "no_such_move")
    assert it.put(f"{path}/report", json={"note": " "}).json()["code"] == "no_reason"
    done = it.put(f"{path}/report", json={"note": "taken away in Setup"})
    assert (done.status_code, done.json()["status"]) == (200, "acted")
    assert done.json()["because"] == "by hand: taken away in Setup"
    again = it.put(f"{path}/retry", json={"reason": "it was the wrong account"})
    assert (again.status_code, again.json()["status"]) == (200, "open")
    assert it.put(f"/api/v1/remediations/{uuid.uuid4()}/report", json={"note": "x"}).status_code == 404


def test_a_removal_that_is_tried_again_has_a_worker_asked_for(house: House) -> None:
    it, path = house.client("it_security"), f"/api/v1/remediations/{house.remediation.id}"
    asked = select(EntryRow.body).where(EntryRow.kind == "removal.requested")
    it.put(f"{path}/retry", json={"reason": "too early"})
    it.put(f"{path}/report", json={"note": "by hand"})
    with house.database.reading() as session:
        assert session.scalars(asked).all() == []
    it.put(f"{path}/retry", json={"reason": "not so"})
    with house.database.reading() as session:
        assert [body["system"] for body in session.scalars(asked)] == [house.company.system.id]


def test_everything_a_person_can_reach(shown_house: House) -> None:
    told = get(shown_house, f"/api/v1/people/{shown_house.company.bo.key}/access")
    assert {held["name"] for account in told["accounts"] for held in account["holds"]} == {"Sales rep", "Boss"}


def test_the_checkpoint_is_signed_by_this_installation(shown_house: House) -> None:
    answer = shown_house.client("auditor").get("/api/v1/ledger/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("rolecall/")
    assert "\n\n— rolecall/" in answer.text


def test_a_packet_is_refused_while_the_campaign_is_open(shown_house: House) -> None:
    answer = shown_house.client("auditor").get(f"/api/v1/campaigns/{shown_house.campaign.id}/packet")
    assert answer.status_code == 409
    assert shown_house.client("auditor").get("/api/v1/campaigns/999/packet").status_code == 404
