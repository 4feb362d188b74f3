"""Signing in: a rotated refresh token is durable before its access token is used."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

import pytest

from connectors.errors import Denied, Misread, Unreachable
from connectors.hubspot.auth import OAuth, StaticToken, open_credential
from connectors.hubspot.client import Client
from connectors.hubspot.paths import Place, Version
from tests.connectors.hubspot.conftest import TOKEN, Server, said

SECRET = {"client_id": "app", "client_secret": "hush-hush", "refresh_token": "first-refresh"}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def tokens(access: str, refresh: str | None = None, lives: object = 1800) -> object:
    return {"access_token": access, "expires_in": lives} | ({"refresh_token": refresh} if refresh else {})


def opened(server: Server, kept: list[Mapping[str, str]], clock: Clock | None = None) -> OAuth:
    wire = server.wire(clock=clock or Clock())
    credential = open_credential(SECRET, wire, Version.DATED, kept.append)
    assert isinstance(credential, OAuth)
    return credential


def test_a_rotated_refresh_token_is_kept_before_the_access_token_is_used(server: Server) -> None:
    server.will(said(200, tokens("access-1", "second-refresh")), said(200, tokens("access-2")))
    kept: list[Mapping[str, str]] = []
    clock = Clock()
    credential = opened(server, kept, clock)
    assert credential.token() == "access-1"
    assert kept == [SECRET | {"refresh_token": "second-refresh"}]
    clock.now = 1700.0
    assert credential.token() == "access-1"
    clock.now = 1741.0  # within the last minute of its half hour
    assert credential.token() == "access-2"
    assert [parse_qs(body)["refresh_token"] for body in server.bodies] == [["first-refresh"], ["second-refresh"]]
    assert len(kept) == 1


def test_a_token_that_could_not_be_kept_is_not_used(server: Server) -> None:
    server.will(said(200, tokens("access-1", "second-refresh")))

    def fails(_: Mapping[str, str]) -> None:
        raise OSError("disk full")

    credential = open_credential(SECRET, server.wire(), Version.DATED, fails)
    with pytest.raises(OSError, match="disk full"):
        credential.token()
    assert credential.secrets() == ("hush-hush", "second-refresh")


def test_an_expired_token_is_renewed_once_and_any_other_401_not_at_all(server: Server) -> None:
    expired = said(401, {"category": "EXPIRED_AUTHENTICATION"})
    server.will(said(200, tokens("a1")), expired, said(200, tokens("a2")), said(200, {"results": []}))
    client = Client(server.wire(), Version.DATED, opened(server, []))
    assert client.read(Place.USERS).status == 200
    assert server.headers[-1]["Authorization"] == "Bearer a2"
    server.will(said(200, tokens("a1")), expired, said(200, tokens("a2")), expired)
    with pytest.raises(Denied):
        Client(server.wire(), Version.DATED, opened(server, [])).read(Place.USERS)
    server.asked.clear()
    server.will(said(200, tokens("a1")), said(401, {"category": "INVALID_AUTHENTICATION"}))
    with pytest.raises(Denied):
        Client(server.wire(), Version.DATED, opened(server, [])).read(Place.USERS)
    assert len(server.asked) == 2


def test_a_refused_refresh_token_says_so_and_is_sent_once(server: Server) -> None:
    server.will(said(400, {"message": "bad first-refresh of hush-hush"}))
    with pytest.raises(Denied) as caught:
        opened(server, []).token()
    assert caught.value.missing == "a valid refresh token"
    assert "first-refresh" not in str(caught.value)
    assert "hush-hush" not in str(caught.value)
    server.will(said(503, {}))
    server.asked.clear()
    with pytest.raises(Unreachable):
        opened(server, []).token()
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body", [{}, {"access_token": "x"}, {"access_token": "x", "expires_in": "soon"}, {"expires_in": 1}]
)
def test_a_token_answer_that_lacks_its_parts_is_a_misread(server: Server, body: object) -> None:
    server.will(said(200, body))
    with pytest.raises(Misread):
        opened(server, []).token()


def test_a_key_says_whose_it_is_without_going_into_an_address(server: Server) -> None:
    server.will(said(200, {"hubId": 42, "userId": 7, "appId": 3, "scopes": ["a", "b"]}))
    own = StaticToken(TOKEN, server.wire()).introspect()
    assert own is not None
    assert (own.portal, own.owner, own.app, own.scopes) == ("42", "7", "3", frozenset({"a", "b"}))
    assert all(TOKEN not in path for _, path in server.asked)
    assert TOKEN not in own.answer.asked


def test_a_key_that_the_endpoint_does_not_know_is_nobodys(server: Server) -> None:
    server.will(said(400, {"message": "unknown token type"}))
    assert StaticToken(TOKEN, server.wire()).introspect() is None
    server.will(said(401, {}))
    with pytest.raises(Denied):
        StaticToken(TOKEN, server.wire()).introspect()


def test_an_oauth_grant_says_whose_it_is(server: Server) -> None:
    server.will(
        said(200, tokens("a1")),
        said(200, {"active": True, "hub_id": 42, "user_id": 7, "scopes": ["crm.objects.users.read"]}),
    )
    own = opened(server, []).introspect()
    assert own is not None
    assert (own.portal, own.owner, own.app) == ("42", "7", None)
    server.will(said(200, tokens("a1")), said(200, {"active": False}))
    with pytest.raises(Denied, match="inactive"):
        opened(server, []).introspect()
