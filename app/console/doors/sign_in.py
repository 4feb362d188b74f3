"""Signing in at the identity provider, and out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import arrivals, claims, policy, sessions
from app.actors.arrivals import Admitted
from app.actors.claims import Arrival, Rules
from app.actors.tables import SessionRow
from app.console import entering, gate, rendering
from app.console.entering import Entered, With
from app.console.provider import Provider
from app.kit.refusal import Refusal, Refused, insist
from app.kit.secrets import SecretsError
from app.means import Means
from app.settings import Settings

router = APIRouter(include_in_schema=False)
LASTS = timedelta(minutes=10)  # from the button here until somebody comes back
_WHERE = "sign-in on its way"
Next = Annotated[str, Query(alias="next", max_length=4000)]


@router.get("/sign-in")
def look(request: Request, means: With, after: Next = "") -> Response:
    """How to come in."""
    path = entering.ours(after)
    if entering.present(request, means) is not None:
        return RedirectResponse(path, 303)
    ask = f"/sign-in/provider?next={quote(path, safe='/')}" if means.settings.oidc_issuer else None
    return rendering.page(request, "sign_in.html", None, ask=ask, name=means.settings.oidc_name)


@router.get("/sign-in/provider")
def ask(request: Request, means: With, after: Next = "") -> Response:
    """On to the provider, with a sealed note in the browser of what we expect back."""
    provider = provider_of(request, means)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    address = provider.address(back=_back(means), state=state, nonce=nonce, verifier=verifier)
    note = {
        "state": state, "nonce": nonce, "verifier": verifier, "next": entering.ours(after),
        "at": means.clock().isoformat(),
    }  # fmt: skip
    answer = RedirectResponse(address, 303)
    sealed = means.keys.seal(json.dumps(note).encode(), where=_WHERE)
    answer.set_cookie(
        _note_of(means.settings), base64.urlsafe_b64encode(sealed).decode(), max_age=int(LASTS.total_seconds()),
        httponly=True, secure=means.settings.secure, samesite="lax", path="/",
    )  # fmt: skip
    return answer


@router.get("/sign-in/callback")
def come_back(
    request: Request, means: With, state: str = "", code: str = "", error: str = "", iss: str | None = None
) -> Response:
    """Back from the provider: believed only with the note of this browser, and once."""
    provider = provider_of(request, means)
    with gate.trying(request, means, state or request.url.query):
        note = _note(request, means)
        if note is None or not hmac.compare_digest(note["state"].encode(), state.encode("utf-8", "surrogatepass")):
            raise Refused(_not_begun_here())
        if iss is not None and iss != means.settings.oidc_issuer:
            raise Refused(_not_begun_here())
        if error or not code:
            raise Refused(_provider_said_no(error))
        said = provider.claims(back=_back(means), code=code, nonce=note["nonce"], verifier=note["verifier"])
        value = _admit(request, means, said, hashlib.sha256(state.encode()).digest())
    answer = gate.welcome(note["next"], value, means.settings)
    answer.delete_cookie(
        _note_of(means.settings), httponly=True, secure=means.settings.secure, samesite="lax", path="/"
    )
    return answer


@router.post("/sign-out")
def sign_out(request: Request, means: With, visit: Entered) -> Response:
    """Sign this browser out."""
    with means.database.transaction() as session:
        sessions.end(session, session.get_one(SessionRow, visit.session), by=visit.actor, at=means.clock())
    answer = rendering.go(request, "/sign-in", said="You are signed out.")
    entering.drop(answer, means.settings)
    return answer


def provider_of(request: Request, means: Means) -> Provider:
    """The provider of this app, which remembers its keys. Refuses (404) where none is configured."""
    if not means.settings.oidc_issuer:
        raise Refused(
            Refusal(
                "no_provider",
                "No identity provider is configured here, so people come in by links.",
                "Ask an admin for a sign-in link, or an operator to set ROLECALL_OIDC_ISSUER.",
                status=404,
            )
        )
    found: Provider | None = getattr(request.app.state, "provider", None)
    if found is None:
        found = request.app.state.provider = Provider(means.settings, means.clock)
    return found


def rules_of(settings: Settings) -> Rules:
    """How claims become roles, from the settings."""
    return Rules(
        groups_claim=settings.oidc_groups_claim,
        roles=settings.oidc_roles,
        default_role=settings.oidc_default_role,
        email_domains=settings.oidc_email_domains,
        trust_email=settings.oidc_trust_email,
        auditor_lasts=timedelta(days=settings.auditor_days),
    )


def _admit(request: Request, means: Means, said: Any, entry: bytes) -> str:
    """Make the actor and the session in one transaction; what changed about somebody refused is kept all the same."""
    rules = rules_of(means.settings)
    insist(claims.why_not_come(said, rules))
    arrival = claims.arrival(said, rules, means.settings.oidc_issuer)
    with means.database.transaction() as session:
        admitted = _arrive(session, arrival, rules, means.clock())
        if admitted.actor is not None and admitted.refusal is None:
            return gate.sign_in(session, request, means, admitted.actor, way="oidc", entry=entry)
    raise Refused(admitted.refusal or policy.not_signed_in())


def _arrive(session: Session, arrival: Arrival, rules: Rules, at: datetime) -> Admitted:
    return arrivals.admit(session, arrival, auditor_lasts=rules.auditor_lasts, at=at)


def _back(means: Means) -> str:
    return f"{means.settings.base_url}/sign-in/callback"


def _note_of(settings: Settings) -> str:
    return "__Host-rolecall-signing-in" if settings.secure else "rolecall_signing_in"


def _note(request: Request, means: Means) -> dict[str, str] | None:
    """What we noted in this browser when it went to the provider; None if it did not, or too long ago."""
    given = request.cookies.get(_note_of(means.settings), "")
    try:
        note: dict[str, str] = json.loads(means.keys.open(base64.urlsafe_b64decode(given), where=_WHERE))
    except (ValueError, SecretsError):
        return None
    return note if means.clock() - datetime.fromisoformat(note["at"]) < LASTS else None


def _not_begun_here() -> Refusal:
    return Refusal(
        "not_begun_here",
        "This sign-in was not begun in this browser, or more than ten minutes ago, so nobody was signed in.",
        "Go to the start and sign in again.",
        status=400,
    )


def _provider_said_no(error: str) -> Refusal:
    word = "".join(sign for sign in error if sign.isalnum() or sign in "_-")[:60] or "no reason"
    return Refusal(
        "provider_said_no",
        f"The service that signs you in did not let you through ({word}).",
        "Sign in again, with the account that your company gave you. If it lasts, tell your IT that word.",
        status=403,
    )
