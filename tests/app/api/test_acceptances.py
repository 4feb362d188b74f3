"""A control owner's word and signature over the API: theirs alone, for what was previewed, and for what was closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import update

from app import settings
from app.review.tables import CampaignRow, DriftRow, TaskRow
from tests.app.api.house import LENIENT, House
from tests.app.review import cast

REMARK = "looked at every system in it"


def strict(house: House) -> None:
    """An installation that opens nothing without a control owner, as installations are."""
    house.means = house.app.state.means = replace(
        house.means, settings=settings.read(LENIENT | {"ROLECALL_CONTROL_OWNER_REQUIRED": "yes"})
    )


def owned(house: House) -> dict[str, Any]:
    return cast.SCOPE | {"control_owner": house.company.ada.key, "many_answers": "the first one"}


def accepting(house: House, who: str = "ada", **other: Any) -> Any:
    asked = {"name": "Extra", "scope": owned(house), "population": None, "remark": REMARK} | other
    return house.client(who).post("/api/v1/acceptances", json=asked)


def test_a_review_opens_with_its_owners_word_and_closes_to_be_signed(house: House) -> None:
    strict(house)
    admin, ada = house.client("admin"), house.client("ada")
    asked = {"name": "Extra", "scope": owned(house)}
    nobody = admin.post("/api/v1/campaigns", json=asked | {"scope": cast.SCOPE})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "no_control_owner")
    assert '"control_owner": "<roster key>"' in nobody.json()["way_out"]
    waiting = admin.post("/api/v1/campaigns", json=asked).json()
    assert waiting["code"] == "not_accepted"
    assert "POST /api/v1/acceptances" in waiting["way_out"]
    looked = admin.post("/api/v1/campaigns/preview", json=asked).json()
    assert sum(sum(kinds.values()) for kinds in looked["population"]["items"].values()) == looked["items"]
    assert accepting(house, "boss", population=looked["digest"]).json()["code"] == "bad_acceptance"
    word = accepting(house, population=looked["digest"]).json()["acceptance"]
    other = accepting(house, population="0" * 64).json()["acceptance"]
    for changed, code in (
        ({"acceptance": other}, "other_population"),
        ({"acceptance": word[:-8] + "AAAAAAA="}, "no_acceptance"),
        ({"acceptance": word, "name": "Another"}, "no_acceptance"),
        ({"acceptance": word, "scope": owned(house) | {"where": "privileged"}}, "no_acceptance"),
        ({"acceptance": accepting(house).json()["acceptance"]}, "not_accepted"),
    ):
        assert admin.post("/api/v1/campaigns", json=asked | changed).json()["code"] == code, changed
    made = admin.post("/api/v1/campaigns", json=asked | {"acceptance": word})
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert (made.json()["owner_id"], made.json()["acceptance"]["digest"]) == (house.company.ada.id, looked["digest"])
    path = f"/api/v1/campaigns/{number}/signature"
    assert ada.get(path).json()["why_not"] == "Only what is closed can be signed."
    with house.database.transaction() as session:  # nobody is asked here about answers
        session.execute(update(DriftRow).where(DriftRow.campaign_id == number).values(answer="keep"))
        session.execute(update(TaskRow).where(TaskRow.campaign_id == number).values(status="submitted"))
    closed = admin.put(f"/api/v1/campaigns/{number}/closure", json={"unanswered": "remove"})
    assert closed.status_code == 200, closed.text
    seen = ada.get(path)
    assert (seen.json()["why_not"], seen.json()["counts"]["items"]) == (None, looked["items"])
    signing = {"remark": REMARK, "seen": seen.json()["leaf"]}
    assert house.client("boss").put(path, json=signing).json()["code"] == "not_the_owner"
    assert ada.put(path, json=signing | {"seen": "0" * 64}).status_code == 412
    signed = ada.put(path, json=signing, headers={"If-Match": seen.headers["ETag"]})
    assert signed.status_code == 200, signed.text
    assert signed.json()["signature"]["leaf"] == seen.json()["leaf"]
    assert ada.put(path, json=signing).json()["code"] == "signed_already"
    assert admin.get(f"/api/v1/campaigns/{number}").json()["signature"]["remark"] == REMARK


def test_another_owner_is_named_and_a_stranger_sees_no_outcome(house: House) -> None:
    number = house.campaign.id
    path = f"/api/v1/campaigns/{number}"
    assert house.client("ada").get(path + "/signature").status_code == 404
    assert house.client("auditor").get(path + "/signature").json()["owner"] is None
    named = {"owner_id": house.company.eve.id, "reason": "nobody was named"}
    assert house.client("ada").put(path + "/control-owner", json=named).status_code == 403
    told = house.client("admin").put(path + "/control-owner", json=named)
    assert (told.status_code, told.json()["owner"]) == (200, house.company.eve.id)
    with house.database.reading() as session:
        assert session.get_one(CampaignRow, number).owner_id == house.company.eve.id


def test_a_schedule_takes_a_standing_word(house: House) -> None:
    strict(house)
    admin = house.client("admin")
    asked = {"name": "Extra", "zone": "UTC", "scope": owned(house)}
    assert admin.post("/api/v1/schedules", json=asked).json()["code"] == "not_accepted"
    once = accepting(house, population="0" * 64).json()["acceptance"]
    assert admin.post("/api/v1/schedules", json=asked | {"acceptance": once}).json()["code"] == "not_accepted"
    made = admin.post("/api/v1/schedules", json=asked | {"acceptance": accepting(house).json()["acceptance"]})
    assert (made.status_code, made.json()["acceptance"]["remark"]) == (201, REMARK), made.text
    path = f"/api/v1/schedules/{made.json()['id']}"
    assert admin.patch(path, json={"scope": owned(house) | {"where": "privileged"}}).json()["code"] == "not_accepted"
    assert admin.patch(path, json={"due_days": 30}).status_code == 200
