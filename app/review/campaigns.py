"""Campaigns: opened once on trusted readings, closed once when everything has an answer, or cancelled.

Opening freezes the population in one transaction: what is read afterwards is drift. One slot of a schedule has one
campaign, however many replicas open it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, bindparam, delete, exists, insert, literal, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import IdentityRow, SystemRow
from app.kit import clock, postgres
from app.kit.db import Big
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import (
    allowing,
    apart,
    delegating,
    drifting,
    effort,
    former,
    freezing,
    frozen,
    grounds,
    owning,
    policy,
    population,
    queries,
    remainder,
    rounding,
    scoping,
    silence,
    turning,
    turns,
    vouching,
)
from app.review import scope as scopes
from app.review.chain import Rule
from app.review.dialect import insert_or_skip
from app.review.exclusions import Approval
from app.review.freezing import Frame
from app.review.independence import Leaners
from app.review.owning import Acceptance
from app.review.policy import Override, Status
from app.review.scope import ItemKind, Scope
from app.review.scoping import Inside
from app.review.silence import Settled
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, CampaignSnapshotRow, DelegationRow, ItemRow, TaskRow
from app.review.trust import Limits, Reading
from app.review.turns import RoundStatus


def open(
    session: Session,
    *,
    name: str,
    scope: Mapping[str, Any],
    due_at: datetime,
    snapshots: Mapping[int, int] | None = None,
    slot: str | None = None,
    planned_at: datetime | None = None,
    moved: Mapping[str, str] | None = None,
    override: Override | None = None,
    approval: Approval | None = None,
    acceptance: Acceptance | None = None,
    unasked: bool = False,
    limits: Limits | None = None,
    demo: bool = False,
    configurer_id: int | None = None,
    by: Actor,
    at: datetime,
) -> CampaignRow:
    """Open a review of `scope` (see `scope.read`), frozen at the latest sealed reading of each system.

    Refuses readings that are missing, stale or untrusted for what the scope rests on, unless `override` is a second
    person's word; leaving something out without the `approval` of whom the scope names; a population without the
    `acceptance` of its control owner, unless nobody is asked (`unasked`: what cannot wait, and previews), or another than
    `snapshots` (system id -> snapshot id), where given; a scope of nothing; and one that leaves an item without an
    independent reviewer. Whoever sets it up decides on nothing in it: that is `by`, or the identity `configurer_id` for a
    schedule's. A `slot` that has a campaign already gives that one back; `moved` says from which closed day it was moved.
    """
    at, due_at = clock.utc(at), clock.utc(due_at)
    asked = grounds.asked(scope, limits)
    configurer = configurer_id if configurer_id is not None else by.identity_id
    existing = _of_slot(session, slot)
    if existing is not None:
        return existing
    insist(policy.why_not_due(due_at, at))
    systems, readings, lacks = grounds.trusted(session, asked, override, limits or Limits(), by, at)
    insist(owning.why_not_unowned(asked, needed=limits is not None and limits.owned))
    owner = grounds.control_owner(session, asked, at, due_at, configurer, strict=not unasked or slot is None)
    approval = vouching.approving(
        session, asked, approval, acceptance, unasked=unasked, set_up_by=configurer, due_at=due_at, by=by, at=at
    )
    with session.begin_nested():  # a refusal from here on leaves nothing behind, whatever the caller makes of it
        campaign_id = _insert(session, name, slot, asked, planned_at, moved, due_at, demo, configurer, owner, by, at)
        if campaign_id is None:
            return _someone_elses(session, name, slot)
        items = _freeze(session, campaign_id, asked, systems, readings, apart.of(configurer, owner), at, due_at)
        turning.plan(session, campaign_id, asked, at, due_at)
        _delegated(session, campaign_id, by, at)
        most = (limits or Limits()).most_answers
        if by.way != "schedule" and most is not None:  # a turn that is due opens all the same, and says so
            insist(effort.why_not_long(_efforts(session, campaign_id), most, asked.many_answers))
        insist(policy.why_not_frozen(snapshots, _snapshots(readings, systems), _latest(session, systems)))
        vouching.overridden(session, campaign_id, lacks, override, by, at)
        vouching.approved(session, campaign_id, approval, by, at)
        vouching.accepted(session, campaign_id, asked, acceptance, unasked=unasked, by=by, at=at)
        _opened(session, campaign_id, readings, items, by, at)
    return session.get_one(CampaignRow, campaign_id, populate_existing=True)


def close(
    session: Session, campaign: int, *, unanswered: str | None = None, seen: str | None = None, by: Actor, at: datetime
) -> CampaignRow:
    """Close a campaign; what follows opens the removals and the evidence.

    Refuses while items have no outcome or answers were not submitted, unless `unanswered` ("keep", "remove", or "policy":
    the review's own rule, which nothing else may contradict) says what becomes of them (drafts stand as they are), and
    while privileged access that began since freezing has no decision. Silence never keeps privileged access. `seen` is the
    digest of the silent items that a preview showed; if they are others by now, 412.
    """
    at = clock.utc(at)
    with session.begin_nested():
        moved = _move(session, campaign, Status.CLOSED, by, at)
        shares = queries.progress(session, campaign)
        fresh = drifting.record(session, campaign, at) if moved else 0
        drafts = [share.reviewer for share in shares if share.status != TaskStatus.SUBMITTED and not share.undecided]
        row = session.get(CampaignRow, campaign)
        rule = silence.of(row.scope) if row is not None else None
        owners_asked = row is not None and row.owners_asked_at is not None
        open_items = sum(share.undecided for share in shares)
        insist(turns.why_not_close(len(former.rounds(session, campaign, RoundStatus.PLANNED))) if moved else None)
        insist(silence.why_not_end(rule, unanswered, silent=open_items, owners_asked=owners_asked))
        unanswered = silence.answer(rule, unanswered)
        insist(
            policy.why_not_close(
                Status.OPEN if moved else _status(session, campaign),
                undecided={share.reviewer: share.undecided for share in shares if share.undecided},
                privileged_undecided=rounding.privileged_left(session, row) if row is not None else 0,
                drift_undecided=queries.drift_undecided(session, campaign),
                unanswered=unanswered,
                drafts=drafts,
            )
        )
        insist(policy.why_not_unseen(seen, queries.silent(session, campaign)[1]) if seen is not None else None)
        if row is not None and row.round > 1:
            turning.settle(session, row, at)
            shares = queries.progress(session, campaign)
        silent = _answer_for(session, campaign, unanswered)
        counts = {
            "items": sum(share.items for share in shares),
            "keep": sum(share.keep for share in shares),
            "remove": sum(share.remove for share in shares),
            "change": sum(share.change for share in shares),
            "acknowledge": sum(share.acknowledge for share in shares),
            "unanswered": silent["count"],
            "drift": len(queries.drift(session, campaign)),
            "drift_found_at_closing": fresh,
            "not_submitted": sum(share.status != TaskStatus.SUBMITTED for share in shares),
        }
        body = {"counts": counts, "unanswered": unanswered, "unanswered_items": silent["digest"]}
        entries.record(session, Entry(Kind.CAMPAIGN_CLOSED, f"campaign:{campaign}", body), by=by.id, at=at)
    return session.get_one(CampaignRow, campaign, populate_existing=True)


def cancel(session: Session, campaign: int, *, reason: str, by: Actor, at: datetime) -> CampaignRow:
    """End a campaign without consequences. Its items and decisions stay on record."""
    at = clock.utc(at)
    insist(policy.why_not_cancel(reason))
    with session.begin_nested():
        if not _move(session, campaign, Status.CANCELLED, by, at):
            insist(policy.why_not_move(_status(session, campaign)))
        entry = Entry(Kind.CAMPAIGN_CANCELLED, f"campaign:{campaign}", {}, {"reason": reason})
        entries.record(session, entry, by=by.id, at=at)
    return session.get_one(CampaignRow, campaign, populate_existing=True)


# --- opening ---

# What items are sought by; to sample and sort what they show takes PostgreSQL longer than all else together.
_ASKED = [column.name for column in ItemRow.__table__.c if column is not ItemRow.__table__.c.shown]


def _of_slot(session: Session, slot: str | None) -> CampaignRow | None:
    return session.scalar(select(CampaignRow).where(CampaignRow.slot == slot)) if slot else None


def _insert(
    session: Session,
    name: str,
    slot: str | None,
    scope: Scope,
    planned_at: datetime | None,
    moved: Mapping[str, str] | None,
    due_at: datetime,
    demo: bool,
    configurer: int | None,
    owner: int | None,
    by: Actor,
    at: datetime,
) -> int | None:
    """The new campaign's id; None if its name or slot is taken, also by somebody who has not committed yet."""
    row: dict[str, Any] = {
        "name": name,
        "slot": slot,
        "status": Status.OPEN,
        "scope": scope.written(),
        "excluded": [],
        "planned_at": planned_at,
        "moved": dict(moved) if moved is not None else None,
        "opened_at": at,
        "opened_by": by.id,
        "configurer_id": configurer,
        "owner_id": owner,
        "due_at": due_at,
        "demo": demo,
        "version": 1,
    }
    return session.scalar(insert_or_skip(session, CampaignRow).values(row).returning(CampaignRow.id))


def _someone_elses(session: Session, name: str, slot: str | None) -> CampaignRow:
    existing = _of_slot(session, slot)
    if existing is None:
        raise Refused(Refusal("name_taken", f'There is a campaign called "{name}" already.', "Choose another name."))
    return existing


def _freeze(
    session: Session,
    campaign_id: int,
    scope: Scope,
    systems: Sequence[SystemRow],
    readings: Sequence[Reading],
    kept_apart: frozenset[int],
    at: datetime,
    due_at: datetime,
) -> dict[str, int]:
    """Everything is an item of somebody's now; returns how many of each kind."""
    snapshots = _snapshots(readings, systems)
    session.execute(
        insert(CampaignSnapshotRow),
        [{"campaign_id": campaign_id, "system_id": s, "snapshot_id": n} for s, n in snapshots.items()],
    )
    frame = Frame(
        places=grounds.places(session, systems, scope, readings, at, due_at),
        department=scope.department,
        routes=grounds.routes(session, scope, at, due_at),
        apart=kept_apart,
        bars=scope.granters is Leaners.BAR,
        bars_holders=scope.holders is Leaners.BAR,
        at=at,
        due_at=due_at,
    )
    with frozen.tables(session):
        freezing.prepare(session, frame)
        allowing.entitlements(session, list(snapshots))
        rules = [route.rule for route in frame.routes]
        alone = population.without_reviewer(session, scope.kinds, scoping.inside(scope), rules)
        insist(policy.why_not_reviewed(alone))
        population.tasks(session, campaign_id)
        with postgres.parents_known(session):  # the same statements find whose and what each item is
            made = {str(kind): _items(session, campaign_id, kind, scope, rules) for kind in scope.kinds}
        insist(policy.why_not_empty(sum(made.values())))
        excluded = remainder.counted(session, scope)
    session.execute(update(CampaignRow).where(CampaignRow.id == campaign_id).values(excluded=excluded))
    idle = ~exists().where(ItemRow.task_id == TaskRow.id)
    session.execute(delete(TaskRow).where(TaskRow.campaign_id == campaign_id, idle))
    frozen.analyze(session, TaskRow.__tablename__, f"{ItemRow.__tablename__} ({', '.join(_ASKED)})")
    return {kind: count for kind, count in made.items() if count}


def _delegated(session: Session, campaign_id: int, by: Actor, at: datetime) -> None:
    """Delegations that hold now take along what they are for, so that nobody is asked who said that another reviews."""
    campaign = session.get_one(CampaignRow, campaign_id, populate_existing=True)
    for each in session.scalars(select(DelegationRow).where(delegating.holding(at)).order_by(DelegationRow.id)).all():
        delegating.take_along(session, each, campaign, by=by, at=at)


def _items(session: Session, campaign_id: int, kind: ItemKind, scope: Scope, rules: Sequence[Rule]) -> int:
    made: Any = session.execute(_items_of(kind, scoping.inside(scope), tuple(rules)), {"of_campaign": campaign_id})
    return int(made.rowcount)


@lru_cache(maxsize=64)
def _items_of(kind: ItemKind, wanted: Inside | None, rules: tuple[Rule, ...]) -> Insert:
    """One statement for a kind, kept: putting it together takes longer than a hundred items do."""
    campaign_id = bindparam("of_campaign", type_=Big)
    rows = population.of(kind, wanted, rules).subquery()
    kept = [column for column in rows.c if column.name not in ("reviewer_id", "known")]
    tasks = frozen.TASKS
    chosen = select(campaign_id, tasks.c.task_id, literal(1), *kept).join(
        tasks, tasks.c.reviewer_id == rows.c.reviewer_id
    )
    names = ["campaign_id", "task_id", "version", *(column.name for column in kept)]
    table: Any = ItemRow.__table__
    made = insert(table).from_select(names, chosen, include_defaults=False)
    return made.execution_options(preserve_rowcount=True)


def _efforts(session: Session, campaign_id: int) -> dict[str, int]:
    """How many answers each reviewer has to give, by name."""
    told = queries.effort(session, campaign_id)
    shares = (
        select(TaskRow.id, IdentityRow.name)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .where(TaskRow.campaign_id == campaign_id)
        .order_by(IdentityRow.name, TaskRow.id)
    )
    return {name: told[task].answers for task, name in session.execute(shares) if task in told}


def _snapshots(readings: Sequence[Reading], systems: Sequence[SystemRow]) -> dict[int, int]:
    pairs = zip(systems, readings, strict=True)
    return {system.id: seen.snapshot_id for system, seen in pairs if seen.snapshot_id is not None}


def _latest(session: Session, systems: Sequence[SystemRow]) -> dict[int, int]:
    found = {system.id: grounds.latest(session, system.id) for system in systems}
    return {system_id: row.id for system_id, row in found.items() if row is not None}


def _opened(
    session: Session,
    campaign_id: int,
    readings: Sequence[Reading],
    items: Mapping[str, int],
    by: Actor,
    at: datetime,
) -> None:
    row = session.get_one(CampaignRow, campaign_id, populate_existing=True)
    plain, people = scopes.apart(row.scope)
    body = {
        "slot": row.slot,
        "planned_at": row.planned_at.isoformat() if row.planned_at else None,
        "moved": row.moved,
        "late_minutes": int((at - row.planned_at).total_seconds() // 60) if row.planned_at else None,
        "due_at": row.due_at.isoformat(),
        "scope": plain,
        "excluded": row.excluded,
        "snapshots": {seen.system: seen.snapshot_id for seen in readings},
        "items": dict(items),
        "demo": row.demo,
    } | turning.committed(session, campaign_id)
    entries.record(session, Entry(Kind.CAMPAIGN_OPENED, f"campaign:{campaign_id}", body, people), by=by.id, at=at)


# --- ending ---


def _move(session: Session, campaign: int, to: Status, by: Actor, at: datetime) -> bool:
    """Bring the campaign to its end. On PostgreSQL this waits for decisions in flight, which hold it shared."""
    before = [status for status in Status if to in policy.MOVES[status]]
    moved: Any = session.execute(
        update(CampaignRow)
        .where(CampaignRow.id == campaign, CampaignRow.status.in_(before))
        .values(status=to, closed_at=at, closed_by=by.id, version=CampaignRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    return int(moved.rowcount) == 1


def _status(session: Session, campaign: int) -> str:
    found = session.scalar(select(CampaignRow.status).where(CampaignRow.id == campaign))
    if found is None:
        raise Refused(Refusal("not_found", f"There is no campaign {campaign}.", "Look at the list.", status=404))
    return found


def _answer_for(session: Session, campaign: int, unanswered: str | None) -> dict[str, Any]:
    """Give the silent items their outcome, and say how many and which by a digest over their ids."""
    count, digest = queries.silent(session, campaign)
    if not count or unanswered is None:
        return {"count": 0, "digest": None}
    session.execute(
        update(ItemRow)
        .where(ItemRow.campaign_id == campaign, ItemRow.outcome.is_(None))
        .values(outcome=unanswered, settled=Settled.SILENCE, version=ItemRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(update(CampaignRow).where(CampaignRow.id == campaign).values(unanswered=unanswered))
    return {"count": count, "digest": digest}
