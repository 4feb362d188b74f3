"""What holds a whole run of removals back: a stop, the hours, a second person's word, and how much at once. Pure.

Each is a policy with a reason for its default, and one system may set its own. What is held waits and is not lost; it
is said since when, until when, and what lets it go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.kit.refusal import Refusal
from app.remediation import hours, policy
from app.remediation.hours import ALWAYS, Hours
from app.remediation.policy import Caps
from app.ways import Way

COUNTED_FOR = timedelta(hours=24)  # small runs one after another are one large one
PRESENT = ("oidc", "invitation", "token")  # ways in by which somebody speaks for themselves
HALTS = ("stopped", "outside_hours")  # asked again before each call: what is not made waits, and is no person's task
SHORTEST = policy.SHORTEST_REASON


@dataclass(frozen=True, slots=True)
class Brakes:
    """What one system's removals are held by. `release_above`: how many a day go without a second person's word."""

    caps: Caps = field(default_factory=Caps)
    release_above: int = 50
    hours: Hours = ALWAYS


@dataclass(frozen=True, slots=True)
class Common:
    """What the settings say of removals. `stopped`: an operator stopped all of them, outside of the database."""

    brakes: Brakes = field(default_factory=Brakes)
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """What one system sets otherwise than the settings; None: as the settings say. Empty hours are any time."""

    per_run: int | None = None
    percent: int | None = None
    release_above: int | None = None
    hours: str | None = None
    zone: str | None = None
    left_out: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody stopped every removal."""

    by: str
    at: datetime
    reason: str


def braked(common: Brakes, own: Own | None) -> Brakes:
    """What holds one system: the settings', with what it has of its own."""
    if own is None:
        return common
    caps = Caps(
        common.caps.per_run if own.per_run is None else own.per_run,
        common.caps.percent if own.percent is None else own.percent,
        common.caps.percent_from,
    )
    when = Hours(
        common.hours.text if own.hours is None else own.hours,
        common.hours.zone if own.zone is None else own.zone,
        common.hours.left_out if own.left_out is None else own.left_out,
    )
    return Brakes(caps, common.release_above if own.release_above is None else own.release_above, when)


def why_not_brake(own: Own, reason: str) -> Refusal | None:
    """Whether one system may be held in this way: the numbers are some, the hours can be meant, and somebody says why."""
    if len(reason.strip()) < SHORTEST:
        return Refusal("no_reason", "Say why this system is braked otherwise.", "The auditor reads it.", 422)
    if own.per_run is not None and own.per_run < 1:
        return Refusal("no_number", "A run takes at least one removal.", "To take none, switch the acts off.", 422)
    if own.percent is not None and not 1 <= own.percent <= 100:
        return Refusal("no_number", "The share is between 1 and 100 %.", "Choose another number.", 422)
    if own.release_above is not None and own.release_above < 0:
        return Refusal("no_number", "Fewer than none cannot be.", "0 asks for a second person each time.", 422)
    trouble = hours.wrong(Hours(own.hours or "", own.zone or "UTC", own.left_out or ()))
    if trouble is not None:
        return Refusal("no_hours", f"These hours cannot be meant: {trouble}.", "Write Mon-Fri 09:00-17:00.", 422)
    return None


def why_not_now(brakes: Brakes, stop: Stop | None, at: datetime, since: datetime | None = None) -> Refusal | None:
    """Why nothing may be changed at this moment: asked before a run, and again before each of its calls. `since`: for
    how long removals have been waiting for the same hours."""
    return why_not_go_on(stop, brakes.hours.zone) or _outside(brakes.hours, at, since or at)


def why_not_go_on(stop: Stop | None, zone: str = "UTC") -> Refusal | None:
    """The stop that everybody can pull."""
    if stop is None:
        return None
    return Refusal(
        "stopped",
        f"Removals are stopped everywhere, by {stop.by} since {_said(stop.at, zone)}: {_ended(stop.reason)}",
        "They go on when somebody ends the stop: on the page of removals, by `rolecall removal resume`, or by the API.",
        facts={"since": stop.at.isoformat()},
    )


def _ended(sentence: str) -> str:
    """What somebody wrote as a sentence with its end: another one follows it."""
    told = sentence.rstrip()
    return told if told.endswith((".", "!", "?", "…")) else f"{told}."


