"""A configuration is right, or every mistake is told at once; and a refused sign-in says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from connectors import pacing
from connectors.errors import Denied, Misread, Unreachable
from connectors.salesforce import auth

WORDS = {"client_id": "3MVG9.consumer", "client_secret": "a-long-client-secret"}


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.mark.parametrize(
    ("config", "secret", "mistake"),
    [
        ({"login_url": "http://acme.example.com"}, WORDS, "login_url: must begin with https://"),
        ({"login_url": "acme.example.com"}, WORDS, "login_url: must be an address"),
        ({}, WORDS, "login_url: client credentials work on My Domain only"),
        ({"api_version": "v67"}, WORDS, "api_version: must look like 67.0"),
        ({"page_size": "5000"}, WORDS, "page_size: must be a whole number from 200 to 2000"),
        ({"login_days": "-1"}, WORDS, "login_days"),
        ({"login_uri": "x"}, WORDS, "login_uri: not a setting"),
        ({"least_profile": "Salesforce="}, WORDS, "least_profile"),
        ({}, {"client_secret": "x"}, "secret client_id: missing"),
        ({}, {"client_id": "x"}, "one of private_key (JWT bearer), client_secret"),
        ({}, {**WORDS, "private_key": "x", "username": "u"}, "one of private_key (JWT bearer), client_secret"),
        ({}, {"client_id": "x", "private_key": "no key"}, "username: missing"),
        ({}, {"client_id": "x", "private_key": "no key", "username": "u"}, "must be an RSA private key in PEM form"),
        ({}, {**WORDS, "password": "x", "username": "u"}, "one of private_key (JWT bearer), client_secret"),
        ({}, {"password": "x"}, "username: missing"),
        ({"soap_version": "65.0"}, {"password": "x", "username": "u"}, "64.0 is the last that signs in"),
        ({"soap_version": "v64"}, {"password": "x", "username": "u"}, "soap_version: must look like 64.0"),
        ({"objects": "Account, Contact'; --"}, WORDS, "objects: not the API name of a kind of record"),
        ({"objects": ",".join(f"O{number}__c" for number in range(61))}, WORDS, "objects: 60 at most"),
        ({"sessions": "yes"}, WORDS, "sessions: must be on or off"),
        ({"at_once": "11"}, WORDS, "at_once: must be a whole number from 1 to 10"),
        ({}, {**WORDS, "pass_word": "x"}, "secret pass_word: not one of"),
    ],
)
def test_a_mistake_is_named(config: dict[str, str], secret: dict[str, str], mistake: str) -> None:
    with pytest.raises(ValueError) as caught:
        auth.read_access(config, secret)
    assert mistake in str(caught.value)


def test_all_mistakes_come_together_and_no_value_among_them() -> None:
    secret = {"client_id": "", "private_key": "MIIEsecretsecret", "username": ""}
    with pytest.raises(ValueError) as caught:
        auth.read_access({"login_url": "http://acme.example.com", "api_version": "x", "page_size": "1"}, secret)
    said = str(caught.value)
    assert all(
        word in said for word in ("login_url", "api_version", "page_size", "client_id", "private_key", "username")
    )
    assert "MIIEsecret" not in said


def test_secrets_are_not_in_the_repr(pem: str) -> None:
    access = auth.read_access({}, {"client_id": "3MVGkey", "private_key": pem, "username": "reader@example.com"})
    assert "3MVGkey" not in repr(access)
    assert "PRIVATE" not in repr(access)
    assert "tok" not in repr(auth.Token("tok", "https://x.example.com", None, None))


@pytest.mark.parametrize(
    ("login_url", "audience"),
    [
        ("https://login.salesforce.com", auth.PRODUCTION),
        ("https://acme.my.salesforce.com", auth.PRODUCTION),
        ("https://test.salesforce.com", auth.SANDBOXES),
        ("https://acme--dev.sandbox.my.salesforce.com", auth.SANDBOXES),
    ],
)
def test_the_audience_follows_the_login_address(pem: str, login_url: str, audience: str) -> None:
    secret = {"client_id": "k", "private_key": pem, "username": "reader@example.com"}
    assert auth.read_access({"login_url": login_url}, secret).audience == audience
    assert auth.read_access({"login_url": login_url, "audience": "https://a.example.com"}, secret).audience.endswith(
        "a.example.com"
    )


def test_least_profiles_are_read_per_licence() -> None:
    config = {"login_url": "https://acme.my.salesforce.com", "least_profile": "Salesforce=Minimum Access; Read Only"}
    assert auth.read_access(config, WORDS).least_profile == {"Salesforce": "Minimum Access", "": "Read Only"}


def sign_in(org: Any, secret: dict[str, str]) -> auth.Token:
    with pacing.open_session(pacing.Timeouts(2, 2, 2)) as session:
        return auth.obtain(auth.read_access({"login_url": org.url}, secret), session, now=lambda: 1_800_000_000.0)


def test_a_jwt_is_signed_for_one_user_and_a_short_time(org: Any, pem: str) -> None:
    token = sign_in(org, {"client_id": "consumer", "private_key": pem, "username": "reader@example.com"})
    assert (token.org, token.principal) == ("00D5g00000RoleCEAA", "0055g00000ReadrAAA")
    form = dict(piece.split("=", 1) for piece in org.asked[0][2].split("&"))
    assert form["grant_type"].endswith("jwt-bearer")
    said = jwt.decode(form["assertion"], RSAKey.import_key(pem), algorithms=["RS256"])
    claims = said.claims
    assert (claims["iss"], claims["sub"]) == ("consumer", "reader@example.com")
    assert claims["aud"] == auth.PRODUCTION
    assert claims["exp"] == 1_800_000_180


def test_a_refused_sign_in_names_the_way_out_and_no_secret(org: Any) -> None:
    said = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer a-long-client-secret"}
    org.script("oauth2/token", lambda _: (400, said))
    with pytest.raises(Denied, match="pre-authorise") as caught:
        sign_in(org, WORDS)
    assert "hasn't approved" in caught.value.missing
    assert "a-long-client-secret" not in str(caught.value) + caught.value.missing


def test_a_login_server_in_trouble_is_unreachable(org: Any) -> None:
    org.script("oauth2/token", lambda _: (503, {"error": "server"}))
    with pytest.raises(Unreachable):
        sign_in(org, WORDS)
    org.script("oauth2/token", lambda _: (200, b"<html>"))
    with pytest.raises(Unreachable):
        sign_in(org, WORDS)


@pytest.mark.parametrize(
    "said",
    [{}, {"access_token": "t"}, {"access_token": "t", "instance_url": "http://evil.example.com"}, {"access_token": ""}],
)
def test_a_token_that_leads_elsewhere_is_a_misread(org: Any, said: dict[str, str]) -> None:
    org.script("oauth2/token", lambda _: (200, said))
    with pytest.raises(Misread):
        sign_in(org, WORDS)


def test_a_login_over_tls_never_leads_to_plain_http() -> None:
    access = auth.Access("https://acme.my.salesforce.com", "67.0", auth.PRODUCTION, "k", client_secret="s")
    with pytest.raises(Misread, match="gives up TLS"):
        auth._token({"access_token": "t", "instance_url": "http://127.0.0.1:1"}, access)


def test_the_usual_kinds_of_record_stay_when_others_are_named() -> None:
    config = {"login_url": "https://acme.my.salesforce.com", "objects": "Invoice__c, Contact"}
    access = auth.read_access(config, WORDS)
    assert access.objects == (*auth.OBJECTS, "Invoice__c")
    assert not access.sessions
