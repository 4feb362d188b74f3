"""Sort HubSpot's refusals by what to do next.

Pure. Every field of its error envelope is optional, and the message may itself be a JSON text that holds the real
envelope; one level is unwrapped. The correlation id stays in each message, because HubSpot's support asks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from connectors import pacing
from connectors.errors import ConnectorError, Declined, Denied, Misread, Throttled, Unreachable
from connectors.hubspot.wire import Answer


class BadToken(Denied):
    """The token itself is refused: that says nothing about any one list, so no list may be called closed because of it."""


LATER = frozenset({408, 500, 502, 503, 504, 521, 523, 524})
LONGEST = 86_400.0  # seconds; a longer Retry-After is a date that we cannot compare, or nonsense
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_PLAN = re.compile(r"does(?:n't| not) have access to|not available (?:on|for) (?:this|your)|upgrade", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What HubSpot said about an error."""

    message: str
    category: str
    policy: str
    correlation: str | None
    scopes: tuple[str, ...]


def envelope(answer: Answer) -> Envelope:
    """Read an error's envelope; whatever is absent is empty."""
    outer = _object(answer.raw)
    inner = _object(outer["message"]) if isinstance(outer.get("message"), str) else {}
    body = {**outer, **inner}
    errors = body["errors"] if isinstance(body.get("errors"), list) else []
    contexts = [body.get("context"), *[error.get("context") for error in errors if isinstance(error, dict)]]
    scopes = [
        str(scope)
        for context in contexts
        if isinstance(context, dict)
        for name in ("requiredGranularScopes", "requiredScopes")
        for scope in (context[name] if isinstance(context.get(name), list) else [])
    ]
    details = [str(error["message"]) for error in errors if isinstance(error, dict) and error.get("message")]
    message = str(body.get("message") or "")
    return Envelope(
        message="; ".join(dict.fromkeys([message, *details] if message else details)),
        category=str(body.get("category") or body.get("errorType") or ""),
        policy=str(body.get("policyName") or "").upper(),
        correlation=str(body["correlationId"]) if body.get("correlationId") else None,
        scopes=tuple(dict.fromkeys(scopes)),
    )


def closed(error: Denied) -> str:
    """What is missing for a list that other lists can do without. Raises the error again when it is the token."""
    if isinstance(error, BadToken):
        raise error
    return error.missing


def is_expired(answer: Answer) -> bool:
    """Whether a 401 says that the access token's time is over (a 401 alone says nothing about that)."""
    return answer.status == 401 and envelope(answer).category == "EXPIRED_AUTHENTICATION"


def trouble(
    answer: Answer, what: str, *, needs: str = "", changes: bool = False, zone: tzinfo | None = None
) -> ConnectorError | None:
    """What is wrong with an answer, or None.

    `what` was asked for, `needs` names the scopes that open it, `changes`: the request was meant to change something,
    `zone`: the account's time zone, at whose midnight the daily allowance returns.
    """
    if 200 <= answer.status < 300:
        return None
    said = envelope(answer)
    text = pacing.redact(f"{what}: {answer.status} {said.message or said.category or 'without a message'}")
    text += f" (correlation id {said.correlation})" if said.correlation else ""
    if answer.status == 401:
        return BadToken(f"{text}; the token is not valid here", missing="a valid token")
    if changes and answer.status == 403 and said.category != "MISSING_SCOPES" and not said.scopes:
        return Declined(text, said=pacing.redact(said.message or "403"))  # about this user, not about our scopes
    if answer.status == 403 or (not changes and _is_plan(answer.status, said)):
        missing = " or ".join(said.scopes) if said.scopes else _denied(said, needs)
        return Denied(text, missing=pacing.redact(missing))
    if answer.status in (429, 423, 477):
        return _throttled(answer, said, text, zone)
    if answer.status in LATER or answer.status >= 500:
        return Unreachable(text, ambiguous=changes)
    if changes and 400 <= answer.status < 500:
        return Declined(text, said=pacing.redact(said.message or said.category or str(answer.status)))
    return Misread(text)


def _is_plan(status: int, said: Envelope) -> bool:
    """A feature that the plan lacks comes as a validation error: "Account doesn't have access to roles."."""
    return status in (400, 402) and bool(_PLAN.search(said.message))


def _denied(said: Envelope, needs: str) -> str:
    if said.category == "MISSING_SCOPES" and needs:
        return needs
    return said.message or needs or said.category or "a right that HubSpot did not name"


def _throttled(answer: Answer, said: Envelope, text: str, zone: tzinfo | None) -> Throttled:
    if said.policy == "DAILY" or "daily limit" in said.message.lower():
        text += "; the daily allowance is used up"
        return (
            Throttled(text, until=next_midnight(answer.at, zone or UTC)) if answer.at else Throttled(text, wait=3600.0)
        )
    asked = pacing.retry_after(answer.headers, answer.at or _LONG_AGO)
    if asked is not None and asked <= LONGEST:
        return Throttled(text, wait=asked)
    if answer.status == 423:
        return Throttled(text, wait=2.0)
    if said.policy in ("SECONDLY", "TEN_SECONDLY_ROLLING"):
        return Throttled(text, wait=1.0 if said.policy == "SECONDLY" else 10.0)
    return Throttled(text)


def next_midnight(now: datetime, zone: tzinfo) -> datetime:
    """The next beginning of a day in `zone`, in UTC."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)


def _object(text: Any) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return body if isinstance(body, dict) else {}
