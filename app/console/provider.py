"""Speaks with the identity provider: OpenID Connect, authorization code with PKCE.

Authlib builds the requests and joserfc checks signatures and claims; here is what is asked, of whom, and how long we wait.
Only the configured issuer and the addresses that it names itself are called, over TLS, without following redirects. Keys
are kept for an hour and fetched anew when a token names one that is not among them, at most once a minute.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from app.kit import secrets
from app.kit.refusal import Refusal, Refused
from app.settings import Settings
from app.settings.signing_in import LOOPBACK

# Signatures by a public key only: with a shared secret, or with "none", others than the issuer could sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 60  # seconds that clocks may differ
KEPT = timedelta(hours=1)
_PAUSE = timedelta(minutes=1)
_LARGEST = 512 * 1024


@dataclass
class Provider:
    """One issuer, with what it said about itself and its keys."""

    settings: Settings
    clock: Callable[[], datetime]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _about: tuple[datetime, Mapping[str, Any]] | None = None
    _keys: tuple[datetime, KeySet] | None = None

    def address(self, *, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where to send somebody to sign in; they come back to `back`. Raises Refused if the provider does not answer."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        with self._client(back) as client:
            url, _ = client.create_authorization_url(
                self._endpoint("authorization_endpoint"), state=state, nonce=nonce, code_challenge=challenge,
                code_challenge_method="S256",
            )  # fmt: skip
        return str(url)

    def claims(self, *, back: str, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """Who somebody is, for the code they came back with. Raises Refused: 502 if the provider does not answer or is not
        believed, 400 if it does not take the code."""
        token = self._exchange(back, code, verifier)
        raw = token.get("id_token")
        if not isinstance(raw, str):
            raise Refused(_unbelieved("it sent no ID token"))
        claims = self._checked(raw, nonce)
        return self._completed(claims, str(token.get("access_token") or ""))

    # --- what it says of itself ---

    def about(self) -> Mapping[str, Any]:
        """Its metadata, an hour old at most. Raises Refused if it cannot be had, or names another issuer."""
        with self._lock:
            if self._about is None or self._about[0] + KEPT <= self.clock():
                issuer = self.settings.oidc_issuer
                told = self._get(issuer.rstrip("/") + "/.well-known/openid-configuration")
                if told.get("issuer") != issuer:
                    said = str(told.get("issuer"))[:200]
                    raise Refused(_unbelieved(f"it calls itself {said!r}, and ROLECALL_OIDC_ISSUER is {issuer!r}"))
                self._about = (self.clock(), told)
            return self._about[1]

    def _endpoint(self, name: str) -> str:
        url = str(self.about().get(name) or "")
        parts = urlsplit(url)
        here = parts.scheme == "http" and parts.hostname in LOOPBACK and self.settings.oidc_issuer.startswith("http:")
        if not parts.hostname or not (parts.scheme == "https" or here):
            raise Refused(_unbelieved(f"its {name} is no https address"))
        return url

    def _key_set(self, *, fresh: bool) -> KeySet:
        url = self._endpoint("jwks_uri")
        with self._lock:
            lasts = _PAUSE if fresh else KEPT
            if self._keys is None or self._keys[0] + lasts <= self.clock():
                told = self._get(url).get("keys")
                usable = [each for each in told or () if isinstance(each, dict) and each.get("use", "sig") == "sig"]
                known = [each for each in usable if each.get("kty") in ("RSA", "EC", "OKP")]
                try:
                    self._keys = (self.clock(), KeySet.import_key_set({"keys": known}))
                except (JoseError, ValueError, KeyError):
                    raise Refused(_unbelieved("its keys cannot be read")) from None
            return self._keys[1]

    # --- one sign-in ---

    def _exchange(self, back: str, code: str, verifier: str) -> Mapping[str, Any]:
        endpoint = self._endpoint("token_endpoint")
        try:
            with self._client(back) as client:
                token: Mapping[str, Any] = client.fetch_token(
                    endpoint, code=code, code_verifier=verifier, grant_type="authorization_code",
                    timeout=self.settings.oidc_timeout_seconds, allow_redirects=False,
                )  # fmt: skip
        except AuthlibBaseError as error:
            raise Refused(_code_not_taken(str(error.error))) from None
        except requests.RequestException as error:
            raise Refused(unreachable(type(error).__name__)) from None
        except (ValueError, AttributeError, TypeError):
            raise Refused(_unbelieved("its answer to the code cannot be read")) from None
        return token

    def _checked(self, raw: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that this issuer signed for us, now and for this very sign-in."""
        client_id = self.settings.oidc_client_id
        registry = jwt.JWTClaimsRegistry(
            now=int(self.clock().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self.settings.oidc_issuer},
            aud={"essential": True, "value": client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._opened(raw)
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise Refused(_unbelieved(f"its ID token does not hold: {error}")) from None
        audience = claims["aud"]
        parties = claims.get("azp", client_id if isinstance(audience, str) or len(audience) == 1 else None)
        if parties != client_id:
            raise Refused(_unbelieved("its ID token was made for another program (azp)"))
        return claims

    def _opened(self, raw: str) -> dict[str, Any]:
        try:
            return dict(jwt.decode(raw, self._key_set(fresh=False), algorithms=ALGORITHMS).claims)
        except InvalidKeyIdError:  # it may have new keys
            return dict(jwt.decode(raw, self._key_set(fresh=True), algorithms=ALGORITHMS).claims)

    def _completed(self, claims: dict[str, Any], access_token: str) -> Mapping[str, Any]:
        """The claims, and what only the userinfo endpoint tells; some providers keep ID tokens short."""
        wanted = {"email", self.settings.oidc_groups_claim.split(".")[0]} - claims.keys()
        if not wanted or not access_token or not self.about().get("userinfo_endpoint"):
            return claims
        more = self._get(self._endpoint("userinfo_endpoint"), Authorization=f"Bearer {access_token}")
        if more.get("sub") != claims["sub"]:
            raise Refused(_unbelieved("its userinfo is about somebody else"))
        return {**more, **claims}

    # --- the wire ---

    def _client(self, back: str) -> OAuth2Session:
        secret = secrets.reveal(self.settings.oidc_client_secret) if self.settings.oidc_client_secret else None
        ways = self.about().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = (
            "none"
            if secret is None
            else "client_secret_basic"
            if "client_secret_basic" in ways
            else "client_secret_post"
        )
        return OAuth2Session(
            self.settings.oidc_client_id, secret, token_endpoint_auth_method=way, scope=self.settings.oidc_scopes,
            redirect_uri=back,
        )  # fmt: skip

    def _get(self, url: str, **headers: str) -> dict[str, Any]:
        seconds = self.settings.oidc_timeout_seconds
        try:
            with requests.get(url, headers=headers, timeout=seconds, allow_redirects=False, stream=True) as answer:
                body = answer.raw.read(_LARGEST + 1, decode_content=True)
                status = answer.status_code
        except (requests.RequestException, OSError) as error:
            raise Refused(unreachable(type(error).__name__)) from None
        if status != 200 or len(body) > _LARGEST:
            raise Refused(unreachable(f"it answered {status}" if status != 200 else "its answer is too long"))
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Refused(_unbelieved("its answer is not JSON"))
        return told


def unreachable(why: str) -> Refusal:
    """The provider did not answer, or said that it cannot."""
    return Refusal(
        "provider_unreachable",
        f"The service that signs you in does not answer ({why}).",
        "Try again in a few minutes. If it lasts, tell your IT; an admin can give you a sign-in link meanwhile.",
        status=503,
    )


def _unbelieved(why: str) -> Refusal:
    return Refusal(
        "provider_not_believed",
        f"What the service that signs you in answered was not accepted: {why}.",
        "Sign in again. If it happens again, tell your IT these words; nobody was signed in.",
        status=502,
    )


def _code_not_taken(why: str) -> Refusal:
    return Refusal(
        "code_not_taken",
        f"The service that signs you in did not confirm this sign-in ({why[:80]}). It may have been used already.",
        "Sign in again. If it happens again, tell your IT: the client id, its secret or the redirect address is wrong.",
        status=400,
    )
