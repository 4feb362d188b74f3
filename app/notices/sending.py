"""Sends what is due, channel by channel, each message outside any transaction: the path from a row to somebody's eyes.

Taking the next message and settling the last one share a transaction, so at most one message of a channel is ever in
doubt after a crash. Channels are served side by side; one that hangs holds up nobody else. A run ends after its time and
leaves the rest to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit.db import Database
from app.kit.secrets import Keys, SecretsError
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices import channels, deliveries, queries, wording
from app.notices.carriers import opening
from app.notices.carriers.carrier import Carrier, Outcome, Result, Ways
from app.notices.deliveries import Claimed
from app.notices.events import REMINDERS, Event
from app.notices.policy import TO_PEOPLE, ChannelStatus, Status
from app.notices.shapes import Message
from app.notices.tables import ChannelRow, DeliveryRow
from app.notices.timing import Quiet
from app.notices.wording import Reader

SIDE_BY_SIDE = 4  # channels at a time
RUN = timedelta(minutes=2)
NO_ADDRESS = Outcome(Result.NEVER, "no address of the reader is known")

# The path that signs a reader of a mail in, made for this one try; None: the page itself, and the reader signs in there.
Entering = Callable[[Session, DeliveryRow, datetime], str | None]


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs of the installation."""

    database: Database
    keys: Keys
    clock: Callable[[], datetime]
    by: Actor
    ways: Ways
    base_url: str
    zone: str = "UTC"
    entering: Entering = lambda session, row, at: None


def send_due(post: Post, *, run: timedelta = RUN) -> dict[str, int]:
    """Send everything that is due now. Returns how many messages came to stand where; one entry says so."""
    until = post.clock() + run
    with post.database.transaction() as session:
        at = post.clock()
        counts: Counter[str] = Counter(recovered=deliveries.recover(session, at=at))
        counts["expired"] = deliveries.expire(session, at=at)
        ready = queries.ready_channels(session, at)
    if ready:
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(ready)), thread_name_prefix="notices") as pool:
            for told in pool.map(lambda number: _serve(post, number, until), ready):
                counts += told
    counts = +counts
    if counts:
        with post.database.transaction() as session:
            body = {"counts": dict(counts)}
            entries.record(session, Entry(Kind.NOTICES_SENT, "notices", body), by=post.by.id, at=post.clock())
    return dict(counts)


def _serve(post: Post, channel_id: int, until: datetime) -> Counter[str]:
    """Send one channel's due messages, one after another, until none is left, the channel needs rest or time is up."""
    counts: Counter[str] = Counter()
    carrier, outcome, claimed = None, None, None
    try:
        while True:
            with post.database.transaction() as session:
                at = post.clock()
                channel = session.get_one(ChannelRow, channel_id)
                if claimed is not None and outcome is not None:
                    counts[_settled(session, post, channel, claimed, outcome, at)] += 1
                claimed = None if _must_pause(channel, at, until) else _claim(session, channel, at)
                if claimed is None:
                    return counts
                message = _message(session, post, channel, claimed, at)
            if carrier is None:
                carrier = _opened(post, channel)
            outcome = _send(carrier, channel, message, at)
    finally:
        if carrier is not None and not isinstance(carrier, Outcome):
            carrier.close()


def _claim(session: Session, channel: ChannelRow, at: datetime) -> Claimed | None:
    return deliveries.claim(session, channel.id, wanted=_wanted, at=at)


def _must_pause(channel: ChannelRow, at: datetime, until: datetime) -> bool:
    resting = channel.resting_until is not None and channel.resting_until > at
    return channel.status != ChannelStatus.ON or resting or at >= until


def _opened(post: Post, channel: ChannelRow) -> Carrier | Outcome:
    """The channel's carrier, or why there is none: a secret that does not open."""
    try:
        secret = post.keys.open_mapping(channel.secret, where=channels.place(channel.id))
    except SecretsError as error:
        return Outcome(Result.TROUBLE, str(error))
    return opening.opened(channel.kind, channel.config, secret, overlap_until=channel.overlap_until, ways=post.ways)


def _send(carrier: Carrier | Outcome, channel: ChannelRow, message: Message, at: datetime) -> Outcome:
    if isinstance(carrier, Outcome):
        return carrier
    if message.to is None and channel.kind in TO_PEOPLE:
        return NO_ADDRESS
    return carrier.send(message, at)


def _settled(
    session: Session, post: Post, channel: ChannelRow, claimed: Claimed, outcome: Outcome, at: datetime
) -> str:
    status = deliveries.settle(session, claimed, outcome, at=at)
    dead = deliveries.note_channel(session, channel, outcome, at=at)
    if claimed.row.event == Event.CHANNEL_TEST:
        deliveries.note_test(session, channel, status is Status.DELIVERED, by=post.by, at=at)
    if dead and channel.status == ChannelStatus.ON:
        channels.switch(session, channel, ChannelStatus.DEAD, because=outcome.said, by=post.by, at=at)
    return "later" if status is Status.WAITING else str(status)


def _wanted(session: Session, row: DeliveryRow) -> bool:
    """Whether a message is still worth sending: whoever is done is not reminded."""
    kind, _, number = row.whom.partition(":")
    if row.event not in REMINDERS or kind != "identity" or "reviewers" in row.facts:
        return True
    return queries.is_pending(session, int(row.facts["campaign"]), int(number))


def _message(session: Session, post: Post, channel: ChannelRow, claimed: Claimed, at: datetime) -> Message:
    """The message in words, with the address that its reader has now."""
    row = claimed.row
    people = channel.kind in TO_PEOPLE
    chosen = queries.quiet_of(session, [row.whom]).get(row.whom, Quiet(post.zone))
    reader = Reader(chosen.zone)
    parts = tuple(wording.word(each.event, each.facts, reader) for each in (row, *claimed.inside))
    return Message(
        id=row.id,
        event=row.event,
        severity=row.severity,
        made_at=row.made_at,
        facts=row.facts,
        parts=parts,
        base_url=post.base_url,
        to=queries.address(session, row.whom) if people else None,
        entry=post.entering(session, row, at) if people else None,
        manage="/settings/channels" if row.leaves else None,
    )
