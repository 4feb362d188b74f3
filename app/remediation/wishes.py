"""What each wish means: which calls would fulfil it, and whether a look shows it fulfilled. Pure.

remove, change   it is gone               restore    it is there again, from what was kept of how it was
time_box         it has an end, or is gone already
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.connector import Act, ActKind, ByHand, Executor, Look, State, Target, TargetKind

Plan = Sequence[Act] | ByHand
RESTORE, TIME_BOX = "restore", "time_box"
WAITS = "The system keeps no end for this; it is taken away on the day that was decided."


def plan(executor: Executor, wish: str, target: Target, before: Look, former: Look | None) -> Plan:
    """The calls that would fulfil the wish, or why a person has to. `former`: how it was before it was taken away."""
    if wish == TIME_BOX and target.until is not None:
        return _ending(executor.plan(target, before), before)
    if wish != RESTORE:
        return executor.plan(target, before)
    if before.state is State.UNKNOWN or (before.state is State.PRESENT and not _ends(target, before, former)):
        return ()
    if former is None or former.state is not State.PRESENT:
        return ByHand("Nothing was kept of how it was before.", ())
    return executor.restore(former)


def _ends(target: Target, before: Look, former: Look | None) -> bool:
    """Whether what is there was given an end, which is taken away again, for otherwise it would be no undoing."""
    if target.until is None or former is None or former.state is not State.PRESENT:
        return False
    return dict(before.facts) != dict(former.facts)


def _ending(planned: Plan, before: Look) -> Plan:
    """The calls that set an end. A connector that knows none would take the access away at once, so it is not asked to."""
    if before.state is State.ABSENT:
        return ()
    if isinstance(planned, ByHand) or any(act.kind is not ActKind.TIME_BOX for act in planned):
        return ByHand(WAITS, ())
    return planned


def aimed(wish: str, target: Target, until: datetime | None, able: Collection[str], at: datetime) -> Target | None:
    """What to aim at now. What is to end on a day is given that end where the system keeps such ends, and is taken away on
    the day where not; None: nothing is to be done before that day."""
    if wish != TIME_BOX:
        return target
    if until is None or until <= at:
        return replace(target, until=None)
    keeps = target.kind is TargetKind.GRANT and str(ActKind.TIME_BOX) in able
    return target if keeps else None


def takes(wish: str, until: datetime | None, at: datetime) -> bool:
    """Whether access is taken away by it now, which is what a cap counts."""
    return wish != RESTORE and not (wish == TIME_BOX and until is not None and until > at)


def already(wish: str, before: Look, planned: Plan) -> str | None:
    """What is said if nothing is left to do, as a look shows it; None if something is."""
    nothing = isinstance(planned, ByHand) or not planned
    if wish == RESTORE:
        there = before.state is State.PRESENT and not isinstance(planned, ByHand) and not planned
        return "It was there when we looked." if there else None
    if before.state is State.ABSENT and nothing:
        return "It was gone when we looked."
    if wish == TIME_BOX and before.state is State.PRESENT and not isinstance(planned, ByHand) and not planned:
        return "It had that end when we looked."
    return None


def done(wish: str, state: State, until: str | None = None) -> bool:
    """Whether a look proves that a call whose end is not known did what it should. An end (`until`) is set, or taken away,
    again where one look does not show it, which changes nothing if it was so before."""
    if wish == RESTORE:
        return state is State.PRESENT and until is None
    return state is State.ABSENT


def doubt(wish: str, after: Look | None) -> str:
    """What is added to a call's own words where the look right after it shows otherwise."""
    if after is None:
        return ""
    if wish == RESTORE:
        return " It was not there right after." if after.state is State.ABSENT else ""
    return " It was still there right after." if after.state is State.PRESENT and wish != TIME_BOX else ""


def look_of(kept: Mapping[str, Any] | None) -> Look | None:
    """A look, from how it was kept."""
    if kept is None:
        return None
    at = datetime.fromisoformat(kept["at"]) if kept.get("at") else None
    return Look(State(kept["state"]), kept["facts"], kept["asked"], kept["digest"], at, kept.get("because"))
