"""Groups and definitions at the doors: decided by the API or in the console, and handed to a person who is told why."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app import jobs
from app.inventory.tables import SystemRow
from app.remediation.tables import RemediationRow
from app.review.tables import ItemRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import visitor
from tests.app.review import cast

WHY = "it must not export"


def _asked(house: House, kind: str) -> ItemRow:
    """The only item of a review of such things, which is Ada's to decide on."""
    with house.database.transaction() as session:
        session.get_one(SystemRow, house.company.system.id).kind = "salesforce"
        if kind == "group":
            make.entitlement(session, house.company.system, kind="group", key="group:deals", label="Deals")
    scope = cast.SCOPE | {"kinds": [kind], "reviewers": [{"ask": [{"person": house.company.ada.key}]}]}
    opened = house.client("admin").post("/api/v1/campaigns", json={"name": "Contents", "scope": scope})
    assert opened.status_code == 201, opened.text
    with house.database.reading() as session:
        return session.scalars(select(ItemRow).where(ItemRow.campaign_id == opened.json()["id"])).one()


def _by_api(house: House, item: ItemRow, answer: str) -> None:
    ada, path = house.client("ada"), f"/api/v1/items/{item.id}/decision"
    assert ada.put(path, json={"answer": answer}).status_code == 422
    assert ada.put(path, json={"answer": answer, "reason": WHY}).status_code == 200
    assert ada.put(f"/api/v1/tasks/{item.task_id}/submission", json={}).status_code == 200


def _by_page(house: House, item: ItemRow, answer: str) -> None:
    ada, path = visitor(house, "ada"), f"/reviews/{item.campaign_id}"
    assert "Must be changed" in ada.get(path).text
    pressed: dict[str, Any] = {"alter" if answer == "change" else answer: f"{item.id}:{item.version}"}
    assert ada.act(f"{path}/answers", pressed).status_code == 422
    assert ada.act(f"{path}/answers", pressed | {f"why-{item.id}": WHY}).status_code == 303
    assert ada.act(f"{path}/submission").status_code == 303


@pytest.mark.parametrize(
    ("kind", "decide", "answer", "told"),
    [
        ("definition", _by_api, "change", "change what it contains"),
        ("definition", _by_page, "remove", "take it away"),
        ("group", _by_api, "remove", "take it away"),
        ("group", _by_page, "change", "change what it contains"),
    ],
)
def test_what_access_contains_is_decided_planned_and_handed_to_a_person_with_the_reason(
    house: House, kind: str, decide: Any, answer: str, told: str
) -> None:
    item, admin, system = _asked(house, kind), house.client("admin"), house.company.system.id
    decide(house, item, answer)
    assert admin.put(f"/api/v1/campaigns/{item.campaign_id}/closure", json={}).status_code == 200
    steps: Any = None  # neither job has any
    jobs.open_removals(house.means, steps, {"campaign": item.campaign_id})
    jobs.remove(house.means, steps, {"system": system})
    (row,) = admin.get(f"/api/v1/remediations?campaign={item.campaign_id}").json()["remediations"]
    assert (row["kind"], row["wish"], row["status"]) == (kind, answer, "by_hand")
    plan = admin.get(f"/api/v1/remediations/{row['id']}/plan").json()
    assert (plan["calls"], plan["by_hand"], plan["steps"]) == (
        [],
        "What access contains is changed by a person.",
        row["steps"],
    )
    assert len(row["steps"]) > 1
    page = visitor(house, "it_security").get(f"/removals/{row['id']}").text
    assert f"{told}: {WHY}" in page
    assert (
        admin.put(f"/api/v1/remediations/{row['id']}/report", json={"note": "done in Setup"}).json()["status"]
        == "acted"
    )
    with house.database.reading() as session:
        assert session.scalars(select(RemediationRow).where(RemediationRow.kind == kind)).one().acted_at is not None
