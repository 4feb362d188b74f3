"""What is done about findings at the door of programs: each act is a resource, once, and by whoever may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests import make
from tests.app.api.house import House, finding

WAIVER: dict[str, Any] = {
    "reason": "the nightly import runs under it until May", "until": (make.NOW + timedelta(days=30)).isoformat(),
}  # fmt: skip


def test_a_waiver_takes_two_people_and_a_version_that_was_seen(house: House) -> None:
    path = f"/api/v1/findings/{house.finding.id}"
    one, other = house.client("it_security"), house.client("admin")
    seen = one.get(path)
    asked = one.put(f"{path}/waiver", json=WAIVER, headers={"If-Match": seen.headers["ETag"], "Idempotency-Key": "w"})
    assert (asked.status_code, asked.json()["status"]) == (200, "asked"), asked.text
    again = one.put(f"{path}/waiver", json=WAIVER, headers={"If-Match": seen.headers["ETag"], "Idempotency-Key": "w"})
    assert again.headers["Idempotency-Replayed"] == "true"
    refused = one.put(f"{path}/waiver/approval", json={"answer": "approve"})
    assert (refused.status_code, refused.json()["code"]) == (403, "own_waiver")
    late = other.put(f"{path}/waiver/approval", json={"answer": "approve"}, headers={"If-Match": seen.headers["ETag"]})
    assert (late.status_code, late.json()["facts"]["act"]) == (412, "waiver.asked")
    assert other.put(f"{path}/waiver/approval", json={"answer": "approve"}).json()["status"] == "approved"
    story = one.get(path).json()
    assert (story["status"], [each["kind"] for each in story["history"]]) == ("waived", ["asked", "waived"])
    assert [each["id"] for each in one.get("/api/v1/findings?status=waived").json()["findings"]] == [house.finding.id]
    ended = one.put(f"{path}/waiver/ending", json={"reason": "the import runs elsewhere now"})
    assert (ended.json()["status"], one.get(path).json()["status"]) == ("ended", "open")


def test_findings_are_handed_on_noticed_and_talked_about(house: House) -> None:
    path, client = f"/api/v1/findings/{house.finding.id}", house.client("it_security")
    assert client.put(f"{path}/owner", json={"owner": "role:admin"}).json()["owner_name"] == (
        "the administrators of Rolecall"
    )
    assert client.get("/api/v1/findings?owner=me").json()["findings"] == []
    assert len(house.client("boss").get("/api/v1/findings?owner=me").json()["findings"]) == 1
    assert client.put(f"{path}/owner", json={"owner": "eve@nowhere"}).status_code == 404
    assert client.put(f"{path}/acknowledgement", json={}).json()["acknowledged_at"] is not None
    assert client.get("/api/v1/findings?noticed=false").json()["findings"] == []
    for text in ("the vendor answers by Friday", "they have answered today"):
        assert client.post(f"{path}/comments", json={"text": text}).status_code == 201
    assert client.post(f"{path}/comments", json={"text": "ok"}).status_code == 422
    page = client.get(f"{path}/comments?limit=1").json()
    assert [each["text"] for each in page["comments"]] == ["they have answered today"]
    rest = client.get(f"{path}/comments", params={"limit": 1, "after": page["next"]}).json()
    assert ([each["text"] for each in rest["comments"]], rest["next"]) == (["the vendor answers by Friday"], None)


def test_several_at_once_are_changed_together_or_not_at_all(house: House) -> None:
    with house.database.transaction() as session:
        some = [finding(session, house.company).id for _ in range(3)]
        closed = finding(session, house.company, status="closed").id
    client = house.client("admin")
    for path, more in (("acknowledgements", {}), ("assignments", {"owner": "me"})):
        told = client.post(f"/api/v1/findings/{path}", json={"findings": [*some, closed], **more})
        assert (told.status_code, told.json()["code"]) == (409, "finding_closed")
    assert all(
        each["acknowledged_at"] is None and each["assigned_by"] is None
        for each in client.get("/api/v1/findings").json()["findings"]
    )
    for path, more in (("acknowledgements", {}), ("assignments", {"owner": "role:admin"})):
        told = client.post(f"/api/v1/findings/{path}", json={"findings": [*some, some[0]], **more})
        assert [each["id"] for each in told.json()["findings"]] == some
    assert client.post("/api/v1/findings/acknowledgements", json={"findings": []}).status_code == 422


def test_one_story_and_what_is_late_can_be_asked_for(house: House) -> None:
    day = timedelta(days=1)
    with house.database.transaction() as session:
        late = finding(session, house.company, cause="leaver:person:7", due_at=make.NOW - day)
        soon = finding(session, house.company, cause="leaver:person:7", due_at=make.NOW + day, severity="critical")
        first = finding(session, house.company, baseline=True, due_at=make.NOW + 30 * day)
        numbers = [late.id, soon.id, first.id, house.finding.id]

    def shown(query: str) -> list[int]:
        return [each["id"] for each in house.client("auditor").get(f"/api/v1/findings?{query}").json()["findings"]]

    assert shown("cause=leaver:person:7") == [numbers[1], numbers[0]], "what matters most first"
    assert shown("due=late") == [numbers[0]]
    assert shown("due=soon") == [numbers[1]]
    assert shown("baseline=true") == [numbers[2]]
    assert shown("sort=due") == numbers
    assert house.client("auditor").get(f"/api/v1/findings/{numbers[0]}").json()["siblings"] == [numbers[1]]
