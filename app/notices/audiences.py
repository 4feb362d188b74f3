"""Whom an occurrence is told, by which channel and when: subscriptions, and each reader's own hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.actors.tables import ActorRow
from app.kit import bulk, ids
from app.notices import policy, queries, timing
from app.notices.events import FOR_REVIEWERS, Occurrence, Part, as_bad_as, counted, worst
from app.notices.policy import Status
from app.notices.tables import ChannelRow, DeliveryRow, SubscriptionRow
from app.notices.timing import Quiet
from app.review.dialect import insert_or_skip

Facts = Mapping[str, Any]
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Hours:
    """When people are not spoken to unless they chose otherwise, and the hour of digests."""

    quiet: Quiet = timing.NEVER
    digest_hour: int = 8


@dataclass(frozen=True, slots=True)
class _Told:
    """One reader of one occurrence."""

    occurrence: Occurrence
    channel: int
    whom: str
    facts: Facts
    digest: bool
    leaves: bool
    severity: str


def make(
    session: Session, occurrences: Sequence[Occurrence], hours: Hours, at: datetime, *, concerned_only: bool = False
) -> Counter[str]:
    """Insert the messages that are not there yet; returns how many of each event. `concerned_only`: to nobody but the
    people an event is about."""
    made: Counter[str] = Counter()
    rows = messages(session, occurrences, hours, at, concerned_only) if occurrences else []
    for event in dict.fromkeys(row["event"] for row in rows):
        mine: list[dict[str, Any]] = [row for row in rows if row["event"] == event]
        for begin in range(0, len(mine), _ROWS_AT_ONCE):
            values = mine[begin : begin + _ROWS_AT_ONCE]
            made[event] += bulk.written(session, insert_or_skip(session, DeliveryRow).values(values))
    return +made


def messages(
    session: Session, occurrences: Sequence[Occurrence], hours: Hours, at: datetime, concerned_only: bool = False
) -> list[dict[str, Any]]:
    """The rows to be made, one for each reader and cause; whom an event is about comes before who subscribed to it."""
    subscribed = [
        pair for pair in queries.telling(session) if not concerned_only or pair[0].recipient == policy.CONCERNED
    ]
    concerned_first = sorted(subscribed, key=lambda pair: (pair[0].recipient != policy.CONCERNED, pair[0].id))
    found: dict[tuple[str, str], _Told] = {}
    for occurrence in occurrences:
        for subscription, channel in concerned_first:
            if _wants(subscription, occurrence) and occurrence.facts.get("channel") != channel.id:  # it cannot say so
                for told in _readers(session, subscription, channel, occurrence, at):
                    found.setdefault((told.whom, occurrence.cause), told)
    chosen = queries.quiet_of(session, (told.whom for told in found.values()))
    return [_row(told, _quiet(told, chosen, hours), hours, at) for told in found.values()]


def _wants(subscription: SubscriptionRow, occurrence: Occurrence) -> bool:
    return (
        occurrence.event in subscription.events
        and occurrence.at >= subscription.added
        and (subscription.system_id is None or subscription.system_id in occurrence.systems)
        and (bool(_picked(subscription, occurrence)) if occurrence.parts else _bad_enough(subscription, occurrence))
    )


def _bad_enough(subscription: SubscriptionRow, occurrence: Occurrence) -> bool:
    return as_bad_as(occurrence.severity, subscription.severity)


def _picked(subscription: SubscriptionRow, occurrence: Occurrence) -> list[Part]:
    """What somebody hears of findings: as bad as they asked for, in that system, by those rules, in those departments.

    A rule that does not alert by itself is told to those who named it. Owners hear of what is theirs, whatever it is.
    """
    if subscription.recipient == policy.CONCERNED:
        return list(occurrence.parts) if occurrence.personal else []
    rules, departments = subscription.rules, subscription.departments
    return [
        part
        for part in occurrence.parts
        if as_bad_as(part.severity, subscription.severity)
        and (subscription.system_id is None or subscription.system_id == part.system)
        and (part.alerts if rules is None else part.rule in rules)
        and (departments is None or part.department in departments)
    ]


def _readers(
    session: Session, subscription: SubscriptionRow, channel: ChannelRow, occurrence: Occurrence, at: datetime
) -> Iterator[_Told]:
    recipient = subscription.recipient
    if recipient == policy.CONCERNED:
        for who, facts in occurrence.personal.items():
            whom = f"identity:{who}" if isinstance(who, int) else who
            yield _Told(occurrence, channel.id, whom, facts, subscription.digest, False, occurrence.severity)
        return
    picked = _picked(subscription, occurrence)
    facts, severity = {**occurrence.facts, **counted(picked)}, worst(picked) or occurrence.severity
    for whom in _named(session, subscription, at):
        leaves = channel.kind in policy.TO_PEOPLE
        yield _Told(occurrence, channel.id, whom, facts, subscription.digest, leaves, severity)


def _named(session: Session, subscription: SubscriptionRow, at: datetime) -> list[str]:
    recipient = subscription.recipient
    if recipient is None:
        return [f"channel:{subscription.channel_id}"]
    if recipient.startswith("role:"):
        return queries.holders(session, recipient.removeprefix("role:"), at=at)
    if recipient.startswith("actor"):
        actor = session.get(ActorRow, recipient)
        return [queries.reader_of(session, actor.id, actor.email, actor.person_key)] if actor is not None else []
    return [f"subscription:{subscription.id}"]


def _quiet(told: _Told, chosen: Mapping[str, Quiet], hours: Hours) -> Quiet:
    """A person's hours, or the installation's; where a channel is read, nobody sleeps unless it was said."""
    people = told.whom.startswith(("identity:", "actor"))
    return chosen.get(told.whom, hours.quiet if people else timing.NEVER)


def _row(told: _Told, quiet: Quiet, hours: Hours, at: datetime) -> dict[str, Any]:
    zone = quiet.zone if quiet is not timing.NEVER else hours.quiet.zone
    turn = timing.next_hour(at, hours.digest_hour, zone) if told.digest else at
    hour = timing.may_speak(turn, quiet)
    return {
        "id": ids.uuid7(), "channel_id": told.channel, "whom": told.whom, "event": str(told.occurrence.event),
        "cause": told.occurrence.cause, "severity": told.severity, "facts": dict(told.facts),
        "digest": told.digest, "leaves": told.leaves and told.occurrence.event not in FOR_REVIEWERS,
        "status": Status.WAITING, "made_at": at, "since": hour, "not_before": hour, "tries": 0,
    }  # fmt: skip
