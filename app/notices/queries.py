"""Reads of notices: channels and subscriptions, what waits, what became of a message, where readers are reached."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.actors.tables import ActorRoleRow, ActorRow
from app.inventory.tables import IdentityEmailRow, IdentityRow
from app.kit.refusal import Refusal, Refused
from app.ledger.tables import EntryRow, LeafRow
from app.notices.grouping import MOST, Waiting
from app.notices.policy import OUTBOX_SENDER, ChannelStatus, Status
from app.notices.tables import ChannelRow, DeliveryRow, MarkRow, PreferenceRow, SubscriptionRow, TryRow
from app.notices.timing import Quiet
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.ways import Way

_CHUNK = 5_000


# --- channels and subscriptions ---


def live_channels() -> Select[ChannelRow]:
    """Channels that were not removed, as a statement that doors page through."""
    return select(ChannelRow).where(ChannelRow.status != ChannelStatus.REMOVED)


def channels(session: Session) -> Sequence[ChannelRow]:
    """Every channel that was not removed, by name."""
    return session.scalars(live_channels().order_by(ChannelRow.name, ChannelRow.id)).all()


def channel(session: Session, channel_id: int) -> ChannelRow:
    """One channel, or Refused (404)."""
    found = session.get(ChannelRow, channel_id)
    if found is None or found.status == ChannelStatus.REMOVED:
        raise Refused(Refusal("no_channel", f"There is no channel {channel_id}.", status=404, way=Way.CHANNELS))
    return found


def find_channel(session: Session, named: str) -> ChannelRow:
    """The channel of this name or number, or Refused (404)."""
    live = ChannelRow.status != ChannelStatus.REMOVED
    found = session.scalar(select(ChannelRow).where(ChannelRow.name == named, live))
    if found is None and named.isdigit():
        found = session.scalar(select(ChannelRow).where(ChannelRow.id == int(named), live))
    if found is None:
        known = ", ".join(each.name for each in channels(session)) or "none"
        raise Refused(Refusal("no_channel", f"There is no channel {named!r}.", f"There are: {known}.", 404))
    return found


def live_subscriptions(channel_id: int | None = None) -> Select[SubscriptionRow]:
    """Subscriptions that have not ended, of channels that were not removed, as a statement that doors page through."""
    live = (
        select(SubscriptionRow)
        .join(ChannelRow, ChannelRow.id == SubscriptionRow.channel_id)
        .where(SubscriptionRow.ended.is_(None), ChannelRow.status != ChannelStatus.REMOVED)
    )
    return live if channel_id is None else live.where(ChannelRow.id == channel_id)


def subscriptions(session: Session, channel_id: int | None = None) -> Sequence[SubscriptionRow]:
    """Subscriptions that have not ended, oldest first; of channels that were not removed."""
    return session.scalars(live_subscriptions(channel_id).order_by(SubscriptionRow.id)).all()


def telling(session: Session) -> list[tuple[SubscriptionRow, ChannelRow]]:
    """Every live subscription with its channel, if messages are made for it: a dead channel's wait for its repair."""
    made = (
        select(SubscriptionRow, ChannelRow)
        .join(ChannelRow, ChannelRow.id == SubscriptionRow.channel_id)
        .where(SubscriptionRow.ended.is_(None), ChannelRow.status.in_((ChannelStatus.ON, ChannelStatus.DEAD)))
        .order_by(SubscriptionRow.id)
    )
    return [(row[0], row[1]) for row in session.execute(made)]


def mark(session: Session, name: str) -> MarkRow | None:
    """How far something has been told."""
    return session.get(MarkRow, name)


# --- the ledger ---


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry with its place in the ledger."""

    number: int
    id: uuid.UUID
    kind: str
    subject: str
    at: datetime
    body: Mapping[str, Any]
    author: str = ""

    @property
    def about(self) -> int | None:
        """The number in its subject: 12 of "campaign:12"."""
        last = self.subject.rpartition(":")[2]
        return int(last) if last.isdigit() else None


def happened(session: Session, kinds: Iterable[str], *, begin: int, end: int) -> list[Happened]:
    """Entries of these kinds among the leaves from `begin` to before `end`, in the ledger's order."""
    found = (
        select(
            LeafRow.number, EntryRow.id, EntryRow.kind, EntryRow.subject, EntryRow.at, EntryRow.body, EntryRow.author
        )
        .join(EntryRow, EntryRow.id == LeafRow.entry_id)
        .where(LeafRow.number >= begin, LeafRow.number < end, EntryRow.kind.in_(list(kinds)))
        .order_by(LeafRow.number)
    )
    return [Happened(*row) for row in session.execute(found)]


