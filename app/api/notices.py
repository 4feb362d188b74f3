"""Channels, subscriptions and the log of messages: who is told what, by which way, and what became of it.

What lets a channel in (an address, a password) goes in and never comes out again; a web hook's signing secret is told once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.api import answering, paging
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Nothing, Number, Page, Told
from app.api.words import ChannelKind, ChannelState, ChannelSwitch, DeliveryStatus, EventName, Severity
from app.ledger.kinds import Kind
from app.notices import channels, deliveries, preferences, queries, subscriptions, timing
from app.notices.policy import ChannelStatus
from app.notices.tables import ChannelRow, DeliveryRow, PreferenceRow, SubscriptionRow

router = APIRouter(prefix="/api/v1", tags=["notices"])
CHANNELS = {"name": Order((ChannelRow.name, ChannelRow.id)), "newest": Order((ChannelRow.id,), falling=True)}
DELIVERIES = Order((DeliveryRow.made_at, DeliveryRow.id), falling=True)
_ACTS = (Kind.CHANNEL_ADDED, Kind.CHANNEL_CHANGED)


class Channel(Told):
    """A way by which messages leave, and how it fares."""

    id: int
    name: str
    kind: ChannelKind
    shown: dict[str, Any] = Field(description="What may be seen of its settings: of an address the host alone.")
    status: ChannelState
    because: str | None
    failing_since: datetime | None
    last_delivered: datetime | None
    tested_at: datetime | None
    tested_well: bool | None
    overlap_until: datetime | None = Field(description="Until then a web hook's former secret signs as well.")
    added: datetime
    version: int


class ChannelPage(Page):
    """A page of channels."""

    channels: list[Channel]


class AddedChannel(Channel):
    """A channel that was just added."""

    signing_secret: str | None = Field(description="Of a web hook, told this once. A repeated answer has null here.")


class Adding(Asked):
    """A new channel. `config` may be seen afterwards; `secret` (an address, a password) may not."""

    name: str = Field(min_length=1, max_length=100, examples=["ops"])
    kind: ChannelKind
    config: dict[str, str] = Field(default_factory=dict, examples=[{}])
    secret: dict[str, str] = Field(default_factory=dict, examples=[{"url": "https://hooks.example.com/rolecall"}])


class Switching(Asked):
    """Which state a channel is to be in."""

    status: ChannelSwitch


class Secret(Told):
    """A web hook's new signing secret. A repeated answer has null here."""

    signing_secret: str | None
    overlap_until: datetime | None


class Subscription(Told):
    """Who is told which events by a channel."""

    id: int
    channel_id: int
    events: list[str]
    recipient: str | None
    severity: Severity | None
    system_id: int | None
    rules: list[str] | None
    departments: list[str] | None
    digest: bool
    added: datetime
    ended: datetime | None


class SubscriptionPage(Page):
    """A page of subscriptions that have not ended."""

    subscriptions: list[Subscription]


class Subscribing(Asked):
    """A new subscription. Mail needs a `recipient`: an address, an actor's id, a role like role:admin, or concerned. Of
    findings, `rules` and `departments` leave only those; a rule that is named is told even if it only reports."""

    channel: Number
    events: list[EventName] = Field(min_length=1, max_length=50)
    recipient: str | None = Field(None, max_length=320)
    severity: Severity | None = None
    system: Number | None = None
    rules: list[Annotated[str, Field(max_length=60)]] | None = Field(None, max_length=100)
    departments: list[Annotated[str, Field(max_length=200)]] | None = Field(None, max_length=100)
    digest: bool = False


class Delivery(Told):
    """One message to one reader about one cause. `whom` is identity:7, an actor's id, subscription:5 or channel:3."""

    id: UUID
    channel_id: int
    whom: str
    event: str
    cause: str
    severity: Severity
    status: DeliveryStatus
    tries: int
    made_at: datetime
    not_before: datetime
    ended_at: datetime | None
    because: str | None


class DeliveryPage(Page):
    """A page of the log, newest first."""

    deliveries: list[Delivery]


