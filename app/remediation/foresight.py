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
from app.remediation import executors
from connectors.connector import ByHand, Executor, State, Target
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


def foresee(
    database: Database,
    system_id: int,
    targets: Mapping[str, Target],
    *,
    keys: Keys,
    clock: Callable[[], datetime] | None = None,
    open_executor: Callable[[], AbstractContextManager[Executor]] | None = None,
) -> dict[str, Foreseen]:
    """Look at up to 20 things in the CRM now and say what would be done to each, by the names they are given under.

    Refuses a system without an executor credential, and (502) a CRM that does not answer.
    """
    opened = open_executor or (lambda: executors.opened(database, system_id, keys, clock))
    try:
        with opened() as executor:
            return {name: _one(executor, target) for name, target in list(targets.items())[:MOST]}
    except (ConnectorError, ValueError) as error:
        way_out = "Start it all the same: it is tried again until the system answers."
        raise Refused(Refusal("not_looked_at", f"The system could not be asked: {error}", way_out, 502)) from error


def _one(executor: Executor, target: Target) -> Foreseen:
    before = executor.look(target)
    plan = executor.plan(target, before)
    if before.state is State.ABSENT and (isinstance(plan, ByHand) or not plan):
        return Foreseen(gone=True)
    if isinstance(plan, ByHand):
        return Foreseen(by_hand=plan.because, steps=plan.steps)
    if before.state is State.UNKNOWN or not plan:
        return Foreseen(by_hand=before.because or "The system does not say whether it is there.")
    return Foreseen(calls=tuple((act.says, act.request) for act in plan), acts=tuple(str(act.kind) for act in plan))
