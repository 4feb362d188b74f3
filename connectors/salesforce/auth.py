"""How we get in: what an admin configures, checked all at once, and the access token that it yields.

JWT bearer first (a key of our own signs for one named user), then client credentials (My Domain hosts only); a password
over SOAP is legacy and says so. Tokens live in memory only; there is nothing to rotate and nothing to keep.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors import pacing
from connectors.connector import Config, Secret
from connectors.errors import Denied, Misread, Unreachable
from connectors.salesforce import legacy

PRODUCTION = "https://login.salesforce.com"
SANDBOXES = "https://test.salesforce.com"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
OBJECTS = ("Account", "Contact", "Lead", "Opportunity", "Case", "Contract")
MOST_OBJECTS = 60
JWT_LIFE = 180  # seconds; Salesforce refuses more than a few minutes

CONFIG_KEYS = {
    "login_url": f"where to sign in; {PRODUCTION} if absent",
    "api_version": "such as 67.0",
    "soap_version": "of the legacy sign-in with a password, 64.0 at most",
    "username": "the user we sign in as (JWT), if it is not in the secret",
    "audience": f"the JWT's aud, {PRODUCTION} or {SANDBOXES}; guessed from login_url if absent",
    "login_days": "how many days of sign-ins to read",
    "change_days": "how many days of the setup audit trail to read",
    "page_size": "rows per page, 200 to 2000",
    "at_once": "how many calls may be under way at once, 1 to 10",
    "objects": "kinds of record whose rights are read, besides the usual six, with commas between",
    "sessions": "on to read who is signed in at this moment; off if absent",
    "least_profile": "profile to move somebody to, or licence=profile pairs with semicolons between",
    "protect": "user names that no act may ever touch, with commas between",
}
SECRET_KEYS = {"client_id", "client_secret", "private_key", "username", "password", "security_token"}


@dataclass(frozen=True, slots=True)
class Access:
    """A configuration without mistakes."""

    login_url: str
    api_version: str
    audience: str
    client_id: str = field(default="", repr=False)
    client_secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)  # legacy; the security token stands behind it
    soap_version: str = f"{legacy.LAST_VERSION}.0"
    login_days: int = 400  # more than Salesforce keeps; empty days cost next to nothing
    change_days: int = 180
    page_size: int = 2000
    at_once: int = 4  # Salesforce allows 25 long calls for the whole org
    objects: tuple[str, ...] = OBJECTS
    sessions: bool = False
    least_profile: Mapping[str, str] = field(default_factory=dict)  # licence (or "" for any) -> profile name or Id
    protect: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and whose it is: 18-character Ids of the org and of our own user."""

    value: str = field(repr=False)
    instance_url: str
    org: str | None
    principal: str | None


def read_access(config: Config, secret: Secret) -> Access:
    """Check configuration and secret together. ValueError names every mistake and the way out, never a value."""
    mistakes = [f"{key}: not a setting of the Salesforce connector" for key in sorted(set(config) - set(CONFIG_KEYS))]
    mistakes += [
        f"secret {key}: not one of {', '.join(sorted(SECRET_KEYS))}" for key in sorted(set(secret) - SECRET_KEYS)
    ]
    login_url = (config.get("login_url") or PRODUCTION).rstrip("/")
    if trouble := pacing.why_not_address(login_url):
        mistakes.append(f"login_url: {trouble}")
    version = config.get("api_version") or "67.0"
    if not re.fullmatch(r"\d{2,3}\.0", version):
        mistakes.append("api_version: must look like 67.0")
    soap_version = config.get("soap_version") or f"{legacy.LAST_VERSION}.0"
    if not re.fullmatch(r"\d{2}\.0", soap_version) or float(soap_version) > legacy.LAST_VERSION:
        mistakes.append(f"soap_version: must look like 64.0, and {legacy.LAST_VERSION}.0 is the last that signs in")
    audience = config.get("audience") or _audience(login_url)
    if trouble := pacing.why_not_address(audience):
        mistakes.append(f"audience: {trouble}")
    username = secret.get("username") or config.get("username")
    objects = [name.strip() for name in config.get("objects", "").split(",") if name.strip()]
    if strange := [name for name in objects if not re.fullmatch(r"[A-Za-z]\w{0,79}", name)]:
        mistakes.append(f"objects: not the API name of a kind of record: {', '.join(strange)}")
    if len(objects) > MOST_OBJECTS:
        mistakes.append(f"objects: {MOST_OBJECTS} at most, because they all stand in one question")
    if config.get("sessions", "off") not in ("on", "off"):
        mistakes.append("sessions: must be on or off")
    mistakes += _secret_mistakes(secret, username, login_url)
    numbers = {name: _number(config, name, *limits, mistakes) for name, limits in _LIMITS.items()}
    least = _pairs(config.get("least_profile", ""), mistakes)
    if mistakes:
        raise ValueError("Salesforce cannot be opened: " + "; ".join(mistakes))
    return Access(
        login_url=login_url,
        api_version=version,
        audience=audience,
        client_id=secret.get("client_id") or "",
        client_secret=secret.get("client_secret"),
        private_key=secret.get("private_key"),
        username=username,
        password=secret["password"] + secret.get("security_token", "") if secret.get("password") else None,
        soap_version=soap_version,
        objects=tuple(dict.fromkeys((*OBJECTS, *objects))),
        sessions=config.get("sessions") == "on",
        least_profile=least,
        protect=frozenset(name.strip().lower() for name in config.get("protect", "").split(",") if name.strip()),
        **numbers,
    )


