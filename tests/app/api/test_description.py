"""The API describes itself (OpenAPI 3.1), and the description is true to what it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.api import rights
from tests.app.api.house import House


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
    for method, path, operation in operations(shown_house):
        if rights.RIGHTS[(method, path)] is None:
            continue
        for status in ("400", "401", "403", "404", "409", "412", "422"):
            content = operation["responses"][status]["content"]
            assert content.keys() == {"application/problem+json"}, f"{method} {path} {status}"
            assert "code" in content["application/problem+json"]["schema"]["properties"]


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
        assert ("Idempotency-Key" in headers) == (method != "GET"), f"{method} {path}"


def test_the_route_that_may_answer_412_takes_if_match(shown_house: House) -> None:
    operation = shown_house.app.openapi()["paths"]["/api/v1/items/{item_id}/decision"]["put"]
    assert "If-Match" in {given["name"] for given in operation["parameters"]}


def test_anybody_may_read_the_description(shown_house: House) -> None:
    assert shown_house.client().get("/openapi.json").status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_loads_scripts_from_elsewhere(shown_house: House, path: str) -> None:
    assert shown_house.client().get(path).status_code == 404
