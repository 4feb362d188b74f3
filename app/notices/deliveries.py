"""Deliveries: one message taken in hand, what became of it, and those that are sent again, given up or forgotten.

A message is taken by one worker (compare-and-swap on its status) in a transaction that has committed before anything is
sent, and settled in the next one. A worker that dies in between leaves it in its hands; after a while it is sent once more,
under the same name, so that the other side can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices import grouping, policy, queries, timing
from app.notices.carriers.carrier import Outcome, Result
from app.notices.events import Event
from app.notices.policy import Status
from app.notices.tables import ChannelRow, DeliveryRow, TryRow

NOT_WANTED = 8  # tries for a message that the other side understood and refused: it may be set up wrongly for an hour
_SAID = 500  # characters kept of what the other side said


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in our hands, with what leaves inside it."""

    row: DeliveryRow
    inside: Sequence[DeliveryRow]


def claim(
    session: Session, channel_id: int, *, wanted: Callable[[Session, DeliveryRow], bool], at: datetime
) -> Claimed | None:
    """Take the next message of a channel in hand; None when none is due. What is not `wanted` any more is dropped."""
    while True:
        waiting = queries.next_up(session, channel_id, at)
        if not waiting:
            return None
        group = grouping.together(waiting, at)[0]
        row = session.get_one(DeliveryRow, group[0].id, populate_existing=True)
        if row.status != Status.WAITING:  # another took it between our two looks
            continue
        if not wanted(session, row):
            _move(
                session, row, Status.DROPPED, ended_at=at, because="its reader is done; there is nothing to remind of"
            )
            continue
        if not _move(session, row, Status.SENDING, claimed_at=at, tries=row.tries + 1):
            continue
        if len(group) > 1:
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id.in_([each.id for each in group[1:]]), DeliveryRow.status == Status.WAITING)
                .values(status=Status.FOLDED, carrier_id=row.id, ended_at=at)
                .execution_options(synchronize_session=False)
            )
        return Claimed(row, queries.carried(session, row.id) if row.digest else ())


def settle(session: Session, claimed: Claimed, outcome: Outcome, *, at: datetime) -> Status:
    """Write down what became of a message, and when it is tried again if it is. Returns where it stands.

    If it was taken from us meanwhile, because we were thought dead, the try is noted and its state is the other's.
    """
    row, mine = session.get_one(DeliveryRow, claimed.row.id), claimed.row.claimed_at
    said = outcome.said[:_SAID]
    session.add(TryRow(delivery_id=row.id, at=at, outcome=outcome.result, code=outcome.code, said=said))
    if outcome.result is Result.DELIVERED:
        return _release(session, row, mine, Status.DELIVERED, ended_at=at, because=None)
    again = _again(row, outcome, at)
    if again is None:
        return _release(session, row, mine, Status.FAILED, ended_at=at, because=said)
    return _release(session, row, mine, Status.WAITING, not_before=again, because=said)


def _release(session: Session, row: DeliveryRow, mine: datetime | None, to: Status, **values: Any) -> Status:
    """Let a message go that we took at `mine`, if it still is in our hands."""
    if row.status == Status.SENDING and row.claimed_at == mine:
        _move(session, row, to, claimed_at=None, **values)
    return Status(row.status)


def _again(row: DeliveryRow, outcome: Outcome, at: datetime) -> datetime | None:
    if outcome.result in (Result.NEVER, Result.GONE) or row.event == Event.CHANNEL_TEST:
        return None
    most = NOT_WANTED if outcome.result is Result.REFUSED else timing.TRIES
    return timing.next_try(row.tries, row.since, at, wish=outcome.wish, most=most, key=row.id.hex)


def replay(session: Session, delivery: DeliveryRow, *, by: Actor, at: datetime) -> DeliveryRow:
    """Send a message again that was delivered or given up, under the same name. Refuses what has not ended, and a channel
    that is not in use."""
    at = clock.utc(at)
    channel = session.get_one(ChannelRow, delivery.channel_id)
    insist(policy.why_not_replay(delivery.status, channel.status))
    moved = _move(session, delivery, Status.WAITING, not_before=at, since=at, tries=0, ended_at=None, because=None)
    insist(None if moved else Refusal("changed_meanwhile", "The message was moved by another.", "Look again.", 412))
    body = {"channel": channel.id, "event": delivery.event}
    entries.record(session, Entry(Kind.NOTICE_REPLAYED, f"delivery:{delivery.id}", body), by=by.id, at=at)
    session.flush()
    return delivery