class Try(Told):
    """One try to deliver a message, and what the other side said."""

    at: datetime
    outcome: str
    code: int | None
    said: str


class DeliveryStory(Delivery):
    """One message with its facts and every try."""

    facts: dict[str, Any]
    history: list[Try]


class Hours(Told):
    """When you are not to be spoken to. Null: as the installation has it."""

    zone: str | None
    begins: str | None = Field(examples=["20:00"])
    ends: str | None = Field(examples=["07:00"])
    weekends: bool | None


class Choosing(Asked):
    """Your quiet hours, on your own wall clock; equal bounds mean none."""

    zone: str = Field(max_length=60, examples=["Europe/Berlin"])
    begins: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["20:00"])
    ends: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["07:00"])
    weekends: bool = False


# --- channels ---


@router.get("/channels")
def list_channels(
    means: With, actor: Entered, page: paging.Asked, sort: Literal["name", "newest"] = "name"
) -> ChannelPage:
    """Every channel that was not removed."""
    with means.database.reading() as session:
        rows, after = page.page(session, queries.live_channels(), CHANNELS[sort])
        return ChannelPage(channels=[Channel.model_validate(row[0]) for row in rows], next=after)


@router.post("/channels", status_code=201, response_model=AddedChannel)
def add_channel(asked: Adding, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Add a channel. It is told nothing until it has subscriptions."""

    def verb(session: Session, at: datetime) -> AddedChannel:
        row, signing = channels.add(
            session, name=asked.name, kind=asked.kind, config=asked.config, secret=asked.secret, keys=means.keys, by=actor,
            at=at,
        )  # fmt: skip
        return AddedChannel(**Channel.model_validate(row).model_dump(), signing_secret=signing)

    return answering.once(means, actor, key, asked, request, verb, status=201, kept=_without_secret)


@router.get("/channels/{channel_id}")
def get_channel(channel_id: paging.Number, means: With, actor: Entered, response: Response) -> Channel:
    """One channel."""
    with means.database.reading() as session:
        row = queries.channel(session, channel_id)
        answering.tag(response, row.version)
        return Channel.model_validate(row)


@router.put("/channels/{channel_id}/status", response_model=Channel)
def switch_channel(
    channel_id: paging.Number, asked: Switching, request: Request, means: With, actor: Entered, key: Key = None,
    if_match: IfMatch = None,
) -> Response:  # fmt: skip
    """Switch a channel on or off, or remove it; its log stays."""

    def verb(session: Session, at: datetime) -> Channel:
        row = _unchanged(session, channel_id, if_match)
        return Channel.model_validate(channels.switch(session, row, ChannelStatus(asked.status), by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


@router.post("/channels/{channel_id}/rotation", response_model=Secret)
def rotate_channel(
    channel_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None, if_match: IfMatch = None
) -> Response:
    """Give a web hook a new signing secret, told this once. The former one signs beside it for a day."""

    def verb(session: Session, at: datetime) -> Secret:
        row = _unchanged(session, channel_id, if_match)
        made = channels.rotate(session, row, keys=means.keys, by=actor, at=at)
        return Secret(signing_secret=made, overlap_until=row.overlap_until)

    return answering.once(means, actor, key, Nothing(), request, verb, kept=_without_secret)


@router.post("/channels/{channel_id}/tests", status_code=202, response_model=Delivery)
def try_channel(channel_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Have a test sent now, tried once. What becomes of it stands in its delivery and with the channel."""

    def verb(session: Session, at: datetime) -> Delivery:
        row = channels.test(session, queries.channel(session, channel_id), by=actor, at=at)
        return Delivery.model_validate(row)

    return answering.once(means, actor, key, Nothing(), request, verb, status=202)


# --- subscriptions ---


@router.get("/subscriptions")
def list_subscriptions(
    means: With, actor: Entered, page: paging.Asked, channel: paging.Numbered = None
) -> SubscriptionPage:
    """Who is told what: subscriptions that have not ended."""
    with means.database.reading() as session:
        statement = queries.live_subscriptions(channel)
        rows, after = page.page(session, statement, Order((SubscriptionRow.id,)))
        return SubscriptionPage(subscriptions=[Subscription.model_validate(row[0]) for row in rows], next=after)


@router.post("/subscriptions", status_code=201, response_model=Subscription)
def add_subscription(asked: Subscribing, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Have somebody told events by a channel, from now on."""

    def verb(session: Session, at: datetime) -> Subscription:
        row = subscriptions.add(
            session, queries.channel(session, asked.channel), events=asked.events, recipient=asked.recipient,
            severity=asked.severity, system_id=asked.system, rules=asked.rules, departments=asked.departments,
            digest=asked.digest, by=actor, at=at,
        )  # fmt: skip
        return Subscription.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.delete("/subscriptions/{subscription_id}", response_model=Subscription)
def end_subscription(
    subscription_id: paging.Number, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """End a subscription. Ending it again changes nothing."""

    def verb(session: Session, at: datetime) -> Subscription:
        return Subscription.model_validate(subscriptions.end(session, subscription_id, by=actor, at=at))

    return answering.once(means, actor, key, Nothing(), request, verb)


# --- the log ---


@router.get("/deliveries")
def list_deliveries(
    means: With,
    actor: Entered,
    page: paging.Asked,
    channel: paging.Numbered = None,
    status: DeliveryStatus | None = None,
    event: EventName | None = None,
) -> DeliveryPage:
    """The log of messages, newest first."""
    statement = queries.deliveries(channel_id=channel, status=status, event=event).order_by(None)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, DELIVERIES)
        return DeliveryPage(deliveries=[Delivery.model_validate(row[0]) for row in rows], next=after)


@router.get("/deliveries/{delivery_id}")
def get_delivery(delivery_id: UUID, means: With, actor: Entered) -> DeliveryStory:
    """One message with every try."""
    with means.database.reading() as session:
        row = queries.delivery(session, delivery_id)
        tried = [Try.model_validate(each) for each in queries.tries(session, delivery_id)]
        return DeliveryStory(**Delivery.model_validate(row).model_dump(), facts=row.facts, history=tried)


@router.post("/deliveries/{delivery_id}/replay", status_code=202, response_model=Delivery)
def replay_delivery(delivery_id: UUID, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Send a message again that was delivered or given up, under the same name."""

    def verb(session: Session, at: datetime) -> Delivery:
        row = deliveries.replay(session, queries.delivery(session, delivery_id), by=actor, at=at)
        return Delivery.model_validate(row)

    return answering.once(means, actor, key, Nothing(), request, verb, status=202)


# --- one's own hours ---


@router.get("/me/quiet-hours")
def get_quiet_hours(means: With, actor: Entered) -> Hours:
    """When you are not to be spoken to."""
    with means.database.reading() as session:
        return _hours(session.get(PreferenceRow, _reader(session, actor)))


@router.put("/me/quiet-hours", response_model=Hours)
def choose_quiet_hours(asked: Choosing, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Choose when you are not to be spoken to."""

    def verb(session: Session, at: datetime) -> Hours:
        begins, ends = timing.minutes(asked.begins), timing.minutes(asked.ends)
        hours = timing.Quiet(asked.zone, begins, ends, asked.weekends)
        return _hours(preferences.choose(session, _reader(session, actor), hours, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


def _reader(session: Session, actor: Actor) -> str:
    return f"identity:{actor.identity_id}" if actor.identity_id is not None else actor.id


def _hours(row: PreferenceRow | None) -> Hours:
    if row is None:
        return Hours(zone=None, begins=None, ends=None, weekends=None)
    begins, ends = timing.clock_of(row.quiet_from), timing.clock_of(row.quiet_until)
    return Hours(zone=row.zone, begins=begins, ends=ends, weekends=row.weekends)


def _unchanged(session: Session, channel_id: int, if_match: str | None) -> ChannelRow:
    row = queries.channel(session, channel_id)
    answering.insist_unchanged(session, if_match, row.version, f"channel:{row.id}", _ACTS, what="channel")
    return row


def _without_secret(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "signing_secret": None}
