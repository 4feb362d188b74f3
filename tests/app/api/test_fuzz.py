"""Thousands of requests made up from the description: nothing crashes, nothing is answered that is not documented.

Schemathesis makes them up, good and bad, for every operation. Here a few for each, the same every time; `make fuzz` takes
longer and finds new ones.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks
from sqlalchemy import create_engine, make_url, text

from app.actors.actor import Role
from app.api.rights import RIGHTS
from app.kit.db import Database
from tests.app.api.house import House, furnish

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
LONG = EXAMPLES > 4
CHECKED = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_schema_conformance, checks.response_headers_conformance, checks.negative_data_rejection,
    checks.unsupported_method,
]  # fmt: skip


@pytest.fixture(scope="module", params=("sqlite", "postgresql") if LONG else ("sqlite",))
def fuzzed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Any]]:
    """A house that may be torn down, and its description as schemathesis reads it."""
    path = tmp_path_factory.mktemp("fuzz") / "house.db"
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        database = Database(f"sqlite:///{path}", durable=False)
    else:
        server, template = request.getfixturevalue("postgres_template")
        database = Database(_copied(server, template))
    house = furnish(database)
    yield house, schemathesis.openapi.from_asgi("/openapi.json", house.app)
    database.close()


def _copied(server: str, template: str) -> str:
    """A database of one's own on a server that goes with the test session."""
    url, name = make_url(server).set(drivername="postgresql+psycopg"), f"fuzz_{uuid.uuid4().hex[:12]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    admin.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


def _names() -> list[str]:
    return [f"{method} {path}" for method, path in RIGHTS if path not in ("/health", "/ready")]


@pytest.mark.parametrize("name", _names())
def test_whatever_is_asked_is_answered_as_documented(fuzzed: tuple[House, Any], name: str) -> None:
    house, schema = fuzzed
    method, path = name.split(" ", 1)
    operation = schema[path][method]
    roles = [role.value for role in Role] + ["ada"]
    asked, known = iter(range(10**9)), house.numbers()

    @settings(
        max_examples=EXAMPLES,
        derandomize=not LONG,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @_given(operation)
    def run(case: Any) -> None:
        number = next(asked)
        who = "admin" if number % 2 == 0 else roles[(number // 2) % len(roles)]
        good = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
        if good and number % 3:  # of what is here; else of what hardly ever is
            case.path_parameters = {each: str(known[each]) for each in case.path_parameters or {}}
        response = case.call(headers={"Authorization": f"Bearer {house.tokens[who]}"})
        case.validate_response(response, checks=CHECKED)

    run()


def _given(operation: Any) -> Any:
    both = (operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
    return given(case=strategies.one_of(*both))