def _outside(when: Hours, at: datetime, since: datetime) -> Refusal | None:
    if hours.open_at(when, at):
        return None
    opens = hours.next_opening(when, at)
    goes_on = (
        f"and go on by themselves on {_said(opens, when.zone)}" if opens else "and no such hour comes within two years"
    )
    return Refusal(
        "outside_hours",
        f"It may be changed {when.said}, and not now.",
        f"Removals wait since {_said(since, when.zone)}, {goes_on}.",
        facts={"since": since.isoformat(), "until": opens.isoformat() if opens else None},
    )


def why_not_without_release(unreleased: int, lately: int, brakes: Brakes) -> Refusal | None:
    """Whether so many need a second person's word. `lately`: how many went without one within a day."""
    if not unreleased or unreleased + lately <= brakes.release_above:
        return None
    besides = f", beside {lately} of the last 24 hours" if lately else ""
    above = f"above {brakes.release_above} a day nobody starts them alone" if brakes.release_above else "each does here"
    return Refusal(
        "needs_release",
        f"{unreleased} {'removal waits' if unreleased == 1 else 'removals wait'} for a second person{besides}: {above}.",
        "Somebody who did not ask for them looks at the list and releases them: on the system's page, "
        "by `rolecall removal release`, or by the API.",
        facts={"removals": unreleased, "lately": lately, "above": brakes.release_above},
    )


def foreseen(brakes: Brakes, *, stopped: bool, planned: int, lately: int) -> tuple[str, ...]:
    """What will hold up removals that nobody promised yet, a sentence each. Hours are said whenever there are some: when
    the removals begin is not known. `planned`: all that would wait for a second person's word."""
    told = ["Removals are stopped everywhere: these wait until somebody ends the stop."] if stopped else []
    if brakes.hours.text or brakes.hours.left_out:
        told.append(f"The system may be changed {brakes.hours.said}: removals wait for such a time.")
    if why_not_without_release(planned, lately, brakes) is not None:
        above = f"Above {brakes.release_above} removals a day a" if brakes.release_above else "A"
        told.append(f"{above} second person has to look at the list and release it first.")
    return tuple(told)


def why_not_second(by: str, person: int | None, way: str, askers: Mapping[str, int | None]) -> Refusal | None:
    """Whether somebody may be the second person: they are here as themselves, and did not ask for the removals."""
    if way not in PRESENT:
        told = "A release is the word of somebody who is signed in as themselves."
        return Refusal("not_present", told, status=403, way=Way.BE_ONESELF)
    if by in askers or (person is not None and person in askers.values()):
        told = "You asked for these removals yourself, so you cannot release them."
        return Refusal("own_release", told, "Ask another administrator, or IT security.", 403)
    return None


def why_not_release(
    *, by: str, person: int | None, way: str, askers: Mapping[str, int | None], waiting: int, seen: str, now: str,
    reason: str,
) -> Refusal | None:  # fmt: skip
    """Whether somebody may release what waits. `askers`: who closed the review, started or repeated a removal, each with
    the person behind it; `seen`: the digest of the list that was looked at, `now`: of the list as it is."""
    no = why_not_second(by, person, way, askers)
    if no is not None:
        return no
    if len(reason.strip()) < SHORTEST:
        return Refusal("no_reason", "Say what you looked at.", "The auditor reads it.", 422)
    if not waiting:
        return Refusal("nothing_waits", "No removal waits for a second person.", "There is nothing to release.")
    if seen != now:
        told = "Other removals wait by now than those you looked at."
        return Refusal("changed_meanwhile", told, "Look at the list again.", 412)
    return None


def why_not_stop(stop: Stop | None, reason: str) -> Refusal | None:
    """Whether everything can be stopped: it is not yet, and somebody says why."""
    if stop is not None:
        return Refusal("stopped_already", f"{stop.by} has stopped them already.", "Nothing is taken away meanwhile.")
    return _why_no_reason(reason)


def why_not_resume(stop: Stop | None, reason: str) -> Refusal | None:
    """Whether they may go on: they are stopped, and somebody says why that is over."""
    if stop is None:
        return Refusal("not_stopped", "Removals are not stopped by anybody here.", "See what else holds them.")
    return _why_no_reason(reason)


def _why_no_reason(reason: str) -> Refusal | None:
    if len(reason.strip()) >= SHORTEST:
        return None
    return Refusal("no_reason", "Say why, in a few words.", "Whoever waits for the removals reads it.", 422)


def _said(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%a %-d %b %Y, %H:%M") + f" ({zone})"
