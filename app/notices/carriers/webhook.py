"""A web hook, signed as Standard Webhooks says: the receiver can tell that it is from us, fresh, and seen before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

from app.notices import shapes
from app.notices.carriers import posting
from app.notices.carriers.carrier import Outcome, Ways
from app.notices.shapes import Message


class WebhookCarrier:
    """Posts to one address. While a former secret still holds, both sign."""

    def __init__(self, secret: Mapping[str, str], ways: Ways, overlap_until: datetime | None) -> None:
        self._url, self._signing, self._former = secret["url"], secret["signing"], secret.get("former")
        self._ways, self._overlap = ways, overlap_until

    def send(self, message: Message, at: datetime) -> Outcome:
        """Post the message; its id is the same each time, the timestamp and the signature are this try's."""
        body = shapes.webhook(message)
        both = self._former is not None and self._overlap is not None and at < self._overlap
        secrets = [self._signing, *([self._former] if both and self._former else [])]
        moment = at.astimezone(UTC)
        headers = {
            "webhook-id": message.key,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(Webhook(each).sign(message.key, moment, body.decode()) for each in secrets),
        }
        return posting.post(self._url, body, headers, self._ways, at)

    def close(self) -> None:
        """Nothing is held open."""
