"""removal stop, resume, plan and release, and system lane: what holds removals, and what would be done."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from uuid import UUID

from app.actors.policy import May
from app.cli import second, wording
from app.cli.installation import address, find_system, opened, operator
from app.cli.telling import Telling
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.means import Means, removal_brakes, stopped_outside
from app.remediation import braking, lanes, plans, releases, stops
from app.remediation.brakes import Own
from app.stories import removals


def stop(telling: Telling, reason: str) -> None:
    """Stop every removal in every system."""
    with opened() as means, means.database.transaction() as session:
        stops.pull(session, reason, by=operator(), at=clock.now())
    telling.say("Everything is stopped: each lane obeys before its next call. What is open waits, and nothing is lost.")


def resume(telling: Telling, reason: str) -> None:
    """Let removals go on."""
    with opened() as means, means.database.transaction() as session:
        stops.end(session, reason, by=operator(), at=clock.now())
    telling.say("Removals go on: a worker sends each system's lane to work.")


def plan(telling: Telling, removal: str, look: bool) -> None:
    """Say what would be done for one removal, before anything is."""
    try:
        number = UUID(removal)
    except ValueError:
        raise Refused(Refusal("no_removal", f"There is no removal {removal!r}.", "See `rolecall removals`.")) from None
    with opened() as means:
        told = plans.plan(
            means.database, number, common=removal_brakes(means.settings),
            stopped=lambda: stopped_outside(means.settings), keys=means.keys, clock=means.clock, look=look,
        )  # fmt: skip
    if told.held is not None:
        telling.say(f"It waits. {told.held.reason} {wording.out(told.held)}", style="bold")
    if told.gone:
        telling.say("The system shows it gone: nothing would be called.")
    elif told.already is not None:
        telling.say(f"{told.already} Nothing would be called now.")
    elif told.by_hand is not None:
        telling.say(f"By hand: {told.by_hand}")
        for number_, step in enumerate(told.steps, 1):
            telling.say(f"  {number_}. {step}")
    else:
        telling.table(
            ("call", "request", "why not"),
            ((call.says, call.request, call.refusal.reason if call.refusal else None) for call in told.calls),
        )
    telling.say(f"With {told.credential or 'no credential: the system has no executor'}.")
    for title, sentences in (("Stops", told.breaks), ("Remains", told.remains)):
        for each in sentences:
            telling.say(f"{title}: {each}")
    telling.answer(asdict(told))


def release(telling: Telling, system: str, reason: str, token: Path | None, seen: str | None) -> None:
    """Release what waits for a second person, as whoever the token is of. Without `seen`, only show what that would be."""
    with opened() as means:
        presented = second.presented(token) if token is not None else None
        if seen is not None and presented is None:
            told = "A release is somebody's own word: it takes a token of theirs."
            raise Refused(Refusal("no_token", told, _way_out(means, system), status=403))
        with means.database.transaction() as session:
            row, who, at = find_system(session, system), None, clock.now()
            waiting = braking.waiting(session, row.id)
            digest, lines = braking.digest(waiting), removals.lines(session, waiting)
            if presented is not None:
                who = second.person(session, presented, May.RELEASE_REMOVALS, at=at)
            if seen is not None and who is not None:
                releases.release(session, row.id, seen, reason, by=who, at=at)
    telling.table(
        ("removal", "whose", "what"),
        ((line.row.id, line.person or line.whose, line.what) for line in lines),
        empty="Nothing waits to be released.",
    )
    if seen is not None and who is not None:
        telling.say(f"Released by {who.name}: {len(waiting)}. A worker begins with them.")
    elif waiting and who is not None:
        telling.say(f"Nothing is released yet. If this is what should begin, run it again with --seen {digest}")
    elif waiting:
        telling.say(f"Nothing is released yet. {_way_out(means, system)}")
    telling.answer({"removals": [str(each.id) for each in waiting], "digest": digest, "released": seen is not None})


def lane(telling: Telling, system: str, own: Own | None, because: str) -> None:
    """Give a system brakes of its own, or only show what holds it."""
    with opened() as means, means.database.transaction() as session:
        row = find_system(session, system)
        if own is not None:
            lanes.brake(session, row.id, own, because, by=operator(), at=clock.now())
        now = braking.braked(session, row.id, removal_brakes(means.settings))
        waits = braking.waits(session, row.id)
    telling.table(
        ("acts", "in one run", "share", "without a second person", "hours"),
        [
            (
                ", ".join(row.writing) or "read-only",
                now.caps.per_run,
                f"{now.caps.percent} %",
                now.release_above,
                now.hours.said,
            )
        ],
    )
    telling.table(
        ("waiting", "since", "until", "because"), ((each.removals, each.since, each.until, each.because) for each in waits),
        empty="Nothing is held now.",
    )  # fmt: skip
    told = [
        {"code": w.code, "removals": w.removals, "since": w.since, "until": w.until, "because": w.because}
        for w in waits
    ]
    telling.answer({"system": row.id, "acts": row.writing, **asdict(now), "waits": told})


def _way_out(means: Means, system: str) -> str:
    """Where somebody releases as themselves, and where a token for this comes from."""
    with means.database.reading() as session:
        number = find_system(session, system).id
    return (
        f"Whoever did not ask for them releases them at {address(means)}/systems/{number}/lane; or here, with --token and "
        f"a file that holds a token of their own, which an administrator makes for them there, under Settings."
    )