def recover(session: Session, *, at: datetime) -> int:
    """Take back what a worker that died had in its hands; nobody knows whether it arrived. Returns how many."""
    lost = (DeliveryRow.status == Status.SENDING, DeliveryRow.claimed_at < at - policy.LEASE)
    told = "a worker ended while it was being sent; it may have arrived"
    return _all(session, lost, status=Status.WAITING, not_before=at, claimed_at=None, because=told)


def expire(session: Session, *, at: datetime) -> int:
    """Give up what has waited for three days after its hour; it can be replayed. Returns how many."""
    old = (DeliveryRow.status == Status.WAITING, DeliveryRow.since < at - timing.FOR_AT_MOST)
    return _all(session, old, status=Status.FAILED, ended_at=at, because="it could not be delivered in three days")


def forget(session: Session, *, before: datetime) -> int:
    """Let go of messages that ended before a moment, with their tries. Returns how many. Writes no entry: that they were
    made and sent stays in the ledger."""
    old = select(DeliveryRow.id).where(DeliveryRow.ended_at < before)
    session.execute(delete(TryRow).where(TryRow.delivery_id.in_(old)))
    carriers = select(DeliveryRow.carrier_id).where(DeliveryRow.ended_at >= before, DeliveryRow.carrier_id.is_not(None))
    inside: Any = session.execute(
        delete(DeliveryRow).where(DeliveryRow.ended_at < before, DeliveryRow.carrier_id.is_not(None))
    )
    rest: Any = session.execute(
        delete(DeliveryRow).where(DeliveryRow.ended_at < before, DeliveryRow.id.not_in(carriers))
    )
    return int(inside.rowcount) + int(rest.rowcount)


def note_channel(session: Session, channel: ChannelRow, outcome: Outcome, *, at: datetime) -> bool:
    """Write down how a channel fares. Returns whether it has failed for so long that it should be switched off.

    One message's own trouble (an address that is refused) says nothing about its channel.
    """
    if outcome.result is Result.DELIVERED:
        values: dict[str, Any] = {
            "last_delivered": at, "failing_since": None, "failures": 0, "resting_until": None, "because": None,
        }  # fmt: skip
    elif outcome.result in (Result.NEVER, Result.LATER):
        return False
    else:
        pause = max(timing.rest(channel.failures + 1), min(outcome.wish or timedelta(0), timedelta(hours=24)))
        values = {
            "failing_since": channel.failing_since or at, "failures": channel.failures + 1, "resting_until": at + pause,
            "because": outcome.said[:_SAID],
        }  # fmt: skip
    session.execute(
        update(ChannelRow)
        .where(ChannelRow.id == channel.id)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(channel)
    return outcome.result is Result.GONE or policy.is_dead(channel.failing_since, channel.failures, at)


def note_test(session: Session, channel: ChannelRow, well: bool, *, by: Actor, at: datetime) -> None:
    """Write down whether a channel's test arrived at the other side."""
    channel.tested_at, channel.tested_well = at, well
    body = {"well": well, "name": channel.name}
    entries.record(session, Entry(Kind.CHANNEL_TESTED, f"channel:{channel.id}", body), by=by.id, at=at)
    session.flush()


def _move(session: Session, row: DeliveryRow, to: Status, **values: Any) -> bool:
    """Bring a message to another status, if it is still where it was seen. Returns whether it moved."""
    if to not in policy.MOVES[Status(row.status)]:
        raise ValueError(f"a message does not go from {row.status} to {to}")
    moved: Any = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == row.id, DeliveryRow.status == row.status)
        .values(status=to, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    return int(moved.rowcount) == 1


def _all(session: Session, where: Sequence[Any], **values: Any) -> int:
    moved: Any = session.execute(
        update(DeliveryRow).where(*where).values(**values).execution_options(synchronize_session=False)
    )
    return int(moved.rowcount)
