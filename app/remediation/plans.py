"""A plan for one removal, before anything happens: which calls in which order, with which credential, what stands against
each, what breaks, what remains, and what no API can do.

It rests on what was read last; asked to look, the CRM itself is looked at, and nothing is changed. No transaction is open
meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.inventory.tables import SystemRow
from app.kit.db import Database
from app.kit.refusal import Refusal
from app.kit.secrets import Keys
from app.remediation import (
    aftermath,
    braking,
    contained,
    executors,
    foresight,
    instructions,
    policy,
    queries,
    remediations,
    wishes,
)
from app.remediation.brakes import Brakes
from app.remediation.foresight import Foreseen, Wished
from app.remediation.policy import Circumstances, Status
from app.remediation.queries import Plight
from app.remediation.tables import RemediationRow
from connectors.connector import Executor

OpenExecutor = Callable[[], AbstractContextManager[Executor]]
# What a wish needs where it is not to take away, as far as was read.
KINDS = {"change": ("change_grant",), wishes.RESTORE: ("restore",), wishes.TIME_BOX: ("time_box",)}


@dataclass(frozen=True, slots=True)
class Call:
    """One call that would be made. `request` is None before the CRM was looked at; `refusal`: why it may not be, now."""

    act: str
    says: str
    request: str | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen to one removal. `held`: what keeps the whole run waiting; `by_hand`: why a person has to do it,
    with `steps`; `gone`: the CRM shows it gone; `already`: nothing is left
    to do now, in words. `credential` is named by whose it is, and its secret is nowhere here."""

    credential: str | None
    looked: bool
    held: Refusal | None
    calls: tuple[Call, ...]
    by_hand: str | None
    steps: tuple[str, ...]
    gone: bool
    already: str | None
    breaks: tuple[str, ...]
    remains: tuple[str, ...]


def plan(
    database: Database,
    removal: uuid.UUID,
    *,
    common: Brakes,
    stopped: Callable[[], bool],
    keys: Keys,
    clock: Callable[[], datetime],
    look: bool = False,
    open_executor: OpenExecutor | None = None,
) -> Plan:
    """Say what would be done for one removal.

    Refuses (404) one that is not there, and with `look` (502) a CRM that does not answer.
    """
    with database.reading() as session:
        row = queries.find(session, removal)
        around = queries.plight(session, row.system_id, row.kind, row.account_id, row.grant_id)
        held = _held(session, row, around.system, common, stopped, clock())
        breaks, remains = tuple(aftermath.of(session, row)), tuple(aftermath.remains(session, row))
    if row.kind in policy.BY_A_PERSON:
        with database.reading() as session:
            steps = tuple(contained.steps(session, row))
        return Plan(None, False, None, (), policy.CONTENTS.reason, steps, False, None, breaks, remains)
    if row.wish == wishes.RESTORE:
        breaks = remains = ()  # it takes nothing away
    look = look and executors.has(around.system)
    seen = _look(database, row, keys, clock, open_executor) if look else None
    calls = _calls(row, around, seen)
    by_hand = _by_hand(row, calls, seen)
    steps = seen.steps if seen is not None and seen.steps else _steps(row, around.system) if by_hand else ()
    gone, already = (seen.gone, seen.already) if seen is not None else (False, None)
    whose = _credential(around.system)
    return Plan(whose, seen is not None, held, calls, by_hand, steps, gone, already, breaks, remains)


def _held(
    session: Session, row: RemediationRow, system: SystemRow, common: Brakes, stopped: Callable[[], bool], at: datetime
) -> Refusal | None:
    """What would keep the run waiting that this removal is part of."""
    if row.status != Status.OPEN:
        return braking.why_not_now(session, row.system_id, common, stopped, at)
    fresh = [each for each in queries.to_carry_out(session, row.system_id) if each.status == Status.OPEN]
    acts = executors.has(system) and bool(system.writing)
    for each in braking.held(session, row.system_id, fresh, common, stopped, at, by_machine=acts):
        if any(one.id == row.id for one in each.rows):
            return each.refusal
    return None


def _look(
    database: Database, row: RemediationRow, keys: Keys, clock: Callable[[], datetime], opened: OpenExecutor | None
) -> Foreseen:
    with database.reading() as session:
        former = wishes.look_of(queries.before(session, row.undoes_id))
    wished = Wished(clock(), row.wish, row.until, former)
    targets = {"it": remediations.target_of(row)}
    told = foresight.foresee(
        database, row.system_id, targets, keys=keys, clock=clock, wished=wished, open_executor=opened
    )
    return told["it"]


def _calls(row: RemediationRow, around: Plight, seen: Foreseen | None) -> tuple[Call, ...]:
    """The calls that were foreseen, or, before the CRM was looked at, the first kind of act that may be carried out."""
    if seen is not None:
        acts = zip(seen.acts, seen.calls, strict=True)
        return tuple(Call(act, says, request, _against(row, around, act)) for act, (says, request) in acts)
    kinds = KINDS.get(row.wish, policy.ACTS_FOR[row.kind])
    known: Mapping[str, Refusal | None] = {act: _against(row, around, act) for act in kinds}
    act = next((each for each, refusal in known.items() if refusal is None), kinds[0])
    return (Call(act, f"{act.replace('_', ' ').capitalize()}, as far as was read", None, known[act]),)


def _against(row: RemediationRow, around: Plight, act: str) -> Refusal | None:
    system = around.system
    own = frozenset(key for key in (system.principal, system.executor_principal) if key is not None)
    why_not = policy.why_not_give_back if row.wish == wishes.RESTORE else policy.why_not_perform
    return why_not(
        Circumstances(
            act=act, kind=row.kind, writing=frozenset(system.writing) if executors.has(system) else frozenset(),
            able=frozenset(), own_keys=own, account_key=row.target.get("account_key") or around.account_key,
            account_kind=around.account_kind, administers=around.administers,
            other_administrators=around.other_administrators, authority=around.authority,
        )
    )  # fmt: skip


def _by_hand(row: RemediationRow, calls: tuple[Call, ...], seen: Foreseen | None) -> str | None:
    if seen is not None and seen.by_hand:
        return seen.by_hand
    refusal = next((call.refusal for call in calls if call.refusal is not None), None)
    return refusal.reason if refusal is not None else None


def _steps(row: RemediationRow, system: SystemRow) -> tuple[str, ...]:
    target = remediations.target_of(row)
    return instructions.steps(target, system=system.name, wish=row.wish, change_to=row.change_to, until=row.until)


def _credential(system: SystemRow) -> str | None:
    if not executors.has(system):
        return None
    whose = system.executor_principal or "whom the system has not named yet"
    return f"the executor's of {system.name}, signed in as {whose}"
