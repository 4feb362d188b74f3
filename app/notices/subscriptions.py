"""Subscriptions: who is told which events by which channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.actors.tables import ActorRow
from app.compliance.controls import catalogue
from app.inventory import queries as inventory
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices import policy
from app.notices.events import FOR_OPERATORS, FOR_REVIEWERS
from app.notices.tables import ChannelRow, SubscriptionRow
from app.ways import Way

# What a channel that reaches people is subscribed to when nobody says otherwise.
USUAL: tuple[tuple[str, Sequence[str]], ...] = (
    (policy.CONCERNED, FOR_REVIEWERS),
    ("role:it_security", FOR_OPERATORS),
    ("role:admin", FOR_OPERATORS),
)


def add(
    session: Session,
    channel: ChannelRow,
    *,
    events: Sequence[str],
    recipient: str | None = None,
    severity: str | None = None,
    system_id: int | None = None,
    rules: Sequence[str] | None = None,
    departments: Sequence[str] | None = None,
    digest: bool = False,
    by: Actor,
    at: datetime,
) -> SubscriptionRow:
    """Tell `recipient` these events by this channel, from now on; of findings only those by `rules` (which switches on what
    does not alert by itself) and about people of `departments`. Refuses what `policy` refuses, an actor or a system that
    there is not, and a removed channel."""
    at = clock.utc(at)
    insist(policy.why_not_subscribe(channel.kind, events, recipient, severity, digest))
    insist(policy.why_not_narrow(rules or (), known=catalogue.RULES))
    if channel.status == policy.ChannelStatus.REMOVED:
        raise Refused(Refusal("no_channel", "This channel was removed.", "Add another.", 404))
    if recipient is not None and recipient.startswith("actor") and session.get(ActorRow, recipient) is None:
        raise Refused(Refusal("no_actor", f"There is no actor {recipient!r}.", status=404, way=Way.ACTORS))
    if system_id is not None:
        inventory.system(session, system_id)
    row = SubscriptionRow(
        channel_id=channel.id, events=sorted(set(events)), recipient=recipient, severity=severity, system_id=system_id,
        rules=sorted(set(rules)) if rules else None, departments=sorted(set(departments)) if departments else None,
        digest=digest, added=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {
        "channel": channel.id, "events": row.events, "severity": severity, "system": system_id, "digest": digest,
        "rules": row.rules, "departments": row.departments,
    }  # fmt: skip
    personal = {"recipient": recipient} if recipient is not None else {}
    entry = Entry(Kind.SUBSCRIPTION_ADDED, f"subscription:{row.id}", body, personal, f"subscription:{row.id}")
    entries.record(session, entry, by=by.id, at=at)
    return row


def end(session: Session, subscription_id: int, *, by: Actor, at: datetime) -> SubscriptionRow:
    """End a subscription; what it has made already and not sent to a written address is not sent. Again changes nothing."""
    row = session.get(SubscriptionRow, subscription_id)
    if row is None:
        told = f"There is no subscription {subscription_id}."
        raise Refused(Refusal("no_subscription", told, status=404, way=Way.CHANNELS))
    if row.ended is None:
        row.ended = clock.utc(at)
        entry = Entry(Kind.SUBSCRIPTION_ENDED, f"subscription:{row.id}", {"channel": row.channel_id})
        entries.record(session, entry, by=by.id, at=at)
        session.flush()
    return row
