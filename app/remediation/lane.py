"""The worker's edge: carries out one system's removals, one after another: look, plan, act, look.

Every call has a row that was committed before it is made. A call whose end is not known, after a crash or a cut line, is
resolved by looking and never by repeating; so nothing has an effect twice, and no call is made again without a look
between. No transaction is open while a CRM is asked. One system's removals run in one lane, so nobody else acts meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.actors.actor import Actor
from app.inventory import queries as inventory
from app.inventory.tables import SystemRow
from app.kit.db import Database
from app.kit.refusal import Refusal, Refused
from app.kit.secrets import Keys
from app.remediation import braking, contained, executors, instructions, policy, queries, remediations, waits, wishes
from app.remediation.brakes import HALTS, Brakes
from app.remediation.policy import Circumstances, Status
from app.remediation.tables import ActRow, RemediationRow
from connectors.connector import Act, ByHand, Executor, Look, State
from connectors.errors import ConnectorError, Declined, Denied, Misread, Throttled, Unreachable

OpenExecutor = Callable[[], AbstractContextManager[Executor]]
NEEDS_A_PERSON = "Exchanging one access for another is done by a person."


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run came to. `unproved`: acted on by now, in this run or before, and waiting for a reading."""

    acted: int = 0
    gone_already: int = 0
    by_hand: int = 0
    declined: int = 0
    held: int = 0
    unproved: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    """What every step of one run needs."""

    database: Database
    system_id: int
    executor: Executor
    own_keys: frozenset[str]
    able: frozenset[str]
    stopped: Callable[[], bool]
    clock: Callable[[], datetime]
    by: Actor
    brakes: Brakes
    told: Counter[str] = field(default_factory=Counter)
    doubts: list[ConnectorError] = field(default_factory=list)


