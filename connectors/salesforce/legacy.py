"""Signing in with a user name, a password and a security token: the old way, for orgs that have no app yet.

Salesforce took `login()` out of API 65 and retires it everywhere in summer 2027, so the call is pinned to an older
version; with the session that it yields, everything else is read in the version that is configured.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests

from connectors import pacing
from connectors.errors import Denied, Misread, Unreachable
from connectors.salesforce import soap

NAMESPACE = "urn:partner.soap.sforce.com"
LAST_VERSION = 64  # of the SOAP API, that still has login()
WARNING = (
    "signed in with a password over SOAP: Salesforce ends this in summer 2027 (API 65 has it no more); "
    "register an External Client App and use a key (JWT bearer)"
)
TRY_LATER = {"SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "UNKNOWN_EXCEPTION", ""}
WAYS = {
    "INVALID_LOGIN": "check user name, password and security token, and whether the user may sign in from here",
    "LOGIN_MUST_USE_SECURITY_TOKEN": "add security_token to the secret, or our address to the trusted ones",
    "INVALID_OPERATION": "this org has no SOAP sign-in any more; use a key (JWT bearer)",
    "UNSUPPORTED_API_VERSION": "this org has no SOAP sign-in any more; use a key (JWT bearer)",
    "PASSWORD_LOCKOUT": "wait, or let an administrator unlock the integration user",
    "API_DISABLED_FOR_ORG": "the edition or the user may not use the API",
}


def sign_in(login_url: str, version: str, username: str, secret: str, session: requests.Session) -> dict[str, str]:
    """Sign in once. Returns `access_token`, `instance_url` and `id`, as the token endpoint would.

    Raises Denied with Salesforce's sentence, Unreachable where it gives no answer, Misread for an expired password's
    half-open session. `secret` is the password with the security token behind it.
    """
    what = "signing in to Salesforce with a password"
    question = soap.question(NAMESPACE, soap.element("login", ("username", username), ("password", secret)))
    headers = {**soap.HEADERS, "SOAPAction": "login"}
    try:
        answer = session.post(f"{login_url}/services/Soap/u/{version}", data=question, headers=headers)
    except requests.RequestException as error:
        raise pacing.sorted_error(error, what) from None
    if answer.status_code in (429, 502, 503, 504):
        raise Unreachable(f"{what}: status {answer.status_code}")
    try:
        said = soap.answer(answer.content, what).get("result")
    except soap.Fault as fault:
        raise _refused(fault, secret) from None
    if not isinstance(said, dict):
        raise Misread(f"{what}: the answer holds no result")
    if str(said.get("passwordExpired")) == "true":
        raise Denied(f"{what}: the password has expired; set a new one", missing="sign-in: the password has expired")
    return _as_token(said)


def _as_token(said: dict[str, Any]) -> dict[str, str]:
    server = urlsplit(str(said.get("serverUrl") or ""))
    whose = said.get("userInfo")
    org = whose.get("organizationId") if isinstance(whose, dict) else None
    instance = f"{server.scheme}://{server.netloc}"
    return {
        "access_token": str(said.get("sessionId") or ""),
        "instance_url": instance,
        "id": f"{instance}/id/{org}/{said.get('userId')}",
    }


def _refused(fault: soap.Fault, secret: str) -> Denied | Unreachable:
    said = pacing.redact(fault.said, secret)
    if fault.code in TRY_LATER:
        return Unreachable(f"signing in to Salesforce with a password: {fault.code}: {said}")
    way = WAYS.get(fault.code, "check the integration user")
    return Denied(f"Salesforce does not let us sign in ({said}); {way}", missing=f"sign-in: {said}")
