"""HubSpot's refusals are sorted by what to do next."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import ConnectorError, Declined, Denied, Misread, Throttled, Unreachable
from connectors.hubspot import refusals
from connectors.hubspot.wire import Answer

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"


def answer(status: int, body: object = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in ({"Date": NOON} | headers).items()}
    return Answer("GET /x", status, b"" if body is None else json.dumps(body).encode(), named)


def sorted_out(status: int, body: object = None, *, changes: bool = False, **headers: str) -> ConnectorError:
    error = refusals.trouble(answer(status, body, **headers), "GET /x", needs="settings.users.read", changes=changes)
    assert error is not None
    return error


def test_an_answer_in_the_two_hundreds_is_no_trouble() -> None:
    assert refusals.trouble(answer(200, {}), "GET /x") is None
    assert refusals.trouble(answer(204), "DELETE /x") is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"category": "INVALID_AUTHENTICATION"}, Denied),
        (403, {"category": "MISSING_SCOPES"}, Denied),
        (400, {"message": "Account doesn't have access to roles.", "category": "VALIDATION_ERROR"}, Denied),
        (400, {"message": "limit must be smaller", "category": "VALIDATION_ERROR"}, Misread),
        (404, {"category": "OBJECT_NOT_FOUND"}, Misread),
        (302, None, Misread),
        (408, None, Unreachable),
        (423, None, Throttled),
        (477, None, Throttled),
        (429, None, Throttled),
        (500, None, Unreachable),
        (502, "<html>", Unreachable),
        (521, None, Unreachable),
        (524, None, Unreachable),
        (599, None, Unreachable),
    ],
)
def test_a_read_that_failed_is_sorted(status: int, body: object, kind: type[ConnectorError]) -> None:
    error = sorted_out(status, body)
    assert isinstance(error, kind)
    assert not getattr(error, "ambiguous", False)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"message": "USER_NOT_ON_ANY_HUBS"}, Declined),
        (400, {"message": "Account doesn't have access to roles."}, Declined),
        (403, {"message": "You cannot remove this user"}, Declined),
        (403, {"category": "MISSING_SCOPES"}, Denied),
        (404, {}, Declined),
        (409, {"message": "exists"}, Declined),
        (429, {}, Throttled),
    ],
)
def test_a_change_that_was_refused_is_sorted(status: int, body: object, kind: type[ConnectorError]) -> None:
    assert type(sorted_out(status, body, changes=True)) is kind


def test_a_refused_token_says_nothing_about_any_one_list() -> None:
    gate, token = sorted_out(403, {"message": "no"}), sorted_out(401, {})
    assert isinstance(gate, Denied)
    assert isinstance(token, Denied)
    assert refusals.closed(gate) == "no"
    with pytest.raises(Denied, match="401"):
        refusals.closed(token)


def test_a_change_that_broke_may_have_happened() -> None:
    error = sorted_out(502, changes=True)
    assert isinstance(error, Unreachable)
    assert error.ambiguous


def test_the_sentence_of_the_crm_is_kept_with_its_correlation_id() -> None:
    body = {"message": "no", "errors": [{"message": "because", "code": "X"}], "correlationId": "c-1"}
    error = sorted_out(400, body, changes=True)
    assert isinstance(error, Declined)
    assert error.said == "no; because"
    assert "c-1" in str(error)


def test_an_envelope_inside_the_message_is_unwrapped_one_level() -> None:
    inner = {"status": "error", "message": "really no", "category": "VALIDATION_ERROR", "correlationId": "c-2"}
    found = refusals.envelope(answer(400, {"message": json.dumps(inner), "correlationId": "c-1"}))
    assert (found.message, found.category, found.correlation) == ("really no", "VALIDATION_ERROR", "c-2")


def test_the_scopes_that_are_missing_are_named() -> None:
    context = {"requiredGranularScopes": ["account-info.security.read", "other"]}
    named = sorted_out(403, {"category": "MISSING_SCOPES", "errors": [{"message": "m", "context": context}]})
    assert isinstance(named, Denied)
    assert named.missing == "account-info.security.read or other"
    unnamed = sorted_out(403, {"category": "MISSING_SCOPES"})
    assert isinstance(unnamed, Denied)
    assert unnamed.missing == "settings.users.read"


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10.0),
        ({"policyName": "SECONDLY"}, {}, 1.0),
        ({"policyName": "SECONDLY"}, {"Retry_After": "7"}, 7.0),
        ({}, {"Retry_After": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({}, {}, None),
        ({}, {"Retry_After": "99999999"}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_header_or_the_policy(
    body: object, headers: dict[str, str], wait: float | None
) -> None:
    error = sorted_out(429, body, **headers)
    assert isinstance(error, Throttled)
    assert (error.wait, error.until) == (wait, None)


def test_a_spent_daily_allowance_comes_back_at_the_accounts_midnight() -> None:
    body = {"policyName": "DAILY", "message": "You have reached your daily limit."}
    error = refusals.trouble(answer(429, body), "GET /x", zone=ZoneInfo("America/New_York"))
    assert isinstance(error, Throttled)
    assert error.until == datetime(2026, 11, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"\xff\xfe", b'{"errors": 3, "context": []}', b'{"message": 7}'])
def test_an_envelope_may_be_anything(raw: bytes) -> None:
    refusals.envelope(Answer("GET /x", 400, raw, {}))
    error: Any = refusals.trouble(Answer("GET /x", 429, raw, {}), "GET /x")
    assert isinstance(error, Throttled)


def test_a_token_that_hubspot_repeats_to_us_is_hidden() -> None:
    token = "pat-na1-00000000-1111-2222-3333-444444444444"
    error = sorted_out(400, {"message": f"bad token {token}"}, changes=True)
    assert isinstance(error, Declined)
    assert token not in str(error)
    assert token not in error.said
