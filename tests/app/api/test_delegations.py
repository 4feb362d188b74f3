"""Letting somebody else review for a time, by who may."""

from __future__ import annotations

from typing import Any

from tests.app.api.house import House

ASKED: dict[str, Any] = {"to": "cy", "until": "2026-11-30T12:00:00Z", "reason": "on leave"}


def test_a_reviewer_delegates_and_ends_it_and_strangers_know_nothing(house: House) -> None:
    ada, cy, eve = house.client("ada"), house.client("boss"), house.client("eve")
    made = ada.post("/api/v1/delegations", json=ASKED)
    assert (made.status_code, made.json()["from_id"]) == (201, house.company.ada.id)
    assert len(ada.get("/api/v1/delegations").json()["delegations"]) == 1
    assert len(cy.get("/api/v1/delegations").json()["delegations"]) == 1
    assert eve.get("/api/v1/delegations").json()["delegations"] == []
    path = f"/api/v1/delegations/{made.json()['id']}/ending"
    assert eve.put(path, json={}).status_code == 404
    assert ada.put(path, json={}).json()["ended_at"] is not None
    assert ada.put(path, json={}).status_code == 409


def test_nobody_but_an_administrator_delegates_for_others_and_a_moment_has_a_zone(house: House) -> None:
    refused = house.client("eve").post("/api/v1/delegations", json=ASKED | {"of": house.company.ada.key})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_reviewer")
    assert (
        house.client("boss").post("/api/v1/delegations", json=ASKED | {"of": house.company.ada.key}).status_code == 201
    )
    assert (
        house.client("ada").post("/api/v1/delegations", json=ASKED | {"until": "2026-11-30T12:00:00"}).status_code
        == 422
    )
    assert house.client("ada").post("/api/v1/delegations", json=ASKED | {"to": "nobody"}).status_code == 404
