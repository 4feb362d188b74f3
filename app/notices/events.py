"""What can be told: every event, how bad it is, and whom it concerns. Pure.

An event is worded for people in `wording`; web hooks get its facts as they are. Facts hold counts, names of systems and
reviews, and moments: never a person's name, and no finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Event(StrEnum):
    """Everything that is told; the value is a web hook's `type` and is never renamed."""

    REVIEW_OPENED = "review.opened"
    REVIEW_GIVEN = "review.given"
    REVIEW_DUE = "review.due"
    REVIEW_OVERDUE = "review.overdue"
    REVIEW_ESCALATED = "review.escalated"
    REVIEW_SUBMITTED = "review.submitted"
    REVIEW_CLOSED = "review.closed"
    REVIEW_UNSIGNED = "review.unsigned"
    REVIEW_CANCELLED = "review.cancelled"
    REMOVAL_BY_HAND = "removal.by_hand"
    REMOVAL_FAILED = "removal.failed"
    REMOVAL_HELD = "removal.held"
    REMOVAL_OVERDUE = "removal.overdue"
    REMOVAL_RETURNED = "removal.returned"
    READING_FAILED = "reading.failed"
    READING_PARTIAL = "reading.partial"
    ROSTER_STALE = "roster.stale"
    FINDING_OPENED = "finding.opened"
    FINDING_BASELINE = "finding.baseline"
    FINDING_ASSIGNED = "finding.assigned"
    FINDING_OVERDUE = "finding.overdue"
    FINDING_ESCALATED = "finding.escalated"
    WAIVER_ASKED = "waiver.asked"
    WAIVER_ENDING = "waiver.ending"
    WAIVER_ENDED = "waiver.ended"
    ATTESTATION_ENDING = "attestation.ending"
    ACCOUNTS_DIGEST = "accounts.digest"
    CHANNEL_FAILED = "channel.failed"
    CHANNEL_TEST = "channel.test"


SEVERITIES = ("critical", "high", "medium", "low")  # worst first, as findings have them


@dataclass(frozen=True, slots=True)
class About:
    """What there is to know of an event. `concerns`: it can be told to the very people it is about."""

    severity: str
    concerns: bool
    says: str


EVENTS: Mapping[Event, About] = {
    Event.REVIEW_OPENED: About("medium", True, "a review was opened"),
    Event.REVIEW_GIVEN: About("medium", True, "items were handed on to another reviewer"),
    Event.REVIEW_DUE: About("medium", True, "a review is due soon, and somebody is not done"),
    Event.REVIEW_OVERDUE: About("high", True, "a review's due date has passed, and somebody is not done"),
    Event.REVIEW_ESCALATED: About("high", True, "it is still not done days later; reviewers' managers hear of it"),
    Event.REVIEW_SUBMITTED: About("low", True, "a reviewer submitted"),
    Event.REVIEW_CLOSED: About("low", False, "a review was closed"),
    Event.REVIEW_UNSIGNED: About("medium", True, "a closed review waits for its control owner's signature"),
    Event.REVIEW_CANCELLED: About("medium", True, "a review was cancelled"),
    Event.REMOVAL_BY_HAND: About("medium", False, "removals wait for a person"),
    Event.REMOVAL_FAILED: About("high", False, "a system refused removals"),
    Event.REMOVAL_HELD: About("high", False, "a run of removals was held back"),
    Event.REMOVAL_OVERDUE: About("high", False, "removals are not proved in time"),
    Event.REMOVAL_RETURNED: About("critical", False, "removed access is back"),
    Event.READING_FAILED: About("high", False, "a system could not be read"),
    Event.READING_PARTIAL: About("medium", False, "a system was not read completely"),
    Event.ROSTER_STALE: About("high", False, "a roster cannot be rested on any more"),
    Event.FINDING_OPENED: About("low", False, "new findings, by severity"),  # as bad as the worst of them
    Event.FINDING_BASELINE: About("low", False, "what a system's first reading brought to light, with a plan"),
    Event.FINDING_ASSIGNED: About("medium", True, "findings were handed to somebody"),
    Event.FINDING_OVERDUE: About("high", True, "findings are late"),
    Event.FINDING_ESCALATED: About(
        "high", True, "nobody has taken note of grave findings; owners' managers hear of it"
    ),
    Event.WAIVER_ASKED: About("medium", False, "waivers wait for a second person"),
    Event.WAIVER_ENDING: About("medium", False, "waivers end within a week"),
    Event.WAIVER_ENDED: About("medium", False, "waivers have run out; their findings are open again"),
    Event.ATTESTATION_ENDING: About("medium", True, "words on file come to their end"),
    Event.ACCOUNTS_DIGEST: About("medium", False, "the day's new inactive accounts and leavers"),
    Event.CHANNEL_FAILED: About("high", False, "a channel's test failed, or it was switched off"),
    Event.CHANNEL_TEST: About("low", False, "a test; it cannot be subscribed to"),
}

# What a person who is pending is reminded by: worth sending only while they are.
REMINDERS = frozenset({Event.REVIEW_OPENED, Event.REVIEW_DUE, Event.REVIEW_OVERDUE})
# What asks its reader to review, and so carries the way in.
ADMITTING = frozenset({Event.REVIEW_OPENED, Event.REVIEW_GIVEN, Event.REVIEW_DUE, Event.REVIEW_OVERDUE})
SUBSCRIBABLE = tuple(event for event in Event if event is not Event.CHANNEL_TEST)
FOR_REVIEWERS = tuple(event for event, about in EVENTS.items() if about.concerns)
FOR_OPERATORS = (
    *(event for event in SUBSCRIBABLE if event not in FOR_REVIEWERS),
    Event.REVIEW_ESCALATED,
    Event.FINDING_OVERDUE,
    Event.FINDING_ESCALATED,
    Event.ATTESTATION_ENDING,
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of what was found, as a count: stories of one severity, by one rule, in one department of one system.

    `alerts`: it is told by itself; otherwise to those alone who asked for its rule by name.
    """

    severity: str
    rule: str
    department: str | None
    system: int | None
    count: int
    alerts: bool = True


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened and may have to be told.

    `cause` names it once for good: nobody hears of one cause twice. `personal` holds, per identity concerned (or actor, by
    id, whom no roster knows), that person's own facts. `systems`: which it is about; empty means none in particular.
    `parts`: of findings, what each reader hears of as far as they asked for it.
    """

    event: Event
    cause: str
    facts: Mapping[str, Any]
    at: datetime
    systems: frozenset[int] = frozenset()
    personal: Mapping[int, Mapping[str, Any]] | Mapping[int | str, Mapping[str, Any]] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @property
    def severity(self) -> str:
        """How bad it is; findings are as bad as the worst of them."""
        return worst(self.parts) or EVENTS[self.event].severity


def worst(parts: Iterable[Part]) -> str | None:
    """The worst severity among them."""
    there = {part.severity for part in parts}
    return next((each for each in SEVERITIES if each in there), None)


def counted(parts: Iterable[Part]) -> dict[str, int]:
    """How many of each severity, the worst first."""
    every = list(parts)
    found = {each: sum(part.count for part in every if part.severity == each) for each in SEVERITIES}
    return {severity: count for severity, count in found.items() if count}


def as_bad_as(severity: str, least: str | None) -> bool:
    """Whether a severity is `least` or worse; no least means all."""
    return least is None or SEVERITIES.index(severity) <= SEVERITIES.index(least)