class _Halt(Exception):
    """The run stops here, with nothing called any more: removals were stopped, or the hours are over."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def carry_out(
    database: Database,
    system_id: int,
    *,
    keys: Keys,
    clock: Callable[[], datetime],
    by: Actor,
    brakes: Brakes | None = None,
    stopped: Callable[[], bool] = lambda: False,
    open_executor: OpenExecutor | None = None,
) -> Counts:
    """Carry out a system's open removals. `stopped` is the kill switch outside of the database, asked before each call as
    the stop in it is; `brakes` are the settings', for what the system has none of its own of.

    Raises Unreachable or Throttled when the CRM could not be asked, also when only one call's end is in doubt: run again
    later, nothing is lost and nothing repeated blindly. Raises Denied when the executor may not even look.
    """
    common = brakes or Brakes()
    with database.reading() as session:
        system = inventory.system(session, system_id)
        todo = queries.to_carry_out(session, system_id)
        fresh = [row for row in todo if row.status == Status.OPEN]
        acts = executors.has(system) and bool(system.writing)
        halt = braking.why_not_now(session, system_id, common, stopped, clock())
        themselves = [row for row in fresh if row.kind in policy.BY_A_PERSON and halt is None]
        fresh = [row for row in fresh if row not in themselves]
        held = braking.held(session, system_id, fresh, common, stopped, clock(), by_machine=acts)
    told: Counter[str] = Counter(held=_leave(database, system_id, held, by, clock))
    told["by_hand"] = _contents_by_hand(database, themselves, clock, by)
    left = {row.id for each in held for row in each.rows} | {row.id for row in themselves}
    todo = [row for row in todo if row.id not in left]
    if todo and not acts:
        told["by_hand"] += _all_by_hand(database, system, [row for row in todo if row.status == Status.OPEN], clock, by)
        todo = [row for row in todo if row.status == Status.ACTING and executors.has(system)]
    if todo:
        opened = open_executor or (lambda: executors.opened(database, system_id, keys, clock))
        with opened() as executor:
            run = _checked(database, system, executor, stopped, clock, by, common)
            doubtful = [row.id for row in todo if row.status == Status.ACTING]
            _each(run, [row.id for row in todo], only_resolve=doubtful if held or not system.writing else ())
            told += run.told
            if run.doubts:
                raise run.doubts[-1]
    with database.reading() as session:
        return Counts(**told, unproved=queries.unproved(session, system_id))


# --- before the first call ---


def _leave(
    database: Database, system_id: int, held: Sequence[braking.Held], by: Actor, clock: Callable[[], datetime]
) -> int:
    """Note on what is held why it waits, and forget what it waited for before. Returns how many."""
    with database.transaction() as session:
        for each in held:
            waits.hold(session, each.rows, each.refusal, system_id=system_id, by=by, at=clock())
        waits.go_on(session, system_id, [each.refusal.code for each in held])
    return sum(len(each.rows) for each in held)


def _contents_by_hand(
    database: Database, todo: Sequence[RemediationRow], clock: Callable[[], datetime], by: Actor
) -> int:
    """No executor changes what access contains, so no cap counts it and nobody has to release it."""
    for row in todo:
        with database.transaction() as session:
            mine = queries.find(session, row.id)
            because, steps = policy.CONTENTS.reason, contained.steps(session, mine)
            remediations.move(session, mine, Status.BY_HAND, because=because, steps=steps, by=by, at=clock())
    return len(todo)


def _all_by_hand(
    database: Database, system: SystemRow, todo: Sequence[RemediationRow], clock: Callable[[], datetime], by: Actor
) -> int:
    because = f"{system.name} is read-only in Rolecall."
    for row in todo:
        with database.transaction() as session:
            mine = queries.find(session, row.id)
            steps = _steps(mine, system.name)
            remediations.move(session, mine, Status.BY_HAND, because=because, steps=steps, by=by, at=clock())
    return len(todo)


def _checked(
    database: Database,
    system: SystemRow,
    executor: Executor,
    stopped: Callable[[], bool],
    clock: Callable[[], datetime],
    by: Actor,
    common: Brakes,
) -> _Run:
    """Ask the executor who it is. Another org than the one that was read is refused before anything happens there."""
    covered = executor.check()
    if system.key is not None and covered.system_key != system.key:
        told = f"{system.name} is {system.key}, but the executor's credential enters {covered.system_key}."
        raise Refused(Refusal("another_org", told, "Give it a credential of the same org."))
    principals = (system.principal, system.executor_principal, covered.principal)
    own = frozenset(key for key in principals if key is not None)
    able = frozenset(str(each) for each in covered.acts)
    return _Run(database, system.id, executor, own, able, stopped, clock, by, common)


# --- one after another ---


def _each(run: _Run, ids: Sequence[UUID], *, only_resolve: Collection[UUID]) -> None:
    for number, remediation_id in enumerate(ids):
        try:
            row = _resolved(run, remediation_id)
            if row.status == Status.OPEN and remediation_id not in only_resolve:
                _one(run, row)
        except _Halt as halt:
            _halted(run, ids[number:], halt.refusal)
            return


def _halted(run: _Run, ids: Sequence[UUID], refusal: Refusal) -> None:
    """Leave what is open of these, and note why."""
    with run.database.transaction() as session:
        rows = [row for row in (queries.find(session, each) for each in ids) if row.status == Status.OPEN]
        waits.hold(session, rows, refusal, system_id=run.system_id, by=run.by, at=run.clock())
    run.told["held"] += len(rows)


def _resolved(run: _Run, remediation_id: UUID) -> RemediationRow:
    """The removal, with a call that a crash or a cut line left without an end resolved by looking."""
    with run.database.reading() as session:
        row = queries.find(session, remediation_id)
        act = queries.unended_act(session, remediation_id)
    if row.status != Status.ACTING:
        return row
    look = run.executor.look(remediations.target_of(row))
    if look.state is State.UNKNOWN:
        run.told["held"] += 1
        return row
    done = wishes.done(row.wish, look.state, remediations.target_of(row).until)
    said = "Its end was not known; a look found it " + ("gone." if look.state is State.ABSENT else "there.")
    with run.database.transaction() as session:
        row = queries.find(session, remediation_id)
        if act is not None:
            status = "done" if done else "ambiguous"
            remediations.end_act(session, act, status, because=said, by=run.by, at=run.clock())
        return remediations.move(session, row, Status.OPEN, because=said, after=look, by=run.by, at=run.clock())


def _one(run: _Run, row: RemediationRow) -> None:
    """Look, plan, and either act, hand it to a person, or find that it is gone."""
    if row.wish == "change":
        _hand_over(run, row, NEEDS_A_PERSON)
        return
    target = wishes.aimed(row.wish, remediations.target_of(row), row.until, run.able, run.clock())
    if target is None:
        _wait(run, row)
        return
    try:
        before = run.executor.look(target)
    except (Denied, Misread) as error:
        _hand_over(run, row, str(error))
        return
    with run.database.reading() as session:
        former = wishes.look_of(queries.before(session, row.undoes_id))
    plan = wishes.plan(run.executor, row.wish, target, before, former)
    if (seen := wishes.already(row.wish, before, plan)) is not None:
        because = f"{row.because or ''} {seen}".strip()
        # What was kept before a call that we, or a person, made is what an undoing needs; this look comes after it.
        kept = None if row.before is not None else before
        _move(run, row, Status.ACTED, because=because, before=kept, after=before)
        run.told["gone_already"] += 1
    elif isinstance(plan, ByHand) and plan.because == wishes.WAITS:
        _wait(run, row)
    elif isinstance(plan, ByHand):
        _hand_over(run, row, plan.because, steps=plan.steps or None, before=before)
    elif before.state is State.UNKNOWN or not plan:
        _hand_over(run, row, before.because or "Its state is not known.", before=before)
    else:
        _act(run, row, before, plan)


def _act(run: _Run, row: RemediationRow, before: Look, plan: Sequence[Act]) -> None:
    """Make the planned calls in order, each allowed just before it; then look once more."""
    for act in plan:  # a plan that cannot be made whole is not begun
        if (refusal := _why_not(run, row, act)) is not None:
            _turn_down(run, row, refusal, before)
            return
    for act in plan:
        if (refusal := _why_not(run, row, act)) is not None:
            _turn_down(run, row, refusal, before)
            return
        if not _called(run, row, act, before):
            return
    after = _look_after(run, row)
    _move(run, row, Status.ACTED, because=f"{plan[-1].says}.{wishes.doubt(row.wish, after)}", after=after)
    run.told["acted"] += 1


def _called(run: _Run, row: RemediationRow, act: Act, before: Look) -> bool:
    """Make one call and write down how it ended. False when the plan ends with it."""
    with run.database.transaction() as session:
        begun = remediations.begin_act(session, queries.find(session, row.id), act, before, by=run.by, at=run.clock())
    try:
        receipt = run.executor.perform(act)
    except Declined as no:
        _ended(run, row, begun, "declined", Status.DECLINED, said=no.said)
        run.told["declined"] += 1
        return False
    except Denied as no:
        _ended(run, row, begun, "declined", Status.BY_HAND, said=f"{no} (missing: {no.missing})")
        run.told["by_hand"] += 1
        return False
    except Throttled as later:
        _ended(run, row, begun, "skipped", Status.OPEN, said=str(later))
        raise
    except (Unreachable, Misread) as error:
        if isinstance(error, Unreachable) and not error.ambiguous:
            _ended(run, row, begun, "skipped", Status.OPEN, said=str(error))
            raise
        run.doubts.append(error)  # nobody can say whether it happened: the next run looks before anything else
        return False
    with run.database.transaction() as session:
        remediations.end_act(session, begun, "done", receipt=receipt, by=run.by, at=run.clock())
    return True


def _why_not(run: _Run, row: RemediationRow, act: Act) -> Refusal | None:
    """Read again everything that a call is guarded by, and ask whether it may be made now."""
    with run.database.reading() as session:
        halt = braking.why_not_now(session, row.system_id, run.brakes, run.stopped, run.clock())
        around = queries.plight(session, row.system_id, row.kind, row.account_id, row.grant_id)
    why_not = policy.why_not_give_back if row.wish == wishes.RESTORE else policy.why_not_perform
    return halt or why_not(
        Circumstances(
            act=str(act.kind),
            kind=row.kind,
            writing=frozenset(around.system.writing),
            able=run.able,
            own_keys=run.own_keys,
            account_key=act.target.account_key or around.account_key,
            account_kind=around.account_kind,
            administers=around.administers,
            other_administrators=around.other_administrators,
            authority=around.authority,
        )
    )


def _look_after(run: _Run, row: RemediationRow) -> Look | None:
    """The executor's own look afterwards: no proof, and no reason to fail."""
    try:
        return run.executor.look(remediations.target_of(row))
    except ConnectorError:
        return None


