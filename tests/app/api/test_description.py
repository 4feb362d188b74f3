"""The API describes itself (OpenAPI 3.1), and the description is true to what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import CheckConstraint

from app.actors.actor import Role
from app.api import rights, words
from app.detection.tables import FindingRow, WaiverRow
from app.inventory.tables import SnapshotRow, StreamRow, SystemRow
from app.notices.events import Event
from app.notices.tables import ChannelRow, DeliveryRow
from app.remediation.tables import ActRow, RemediationRow
from app.review.tables import CampaignRow, DecisionRow, ItemRow
from connectors import records
from tests.app.api.house import House

WORDS = [
    (FindingRow, "status", words.FindingStatus),
    (FindingRow, "severity", words.Severity),
    (WaiverRow, "status", words.WaiverStatus),
    (SystemRow, "held", words.DataClass),
    (CampaignRow, "status", words.CampaignStatus),
    (ItemRow, "kind", words.ItemKind),
    (DecisionRow, "answer", words.Said),
    (RemediationRow, "status", words.RemediationStatus),
    (ActRow, "status", words.ActStatus),
    (SnapshotRow, "status", words.SnapshotStatus),
    (StreamRow, "verdict", words.Verdict),
    (ChannelRow, "kind", words.ChannelKind),
    (ChannelRow, "status", words.ChannelState),
    (DeliveryRow, "status", words.DeliveryStatus),
]


def test_the_events_are_those_that_can_be_told() -> None:
    assert [each.value for each in words.EventName] == [each.value for each in Event]


def operations(house: House) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in house.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_it_is_openapi_3_1_and_names_every_route(shown_house: House) -> None:
    assert shown_house.app.openapi()["openapi"].startswith("3.1")
    assert {(method, path) for method, path, _ in operations(shown_house)} == rights.RIGHTS.keys()


def test_every_route_says_what_it_does(shown_house: House) -> None:
    assert not [path for _, path, operation in operations(shown_house) if not operation.get("description")]


def test_every_guarded_route_documents_its_refusals_as_problems(shown_house: House) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for method, path, operation in operations(shown_house):
        refusals = {status: told for status, told in operation["responses"].items() if int(status) >= 400}
        assert "500" in refusals
        if rights.RIGHTS[(method, path)] is not None:
            assert {"401", "403", "422", "429"} <= refusals.keys(), f"{method} {path}"
        if method != "GET":
            assert {"400", "409", "412"} <= refusals.keys(), f"{method} {path}"
        if "{" in path:
            assert "404" in refusals, f"{method} {path}"
        for status, told in refusals.items():
            assert told["content"] == {"application/problem+json": {"schema": problem}}, f"{method} {path} {status}"
            assert told["description"]


def test_a_problem_has_a_stable_code(shown_house: House) -> None:
    assert "code" in shown_house.app.openapi()["components"]["schemas"]["Problem"]["required"]


def test_every_operation_has_a_short_name_of_its_own(shown_house: House) -> None:
    names = [operation["operationId"] for _, _, operation in operations(shown_house)]
    assert sorted(names) == sorted(set(names))
    assert not [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+){0,3}", name)]


def test_every_tag_is_explained_and_used(shown_house: House) -> None:
    told = {tag["name"] for tag in shown_house.app.openapi()["tags"]}
    used = {tag for _, _, operation in operations(shown_house) for tag in operation["tags"]}
    assert used == told


def test_every_success_has_a_shape_with_a_name(shown_house: House) -> None:
    for method, path, operation in operations(shown_house):
        for status, told in operation["responses"].items():
            if not status.startswith("2") or status == "204":
                continue
            for kind, content in told["content"].items():
                named = "$ref" in content["schema"] or kind in (
                    "text/plain",
                    "application/zip",
                    "application/octet-stream",
                )
                assert named, f"{method} {path} {status}: {content}"


def test_every_shape_has_a_name_that_no_other_has(shown_house: House) -> None:
    """Of two that share one, a client generator makes the first and leaves out every operation that takes the other."""
    schemas = shown_house.app.openapi()["components"]["schemas"]
    assert not [name for name in schemas if "__" in name], (
        "two modules have a shape of one name: FastAPI tells their paths"
    )
    titles = [str(schema.get("title", name)).casefold() for name, schema in schemas.items()]
    assert len(set(titles)) == len(titles)


def test_every_set_of_words_has_a_name(shown_house: House) -> None:
    """A client generator makes a type of each; of one without a name it makes one it has to make up."""
    schemas = shown_house.app.openapi()["components"]["schemas"]
    assert {"Severity", "CampaignStatus", "RemediationStatus", "Answer"} <= schemas.keys()
    for name, schema in schemas.items():
        for field, told in schema.get("properties", {}).items():
            if "enum" in told:
                assert len(told["enum"]) == 2, f"{name}.{field} is a set of words without a name"


def test_the_words_are_those_of_the_stages(shown_house: House) -> None:
    for table, column, theirs in WORDS:
        checks = [str(each.sqltext) for each in table.__table__.constraints if isinstance(each, CheckConstraint)]
        held = next(text for text in checks if text.startswith(f"{column} IN"))
        assert set(re.findall(r"'(\w+)'", held)) == {str(word) for word in theirs}, table
    assert {str(role) for role in words.RoleName} == {str(role) for role in Role}
    assert {str(kind) for kind in words.AccountKind} == {str(kind) for kind in records.AccountKind}


def test_every_guarded_route_says_that_it_needs_a_token(shown_house: House) -> None:
    unsaid = [
        (method, path)
        for method, path, operation in operations(shown_house)
        if bool(operation.get("security")) != (rights.RIGHTS[(method, path)] is not None)
    ]
    assert not unsaid


def test_every_write_takes_an_idempotency_key(shown_house: House) -> None:
    for method, path, operation in operations(shown_house):
        headers = {given["name"] for given in operation.get("parameters", []) if given["in"] == "header"}
        key = "webhook-id" if path.startswith("/api/v1/hooks/") else "Idempotency-Key"
        assert (key in headers) == (method != "GET"), f"{method} {path}"


def test_what_answers_with_a_version_takes_it_back(shown_house: House) -> None:
    """A write that changes a versioned thing takes If-Match; whoever came second is told who was first."""
    paths = shown_house.app.openapi()["paths"]
    for path in (
        "/api/v1/items/{item_id}/decision",
        "/api/v1/campaigns/{campaign_id}/closure",
        "/api/v1/campaigns/{campaign_id}/cancellation",
        "/api/v1/remediations/{remediation_id}/report",
        "/api/v1/remediations/{remediation_id}/retry",
    ):
        operation = paths[path]["put"]
        assert "If-Match" in {given["name"] for given in operation["parameters"]}, path
        assert "ETag" in operation["responses"]["200"]["headers"], path


def test_every_list_comes_in_pages(shown_house: House) -> None:
    schemas = shown_house.app.openapi()["components"]["schemas"]
    for method, path, operation in operations(shown_house):
        if not operation["operationId"].startswith("list_"):
            continue
        shape = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        assert shape.endswith("Page"), f"{method} {path}"
        assert "next" in schemas[shape]["required"]
        assert {"limit", "after"} <= {given["name"] for given in operation["parameters"]}, f"{method} {path}"


def test_anybody_may_read_the_description(shown_house: House) -> None:
    assert shown_house.client().get("/openapi.json").status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_loads_scripts_from_elsewhere(shown_house: House, path: str) -> None:
    assert shown_house.client().get(path).status_code == 404