# --- readers ---


def quiet_of(session: Session, whoms: Iterable[str]) -> dict[str, Quiet]:
    """The quiet hours that readers chose."""
    found: dict[str, Quiet] = {}
    for some in _chunks(whoms):
        for row in session.scalars(select(PreferenceRow).where(PreferenceRow.whom.in_(some))):
            found[row.whom] = Quiet(row.zone, row.quiet_from, row.quiet_until, row.weekends)
    return found


def holders(session: Session, role: str, *, at: datetime) -> list[str]:
    """Who holds a role now, as readers: the identity behind an actor, or the actor where none is known."""
    held = (
        select(ActorRow.id, ActorRow.email, ActorRow.person_key)
        .join(ActorRoleRow, ActorRoleRow.actor_id == ActorRow.id)
        .where(
            ActorRoleRow.role == role,
            or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at),
            or_(ActorRow.ended.is_(None), ActorRow.ended > at),
        )
        .order_by(ActorRow.id)
    )
    return [reader_of(session, *row) for row in session.execute(held)]


def reader_of(session: Session, actor_id: str, email: str | None, person_key: str | None) -> str:
    """An actor as a reader, so that one person is one reader whichever way they are named."""
    key = select(IdentityRow.id).where(IdentityRow.key == person_key, IdentityRow.erased.is_(None))
    mail = select(IdentityEmailRow.identity_id).where(IdentityEmailRow.email == email)
    found = session.scalar(key) if person_key else None
    found = found or (session.scalar(mail) if email else None)
    return f"identity:{found}" if found is not None else actor_id


def address(session: Session, whom: str) -> str | None:
    """Where a reader gets mail now: the address they sign in with, else the first in the roster; None: nobody knows one."""
    kind, _, number = whom.partition(":")
    if kind == "subscription":
        row = session.get(SubscriptionRow, int(number))
        return row.recipient if row is not None and row.ended is None else None
    if kind == "identity":
        return _address_of_identity(session, int(number))
    if kind == "channel":
        row_of = session.get(ChannelRow, int(number))
        told = row_of.config if row_of is not None else {}
        return told.get("test_to") or told.get("sender") or OUTBOX_SENDER
    actor = session.get(ActorRow, whom)
    return actor.email if actor is not None and actor.ended is None else None


def _address_of_identity(session: Session, identity_id: int) -> str | None:
    person = session.get(IdentityRow, identity_id)
    if person is None or person.erased is not None:
        return None
    owned = session.scalars(
        select(IdentityEmailRow.email)
        .where(IdentityEmailRow.identity_id == identity_id)
        .order_by(IdentityEmailRow.email)
    ).all()
    signed = select(ActorRow.email).where(
        or_(ActorRow.person_key == person.key, ActorRow.email.in_(owned)),
        ActorRow.email.is_not(None),
        ActorRow.ended.is_(None),
    )
    return session.scalar(signed.order_by(ActorRow.id).limit(1)) or (owned[0] if owned else None)


# --- deliveries ---


def ready_channels(session: Session, at: datetime) -> list[int]:
    """Channels in use that have something to send now, and need no rest."""
    due = select(DeliveryRow.id).where(
        DeliveryRow.channel_id == ChannelRow.id, DeliveryRow.status == Status.WAITING, DeliveryRow.not_before <= at
    )
    found = select(ChannelRow.id).where(
        ChannelRow.status == ChannelStatus.ON,
        or_(ChannelRow.resting_until.is_(None), ChannelRow.resting_until <= at),
        due.exists(),
    )
    return list(session.scalars(found.order_by(ChannelRow.id)))


