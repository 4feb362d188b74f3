"""Signing in to the pretend org: tokens for a client's secret or for a signed assertion, identity, and revocation."""

import base64
import binascii
import json
import random
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors.sandbox.salesforce import moments
from connectors.sandbox.salesforce.activity import LOGIN, login_row
from connectors.sandbox.salesforce.furniture import ORG
from connectors.sandbox.salesforce.world import ACCOUNT_OF, Session, World
from connectors.sandbox.wire import Answer, Ask

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
LONGEST_ASSERTION = timedelta(minutes=5)
LAST_LOGIN_EVERY = timedelta(seconds=60)  # LastLoginDate is refreshed at most this often


class Denied(Exception):
    """A sign-in refused, in OAuth's words."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def token(world: World, ask: Ask) -> Answer:
    """`POST /services/oauth2/token`."""
    if ask.method != "POST":
        return Answer(405, {"error": "invalid_request", "error_description": "must use HTTP POST"})
    form = ask.form()
    try:
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            principal, flow = _by_secret(world, ask, form), "machine"
        elif grant == BEARER:
            principal, flow = _by_assertion(world, form), "assertion"
        else:
            raise Denied("unsupported_grant_type", "grant type not supported")
        return Answer(200, _issue(world, principal, flow), {"Cache-Control": "no-store"})
    except Denied as no:
        return Answer(400, {"error": no.error, "error_description": no.description})


def _by_secret(world: World, ask: Ask, form: Mapping[str, str]) -> str:
    given = (form.get("client_id", ""), form.get("client_secret", ""))
    scheme, _, basic = ask.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(basic, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Denied("invalid_client", "invalid client credentials") from None
        given = (name, secret)
    principal = _client(world, given[0])
    if not secrets.compare_digest(world.keys[principal]["client_secret"].encode(), given[1].encode()):
        raise Denied("invalid_client", "invalid client credentials")
    return principal


def _client(world: World, client_id: str) -> str:
    for principal in ACCOUNT_OF:
        if secrets.compare_digest(world.keys[principal]["client_id"].encode(), client_id.encode()):
            return principal
    raise Denied("invalid_client_id", "client identifier invalid")


def _by_assertion(world: World, form: Mapping[str, str]) -> str:
    """The principal an assertion speaks for: signed by its client's registered key, for this org, not expired."""
    text = form.get("assertion", "")
    claims = _unverified(text)
    principal = _client(world, str(claims.get("iss", "")))
    try:
        jwt.decode(text, RSAKey.import_key(world.keys[principal]["public_key"]), algorithms=["RS256"])
    except (JoseError, ValueError):
        raise Denied("invalid_grant", "invalid assertion") from None
    if claims.get("aud") not in (*AUDIENCES, world.url):
        raise Denied("invalid_grant", "audience is invalid")
    now, until = world.clock.real().timestamp(), _seconds(claims.get("exp"))
    if until is None or until < now:
        raise Denied("invalid_grant", "expired authorization code")
    if until > now + LONGEST_ASSERTION.total_seconds():
        raise Denied("invalid_assertion", "expiration is too far in the future")
    username = world.store.scalar('SELECT "Username" FROM "User" WHERE "Id" = ?', [world.account_of(principal)])
    if str(claims.get("sub", "")).lower() != username.lower():
        raise Denied("invalid_grant", "user hasn't approved this consumer")
    return principal


def _seconds(claim: Any) -> float | None:
    """The expiry; some clients, simple-salesforce among them, write the number as text and are let in."""
    text = str(claim)
    return float(text) if text.replace(".", "", 1).isdigit() else None


def _unverified(text: str) -> Mapping[str, Any]:
    """The claims as they are written, to learn whose key must verify them."""
    try:
        _, body, _ = text.split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error):
        raise Denied("invalid_grant", "invalid assertion") from None
    return claims if isinstance(claims, dict) else {}


