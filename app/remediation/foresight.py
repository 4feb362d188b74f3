"""What a machine would do exactly: the CRM is looked at now, the calls are planned, and nothing is changed.

For whoever is about to start a revocation and wants to see it in the CRM's own terms. No transaction is open meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from app.kit.db import Database
from app.kit.refusal import Refusal, Refused
from app.kit.secrets import Keys
from app.remediation import executors, wishes
from connectors.connector import ByHand, Executor, Look, State, Target
from connectors.errors import ConnectorError

MOST = 20  # things looked at in one go: each is a call to the CRM, and somebody waits for the page


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would happen to one thing. Calls in order, or why a person has to do it and how, or that it is gone."""

    calls: tuple[tuple[str, str], ...] = ()  # (in words, the request without its secrets)
    acts: tuple[str, ...] = ()  # the kind of each call
    by_hand: str | None = None
    steps: tuple[str, ...] = ()
    gone: bool = False
    already: str | None = None  # that nothing is left to do now, in words


@dataclass(frozen=True, slots=True)
class Wished:
    """What is wished of a thing, and when it is asked: to go, to be back as was kept (`former`), or to end (`until`)."""

    at: datetime
    wish: str = "remove"
    until: datetime | None = None
    former: Look | None = None


def foresee(
    database: Database,
    system_id: int,
    targets: Mapping[str, Target],
    *,
    keys: Keys,
    clock: Callable[[], datetime] | None = None,
    wished: Wished | None = None,
    open_executor: Callable[[], AbstractContextManager[Executor]] | None = None,
) -> dict[str, Foreseen]:
    """Look at up to 20 things in the CRM now and say what would be done to each, by the names they are given under.

    Refuses a system without an executor credential, and (502) a CRM that does not answer.
    """
    opened = open_executor or (lambda: executors.opened(database, system_id, keys, clock))
    try:
        with opened() as executor:
            return {name: _one(executor, target, wished) for name, target in list(targets.items())[:MOST]}
    except (ConnectorError, ValueError) as error:
        way_out = "Start it all the same: it is tried again until the system answers."
        raise Refused(Refusal("not_looked_at", f"The system could not be asked: {error}", way_out, 502)) from error


def _one(executor: Executor, target: Target, wished: Wished | None) -> Foreseen:
    if wished is not None and wished.wish in (wishes.RESTORE, wishes.TIME_BOX):
        return _otherwise(executor, target, wished)
    before = executor.look(target)
    plan = executor.plan(target, before)
    return _foreseen(before, plan)


def _otherwise(executor: Executor, target: Target, wished: Wished) -> Foreseen:
    """The same thinking as the lane's, for what takes nothing away now."""
    able = frozenset(str(each) for each in executor.check().acts)
    aimed = wishes.aimed(wished.wish, target, wished.until, able, wished.at)
    if aimed is None:
        return Foreseen(already=wishes.WAITS)
    before = executor.look(aimed)
    plan = wishes.plan(executor, wished.wish, aimed, before, wished.former)
    done = wishes.already(wished.wish, before, plan)
    if done is None and isinstance(plan, ByHand) and plan.because == wishes.WAITS:
        done = wishes.WAITS
    return Foreseen(already=done) if done is not None else _foreseen(before, plan)


def _foreseen(before: Look, plan: wishes.Plan) -> Foreseen:
    if before.state is State.ABSENT and (isinstance(plan, ByHand) or not plan):
        return Foreseen(gone=True)
    if isinstance(plan, ByHand):
        return Foreseen(by_hand=plan.because, steps=plan.steps)
    if before.state is State.UNKNOWN or not plan:
        return Foreseen(by_hand=before.because or "The system does not say whether it is there.")
    return Foreseen(calls=tuple((act.says, act.request) for act in plan), acts=tuple(str(act.kind) for act in plan))