_LIMITS = {
    "login_days": (400, 1, 800),
    "change_days": (180, 1, 800),
    "page_size": (2000, 200, 2000),
    "at_once": (4, 1, 10),
}


def _number(config: Config, name: str, default: int, low: int, high: int, mistakes: list[str]) -> int:
    text = config.get(name) or str(default)
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return int(text)
    mistakes.append(f"{name}: must be a whole number from {low} to {high}")
    return default


def _pairs(text: str, mistakes: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in (piece.strip() for piece in text.split(";")):
        licence, _, profile = piece.rpartition("=")
        if piece and not profile.strip():
            mistakes.append("least_profile: write a profile's name, or licence=profile pairs with semicolons between")
        elif piece:
            found[licence.strip()] = profile.strip()
    return found


def _audience(login_url: str) -> str:
    host = urlsplit(login_url).hostname or ""
    return SANDBOXES if host == "test.salesforce.com" or ".sandbox." in host else PRODUCTION


def _secret_mistakes(secret: Secret, username: str | None, login_url: str) -> list[str]:
    mistakes = []
    key, word, password = (secret.get(name) for name in ("private_key", "client_secret", "password"))
    if [bool(key), bool(word), bool(password)].count(True) != 1:
        mistakes.append(
            "secret: give one of private_key (JWT bearer), client_secret (client credentials) and password (legacy)"
        )
    if not password and not secret.get("client_id"):
        mistakes.append("secret client_id: missing; it is the app's consumer key")
    if (key or password) and not username:
        mistakes.append("username: missing; JWT bearer and a password sign in as one named user")
    if key and _signing_key(key) is None:
        mistakes.append("secret private_key: must be an RSA private key in PEM form, without a passphrase")
    if word and urlsplit(login_url).hostname in ("login.salesforce.com", "test.salesforce.com"):
        mistakes.append("login_url: client credentials work on My Domain only, such as https://acme.my.salesforce.com")
    return mistakes


def _signing_key(pem: str) -> RSAKey | None:
    try:
        key = RSAKey.import_key(pem)
    except (ValueError, JoseError):
        return None
    return key if key.is_private else None


def obtain(access: Access, session: requests.Session, *, now: Callable[[], float] = time.time) -> Token:
    """Ask for an access token, once.

    Raises Denied with Salesforce's own reason when it refuses, Unreachable when it has none, Misread for an answer that
    leads somewhere else than a token should.
    """
    if access.password:
        said = legacy.sign_in(access.login_url, access.soap_version, access.username or "", access.password, session)
        return _token(said, access)
    what = "signing in to Salesforce"
    form, headers = _question(access, now)
    try:
        answer = session.post(f"{access.login_url}/services/oauth2/token", data=form, headers=headers)
    except requests.RequestException as error:
        raise pacing.sorted_error(error, what) from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Unreachable(f"{what}: status {answer.status_code}")
    try:
        told = answer.json()
    except ValueError:
        raise Unreachable(f"{what}: status {answer.status_code} without a readable answer") from None
    if answer.status_code != 200 or not isinstance(told, dict):
        raise _refused(told, answer.status_code, access)
    return _token(told, access)


def _question(access: Access, now: Callable[[], float]) -> tuple[dict[str, str], dict[str, str]]:
    headers = {"Accept": "application/json"}
    key = _signing_key(access.private_key) if access.private_key else None
    if key is None:
        form = {"grant_type": "client_credentials", "client_id": access.client_id}
        return form | {"client_secret": access.client_secret or ""}, headers
    claims = {"iss": access.client_id, "sub": access.username, "aud": access.audience, "exp": int(now()) + JWT_LIFE}
    return {"grant_type": JWT_GRANT, "assertion": jwt.encode({"alg": "RS256"}, claims, key)}, headers


def _refused(said: object, status: int, access: Access) -> Denied:
    words = said if isinstance(said, dict) else {}
    code, text = str(words.get("error", status)), str(words.get("error_description", "no reason given"))
    text = pacing.redact(text, access.client_id, access.client_secret or "", access.private_key or "")
    way = _WAYS.get(code, "check the app's consumer key, its policies and the integration user")
    return Denied(f"Salesforce does not let us sign in ({code}: {text}); {way}", missing=f"sign-in: {code}: {text}")


_WAYS = {
    "invalid_grant": "pre-authorise the integration user for the app, and check user name, audience and our clock",
    "invalid_app_access": "pre-authorise the integration user for the app by a profile or permission set",
    "invalid_client_id": "check the app's consumer key",
    "invalid_client": "check the app's consumer key and secret or certificate",
    "inactive_user": "activate the integration user",
    "invalid_assertion": "check that the app holds the certificate of our private key",
    "unsupported_grant_type": "switch this flow on in the app's policies",
}


def _token(said: Mapping[str, object], access: Access) -> Token:
    value, instance = said.get("access_token"), said.get("instance_url")
    if not isinstance(value, str) or not isinstance(instance, str) or not value:
        raise Misread("signing in to Salesforce: the answer holds no access token or no instance address")
    if trouble := pacing.why_not_address(instance):
        raise Misread(f"signing in to Salesforce: the instance address {trouble}")
    if urlsplit(access.login_url).scheme == "https" and urlsplit(instance).scheme != "https":
        raise Misread("signing in to Salesforce: the instance address gives up TLS")
    whose = re.search(r"/id/(00D\w{12,15})/(005\w{12,15})$", str(said.get("id") or ""))
    return Token(value, instance.rstrip("/"), *((whose[1], whose[2]) if whose else (None, None)))
