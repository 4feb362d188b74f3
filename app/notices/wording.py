"""What a message says: from an event's facts to a subject, a few sentences and one link. Pure.

Counts, a due date and a link; names of systems and reviews at most. Whoever reads it over a shoulder learns nothing about
anybody. What is put into a subject is one line, whatever a name holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from app.notices.events import SEVERITIES, Event

Facts = Mapping[str, Any]
LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Words:
    """One notice in words. `path` leads into the console, `label` says what is there."""

    subject: str
    lines: tuple[str, ...]
    path: str
    label: str


@dataclass(frozen=True, slots=True)
class Reader:
    """How somebody is spoken to: in which zone moments are shown."""

    zone: str = "UTC"


def word(event: str, facts: Facts, reader: Reader | None = None) -> Words:
    """An event in words for a reader."""
    subject, lines, path, label = _SAYS[Event(event)](facts, reader or Reader())
    return Words(one_line(subject), tuple(one_line(line, 1000) for line in lines), path, label)


def digest(parts: Sequence[Words]) -> str:
    """The subject of several notices that leave as one."""
    return parts[0].subject if len(parts) == 1 else f"{len(parts)} notices from Rolecall"


def one_line(text: str, longest: int = LONGEST_SUBJECT) -> str:
    """Text without line breaks and control characters, cut where it is too long: fit for a header."""
    told = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return told if len(told) <= longest else told[: longest - 1] + "…"


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 item", "2 items"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def moment(iso: str, zone: str) -> str:
    """A moment as people write it: 30 November 2026, 17:00 (Europe/Berlin)."""
    local = datetime.fromisoformat(iso).astimezone(ZoneInfo(zone))
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M} ({zone})"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_Said = tuple[str, Sequence[str], str, str]


def _review(facts: Facts) -> str:
    """Reviewers go to their share; those who watch have none, and go to the review as a whole."""
    return f"/{'campaigns' if 'reviewers' in facts else 'reviews'}/{facts['campaign']}"


def _left(facts: Facts) -> str:
    """What is still to be done: answers, or the sending off of those that were given."""
    return f"{_items(facts)} still to be answered" if facts["items"] else "Everything is answered and not yet submitted"


def _items(facts: Facts) -> str:
    """How much there is to do: for one reviewer their own items, for others those of all who are concerned."""
    told = count(facts["items"], "item")
    return told if "reviewers" not in facts else f"{told} with {count(facts['reviewers'], 'reviewer')}"


def _opened(facts: Facts, reader: Reader) -> _Said:
    asks = "You are asked whether each is still right." if "reviewers" not in facts else "The reviewers have been told."
    lines = [f"{_items(facts)} to decide on, by {moment(facts['due_at'], reader.zone)}.", asks]
    return f"Review opened: {facts['name']}", lines, _review(facts), "Open the review"


def _given(facts: Facts, reader: Reader) -> _Said:
    if facts.get("round"):
        lines = [
            f"{_items(facts)} to decide on by {moment(facts['due_at'], reader.zone)}.",
            f"It has come to its next round, “{facts['round']}”: what was answered before is on each item’s own page.",
        ]
        return f"Another round: {facts['name']}", lines, _review(facts), "Open the review"
    why = ": nobody had answered " + ("it" if facts["items"] == 1 else "them") if facts.get("silent") else ""
    lines = [
        f"{_items(facts)} handed on to {'you' if 'reviewers' not in facts else 'another reviewer'}{why}.",
        f"The review is due by {moment(facts['due_at'], reader.zone)}.",
    ]
    return f"Handed on: {facts['name']}", lines, _review(facts), "Open the review"


def _due(facts: Facts, reader: Reader) -> _Said:
    lines = [f"{_left(facts)}; due by {moment(facts['due_at'], reader.zone)}."]
    return f"Due in {count(facts['days'], 'day')}: {facts['name']}", lines, _review(facts), "Open the review"


def _overdue(facts: Facts, reader: Reader) -> _Said:
    lines = [f"{_left(facts)}; it was due on {moment(facts['due_at'], reader.zone)}."]
    return f"Overdue: {facts['name']}", lines, _review(facts), "Open the review"


def _escalated(facts: Facts, reader: Reader) -> _Said:
    who = count(facts["reviewers"], "reviewer")
    where = " among those who report to you" if facts.get("own") else ""
    verb = "is" if facts["reviewers"] == 1 else "are"
    lines = [
        f"{who}{where} {verb} not done: {count(facts['items'], 'item')} without an answer.",
        f"It was due on {moment(facts['due_at'], reader.zone)}.",
    ]
    # A manager need be no reviewer in it, and may be none anywhere; Home is open to whoever comes in.
    path, label = ("/", "Open Rolecall") if facts.get("own") else (_review(facts), "Look at the review")
    return f"Still not done: {facts['name']}", lines, path, label


def _answers(facts: Facts) -> str:
    told = [f"{facts['keep']} kept", f"{facts['remove']} to be removed"]
    if facts.get("acknowledge"):
        told.insert(1, f"{facts['acknowledge']} acknowledged as their job's")
    return ", ".join(told + ([f"{facts['change']} to be changed"] if facts.get("change") else [])) + "."


def _submitted(facts: Facts, reader: Reader) -> _Said:
    lines = [_answers(facts), "There is nothing more to do."] if "reviewers" not in facts else [_answers(facts)]
    return f"Submitted: {facts['name']}", lines, _review(facts), "Look at it"


def _closed(facts: Facts, reader: Reader) -> _Said:
    silent = facts.get("unanswered", 0)
    lines = [_answers(facts)] + ([f"{count(silent, 'item')} had no answer."] if silent else [])
    lines.append("Removals follow; a later reading proves them.")
    return f"Review closed: {facts['name']}", lines, f"/campaigns/{facts['campaign']}", "Look at the review"


def _unsigned(facts: Facts, reader: Reader) -> _Said:
    lines = ["It is closed, and you are its control owner: look at what came of it, and sign it."]
    return f"To be signed: {facts['name']}", lines, f"/campaigns/{facts['campaign']}/signature", "Look at it"


def _cancelled(facts: Facts, reader: Reader) -> _Said:
    return f"Review cancelled: {facts['name']}", ["There is nothing more to do."], _review(facts), "Look at it"


_TASKS = "/removals?group=by_hand&system={system}"


def _removal(
    subject: str, sentence: str, where: str = "/removals?system={system}", label: str = "See what waits"
) -> Callable[[Facts, Reader], _Said]:
    """Removals of one system: they are listed by themselves, and not on the system's page."""

    def said(facts: Facts, reader: Reader) -> _Said:
        told = sentence.format(removals=count(facts["count"], "removal"), name=facts["name"])
        return f"{subject}: {facts['name']}", [told], where.format(system=facts["system"]), label

    return said


