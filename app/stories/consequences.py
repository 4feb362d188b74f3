"""What will happen in each CRM if a share is submitted as it is: what a machine takes away, what a person has to do, and
what holds it up.

Nothing is asked of the CRMs; it is what their settings here allow, and why not. Removals begin when the review has closed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.inventory import queries as inventory
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, SystemRow
from app.remediation import braking, executors, policy
from app.remediation.brakes import Common
from app.remediation.policy import Circumstances
from app.review import heirs
from app.review.policy import STAYS
from app.review.tables import DecisionRow, ItemRow, TaskRow

MOST = 5_000
_GOES = ("remove", "change")
_NAMED = 50  # privileged ones that are named


@dataclass(frozen=True, slots=True)
class Consequence:
    """One CRM. `carried_out` and `by_hand` count by kind of item; `because` are the reasons for the latter, with counts;
    `held` are sentences on what the removals will wait for."""

    system: str
    carried_out: Mapping[str, int]
    by_hand: Mapping[str, int]
    because: Sequence[tuple[str, int]]
    held: Sequence[str] = ()

    @property
    def count(self) -> int:
        """How much is taken away there in all."""
        return sum(self.carried_out.values()) + sum(self.by_hand.values())


@dataclass(frozen=True, slots=True)
class Outlook:
    """All CRMs, and the privileged items by name: those that go, and those that stay. `later` of what is taken away stay
    until a day; `goes_on` says who is asked next about how many, None: nobody is left."""

    systems: Sequence[Consequence]
    privileged_gone: Sequence[ItemRow]
    privileged_kept: Sequence[ItemRow]
    privileged: int
    later: int
    goes_on: Sequence[tuple[str | None, int]]


def outlook(session: Session, task: TaskRow, common: Common, at: datetime) -> Outlook:
    """What follows from a share's answers as they are now. `common`: what the settings say of removals."""
    task_id = task.id
    of_share = (ItemRow.task_id == task_id, ItemRow.outcome.in_(_GOES))
    besides = decided(session, task.campaign_id, ItemRow.task_id != task_id)
    told = in_each(session, removals(ItemRow.outcome, *of_share), besides, common, at)
    mighty = (
        select(ItemRow)
        .where(ItemRow.task_id == task_id, ItemRow.privileged.is_(True), ItemRow.outcome.is_not(None))
        .order_by(ItemRow.risk.desc(), ItemRow.id)
        .limit(MOST)
    )
    found = session.scalars(mighty).all()
    gone = [item for item in found if item.outcome not in STAYS]
    kept = [item for item in found if item.outcome in STAYS]
    later, goes_on = _later(session, task_id), _goes_on(session, task_id, at)
    return Outlook(told, gone[:_NAMED], kept[:_NAMED], len(found), later, goes_on)


