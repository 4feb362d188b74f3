"""Which carrier a channel is opened with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.notices import shapes
from app.notices.carriers.carrier import Carrier, Ways
from app.notices.carriers.chat import ChatCarrier
from app.notices.carriers.email import EmailCarrier
from app.notices.carriers.others import AppriseCarrier
from app.notices.carriers.outbox import OutboxCarrier
from app.notices.carriers.webhook import WebhookCarrier
from app.notices.policy import Kind


def opened(
    kind: str, config: Mapping[str, str], secret: Mapping[str, str], *, overlap_until: datetime | None, ways: Ways
) -> Carrier:
    """The carrier of a channel with its opened secret. Nothing is connected before the first message."""
    match Kind(kind):
        case Kind.EMAIL:
            return EmailCarrier(config, secret, ways)
        case Kind.WEBHOOK:
            return WebhookCarrier(secret, ways, overlap_until)
        case Kind.SLACK:
            return ChatCarrier(secret["url"], shapes.slack, ways)
        case Kind.TEAMS:
            return ChatCarrier(secret["url"], shapes.teams, ways)
        case Kind.APPRISE:
            return AppriseCarrier(secret, ways)
        case Kind.FILE:
            return OutboxCarrier(config, ways)