def _failed(facts: Facts, reader: Reader) -> _Said:
    lines = ["The last reading failed. Nothing that was known has been changed.", "Findings and removals wait for it."]
    return f"Could not be read: {facts['name']}", lines, f"/systems/{facts['system']}", "See why"


def _partial(facts: Facts, reader: Reader) -> _Said:
    lines = [
        f"Not read completely: {', '.join(facts['streams'])}.",
        "What rests on that cannot be told until it is read again.",
    ]
    return f"Read in part: {facts['name']}", lines, f"/systems/{facts['system']}", "See what is missing"


def _stale(facts: Facts, reader: Reader) -> _Said:
    why = {"roster_stale": "It is too old.", "roster_shrunk": "It shrank, and a second person has not vouched for it."}
    lines = [why.get(facts["code"], "It is missing or incomplete."), "Leavers and reviewers cannot be told from it."]
    return f"Roster cannot be used: {facts['name']}", lines, f"/systems/{facts['system']}", "See the roster"


def _severities(facts: Facts) -> tuple[int, str]:
    """How many in all, and how many of each severity."""
    told = ", ".join(f"{facts[each]} {each}" for each in SEVERITIES if facts.get(each))
    return sum(facts.get(each, 0) for each in SEVERITIES), told


def _findings(facts: Facts, reader: Reader) -> _Said:
    total, told = _severities(facts)
    lines = [f"{told}.", "One cause is counted once, however much it has touched."]
    path = f"/findings/new?since={quote(facts['since'])}&system={facts['system']}"
    return f"{count(total, 'new finding')}: {facts['name']}", lines, path, "See them"


def _first(facts: Facts, reader: Reader) -> _Said:
    total, told = _severities(facts)
    lines = [f"{told}.", "It was judged for the first time; these may have been so for long, so they have a plan."]
    if facts.get("due_at"):
        lines.append(f"The first of them are due by {moment(facts['due_at'], reader.zone)}.")
    path = f"/findings?first=yes&system={facts['system']}&sort=due"
    return f"First reading of {facts['name']}: {count(total, 'finding')}", lines, path, "See the plan"


def _handed(facts: Facts, reader: Reader) -> _Said:
    told = count(facts["count"], "finding")
    return f"Handed to you: {told}", [f"{told} handed to you to take care of."], "/findings?owner=me", "See yours"


def _late(facts: Facts, reader: Reader) -> _Said:
    total, told = _severities(facts)
    return (
        f"Late: {count(total, 'finding')}",
        [f"{told}.", "Their date has passed."],
        "/findings?due=late&sort=due",
        "See them",
    )