# --- writing it down ---


def _turn_down(run: _Run, row: RemediationRow, refusal: Refusal, before: Look) -> None:
    """A machine may not: a person's task. If nobody may now, it waits instead, and so does the rest."""
    if refusal.code in HALTS:
        with run.database.transaction() as session:
            mine = queries.find(session, row.id)
            if mine.status == Status.ACTING:
                remediations.move(session, mine, Status.OPEN, because=refusal.reason, by=run.by, at=run.clock())
        raise _Halt(refusal)
    _hand_over(run, row, refusal.reason, before=before, first=refusal.way_out)


def _hand_over(
    run: _Run,
    row: RemediationRow,
    because: str,
    *,
    steps: Sequence[str] | None = None,
    before: Look | None = None,
    first: str = "",
) -> None:
    with run.database.transaction() as session:
        mine = queries.find(session, row.id)
        name = inventory.system(session, mine.system_id).name
        told = [first] if first else []
        told += list(steps) if steps else _steps(mine, name)
        remediations.move(
            session, mine, Status.BY_HAND, because=because, steps=told, before=before, by=run.by, at=run.clock()
        )
    run.told["by_hand"] += 1


def _ended(run: _Run, row: RemediationRow, act: ActRow, how: str, to: Status, *, said: str) -> None:
    with run.database.transaction() as session:
        remediations.end_act(session, act, how, because=said, by=run.by, at=run.clock())
        mine = queries.find(session, row.id)
        steps = None if to is Status.OPEN else _steps(mine, inventory.system(session, mine.system_id).name)
        remediations.move(session, mine, to, because=said, steps=steps, by=run.by, at=run.clock())


def _move(
    run: _Run, row: RemediationRow, to: Status, *, because: str, before: Look | None = None, after: Look | None = None
) -> None:
    with run.database.transaction() as session:
        mine = queries.find(session, row.id)
        remediations.move(session, mine, to, because=because, before=before, after=after, by=run.by, at=run.clock())


def _wait(run: _Run, row: RemediationRow) -> None:
    """Nothing is to be done before the day on which it ends."""
    with run.database.transaction() as session:
        remediations.wait(session, queries.find(session, row.id), wishes.WAITS)


def _steps(row: RemediationRow, system: str) -> list[str]:
    target = remediations.target_of(row)
    return list(instructions.steps(target, system=system, wish=row.wish, change_to=row.change_to, until=row.until))
