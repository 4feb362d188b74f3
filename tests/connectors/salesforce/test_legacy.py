"""The old sign-in with a password over SOAP: pinned, warned about, and never in the way of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import pytest

from connectors import pacing
from connectors.errors import Denied, Misread, Unreachable
from connectors.salesforce import auth, legacy, soap
from connectors.salesforce.client import Client
from connectors.salesforce.reader import check
from tests.connectors.salesforce.conftest import ORG, OURS

SECRET = {"username": "reader@example.com", "password": "p<w>&rd-of-ours", "security_token": "TOKENTOKEN"}


def envelope(body: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{soap.ENVELOPE}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


def fault(code: str, said: str) -> bytes:
    return envelope(
        f"<s:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(said)}</faultstring></s:Fault>"
    )


def welcome(url: str, expired: str = "false") -> bytes:
    inside = f"<passwordExpired>{expired}</passwordExpired><serverUrl>{url}/services/Soap/u/64.0/{ORG}</serverUrl>"
    inside += f"<sessionId>00D!soap</sessionId><userId>{OURS}</userId>"
    inside += f"<userInfo><organizationId>{ORG}</organizationId></userInfo>"
    return envelope(f'<loginResponse xmlns="{legacy.NAMESPACE}"><result>{inside}</result></loginResponse>')


@pytest.fixture
def entering(org: Any) -> Callable[..., Client]:
    def enter(status: int, said: bytes, **config: str) -> Client:
        org.script("POST /services/Soap/u/", lambda _: (status, said))
        access = auth.read_access({"login_url": org.url, **config}, SECRET)
        return Client(access, budget=pacing.Budget(attempts=1), timeouts=pacing.Timeouts(2, 0.5, 2))

    return enter


def test_a_password_opens_the_door_at_the_pinned_version_and_reads_in_the_configured_one(
    org: Any, entering: Callable[..., Client]
) -> None:
    org.rows["User"] = []
    client = entering(200, welcome(org.url))
    assert client.query("SELECT Id FROM User").total == 0
    (_, signing_in, body), (_, reading, _) = org.asked
    assert urlsplit(signing_in).path == "/services/Soap/u/64.0"
    assert "p&lt;w&gt;&amp;rd-of-oursTOKENTOKEN" in body
    assert urlsplit(reading).path.startswith("/services/data/v67.0/")
    assert (client.token.org, client.token.principal) == (ORG, OURS)


def test_whoever_signs_in_with_a_password_is_warned(org: Any, entering: Callable[..., Client]) -> None:
    notes = check(entering(200, welcome(org.url))).notes
    assert any("summer 2027" in note for note in notes)


@pytest.mark.parametrize(
    ("code", "kind", "way"),
    [
        ("INVALID_LOGIN", Denied, "security token"),
        ("INVALID_OPERATION", Denied, "JWT bearer"),
        ("LOGIN_MUST_USE_SECURITY_TOKEN", Denied, "security_token"),
        ("SERVER_UNAVAILABLE", Unreachable, "SERVER_UNAVAILABLE"),
    ],
)
def test_a_refusal_says_what_to_do(entering: Callable[..., Client], code: str, kind: type[Exception], way: str) -> None:
    client = entering(500, fault(code, f"no, {SECRET['password']}TOKENTOKEN is not it"))
    with pytest.raises(kind, match=way) as caught:
        client.query("SELECT Id FROM User")
    assert "TOKENTOKEN" not in str(caught.value)


def test_an_expired_password_is_not_taken_for_a_way_in(org: Any, entering: Callable[..., Client]) -> None:
    with pytest.raises(Denied, match="expired"):
        entering(200, welcome(org.url, expired="true")).query("SELECT Id FROM User")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"<html>maintenance", Unreachable),
        (envelope(""), Unreachable),
        (envelope("<loginResponse><result/></loginResponse>"), Misread),
        (envelope("<x>&a;</x>").replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "aa">]>'), Unreachable),
        (welcome("https://elsewhere.example.com").replace(b"https://", b"ftp://"), Misread),
    ],
)
def test_what_is_no_welcome_opens_nothing(entering: Callable[..., Client], said: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        entering(200, said).query("SELECT Id FROM User")
