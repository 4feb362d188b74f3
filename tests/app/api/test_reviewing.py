"""Schedules and tasks over the API."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select

from app.ledger.tables import EntryRow
from app.review import queries
from app.review.tables import CampaignRow
from tests.app.api.house import House
from tests.app.review import cast


def test_a_schedule_is_added_changed_paused_and_removed(house: House) -> None:
    admin, path = house.client("admin"), "/api/v1/schedules"
    made = admin.post(path, json={"name": "Half", "zone": "Europe/Paris", "scope": cast.SCOPE})
    assert (made.status_code, made.json()["opens_on_day"]) == (201, 45), made.text
    assert admin.post(path, json={"name": "Half", "zone": "UTC", "scope": cast.SCOPE}).status_code == 409
    own, seen = f"{path}/{made.json()['id']}", made.headers["ETag"]
    changed = admin.patch(own, json={"due_days": 30, "paused": True}, headers={"If-Match": seen})
    assert (changed.json()["due_days"], changed.json()["paused"], changed.json()["zone"]) == (30, True, "Europe/Paris")
    late = house.client("boss").patch(own, json={"paused": False}, headers={"If-Match": seen})
    assert (late.status_code, late.json()["facts"]["act"]) == (412, "schedule.changed")
    assert [row["name"] for row in admin.get(f"{path}?paused=true").json()["schedules"]] == ["Half"]
    assert admin.delete(own).status_code == 204
    assert admin.get(own).status_code == 404


def test_that_nothing_opens_by_itself_is_said_with_the_list(house: House) -> None:
    admin, path = house.client("admin"), "/api/v1/schedules"
    told = admin.get(path).json()
    assert told["because"] is None
    own = f"{path}/{told['schedules'][0]['id']}"
    assert admin.patch(own, json={"paused": True}).status_code == 200
    assert "the schedule is paused" in admin.get(path).json()["because"]
    assert admin.delete(own).status_code == 204
    assert admin.get(path).json()["because"].endswith("Make a schedule. Make one: POST /api/v1/schedules.")


def test_a_schedule_of_any_cadence_tells_its_next_dates_before_and_after_it_is_kept(house: House) -> None:
    admin, path = house.client("admin"), "/api/v1/schedules"
    closed = [{"from": "12-21", "until": "01-01", "because": "year end"}]
    asked = {
        "name": "Often", "zone": "UTC", "scope": cast.SCOPE, "cadence": "weekly", "every": 2, "starts_on": "2026-12-07",
        "calendar": {"closed": closed}, "due_days": 7,
    }  # fmt: skip
    before = admin.post(f"{path}/preview", json=asked).json()["dates"]
    assert before[1] == {
        "label": "2026-W52", "opens_at": "2027-01-02T09:00:00Z", "due_at": "2027-01-09T09:00:00Z",
        "meant_for": "2026-12-21", "because": "year end",
    }  # fmt: skip
    assert len(admin.get(path).json()["schedules"]) == 1
    made = admin.post(path, json=asked).json()
    own = f"{path}/{made['id']}"
    assert (made["every"], made["opens_on_day"], made["calendar"]["closed"]) == (2, 1, closed)
    assert admin.get(f"{own}/dates?count=2").json()["dates"] == before[:2]
    changed = admin.patch(own, json={"calendar": None, "due_days": None}).json()
    assert (changed["calendar"], changed["due_days"], changed["starts_on"]) == (None, 7, "2026-12-07")
    assert admin.get(f"{own}/dates").json()["dates"][1]["opens_at"] == "2026-12-21T09:00:00Z"
    assert admin.patch(own, json={"starts_on": None}).status_code == 422  # every second week, from which?
    for wrong in ({"cadence": "monthly", "opens_on_day": 29}, {"calendar": {"days": ["noday"]}}):
        refused = admin.post(f"{path}/preview", json=asked | wrong)
        assert (refused.status_code, "cannot be kept" in refused.json()["detail"]) == (422, True)


def test_a_reviewer_sees_the_share_that_is_theirs(house: House) -> None:
    (task,) = house.client("ada").get("/api/v1/tasks").json()["tasks"]
    assert (task["campaign"], task["reviewer"], task["items"], task["undecided"]) == ("Q4", "Ada", 3, 2)
    path = f"/api/v1/tasks/{task['id']}"
    assert house.client("ada").get(path).headers["ETag"] == '"1"'
    assert house.client("eve").get(path).status_code == 404
    assert house.client("auditor").get(path).status_code == 200
    assert house.client("eve").get("/api/v1/tasks").json()["tasks"] == []
    assert house.client("ada").get("/api/v1/tasks?status=closed").json()["tasks"] == []
    of_all = house.client("auditor").get(f"/api/v1/campaigns/{house.campaign.id}/tasks").json()["tasks"]
    assert [each["id"] for each in of_all] == [task["id"]]


def test_what_would_follow_is_told_before_a_share_is_submitted(house: House) -> None:
    ada, task = house.client("ada"), house.plain.task_id
    path = f"/api/v1/tasks/{task}/submission"
    told = ada.get(path).json()
    assert (told["answers"], told["undecided"], told["status"]) == ({"remove": 1}, 2, "open")
    assert told["refused"] == "2 of your items have no answer yet."
    (system,) = told["takes_away"]
    assert (system["system"], system["carried_out"], system["by_hand"]) == ("Sales org", {}, {"grant": 1})
    assert told["privileged_gone"] == [house.items[f"grant:{house.company.mighty.id}"].id]
    assert house.client("eve").get(path).status_code == 404
    assert house.client("auditor").get(path).json()["refused"] == "Only its reviewer submits a share."
    for item in house.items.values():
        if item.outcome is None and not item.privileged:
            answer = {"answer": "cannot_say"} if item.kind == "account" else {"answer": "keep"}
            assert ada.put(f"/api/v1/items/{item.id}/decision", json=answer).status_code == 200
    told = ada.get(path).json()
    assert (told["answers"], told["refused"]) == ({"keep": 1, "remove": 1}, None)
    assert told["goes_on"] == [{"to": "Cy", "items": 1}]
    assert ada.put(f"/api/v1/tasks/{task}/submission", json={}).status_code == 200
    assert ada.get(path).json()["refused"] == "These answers were submitted, and stand."


def test_a_preview_says_what_would_be_opened_and_leaves_nothing(house_on_both: House) -> None:
    house, asked = house_on_both, {"name": "Extra", "scope": cast.SCOPE}
    boss = house.client("admin")
    with house.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(EntryRow))
    told = boss.post("/api/v1/campaigns/preview", json=asked, headers={"Idempotency-Key": "look"})
    assert told.status_code == 200, told.text
    assert (told.json()["reviewers"], len(told.json()["shares"]), told.json()["long"]) == (2, 2, 0)
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EntryRow)) == before
        assert session.scalars(select(CampaignRow.name)).all() == [house.campaign.name]
    opened = boss.post("/api/v1/campaigns", json=asked)
    assert opened.status_code == 201
    story = boss.get(f"/api/v1/campaigns/{opened.json()['id']}").json()
    assert sum(share["items"] for share in story["shares"]) == told.json()["items"]
    with house.database.reading() as session:
        efforts = queries.effort(session, opened.json()["id"])
    now = {each["reviewer"]: efforts[each["task_id"]] for each in story["shares"]}
    shown = {each["reviewer"]: (each["answers"], each["minutes"]) for each in told.json()["shares"]}
    assert shown == {name: (each.answers, each.minutes) for name, each in now.items()}, "what they then have to give"
    assert min(minutes for _answers, minutes in shown.values()) > 0
    refused = boss.post("/api/v1/campaigns/preview", json={"name": "X", "scope": {"systems": "all"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_scope")


def test_a_preview_tells_too_many_answers_instead_of_refusing_them(house: House) -> None:
    strict = house.means.settings.model_copy(update={"campaign_most_answers": 1})
    house.means = house.app.state.means = replace(house.means, settings=strict)
    asked, boss = {"name": "Long", "scope": cast.SCOPE}, house.client("admin")
    told = boss.post("/api/v1/campaigns/preview", json=asked).json()
    assert told["long"] == sum(each["answers"] > 1 for each in told["shares"]) > 0
    assert boss.post("/api/v1/campaigns", json=asked).json()["code"] == "many_answers"
