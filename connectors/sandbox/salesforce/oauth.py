"""Signing in to the pretend org: tokens for a client's secret or for a signed assertion, identity, and revocation."""

import base64
import binascii
import json
import random
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors.sandbox.salesforce import moments
from connectors.sandbox.salesforce.activity import LOGIN, login_row, token_row
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
        flow = GRANTS.get(form.get("grant_type", ""))
        if flow is None:
            raise Denied("unsupported_grant_type", "grant type not supported")
        return Answer(200, flow(world, ask, form), {"Cache-Control": "no-store"})
    except Denied as no:
        return Answer(400, {"error": no.error, "error_description": no.description})


def _by_code(world: World, ask: Ask, form: Mapping[str, str]) -> dict[str, str]:
    """A code is good once, for the client and the redirect it was made for; it brings a refresh token as well."""
    principal = _by_secret(world, ask, form)
    made = world.codes.pop(form.get("code", ""), None)
    if made is None or made != (principal, form.get("redirect_uri", "")):
        raise Denied("invalid_grant", "invalid authorization code")
    said = _issue(world, principal, "phone")
    row = token_row(
        world.next_id("OauthToken"),
        world.account_of(principal),
        "Rolecall",
        world.now(),
        world.now(),
        1,
        random.Random(),
    ) | {"AccessToken": f"5Aep{secrets.token_urlsafe(48)}", "DeleteToken": f"del{secrets.token_hex(24)}"}
    with world.store.change():
        world.store.add("OauthToken", row)
    return said | {"refresh_token": str(row["AccessToken"]), "scope": "api refresh_token"}


def _by_refresh(world: World, ask: Ask, form: Mapping[str, str]) -> dict[str, str]:
    principal = _by_secret(world, ask, form)
    given = form.get("refresh_token", "")
    owner = world.store.scalar('SELECT "UserId" FROM "OauthToken" WHERE "AccessToken" = ?', [given]) if given else None
    if owner != world.account_of(principal):
        raise Denied("invalid_grant", "expired access/refresh token")
    return _issue(world, principal, "phone")


def _by_name(world: World, ask: Ask, form: Mapping[str, str]) -> dict[str, str]:
    """`grant_type=password`, which an org has to allow first."""
    principal = _by_secret(world, ask, form)
    meant = by_password(world, form.get("username", ""), form.get("password", ""))
    if meant != principal or not world.knobs["password_flow"]:
        raise Denied("invalid_grant", "authentication failure")
    return _issue(world, principal, "soap")


def by_password(world: World, username: str, password: str) -> str | None:
    """Whose name, password and security token these are; `None`: nobody's."""
    for principal in ACCOUNT_OF:
        known = world.keys[principal]
        name = world.store.scalar('SELECT "Username" FROM "User" WHERE "Id" = ?', [world.account_of(principal)])
        wanted = known.get("password", "") + known.get("security_token", "")
        fits = wanted and secrets.compare_digest(wanted.encode(), password.encode())
        if fits and str(name).lower() == username.lower():
            return principal
    return None


def authorize(world: World, ask: Ask) -> Answer:
    """`/services/oauth2/authorize`: whoever asks for a code is taken to have signed in and consented."""
    back = ask.one("redirect_uri")
    try:
        principal = _client(world, ask.one("client_id"))
    except Denied as no:
        return Answer(400, {"error": no.error, "error_description": no.description})
    if ask.one("response_type") != "code" or not back.startswith(("http://127.0.0.1", "http://localhost")):
        said = {"error": "redirect_uri_mismatch", "error_description": "redirect_uri must match configuration"}
        return Answer(400, said)
    code = f"aPrx{secrets.token_urlsafe(24)}"
    world.codes[code] = (principal, back)
    query = urlencode({"code": code, **({"state": ask.one("state")} if ask.one("state") else {})})
    return Answer(302, None, {"Location": f"{back}{'&' if '?' in back else '?'}{query}"})


def introspect(world: World, ask: Ask) -> Answer:
    """`/services/oauth2/introspect`: what a token is, for the client it belongs to."""
    form = ask.form()
    try:
        principal = _by_secret(world, ask, form)
    except Denied as no:
        return Answer(401, {"error": no.error, "error_description": no.description})
    session = world.session(form.get("token", ""))
    if session is None or session.principal != principal:
        return Answer(200, {"active": False})
    said: dict[str, Any] = {"active": True, "scope": "api", "client_id": world.keys[principal]["client_id"]}
    username = world.store.scalar('SELECT "Username" FROM "User" WHERE "Id" = ?', [session.account])
    until = int(session.until.timestamp())
    said |= {"username": username, "sub": f"{world.url}/id/{ORG}/{session.account}", "token_type": "access_token"}
    return Answer(200, said | {"exp": until, "iat": until - int(world.knobs["token_seconds"]), "nbf": 0})


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


def open_session(world: World, principal: str, flow: str) -> tuple[str, str]:
    """A new access token for a principal, and its account. Refuses an account that is inactive or frozen."""
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
    return secret, account


def _issue(world: World, principal: str, flow: str) -> dict[str, str]:
    secret, account = open_session(world, principal, flow)
    return {
        "access_token": secret,
        "scope": "api",
        "instance_url": world.url,
        "id": f"{world.url}/id/{ORG}/{account}",
        "token_type": "Bearer",
        "issued_at": str(int(world.clock.real().timestamp() * 1000)),
    }


Flow = Callable[[World, Ask, Mapping[str, str]], dict[str, str]]
GRANTS: dict[str, Flow] = {
    "client_credentials": lambda world, ask, form: _issue(world, _by_secret(world, ask, form), "machine"),
    BEARER: lambda world, ask, form: _issue(world, _by_assertion(world, form), "assertion"),
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "password": _by_name,
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
