"""The one way to HubSpot: guarded, whichever client builds the request."""

from __future__ import annotations

import socket
import time
from http.server import BaseHTTPRequestHandler

import pytest

from connectors.errors import Declined, Denied, Misread, Throttled, Unreachable
from connectors.hubspot.client import open_client
from connectors.hubspot.lists import walk
from connectors.hubspot.paths import Place, Version
from connectors.pacing import Timeouts
from tests.connectors.hubspot.conftest import TOKEN, Reply, Server, said

BOTH = pytest.mark.parametrize("version", list(Version))
BRISK = Timeouts(connect=0.3, silence=0.3, whole=0.6)
EMPTY = said(200, {"results": []})


def cut(handler: BaseHTTPRequestHandler) -> Reply | None:
    """Promise a body and break off in the middle of it."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"results": [{"id": "1"')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    return None


def drop(handler: BaseHTTPRequestHandler) -> Reply | None:
    """Close without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    return None


def silent(handler: BaseHTTPRequestHandler) -> Reply | None:
    """Say nothing for longer than anybody waits."""
    time.sleep(0.8)
    return None


@BOTH
def test_requests_go_to_the_configured_host_only_and_carry_the_token(server: Server, version: Version) -> None:
    server.will(EMPTY)
    for place in Place:
        plain = place in (Place.ROLES, Place.TEAMS)
        server.client(version).read(place, query=() if plain else (("limit", "1"),))
    assert len(server.asked) == len(Place)
    assert all(headers["Authorization"] == f"Bearer {TOKEN}" for headers in server.headers)
    family = "2026-03" if version is Version.DATED else "v3"
    of_v3 = ("/marketing/v3/transactional/smtp-tokens", "/settings/v3/users?")  # no dated twin
    assert all(family in path or path.startswith(of_v3) for _, path in server.asked)


@BOTH
def test_the_raw_answer_is_kept_with_fields_that_no_model_knows(server: Server, version: Version) -> None:
    server.will(said(200, {"results": [{"id": "1", "firstName": "Bo", "brandNew": 7}]}))
    (batch,) = walk(server.client(version), Place.USERS, limit=100)
    assert batch.rows == ({"id": "1", "firstName": "Bo", "brandNew": 7},)
    assert TOKEN not in batch.asked


@BOTH
def test_an_address_in_the_path_is_encoded(server: Server, version: Version) -> None:
    server.will(said(404, {"category": "OBJECT_NOT_FOUND"}))
    answer = server.client(version).read(Place.USERS, "a+b@example.com", [("idProperty", "EMAIL")], allow=(404,))
    assert answer.status == 404
    assert server.asked[0][1].endswith("/a%2Bb%40example.com?idProperty=EMAIL")


@BOTH
@pytest.mark.parametrize("trouble", [cut, drop, said(503, {}), said(429, {"policyName": "TEN_SECONDLY_ROLLING"})])
def test_a_read_is_asked_again_and_gets_through(server: Server, version: Version, trouble: object) -> None:
    server.will(trouble, trouble, EMPTY)  # type: ignore[arg-type]
    assert server.client(version).read(Place.USERS).status == 200
    assert len(server.asked) == 3
    assert len(server.slept) == 2


@BOTH
@pytest.mark.parametrize("trouble", [cut, drop, said(500, {}), said(503, {}, Retry_After="0")])
def test_a_change_is_sent_once_and_its_fate_is_open(server: Server, version: Version, trouble: object) -> None:
    server.will(trouble)  # type: ignore[arg-type]
    for method, body in (("DELETE", None), ("PUT", {"roleId": None}), ("POST", {"email": "bo@example.com"})):
        with pytest.raises(Unreachable) as caught:
            server.client(version).change(method, None if method == "POST" else "7", body)
        assert caught.value.ambiguous
    assert [method for method, _ in server.asked] == ["DELETE", "PUT", "POST"]


@BOTH
def test_an_explicit_null_is_sent_as_null(server: Server, version: Version) -> None:
    server.will(said(200, {}))
    server.client(version).change("PUT", "7", {"roleId": None, "secondaryTeamIds": []})
    assert server.bodies == ['{"roleId": null, "secondaryTeamIds": []}']


@BOTH
def test_nobody_waits_for_ever(server: Server, version: Version) -> None:
    server.will(silent)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        server.client(version, BRISK).change("DELETE", "7")
    assert time.monotonic() - began < 2


