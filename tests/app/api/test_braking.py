"""What holds removals, by the API: the stop, a system's own brakes, releases, and the plan of a removal."""

from __future__ import annotations

from typing import Any

from tests.app.api.house import House
from tests.app.console.visiting import actor_of

STOP = {"reason": "the wrong people are going"}


def lane_of(house: House) -> str:
    return f"/api/v1/systems/{house.company.system.id}/lane"


def read(house: House, path: str) -> Any:
    return house.client("auditor").get(path).json()


def test_everything_is_stopped_once_and_let_go_on_once(house: House) -> None:
    client = house.client("it_security")
    assert read(house, "/api/v1/stop")["stopped"] is False
    assert client.put("/api/v1/stop", json=STOP).json()["because"] == STOP["reason"]
    assert read(house, "/api/v1/stop")["stopped"] is True
    assert read(house, lane_of(house))["stopped"] is True
    again = client.put("/api/v1/stop", json=STOP)
    assert (again.status_code, again.json()["code"]) == (409, "stopped_already")
    plan = read(house, f"/api/v1/remediations/{house.remediation.id}/plan")
    assert plan["held"]["code"] == "stopped"
    assert client.put("/api/v1/stop/ending", json={"reason": "a false alarm"}).json()["stopped"] is False
    assert client.put("/api/v1/stop/ending", json={"reason": "a false alarm"}).json()["code"] == "not_stopped"


def test_a_system_has_brakes_of_its_own_and_the_rest_of_the_settings(house: House) -> None:
    admin = house.client("admin")
    told = admin.put(lane_of(house), json={"per_run": 5, "hours": "Sat 02:00-04:00", "because": "its support asks"})
    assert told.status_code == 200
    lane = read(house, lane_of(house))
    assert (lane["per_run"], lane["percent"], lane["hours"], lane["own"]["percent"]) == (5, 10, "Sat 02:00-04:00", None)
    wrong = admin.put(lane_of(house), json={"hours": "whenever", "because": "its support asks"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "no_hours")


def test_a_second_person_releases_what_they_looked_at(house: House) -> None:
    with house.database.transaction() as session:
        session.merge(house.campaign).closed_by = actor_of(house, "admin").id
    lane = read(house, lane_of(house))
    asked = {"digest": lane["digest"], "reason": "looked at each"}
    releases = f"/api/v1/systems/{house.company.system.id}/releases"
    own = house.client("admin").post(releases, json=asked)
    assert (own.status_code, own.json()["code"]) == (403, "own_release")
    late = house.client("boss").post(releases, json=asked | {"digest": "another"})
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    given = house.client("boss").post(releases, json=asked)
    assert (given.status_code, given.json()["removals"]) == (201, lane["to_release"])
    assert read(house, lane_of(house))["to_release"] == 0
    assert [each["digest"] for each in read(house, releases)["releases"]] == [lane["digest"]]


def test_a_plan_says_what_would_be_done_and_looks_only_for_whoever_may_take_away(house: House) -> None:
    path = f"/api/v1/remediations/{house.remediation.id}/plan"
    plan = read(house, path)
    assert (plan["looked"], plan["calls"][0]["act"]) == (False, "remove_grant")
    assert plan["calls"][0]["refusal"]["code"] == "writing_off"
    assert "read-only" in plan["by_hand"]
    assert plan["steps"]
    assert house.client("auditor").get(f"{path}?look=true").status_code == 403
    assert house.client("it_security").get(f"{path}?look=true").json()["looked"] is False  # it has no executor
