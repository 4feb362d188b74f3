"""HubSpot's way of saying no: one envelope, in which every field may matter to somebody."""

import uuid
from typing import Any

from connectors.sandbox.wire import Answer


class Refusal(Exception):
    """An error answer: HTTP status, category and message; more fields as they come."""

    def __init__(self, status: int, category: str, message: str, **more: Any) -> None:
        super().__init__(f"{category}: {message}")
        self.status, self.category, self.message, self.more = status, category, message, more

    def envelope(self) -> dict[str, Any]:
        """The body."""
        said = {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
        }
        return said | self.more

    def answer(self) -> Answer:
        """The whole answer."""
        return Answer(self.status, self.envelope())


def invalid(message: str, code: str | None = None) -> Refusal:
    """A 400; `code` is the finer reason."""
    more: dict[str, Any] = (
        {"errors": [{"message": message, "code": code}], "context": {"reason": [code]}} if code else {}
    )
    return Refusal(400, "VALIDATION_ERROR", message, **more)


def not_found(message: str = "resource not found") -> Refusal:
    """A 404: the only answer that proves absence."""
    return Refusal(404, "OBJECT_NOT_FOUND", message)


def unauthenticated(expired: bool = False) -> Refusal:
    """A 401."""
    if expired:
        return Refusal(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired.")
    message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
    return Refusal(401, "INVALID_AUTHENTICATION", message)


def lacks(scopes: tuple[str, ...]) -> Refusal:
    """A 403 that names the scopes of which one is needed."""
    return Refusal(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def no_plan(what: str) -> Refusal:
    """A 403 because the plan has no such thing. That it is a 403 is a guess: nobody has documented it."""
    return Refusal(403, "FORBIDDEN", f"This account does not have access to {what}.")


def throttled(policy: str, retry_after: float | None = None) -> Answer:
    """A 429. HubSpot does not document Retry-After for it, hence only on demand."""
    names = {"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "DAILY": "daily", "SECONDLY": "secondly"}
    said = {
        "status": "error",
        "message": f"You have reached your {names[policy]} limit.",
        "errorType": "RATE_LIMIT",
        "policyName": policy,
    }
    said |= {"category": "RATE_LIMITS", "correlationId": str(uuid.uuid4())}
    return Answer(429, said, {} if retry_after is None else {"Retry-After": f"{retry_after:g}"})