def _later(session: Session, task_id: int) -> int:
    """How much of what is taken away may stay until a day, by its latest answer."""
    answers = (
        select(DecisionRow.until)
        .where(DecisionRow.item_id == ItemRow.id, DecisionRow.answer == ItemRow.outcome)
        .order_by(DecisionRow.at.desc(), DecisionRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    mine = (ItemRow.task_id == task_id, ItemRow.outcome == "remove", answers.is_not(None))
    return session.scalars(select(func.count()).where(*mine)).one()


def _goes_on(session: Session, task_id: int, at: datetime) -> list[tuple[str | None, int]]:
    """Who is asked about what was set aside, the most first."""
    ids = session.scalars(select(ItemRow.id).where(ItemRow.task_id == task_id, ItemRow.aside.is_not(None))).all()
    counts = Counter(heirs.heirs(session, ids, at).values())
    people = select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_([who for who in counts if who]))
    names = dict(session.execute(people).all())
    return [(names[who] if who is not None else None, count) for who, count in counts.most_common()]


def decided(session: Session, campaign_id: int, *which: ColumnElement[bool]) -> dict[int, int]:
    """How much of a review is to be taken away or changed by the answers there are, by system."""
    mine = (ItemRow.campaign_id == campaign_id, ItemRow.outcome.in_(_GOES), *which)
    counted = select(ItemRow.system_id, func.count()).where(*mine).group_by(ItemRow.system_id)
    return dict(session.execute(counted).all())


def in_each(
    session: Session, asked: Any, besides: Mapping[int, int], common: Common, at: datetime
) -> list[Consequence]:
    """What is taken away in each CRM, of the items that `removals` asks for. `besides`: how much else the same review
    takes away there, since it begins at once and counts together."""
    rows = session.execute(asked).all()
    known = select(SystemRow).where(SystemRow.id.in_({row.system_id for row in rows}))
    systems = {row.id: row for row in session.scalars(known)}
    machine: dict[str, Counter[str]] = defaultdict(Counter)
    person: dict[str, Counter[str]] = defaultdict(Counter)
    why: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for kind, outcome, number, revocable, account_kind, authority, count in rows:
        system = systems[number]
        refusal = _against(kind, outcome, system, revocable, account_kind, authority)
        if refusal is None:
            machine[system.name][kind] += count
        else:
            person[system.name][kind] += count
            why[system.name][refusal] += count
    found = []
    for system in sorted(systems.values(), key=lambda row: row.name):
        gone, hand = machine[system.name], person[system.name]
        planned = sum(gone.values()) + sum(hand.values()) + besides.get(system.id, 0)
        acts = executors.has(system) and bool(system.writing)
        held = braking.foreseen(session, system.id, common, planned, at, by_machine=acts)
        found.append(Consequence(system.name, gone, hand, _folded(why[system.name]), held))
    return found


def holds(
    session: Session, system_id: int, common: Common, at: datetime, *, planned: int = 0
) -> tuple[str, ...] | None:
    """What will hold up what Rolecall is to do in a system, a sentence each: with what is promised there, and `planned`
    besides. None: it does nothing there, and a person does."""
    system = inventory.system(session, system_id)
    if not executors.has(system) or not system.writing:
        return None
    return braking.foreseen(session, system_id, common, planned, at, by_machine=True)


def _folded(why: Counter[tuple[str, str]]) -> list[tuple[str, int]]:
    """The reasons in words, the commonest first. What is merely switched off is one reason, however many acts it takes."""
    off = {each: count for each, count in why.items() if each[1]}
    told = Counter({reason: count for (reason, act), count in why.items() if not act or len(off) == 1})
    if len(off) > 1:
        acts = ", ".join(sorted(act.replace("_", " ") for _, act in off))
        told[f"The system is read-only for these kinds of act ({acts})."] = sum(off.values())
    return told.most_common()


def removals(outcome: Any, *which: ColumnElement[bool]) -> Any:
    """How many of these items are taken away or changed, by what says whether a machine may: however many they are, the
    answers are few. `outcome` is a column or a word."""
    grant = aliased(GrantRow)
    alike = (ItemRow.kind, outcome, ItemRow.system_id, EntitlementRow.revocable, AccountRow.kind, grant.authority)
    return (
        select(*alike, func.count())
        .outerjoin(grant, grant.id == ItemRow.grant_id)
        .outerjoin(EntitlementRow, EntitlementRow.id == grant.entitlement_id)
        .outerjoin(AccountRow, AccountRow.id == ItemRow.account_id)
        .where(*which)
        .group_by(*(each for each in alike if isinstance(each, InstrumentedAttribute)))
    )


def _against(
    kind: str, outcome: str, system: SystemRow, revocable: bool | None, account_kind: str | None, authority: str | None
) -> tuple[str, str] | None:
    """Why a person has to do it, in words, and the act that is switched off if that is why; None if a machine may, as far
    as is known before the CRM is asked."""
    writing = frozenset(system.writing) if executors.has(system) else frozenset()
    if revocable is False:
        return policy.NOT_BY_API.reason, ""
    if kind in policy.BY_A_PERSON:
        return policy.CONTENTS.reason, ""
    acts = ("change_grant",) if outcome == "change" else policy.ACTS_FOR[kind]
    told = []
    for act in acts:
        refusal = policy.why_not_perform(
            Circumstances(
                act=act,
                kind=kind,
                writing=writing,
                able=frozenset(),
                own_keys=frozenset(),
                account_key=None,
                account_kind=account_kind,
                administers=False,
                other_administrators=1,
                authority=authority,
            )
        )
        if refusal is None:
            return None
        told.append((refusal.reason, act if refusal.code == "writing_off" else ""))
    return told[0]