def _issue(world: World, principal: str, flow: str) -> dict[str, str]:
    account = world.account_of(principal)
    state = world.store.row(
        'SELECT u."IsActive", COALESCE(l."IsFrozen", 0) FROM "User" u '
        'LEFT JOIN "UserLogin" l ON l."UserId" = u."Id" WHERE u."Id" = ?',
        [account],
    )
    if state is None or not state[0]:
        raise Denied("inactive_user", "user is inactive")
    if state[1]:
        raise Denied("invalid_grant", "user is frozen")
    secret = f"{ORG[:15]}!AQ{secrets.token_urlsafe(60)}"
    until = world.clock.real() + timedelta(seconds=float(world.knobs["token_seconds"]))
    world.sessions[secret] = Session(account, principal, until)
    with world.store.change():
        note_sign_in(world, account, flow)
    return {
        "access_token": secret,
        "scope": "api",
        "instance_url": world.url,
        "id": f"{world.url}/id/{ORG}/{account}",
        "token_type": "Bearer",
        "issued_at": str(int(world.clock.real().timestamp() * 1000)),
    }


def note_sign_in(world: World, account: str, kind: str, status: str = "Success") -> None:
    """Write a sign-in into the login history, and move LastLoginDate if it succeeded and the last one is a minute old."""
    now = world.clock.now()
    id = world.next_id("LoginHistory")
    row = login_row(account, now, kind, random.Random(id), status)
    world.store.fill("LoginHistory", ["Id", *LOGIN], [(id, *row)])
    if status == "Success":
        edge = moments.written(now - LAST_LOGIN_EVERY)
        world.store.db.execute(
            'UPDATE "User" SET "LastLoginDate" = ? WHERE "Id" = ? AND ("LastLoginDate" IS NULL OR "LastLoginDate" < ?)',
            [moments.written(now), account, edge],
        )


def revoke(world: World, ask: Ask) -> Answer:
    """`/services/oauth2/revoke`, GET or POST: an access token given out here, or the DeleteToken of an OauthToken row."""
    secret = ask.one("token") or ask.form().get("token", "")
    if world.sessions.pop(secret, None) is not None:
        return Answer(200)
    row = world.store.row(
        'SELECT "Id", "UserId", "AppName" FROM "OauthToken" WHERE "DeleteToken" = ? OR "AccessToken" = ?',
        [secret, secret],
    )
    if row is None:
        return Answer(400, {"error": "invalid_token", "error_description": "invalid token"})
    with world.store.change():
        world.store.db.execute('DELETE FROM "OauthToken" WHERE "Id" = ?', [row["Id"]])
        session = world.sessions.get(ask.bearer)
        username = world.store.scalar('SELECT "Username" FROM "User" WHERE "Id" = ?', [row["UserId"]])
        said = f"Revoked OAuth token of {username} for {row['AppName']}"
        world.audit(session.account if session else row["UserId"], "RevokedOauthToken", "Connected Apps", said)
    return Answer(200)


def identity(world: World, account: str) -> dict[str, Any]:
    """Who somebody is, as `/id/…` and `userinfo` tell it."""
    row = world.store.row('SELECT * FROM "User" WHERE "Id" = ?', [account])
    if row is None:
        return {}
    url = f"{world.url}/id/{ORG}/{account}"
    said = {
        "id": url,
        "asserted_user": True,
        "sub": url,
        "user_id": account,
        "organization_id": ORG,
        "username": row["Username"],
    }
    said |= {
        "preferred_username": row["Username"],
        "nickname": row["CommunityNickname"],
        "name": row["Name"],
        "display_name": row["Name"],
    }
    said |= {
        "email": row["Email"],
        "email_verified": True,
        "zoneinfo": row["TimeZoneSidKey"],
        "timezone": row["TimeZoneSidKey"],
    }
    rest = f"{world.url}/services/data/v{{version}}/"
    urls = {"rest": rest, "sobjects": f"{rest}sobjects/", "query": f"{rest}query/", "custom_domain": world.url}
    more = {
        "user_type": "STANDARD",
        "active": bool(row["IsActive"]),
        "is_app_installed": True,
        "language": "en_US",
        "urls": urls,
    }
    return said | more
