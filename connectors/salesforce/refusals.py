"""What Salesforce's error answers mean for us: its codes, sorted into our errors by what to do next.

Salesforce answers `[{"errorCode", "message", "fields"}]`. The HTTP status alone does not tell a spent allowance from a
missing right (both 403), so the code decides.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors import pacing
from connectors.errors import ConnectorError, Declined, Denied, Misread, Throttled, Unreachable


class NoSuchObject(Denied):
    """The object is not there, or not for us: Salesforce does not tell a missing feature from a missing right."""


class NoSuchColumn(Misread):
    """A column is unknown, hidden from us or not filterable; the message names it."""


class Gone(Declined):
    """The row that an act names is not there (any more): look again."""


class SignedOut(ConnectorError):
    """The token is not accepted; `heals`: a fresh one may be."""

    def __init__(self, message: str, *, heals: bool) -> None:
        super().__init__(message)
        self.heals = heals


LATER = {"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE"}
NO_API = {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED"}
GONE = {"NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "invalid_token"}
NEVER_HEALS = ("not valid for use with the rest api", "password has expired", "session type")


def read_refusal(content: object) -> tuple[str, str]:
    """The first error's code and its sentence, verbatim; a body that is not an error list gives ("", its beginning)."""
    first = content[0] if isinstance(content, list) and content else content
    if isinstance(first, dict):
        code = first.get("errorCode") or first.get("statusCode") or first.get("error") or ""
        return str(code), str(first.get("message") or first.get("error_description") or "")
    return "", pacing.redact(str(first)[:200])


def translate(
    status: int, content: object, what: str, *, changes: bool, wait: float | None, at: datetime | None
) -> ConnectorError:
    """Turn a refused request into our error. `changes`: it was an act; `wait` and `at` come from the answer's headers."""
    code, said = read_refusal(content)
    text = f"{what}: {code or status}: {pacing.redact(said) or 'no reason given'}"
    if status == 401:
        return SignedOut(text, heals=not any(mark in said.lower() for mark in NEVER_HEALS))
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(text, said, at)
    if status == 429:
        return Throttled(text, wait=wait)
    if code in LATER:
        return Unreachable(f"{text}; try again later")
    if status >= 500:
        return Unreachable(f"{text}; try again later", ambiguous=changes)
    if status == 410 or code == "UNSUPPORTED_API_VERSION":
        return Denied(f"{text}; set api_version to one the org offers", missing="this API version")
    if code in NO_API:
        return Denied(f"{text}; the edition or the user may not use the API", missing="API Enabled")
    return _about_change(status, code, said, text) if changes else _about_read(status, code, said, text)


def _limit(text: str, said: str, at: datetime | None) -> Throttled:
    if "Concurrent" in said:
        return Throttled(f"{text}; too many long calls at once", wait=20.0)
    # The allowance is counted over a rolling day: nobody says when it returns, but an hour later some of it has.
    return Throttled(f"{text}; the daily allowance is spent", until=(at or datetime.now(UTC)) + timedelta(hours=1))


def _about_read(status: int, code: str, said: str, text: str) -> ConnectorError:
    if code == "INVALID_QUERY_LOCATOR":
        return Misread(f"{text}; the place to go on from is gone, begin again", restart=True)
    if code == "INVALID_FIELD":
        return NoSuchColumn(text)
    if code == "INVALID_TYPE" or (status == 404 and code in ("NOT_FOUND", "")):
        return NoSuchObject(text, missing=said or "object")
    if status == 403 or code.startswith("INSUFFICIENT_ACCESS"):
        return Denied(f"{text}; give the integration user the missing permission", missing=said or code or "access")
    return Misread(f"{text}; the question was not understood")


def _about_change(status: int, code: str, said: str, text: str) -> ConnectorError:
    if status == 404 or code in GONE:
        return Gone(text, said=said)
    if status == 403:
        return Denied(f"{text}; give the executor the missing permission", missing=said or code or "access")
    return Declined(text, said=said or text)