def _unnoticed(facts: Facts, reader: Reader) -> _Said:
    total, told = _severities(facts)
    whose = "Whoever reports to you owns them." if facts.get("own") else "Taking note of one is enough to stop this."
    lines = [f"{told}, and nobody has taken note of them.", whose]
    # Whom the owner reports to need not be let in to findings; Home is open to whoever comes in.
    path, label = ("/", "Open Rolecall") if facts.get("own") else ("/findings?noticed=no", "See them")
    return f"Seen by nobody: {count(total, 'finding')}", lines, path, label


def _waiver(subject: str, sentence: str, path: str) -> Callable[[Facts, Reader], _Said]:
    def said(facts: Facts, reader: Reader) -> _Said:
        told = count(facts["count"], "waiver")
        return f"{subject}: {told}", [sentence], path, "See them"

    return said


def _word(facts: Facts, reader: Reader) -> _Said:
    told, days = count(facts["count"], "word") + " on file", count(facts["days"], "day")
    lines = [f"The first of them ends on {moment(facts['until'], reader.zone)}.",
             "A new revision counts once somebody else has approved it."]  # fmt: skip
    if facts.get(
        "own"
    ):  # whoever gave their word need not be let in to the checklist; Home is open to whoever comes in
        return f"Ending within {days}: {told}", lines, "/", "Open Rolecall"
    path = f"/checklist/{quote(facts['line'])}" if facts.get("line") else "/checklist"
    return f"Ending within {days}: {told}", lines, path, "Look at it"


def _accounts(facts: Facts, reader: Reader) -> _Said:
    named = (("leavers", "account of leavers", "accounts of leavers"), ("inactive", "inactive account", None))
    told = [count(facts[name], one, many) for name, one, many in named if facts.get(name)]
    lines = [f"New: {' and '.join(told)}.", f"To be settled by {moment(facts['due_at'], reader.zone)}."]
    return f"New to look at: {' and '.join(told)}", lines, f"/findings/new?since={quote(facts['since'])}", "Start here"


def _channel(facts: Facts, reader: Reader) -> _Said:
    lines = (
        ["It failed for days and was switched off. Its messages wait in the log and can be sent again."]
        if facts.get("dead")
        else ["Its test did not arrive. Messages may be lost on somebody."]
    )
    return f"Channel out of order: {facts['name']}", lines, f"/settings/channels/{facts['channel']}", "See the log"


def _test(facts: Facts, reader: Reader) -> _Said:
    lines = [f"This is a test of the channel {facts['name']}. If you can read it, it works."]
    return "Test from Rolecall", lines, f"/settings/channels/{facts['channel']}", "See the log"


_SAYS: Mapping[Event, Callable[[Facts, Reader], _Said]] = {
    Event.REVIEW_OPENED: _opened,
    Event.REVIEW_GIVEN: _given,
    Event.REVIEW_DUE: _due,
    Event.REVIEW_OVERDUE: _overdue,
    Event.REVIEW_ESCALATED: _escalated,
    Event.REVIEW_SUBMITTED: _submitted,
    Event.REVIEW_CLOSED: _closed,
    Event.REVIEW_UNSIGNED: _unsigned,
    Event.REVIEW_CANCELLED: _cancelled,
    Event.REMOVAL_BY_HAND: _removal(
        "Removals to do by hand", "{removals} in {name} wait for a person, with steps.", _TASKS
    ),
    Event.REMOVAL_FAILED: _removal("Removals refused", "{name} refused {removals}. A person has to look.", _TASKS),
    Event.REMOVAL_HELD: _removal(
        "Removals held back",
        "{removals} in {name} were held back and stay open.",
        "/systems/{system}/lane",
        "See what holds them",
    ),
    Event.REMOVAL_OVERDUE: _removal("Removals overdue", "{removals} in {name} should be proved by now, and are not."),
    Event.REMOVAL_RETURNED: _removal(
        "Removed access is back",
        "{removals} in {name} had been proved; the access is back.",
        "/removals?group=returned&system={system}",
        "See through what",
    ),
    Event.READING_FAILED: _failed,
    Event.READING_PARTIAL: _partial,
    Event.ROSTER_STALE: _stale,
    Event.FINDING_OPENED: _findings,
    Event.FINDING_BASELINE: _first,
    Event.FINDING_ASSIGNED: _handed,
    Event.FINDING_OVERDUE: _late,
    Event.FINDING_ESCALATED: _unnoticed,
    Event.WAIVER_ASKED: _waiver(
        "To be approved", "A finding is waived only when somebody else approves.", "/findings?waiver=asked"
    ),
    Event.WAIVER_ENDING: _waiver(
        "Ending within a week", "Their findings open again by themselves.", "/findings?status=waived&sort=due"
    ),
    Event.WAIVER_ENDED: _waiver("Run out", "Their findings are open again, with dates of their own.", "/findings"),
    Event.ATTESTATION_ENDING: _word,
    Event.ACCOUNTS_DIGEST: _accounts,
    Event.CHANNEL_FAILED: _channel,
    Event.CHANNEL_TEST: _test,
}
