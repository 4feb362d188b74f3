"""Whether a message is from whom it says, whole and fresh: Standard Webhooks, at the receiving end.

The signature covers the message's id, its time and its body, so none of them can be exchanged. The time is held against the
door's own clock, and only of a message that is genuine is it told that it came too late.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

from app.kit.refusal import Refusal

TOLERANCE = timedelta(minutes=5)  # as Standard Webhooks has it; clocks differ, and a message is on its way for a while
_ID = re.compile(r"[A-Za-z0-9_:-]{1,150}")  # no full stop: it divides id, time and body in what is signed
_TIME = re.compile(r"[0-9]{1,11}")
_MOST = 4  # signatures in one header: senders show two while they exchange a secret


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived: webhook-id, webhook-timestamp (Unix seconds) and webhook-signature, and the bytes of the body."""

    id: str
    timestamp: str
    signature: str
    body: bytes


def why_not(message: Message, secrets: Sequence[str], at: datetime) -> Refusal | None:
    """Why a message is not taken: none of these secrets signed it (401), or it is older or newer than `TOLERANCE` (400)."""
    signed_at = _moment(message.timestamp)
    if signed_at is None or not _ID.fullmatch(message.id) or not _signed(message, signed_at, secrets):
        return forged()
    if abs(at - signed_at) > TOLERANCE:
        away = f"{abs(at - signed_at).total_seconds():.0f} seconds {'before' if signed_at < at else 'after'} now"
        return Refusal(
            "stale_message",
            f"By our clock this message was signed {away}; it counts for {TOLERANCE.seconds // 60} minutes.",
            "Sign it anew with the same webhook-id when it is sent again, and set the sender's clock right.",
            status=400,
        )
    return None


def forged() -> Refusal:
    """What whoever is not the hook's own program is told, whatever the reason."""
    return Refusal(
        "bad_signature",
        "This is not signed with this hook's secret, or there is no such hook any more.",
        "Sign id, time and body as Standard Webhooks says, with the secret that was shown when the hook was made; an admin "
        "can make a new one.",
        status=401,
    )


def _moment(timestamp: str) -> datetime | None:
    return datetime.fromtimestamp(int(timestamp), UTC) if _TIME.fullmatch(timestamp) else None


def _signed(message: Message, signed_at: datetime, secrets: Sequence[str]) -> bool:
    try:
        body = message.body.decode()
    except UnicodeDecodeError:
        return False
    shown = [each.encode() for each in message.signature.split(" ")[:_MOST]]
    right = [Webhook(each).sign(message.id, signed_at, body).encode() for each in secrets]
    return (
        sum(hmac.compare_digest(one, other) for one in shown for other in right) > 0
    )  # each, so that time tells nothing
