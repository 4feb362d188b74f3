"""Actors over the API: made, given tokens that are shown once, ended; and what is one's own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.actors import sessions
from app.actors.tables import ActorRow, RequestKeyRow, TokenRow
from tests.app.api.house import NOW, House


def _made(house: House, **given: object) -> dict[str, object]:
    asked = {"name": "Zoe", "roles": [{"role": "it_security"}], "email": "zoe@example.com", **given}
    answer = house.client("admin").post("/api/v1/actors", json=asked)
    assert answer.status_code == 201, answer.text
    told: dict[str, object] = answer.json()
    return told


def test_an_actor_is_made_with_roles_and_ended(house: House) -> None:
    zoe = _made(house)
    path = f"/api/v1/actors/{zoe['id']}"
    assert zoe["roles"] == [{"role": "it_security", "until": None}]
    assert zoe["id"] in {each["id"] for each in house.client("admin").get("/api/v1/actors").json()["actors"]}
    assert house.client("admin").delete(path).status_code == 204
    assert house.client("admin").get(path).json()["ended"] is not None
    gone = house.client("admin").get("/api/v1/actors?status=gone").json()["actors"]
    assert {each["name"] for each in gone} == {"Gone", "Zoe"}
    assert house.client("admin").delete(path).status_code == 204


def test_an_auditor_has_an_end(house: House) -> None:
    asked = {"name": "Aud", "roles": [{"role": "auditor"}]}
    answer = house.client("admin").post("/api/v1/actors", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "end_missing")
    held = _made(house, roles=[{"role": "auditor", "until": "2027-03-01T00:00:00+01:00"}])
    assert held["roles"] == [{"role": "auditor", "until": "2027-02-28T23:00:00Z"}]


def test_a_token_is_shown_once_and_not_kept_for_the_same_request(house: House) -> None:
    path, key = f"/api/v1/actors/{_made(house)['id']}/tokens", {"Idempotency-Key": "once"}
    asked = {"label": "laptop", "days": 10, "scope": ["see_findings"]}
    first = house.client("admin", **key).post(path, json=asked)
    assert first.status_code == 201, first.text
    token = first.json()["token"]
    again = house.client("admin", **key).post(path, json=asked)
    assert (again.status_code, again.json()) == (201, {**first.json(), "token": None})
    with house.database.reading() as session:
        kept = session.query(RequestKeyRow).filter_by(key="once").one()
        assert token.rsplit("_", 1)[1] not in str(kept.answer)
    house.tokens["zoe"] = token
    assert house.client("zoe").get("/api/v1/findings").status_code == 200
    narrow = house.client("zoe").get("/api/v1/systems")
    assert (narrow.status_code, narrow.json()["code"]) == (403, "not_in_scope")


def test_a_token_is_revoked_by_an_admin_or_by_whose_it_is(house: House) -> None:
    own = house.client("ada").get("/api/v1/me/tokens").json()["tokens"]
    assert [each["label"] for each in own] == ["test"]
    assert "hash" not in own[0]
    path = f"/api/v1/me/tokens/{own[0]['id']}"
    assert house.client("eve").delete(path).status_code == 404  # somebody else's is not there
    assert house.client("ada").delete(path).status_code == 204
    assert house.client("ada").get("/api/v1/me").status_code == 401
    eve = house.tokens["eve"].split("_")[1]
    with house.database.reading() as session:
        actor = session.get_one(TokenRow, eve).actor_id
    assert house.client("admin").delete(f"/api/v1/actors/{actor}/tokens/{eve}").status_code == 204
    assert house.client("eve").get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("whose", ["me", "actor"])
def test_a_sign_in_is_listed_and_ended(house: House, whose: str) -> None:
    with house.database.transaction() as session:
        actor = session.get_one(TokenRow, house.tokens["ada"].split("_")[1]).actor_id
        limits = sessions.Limits(timedelta(hours=1), timedelta(hours=8))
        sessions.begin(session, session.get_one(ActorRow, actor), way="oidc", entry=b"e" * 32, limits=limits, at=NOW)
    who, path = ("ada", "/api/v1/me") if whose == "me" else ("admin", f"/api/v1/actors/{actor}")
    (row,) = house.client(who).get(f"{path}/sessions").json()["sessions"]
    assert house.client("eve").delete(f"/api/v1/me/sessions/{row['id']}").status_code == 404
    assert house.client(who).delete(f"{path}/sessions/{row['id']}").status_code == 204
    left = house.client(who).get(f"{path}/sessions").json()["sessions"]
    assert [each["ended"] is not None for each in left] == (
        [True] if whose == "me" else []
    )  # others' past is not shown


def test_a_role_is_given_with_an_end_given_another_and_taken(house: House) -> None:
    admin = house.client("admin")
    zoe = admin.post("/api/v1/actors", json={"name": "Zoe", "roles": [{"role": "reviewer"}]}).json()["id"]
    path = f"/api/v1/actors/{zoe}/roles"
    assert admin.put(f"{path}/auditor", json={}).status_code == 422  # an auditor's has an end
    for until in ("2026-12-30T00:00:00Z", "2027-01-30T00:00:00Z"):
        given = admin.put(f"{path}/auditor", json={"until": until}).json()
        held = {each["role"]: each["until"] for each in given["roles"]}
        assert held == {"reviewer": None, "auditor": until}
    for _ in range(2):
        left = admin.delete(f"{path}/reviewer")
        assert (left.status_code, [each["role"] for each in left.json()["roles"]]) == (200, ["auditor"])
    assert admin.put(f"{path}/emperor", json={}).status_code == 422
    assert admin.put(f"/api/v1/actors/{house.ended_actor}/roles/admin", json={}).status_code == 409
    boss = next(
        each["id"] for each in admin.get("/api/v1/actors?role=admin").json()["actors"] if each["name"] != "admin"
    )
    assert admin.delete(f"/api/v1/actors/{boss}/roles/admin").status_code == 200
    mine = admin.get("/api/v1/me").json()["id"]
    assert admin.delete(f"/api/v1/actors/{mine}/roles/admin").status_code == 409
