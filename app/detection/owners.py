"""Owners: handing findings to somebody, and passing on those of whoever is not there any more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.actors import policy as rights
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection import ownership, policy
from app.detection.policy import Status
from app.detection.tables import FindingEventRow, FindingRow
from app.detection.turns import turn
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

_LEFT = "its owner is not there any more"
_FOLLOWS = "the system has another owner"


def assign(
    session: Session, rows: Sequence[FindingRow], owner: str, *, by: Actor, at: datetime
) -> list[FindingRow]:  # fmt: skip
    """Hand findings to an owner (as `ownership.find` gives it). Refuses a closed one, and an owner who is not there.

    Returns those that had another one.
    """
    insist(rights.why_not(by, May.HANDLE_FINDINGS))
    insist(policy.why_not_own(ownership.is_there(session, owner, at=at)))
    for row in rows:
        insist(policy.why_not_settle(row.status))
    given = [row for row in rows if row.owner != owner]
    before = {row.id: row.owner for row in given}
    name = ownership.names(session, [owner])[owner]
    for row in given:
        turn(session, row, "assigned", f"to {name}", by=by, at=at, owner=owner, assigned_by=by.id)
    noted = [Entry(Kind.FINDING_ASSIGNED, f"finding:{row.id}", {"from": before[row.id], "to": owner}) for row in given]
    entries.record_many(session, noted, by=by.id, at=at)
    return given


def pass_on(session: Session, *, security_owner: str | None, by: Actor, at: datetime) -> int:
    """Give every open or waived finding whose owner is not there any more to the next one, and let those that nobody
    assigned follow their system's owner. Whoever leaves passes on to their manager what was handed to them by name.

    Returns how many changed hands; one entry with counts, and none if none did.
    """
    held: dict[tuple[str, int | None, bool], list[int]] = defaultdict(list)
    live = select(FindingRow.id, FindingRow.owner, FindingRow.system_id, FindingRow.assigned_by)
    for number, owner, system, named in session.execute(live.where(FindingRow.status != Status.CLOSED)):
        held[(owner, system, named is not None)].append(number)
    passed: Counter[str] = Counter()
    for (owner, system, assigned), numbers in held.items():
        there = ownership.is_there(session, owner, at=at)
        usual = ownership.owner_of(session, system, security_owner, at=at)
        heir = _heir(session, owner, usual, assigned=assigned, there=there, at=at)
        if heir != owner:
            _pass(session, numbers, heir, _FOLLOWS if there else _LEFT, named=assigned and heir != usual, by=by, at=at)
            passed[heir] += len(numbers)
    if passed:
        body = {"passed_on": dict(sorted(passed.items())), "count": passed.total()}
        entries.record(session, Entry(Kind.FINDINGS_PASSED_ON, "findings", body), by=by.id, at=at)
    return passed.total()


def _heir(session: Session, owner: str, usual: str, *, assigned: bool, there: bool, at: datetime) -> str:
    if not assigned:
        return usual
    if there:
        return owner
    manager = ownership.manager_of(session, owner)
    return manager if manager is not None and ownership.is_there(session, manager, at=at) else usual


def _pass(
    session: Session, numbers: Sequence[int], heir: str, because: str, *, named: bool, by: Actor, at: datetime
) -> None:
    name = ownership.names(session, [heir])[heir]
    values: dict[str, Any] = {"owner": heir, "version": FindingRow.version + 1}
    if not named:
        values["assigned_by"] = None  # it follows its system again
    for begin in range(0, len(numbers), 5_000):
        some = numbers[begin : begin + 5_000]
        session.execute(
            update(FindingRow)
            .where(FindingRow.id.in_(some))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            insert(FindingEventRow),
            [
                {"finding_id": n, "kind": "assigned", "at": at, "by": by.id, "because": f"to {name}: {because}"}
                for n in some
            ],
        )