@BOTH
def test_a_redirect_is_not_followed(server: Server, version: Version) -> None:
    server.will(said(302, {}, Location=f"{server.url}/elsewhere"))
    with pytest.raises(Misread):
        server.client(version).read(Place.USERS)
    assert len(server.asked) == 1


@BOTH
@pytest.mark.parametrize(
    "body", [b"<html>maintenance</html>", b"[]", b'{"results": {}}', b'{"results": [1]}', b"{}", b"\xff"]
)
def test_an_answer_that_is_no_list_is_a_misread(server: Server, version: Version, body: bytes) -> None:
    server.will((200, {"Content-Type": "application/json"}, body))
    with pytest.raises(Misread):
        list(walk(server.client(version), Place.USERS))


@BOTH
def test_an_error_page_that_is_not_utf8_is_sorted_like_any_other(server: Server, version: Version) -> None:
    server.will((400, {}, b"\xff\xfe nonsense"))
    with pytest.raises(Declined):
        server.client(version).change("DELETE", "7")


def test_nothing_is_printed_and_the_token_is_hidden(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will(said(403, {"message": f"no {TOKEN}"}))
    for version in Version:
        with pytest.raises(Denied) as caught:
            server.client(version).read(Place.USERS)
        assert TOKEN not in str(caught.value)
        assert TOKEN not in caught.value.missing
    assert capsys.readouterr() == ("", "")


def test_a_list_ends_where_no_paging_is_said_and_repetitions_are_taken_once(server: Server) -> None:
    following = {"next": {"after": "c2", "link": "https://elsewhere.example/steal"}}
    server.will(
        said(200, {"results": [{"id": "1"}, {"id": 2}], "paging": following}),
        said(200, {"results": [{"id": "2"}, {"id": "3"}]}),
    )
    batches = list(walk(server.client(), Place.USERS, limit=2))
    assert [row["id"] for batch in batches for row in batch.rows] == ["1", 2, "3"]
    assert [batch.received for batch in batches] == [2, 2]
    assert batches[1].repeated == ("2",)
    assert [path.partition("?")[2] for _, path in server.asked] == ["limit=2", "limit=2&after=c2"]


@pytest.mark.parametrize("paging", [{"next": {}}, {"next": {"after": ""}}, {"next": 3}, 3])
def test_a_next_page_without_a_cursor_is_a_misread(server: Server, paging: object) -> None:
    server.will(said(200, {"results": [], "paging": paging}))
    with pytest.raises(Misread, match="cursor"):
        list(walk(server.client(), Place.USERS))


def test_a_cursor_that_comes_back_is_a_misread_and_not_a_loop(server: Server) -> None:
    server.will(said(200, {"results": [], "paging": {"next": {"after": "again"}}}))
    with pytest.raises(Misread, match="circle"):
        list(walk(server.client(), Place.USERS))
    assert len(server.asked) == 2


def test_a_cursor_that_has_aged_asks_for_a_new_beginning(server: Server) -> None:
    server.will(said(400, {"message": "invalid after"}))
    with pytest.raises(Misread) as caught:
        list(walk(server.client(), Place.LOGINS, after="old"))
    assert caught.value.restart


def test_a_spent_daily_allowance_is_not_waited_for(server: Server) -> None:
    server.will(said(429, {"policyName": "DAILY"}))
    with pytest.raises(Throttled) as caught:
        server.client().read(Place.USERS)
    assert caught.value.until is not None
    assert server.slept == []


def test_a_credential_of_another_portal_is_refused(server: Server) -> None:
    server.will(said(200, {"hubId": 1, "userId": 2, "appId": 3, "scopes": []}))
    with pytest.raises(Denied, match="portal 1, this system is portal 9"):
        server.client(portal="9").principal()
    assert server.client(portal="1").principal() is not None


@pytest.mark.parametrize(
    ("config", "secret", "why"),
    [
        ({"api_version": "v1"}, {"token": "x"}, "api_version"),
        ({"base_url": "http://api.hubapi.example"}, {"token": "x"}, "https://"),
        ({"calls_per_10s": "0"}, {"token": "x"}, "calls_per_10s"),
        ({}, {}, "client_secret"),
        ({}, {"client_id": "x", "client_secret": "y"}, "refresh_token"),
    ],
)
def test_mistakes_in_config_and_secret_are_named(config: dict[str, str], secret: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        open_client(config, secret, lambda _: None)
