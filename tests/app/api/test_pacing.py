"""How often one may call, and how often one may be wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import settings
from app.actors.tables import FailedEntryRow
from app.api.pacing import Pace
from tests import make
from tests.app.api.house import House


def _with(house: House, **given: str) -> House:
    chosen = settings.read({f"ROLECALL_{name.upper()}": value for name, value in given.items()})
    house.means = house.app.state.means = replace(house.means, settings=chosen)
    return house


def _later(house: House, **after: float) -> None:
    house.app.state.means = replace(house.means, clock=lambda: make.NOW + timedelta(**after))


def test_a_token_may_call_so_often_a_minute_and_others_do_not_wait_with_it(house: House) -> None:
    _with(house, requests_per_minute="3")
    _later(house, seconds=20)
    assert [house.client("admin").get("/api/v1/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = house.client("admin").get("/api/v1/me")
    assert (answer.json()["code"], answer.headers["Retry-After"]) == ("too_many_calls", "40")
    assert house.client("ada").get("/api/v1/me").status_code == 200
    _later(house, seconds=60)
    assert house.client("admin").get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(("limit", "processes", "share"), [(600, 1, 600), (600, 4, 150), (10, 3, 4), (1, 64, 1)])
def test_several_processes_share_what_a_token_may_do(limit: int, processes: int, share: int) -> None:
    pace = Pace(limit, processes)
    assert [pace.why_not("a", make.NOW) is None for _ in range(share + 1)] == [True] * share + [False]


def _guess(house: House, token: str) -> int:
    return house.client(None, Authorization=f"Bearer {token}").get("/api/v1/me").status_code


def test_who_presents_too_many_tokens_that_are_none_has_to_wait(house_on_both: House) -> None:
    house = _with(house_on_both, failed_entries="3")
    assert [_guess(house, f"rolecall_{n:012x}_guess") for n in range(4)] == [401, 401, 401, 429]
    answer = house.client("admin").get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
    assert answer.headers["Retry-After"] == "900"
    _later(house, minutes=15)
    assert house.client("admin").get("/api/v1/me").status_code == 200


def test_a_program_with_an_old_token_locks_nobody_out_and_costs_one_row(house: House) -> None:
    _with(house, failed_entries="3")
    assert {_guess(house, "rolecall_0123456789ab_old") for _ in range(10)} == {401}
    assert house.client("admin").get("/api/v1/me").status_code == 200
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FailedEntryRow)) == 1


def test_a_token_whose_secret_is_guessed_at_from_many_places_waits(house: House) -> None:
    _with(house, failed_entries="3")
    _, identifier, _ = house.tokens["admin"].split("_", 2)
    for n in range(3):
        app = house.client(None, Authorization=f"Bearer rolecall_{identifier}_guess{n}")
        app._transport.client = (f"192.0.2.{n}", 5)  # type: ignore[attr-defined]
        assert app.get("/api/v1/me").status_code == 401
    assert house.client("admin").get("/api/v1/me").status_code == 429
    assert house.client("ada").get("/api/v1/me").status_code == 200
