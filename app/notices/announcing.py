"""Announcing: from what happened, and from the time of day, to messages that wait to be sent.

The ledger's leaves are read in order from a mark that moves in the same transaction in which the messages are made: nothing
that was committed is passed over, and nothing is told twice. One cause makes one message for each reader, which the
database insists on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.ledger import entries
from app.ledger import queries as ledger
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices import audiences, happenings, queries, reminders, timing
from app.notices.audiences import Hours
from app.notices.events import Occurrence
from app.notices.policy import DAILY, TOLD
from app.notices.reminders import Limits
from app.notices.tables import MarkRow

_LEAVES_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Told:
    """What one turn came to. `more`: there are more leaves to read."""

    made: int = 0
    events: dict[str, int] = field(default_factory=dict)
    more: bool = False


def tell(session: Session, *, limits: Limits, hours: Hours, by: Actor, at: datetime) -> Told:
    """Make the messages that what has happened since the last turn calls for. Without a channel nothing is looked at."""
    at = clock.utc(at)
    told = queries.mark(session, TOLD)
    if told is None or not queries.channels(session):
        return Told()
    end = min(ledger.size(session), told.number + _LEAVES_AT_ONCE)
    happened = queries.happened(session, happenings.KINDS, begin=told.number, end=end)
    found = happenings.occurrences(session, happened)
    more = end < ledger.size(session)
    told.number, told.at = end, at
    if not more:
        found += _reminders(session, limits, at) + _daily(session, limits, hours, at)
    made = audiences.make(session, found, hours, at)
    session.flush()
    if made:
        body = {"made": sum(made.values()), "events": dict(made)}
        entries.record(session, Entry(Kind.NOTICES_MADE, "notices", body), by=by.id, at=at)
    return Told(sum(made.values()), dict(made), more)


def _reminders(session: Session, limits: Limits, at: datetime) -> list[Occurrence]:
    """The reviews that have come to a turn which was not told yet; each turn has a mark, so that it is looked into once."""
    found = []
    for row, turn in reminders.turns(session, limits, at):
        if queries.mark(session, turn.mark) is None:
            session.add(MarkRow(name=turn.mark, number=row.id, at=at))
            found += reminders.reminder(session, row, turn, at)
    return found


def _daily(session: Session, limits: Limits, hours: Hours, at: datetime) -> list[Occurrence]:
    """What is told once a day, when its hour has come since the last time."""
    row = queries.mark(session, DAILY)
    if row is None or timing.next_hour(row.at, hours.digest_hour, hours.quiet.zone) > at:
        return []
    since, row.at = row.at, at
    return reminders.daily(session, limits, since, at)
