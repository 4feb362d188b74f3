"""An approver's word over the API: theirs alone, for what is left out of one review or schedule, and for an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.app.api.house import NOW, House
from tests.app.review import cast

OUT = {"exclude": [{"where": "temporary", "reason": "they end by themselves"}]}
MORE = {"exclude": [{"where": "new", "reason": "they are young"}]}
REASON = "they do end by themselves"


def left(house: House, **other: Any) -> dict[str, Any]:
    """A scope that leaves something out; Ada approves that."""
    return cast.SCOPE | OUT | {"approver": house.company.ada.key} | other


def word(house: House, who: str = "ada", **other: Any) -> Any:
    return house.client(who).post(
        "/api/v1/approvals", json={"name": "Extra", "scope": left(house), "reason": REASON} | other
    )


def opening(house: House, approval: str | None, who: str = "admin", **other: Any) -> tuple[int, dict[str, Any]]:
    answer = house.client(who).post(
        "/api/v1/campaigns", json={"name": "Extra", "scope": left(house), "approval": approval} | other
    )
    return answer.status_code, answer.json()


def test_a_review_that_leaves_something_out_opens_with_its_approvers_word(house: House) -> None:
    status, told = opening(house, None)
    assert (status, told["code"]) == (409, "not_approved"), told
    given = word(house).json()["approval"]
    assert opening(house, given, scope=left(house, **MORE))[1]["code"] == "no_approval"
    assert opening(house, given, name="Another")[1]["code"] == "no_approval"
    assert opening(house, given[:-8] + "AAAAAAA=")[1]["code"] == "no_approval"
    looked = house.client("admin").post(
        "/api/v1/campaigns/preview", json={"name": "Extra", "scope": left(house), "approval": given}
    )
    assert looked.status_code == 200, looked.text
    status, told = opening(house, given, scope=left(house, many_answers="the first one"))
    assert status == 201, told
    assert (told["approval"]["reason"], told["approval"]["asked_by"]) == (REASON, told["opened_by"])
    assert told["approval"]["granted_by"] != told["opened_by"]


def test_nobody_else_gives_it_and_nobody_brings_their_own(house: House) -> None:
    for who in ("bo", "admin", "boss"):
        assert word(house, who).json()["code"] == "bad_approval", who
    assert word(house, scope=cast.SCOPE).json()["code"] == "nothing_left_out"
    own = left(house, approver="flo", fallback="fay", second_fallback="cy")
    given = word(house, "boss", scope=own).json()["approval"]
    status, told = opening(house, given, "boss", scope=own)
    assert (status, told["code"]) == (422, "bad_scope"), told
    assert "who sets it up" in told["detail"]


def test_a_word_of_one_kind_is_none_of_the_other(house: House) -> None:
    asked = {"name": "Extra", "scope": left(house), "reason": REASON}
    override = house.client("boss").post("/api/v1/overrides", json=asked).json()["override"]
    assert opening(house, override)[1]["code"] == "no_approval"
    given = word(house).json()["approval"]
    assert opening(house, given, override=given)[1]["code"] == "no_override"


def test_a_schedule_that_leaves_something_out_takes_it_too(house: House) -> None:
    admin, asked = house.client("admin"), {"name": "Often", "zone": "UTC", "scope": left(house)}
    assert admin.post("/api/v1/schedules", json=asked).json()["code"] == "not_approved"
    given = word(house, name="Often").json()["approval"]
    made = admin.post("/api/v1/schedules", json=asked | {"approval": given})
    assert made.json()["approval"]["reason"] == REASON, made.text
    own = f"/api/v1/schedules/{made.json()['id']}"
    assert admin.patch(own, json={"due_days": 30}).status_code == 200
    more = left(house, **MORE)
    assert admin.patch(own, json={"scope": more}).json()["code"] == "not_approved"
    again = word(house, name="Often", scope=more).json()["approval"]
    assert admin.patch(own, json={"scope": more, "approval": again}).status_code == 200


def test_it_runs_out_within_the_hour(house: House) -> None:
    given = word(house)
    until = datetime.fromisoformat(given.json()["until"])
    assert until - NOW == timedelta(hours=1)
