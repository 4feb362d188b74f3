"""Posting a body to an address, and what its answer means: shared by web hooks, Slack and Teams."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from app import __version__
from app.kit import http
from app.kit.refusal import Refused
from app.notices.carriers.carrier import Outcome, Result, Ways

# Refusals that pass by themselves: a time-out, a conflict, too early, too often.
_PASSING = (408, 409, 425, 429)


def post(url: str, body: bytes, headers: Mapping[str, str], ways: Ways, at: datetime) -> Outcome:
    """Post once and sort the answer. An address that must not be reached is trouble of the channel, and never called."""
    sent = {"Content-Type": "application/json", "User-Agent": f"Rolecall/{__version__}", **headers}
    try:
        answer = http.post(
            url, body, sent, allow_private=ways.allow_private, timeout_s=ways.timeout_s, resolve=ways.resolve
        )
    except Refused as refused:
        return Outcome(Result.TROUBLE, str(refused))
    except http.Unanswered as unanswered:
        return Outcome(Result.TROUBLE, str(unanswered))
    return sorted_out(answer, at)


def sorted_out(answer: http.Answer, at: datetime) -> Outcome:
    """What an answer means for the message and for the channel."""
    if 200 <= answer.status < 300:
        return Outcome(Result.DELIVERED, code=answer.status)
    told = f"answered {answer.status}{_words(answer.body)}"
    if answer.status == 410:
        return Outcome(Result.GONE, told, answer.status)
    refused = 300 <= answer.status < 500 and answer.status not in _PASSING
    wish = retry_after(answer.headers.get("retry-after"), at)
    return Outcome(Result.REFUSED if refused else Result.TROUBLE, told, answer.status, wish)


def retry_after(value: str | None, at: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for: seconds, or a date; None for none and for nonsense."""
    if value is None:
        return None
    if value.strip().isdigit():
        return timedelta(seconds=min(int(value), 10**7))
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(then - at, timedelta(0)) if then.tzinfo is not None else None


def _words(body: bytes) -> str:
    """The first words of an answer, printable, for the log."""
    text = body[:400].decode(errors="replace")
    told = " ".join("".join(each if each.isprintable() else " " for each in text).split())[:200]
    return f": {told}" if told else ""