def next_up(session: Session, channel_id: int, at: datetime) -> list[Waiting]:
    """The message that waits longest for this channel and, if it is for a digest, those that may leave with it."""
    due = (
        select(*(getattr(DeliveryRow, name) for name in ("id", "channel_id", "whom", "digest", "not_before")))
        .where(DeliveryRow.channel_id == channel_id, DeliveryRow.status == Status.WAITING, DeliveryRow.not_before <= at)
        .order_by(DeliveryRow.not_before, DeliveryRow.id)
    )
    first = session.execute(due.limit(1)).first()
    if first is None:
        return []
    rows = [Waiting(*first)]
    if first.digest:
        others = due.where(DeliveryRow.whom == first.whom, DeliveryRow.digest, DeliveryRow.id != first.id)
        rows += [Waiting(*row) for row in session.execute(others.limit(MOST - 1))]
    return rows


def is_pending(session: Session, campaign_id: int, identity_id: int) -> bool:
    """Whether somebody has still to submit what is theirs in an open review."""
    theirs = (
        select(TaskRow.id)
        .join(CampaignRow, CampaignRow.id == TaskRow.campaign_id)
        .join(ItemRow, ItemRow.task_id == TaskRow.id)
        .where(
            TaskRow.campaign_id == campaign_id, TaskRow.reviewer_id == identity_id, TaskRow.status == TaskStatus.OPEN,
            CampaignRow.status == "open",
        )
    )  # fmt: skip
    return session.scalar(theirs.limit(1)) is not None


def delivery(session: Session, delivery_id: uuid.UUID) -> DeliveryRow:
    """One message, or Refused (404)."""
    found = session.get(DeliveryRow, delivery_id)
    if found is None:
        raise Refused(Refusal("no_delivery", f"There is no message {delivery_id}.", status=404, way=Way.MESSAGES))
    return found


def carried(session: Session, delivery_id: uuid.UUID) -> Sequence[DeliveryRow]:
    """What leaves inside a message, oldest first."""
    inside = select(DeliveryRow).where(DeliveryRow.carrier_id == delivery_id)
    return session.scalars(inside.order_by(DeliveryRow.made_at, DeliveryRow.id)).all()


def tries(session: Session, delivery_id: uuid.UUID) -> Sequence[TryRow]:
    """Every try to deliver a message, oldest first."""
    return session.scalars(select(TryRow).where(TryRow.delivery_id == delivery_id).order_by(TryRow.id)).all()


def deliveries(
    *,
    channel_id: int | None = None,
    status: str | None = None,
    event: str | None = None,
    after: tuple[datetime, uuid.UUID] | None = None,
) -> Select[DeliveryRow]:
    """The log, newest first, as a statement that doors page through; `after` is (made_at, id) of the last one seen."""
    found = select(DeliveryRow).order_by(DeliveryRow.made_at.desc(), DeliveryRow.id.desc())
    if channel_id is not None:
        found = found.where(DeliveryRow.channel_id == channel_id)
    if status is not None:
        found = found.where(DeliveryRow.status == status)
    if event is not None:
        found = found.where(DeliveryRow.event == event)
    if after is not None:
        found = found.where(tuple_(DeliveryRow.made_at, DeliveryRow.id) < tuple_(*after))
    return found


def counts(session: Session, channel_id: int) -> dict[str, int]:
    """How many of a channel's messages stand where."""
    grouped = select(DeliveryRow.status, func.count()).where(DeliveryRow.channel_id == channel_id)
    return dict(session.execute(grouped.group_by(DeliveryRow.status)).all())


def unwell(session: Session) -> list[ChannelRow]:
    """Channels that a person should look at: dead, failing, or with a test that did not arrive."""
    trouble = or_(
        ChannelRow.status == ChannelStatus.DEAD,
        and_(ChannelRow.status == ChannelStatus.ON, ChannelRow.failing_since.is_not(None)),
        and_(ChannelRow.status == ChannelStatus.ON, ChannelRow.tested_well.is_(False)),
    )
    return list(session.scalars(select(ChannelRow).where(trouble).order_by(ChannelRow.name)))


def _chunks(values: Iterable[str]) -> Iterable[list[str]]:
    wanted = sorted(set(values))
    return [wanted[begin : begin + _CHUNK] for begin in range(0, len(wanted), _CHUNK)]
