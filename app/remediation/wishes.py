"""What each wish means: which calls would fulfil it, and whether a look shows it fulfilled. Pure.

remove, change   it is gone               restore    it is there again, from what was kept of how it was
time_box         it has an end, or is gone already
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.connector import Act, ByHand, Executor, Look, State, Target

Plan = Sequence[Act] | ByHand
RESTORE, TIME_BOX = "restore", "time_box"


def plan(executor: Executor, wish: str, target: Target, before: Look, former: Look | None) -> Plan:
    """The calls that would fulfil the wish, or why a person has to. `former`: how it was before it was taken away."""
    if wish != RESTORE:
        return executor.plan(target, before)
    if before.state is not State.ABSENT:
        return ()
    if former is None or former.state is not State.PRESENT:
        return ByHand("Nothing was kept of how it was before.", ())
    return executor.restore(former)


def already(wish: str, before: Look, planned: Plan) -> str | None:
    """What is said if nothing is left to do, as a look shows it; None if something is."""
    nothing = isinstance(planned, ByHand) or not planned
    if wish == RESTORE:
        return "It was there when we looked." if before.state is State.PRESENT else None
    if before.state is State.ABSENT and nothing:
        return "It was gone when we looked."
    if wish == TIME_BOX and before.state is State.PRESENT and not isinstance(planned, ByHand) and not planned:
        return "It had that end when we looked."
    return None


def done(wish: str, state: State) -> bool:
    """Whether a look proves that a call whose end is not known did what it should. An end is set again where one look
    does not show it, which changes nothing if it was set before."""
    return state is (State.PRESENT if wish == RESTORE else State.ABSENT)


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
