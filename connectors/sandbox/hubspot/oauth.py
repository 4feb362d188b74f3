"""Tokens: what one's own may do, and access tokens for a refresh token."""

import secrets
from datetime import timedelta
from typing import Any

from connectors.sandbox.hubspot.errors import Refusal, invalid, not_found, unauthenticated
from connectors.sandbox.hubspot.portal import APP_IDS, PORTAL_ID
from connectors.sandbox.hubspot.world import SCOPES, Grantee, World
from connectors.sandbox.wire import Answer, Ask

BY_OAUTH = "reader"  # the principal that the OAuth client stands for


def grantee(world: World, secret: str) -> Grantee | None:
    """Whose token this is. Refuses one that has run out."""
    for principal in SCOPES:
        if secret and secrets.compare_digest(world.token(principal).encode(), secret.encode()):
            return Grantee(principal, world.owner(principal), world.scopes(principal), oauth=False)
    if secret in world.access_tokens:
        principal, until = world.access_tokens[secret]
        if until <= world.clock.real():
            raise unauthenticated(expired=True)
        return Grantee(principal, world.owner(principal), world.scopes(principal), oauth=True)
    return None


def token_info(world: World, ask: Ask) -> Answer:
    """`POST /oauth/v2/private-apps/get/access-token-info`: the owner, the portal and the scopes of a static token."""
    sent = ask.json()
    wanted = str(sent.get("tokenKey", "")) if isinstance(sent, dict) else ""
    found = grantee(world, wanted)
    if found is None or found.oauth:
        raise unauthenticated()
    said = {
        "userId": int(found.account),
        "hubId": PORTAL_ID,
        "appId": APP_IDS[found.principal],
        "scopes": sorted(found.scopes),
    }
    return Answer(200, said)


def token(world: World, ask: Ask) -> Answer:
    """`POST /oauth/…/token` with grant_type refresh_token."""
    form, known = ask.form(), world.keys["oauth"]
    if form.get("grant_type") != "refresh_token":
        raise Refusal(400, "VALIDATION_ERROR", "grant_type is not supported here", error="unsupported_grant_type")
    if form.get("client_id") != known["client_id"] or form.get("client_secret") != known["client_secret"]:
        raise Refusal(400, "VALIDATION_ERROR", "missing or unknown client id", error="invalid_client")
    if form.get("refresh_token") != known["refresh_token"] or world.store.kept("refresh_token_revoked"):
        raise Refusal(400, "VALIDATION_ERROR", "missing or invalid refresh token", error="invalid_grant")
    seconds = float(world.knobs["token_seconds"])
    secret = f"C{secrets.token_urlsafe(60)}"
    world.access_tokens[secret] = (BY_OAUTH, world.clock.real() + timedelta(seconds=seconds))
    said: dict[str, Any] = {
        "access_token": secret,
        "refresh_token": known["refresh_token"],
        "expires_in": int(seconds),
        "token_type": "bearer",
    }
    if "/v1/" not in ask.path:
        said |= {
            "hub_id": PORTAL_ID,
            "user_id": int(world.owner(BY_OAUTH)),
            "scopes": sorted(world.scopes(BY_OAUTH)),
            "token_use": "access_token",
        }
    return Answer(200, said)


def introspect(world: World, ask: Ask) -> Answer:
    """`POST /oauth/…/token/introspect`."""
    form, known = ask.form(), world.keys["oauth"]
    if form.get("client_id") != known["client_id"] or form.get("client_secret") != known["client_secret"]:
        raise Refusal(401, "INVALID_AUTHENTICATION", "unknown client")
    secret = form.get("token", "")
    if secret == known["refresh_token"]:
        return Answer(
            200, {"active": not world.store.kept("refresh_token_revoked"), "token_use": "refresh_token"} | _told(world)
        )
    try:
        active = secret in world.access_tokens and grantee(world, secret) is not None
    except Refusal:
        active = False
    return Answer(200, {"active": active, "token_use": "access_token"} | (_told(world) if active else {}))


def _told(world: World) -> dict[str, Any]:
    owner = world.owner(BY_OAUTH)
    email = world.store.scalar("SELECT email FROM account WHERE id = ?", [owner])
    said = {
        "client_id": world.keys["oauth"]["client_id"],
        "hub_id": PORTAL_ID,
        "app_id": APP_IDS[BY_OAUTH],
        "user_id": int(owner),
        "user": email,
    }
    return said | {
        "scopes": sorted(world.scopes(BY_OAUTH)),
        "token_type": "access",
        "hub_domain": "northwind-sandbox.example",
    }


def access_token(world: World, ask: Ask, token: str) -> Answer:
    """`GET /oauth/v1/access-tokens/{token}`: no header needed, the secret is in the path."""
    if token not in world.access_tokens or grantee(world, token) is None:
        raise not_found("access token not found")
    left = world.access_tokens[token][1] - world.clock.real()
    return Answer(200, {"token": token, "expires_in": int(left.total_seconds())} | _told(world))


def refresh_token(world: World, ask: Ask, token: str) -> Answer:
    """`/oauth/v1/refresh-tokens/{token}`: told about, or revoked by DELETE."""
    if token != world.keys["oauth"]["refresh_token"] or world.store.kept("refresh_token_revoked"):
        raise not_found("refresh token not found")
    if ask.method == "DELETE":
        _revoke(world)
        return Answer(204)
    return Answer(200, {"token": token} | _told(world) | {"token_type": "refresh"})


def revoke(world: World, ask: Ask) -> Answer:
    """`POST /oauth/…/token/revoke`."""
    secret = ask.form().get("token", "")
    if secret == world.keys["oauth"]["refresh_token"]:
        _revoke(world)
    elif world.access_tokens.pop(secret, None) is None:
        raise invalid("unknown token")
    return Answer(200, {})


def _revoke(world: World) -> None:
    world.access_tokens.clear()
    world.store.keep("refresh_token_revoked", True)
