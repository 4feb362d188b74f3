"""Reviews that open and go on by themselves: when a schedule's turn has come, when a reading shows what should not wait,
when nobody answered for as long as a review says, and when whoever should answer is not here any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.detection import findings
from app.inventory import queries as inventory
from app.inventory.tables import SnapshotRow, SystemRow
from app.kit.engine import Steps
from app.kit.refusal import Refused
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.means import Means, finding_terms, review_limits
from app.review import campaigns, causes, delegations, exclusions, owning, rounds, silences, strandings, successions
from app.review import queries as review
from app.review.policy import Status
from app.review.tables import CampaignRow

Payload = Mapping[str, Any]
Answer = dict[str, Any]


def open_due_campaigns(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Open the review of every schedule whose turn has come; ask for fresh readings where they are what is missing."""
    opened: list[str] = []
    waiting: dict[str, str] = {}
    at = means.clock()
    with means.database.reading() as session:
        due = review.due_slots(session, at)
    for each in due:
        try:
            with means.database.transaction() as session:
                opened.append(_open_slot(session, means, each, at).name)
        except Refused as refused:
            waiting[each.slot.id] = refused.refusal.reason
    if waiting:
        _ask_for_fresh_readings(means, at)
    return {"opened": opened, "waiting": waiting}


def open_small_reviews(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Open what a reading, or a run of the rules over it, calls for at once, with the first schedule's last resort; see
    `causes`."""
    opened, waiting, at = [], {}, means.clock()
    due_at = at + timedelta(days=means.settings.micro_review_days)
    limits = replace(
        review_limits(means.settings), owned=False
    )  # nobody can be asked first, and it is signed all the same
    with means.database.reading() as session:
        plan = next((row for row in review.schedules(session) if not row.paused), None)
        # A reading names its system and a run of its own; a run of the rules names only itself.
        system = int(payload["system"]) if "system" in payload else causes.system_of(session, str(payload["run"]))
        wanted = causes.called_for(session, system, at) if system is not None else []
    if plan is None:
        return {"opened": [], "waiting": {small.slot: "no schedule" for small in wanted}}
    for small in wanted:
        try:
            with means.database.transaction() as session:
                row = campaigns.open(
                    session, name=small.name(at), scope=small.scope(plan.scope), due_at=due_at, slot=small.slot,
                    configurer_id=plan.configurer_id, unasked=True, limits=limits, by=SCHEDULER,
                    at=at,
                )  # fmt: skip
                opened.append(row.name)
        except Refused as refused:
            waiting[small.slot] = refused.refusal.reason
    return {"opened": opened, "waiting": waiting}


def escalate_reviews(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Hand on what nobody answered, in every review whose own rule says that its time has come."""
    with means.database.reading() as session:
        due = silences.due(session, means.clock())
    moved = stayed = 0
    for campaign in due:
        with means.database.transaction() as session:
            told = silences.escalate(session, campaign, by=SCHEDULER, at=means.clock())
        if told is not None:
            moved, stayed = moved + told.moved, stayed + told.stayed
    return {"moved": moved, "stayed": stayed}


def hand_over(means: Means, steps: Steps, payload: Payload) -> Answer:
    """See that nothing waits for somebody who is not here: what lies with who left or is away moves on, what nobody signs
    is a finding, and delegations begin and end. Asked each hour, and after a reading of a roster, which is what knows."""
    told: Answer = {}
    with means.database.reading() as session:
        system = session.get(SystemRow, int(payload["system"])) if "system" in payload else None
        if system is not None and system.kind != "roster":
            return {"skipped": "no roster"}
        running = [(row.id, row.name) for row in review.campaigns(session) if row.status == Status.OPEN]
    left = []
    for number, name in running:
        with means.database.transaction() as session:
            passed = successions.pass_on(session, number, by=SCHEDULER, at=means.clock())
        left.append((number, name, passed.stranded))
        told |= {str(number): asdict(passed)} if passed.moved or passed.stranded else {}
    with means.database.transaction() as session:
        at, within = means.clock(), timedelta(days=means.settings.sign_days)
        judged = strandings.judgements(left) + strandings.unsigned(session, within, at)
        if strandings.changes(session, judged):
            findings.reconcile(
                session, strandings.SOURCE, judged, rules=list(strandings.RULES), system_id=None,
                terms=finding_terms(means.settings), by=SCHEDULER, at=at,
            )  # fmt: skip
        return told | {"delegations": delegations.keep_time(session, by=SCHEDULER, at=means.clock())}


def go_on_reviews(means: Means, steps: Steps, payload: Payload) -> Answer:
    """Begin the next round of every review whose present one is done or due; what cannot begin waits, and says why."""
    with means.database.reading() as session:
        due = rounds.due(session, means.clock())
    begun, waiting = [], {}
    for campaign in due:
        try:
            with means.database.transaction() as session:
                row = rounds.go_on(session, campaign, by=SCHEDULER, at=means.clock())
                begun.append(f"{campaign}:{row.number}:{row.status}")
        except Refused as refused:
            waiting[str(campaign)] = refused.refusal.reason
    return {"begun": begun, "waiting": waiting}


def _open_slot(session: Session, means: Means, due: review.Due, at: datetime) -> CampaignRow:
    return campaigns.open(
        session, name=f"{due.schedule.name} {due.slot.label}", scope=due.schedule.scope, due_at=due.due_at,
        slot=due.slot.id, planned_at=due.slot.opens_at, moved=due.slot.moved(),
        approval=exclusions.kept(due.schedule.approval), acceptance=owning.kept(due.schedule.acceptance),
        configurer_id=due.schedule.configurer_id,
        limits=review_limits(means.settings), by=SCHEDULER, at=at,
    )  # fmt: skip


def _ask_for_fresh_readings(means: Means, at: datetime) -> None:
    """Ask for each system's reading, for a review waits: once an hour, and not while one goes on."""
    hour, day = at - timedelta(hours=1), at - timedelta(days=1)  # one that goes on for longer was given up by everybody
    going_on = and_(SnapshotRow.status == "reading", SnapshotRow.began_at > day)
    requested = and_(EntryRow.kind == Kind.SYNC_REQUESTED, EntryRow.at > hour)
    with means.database.transaction() as session:
        recent = set(session.scalars(select(SnapshotRow.system_id).where(or_(SnapshotRow.began_at > hour, going_on))))
        already = set(session.scalars(select(EntryRow.subject).where(requested)))
        asked = [
            Entry(Kind.SYNC_REQUESTED, f"system:{system.id}", {"system": system.id, "because": "a review waits"})
            for system in inventory.systems(session)
            if system.id not in recent and f"system:{system.id}" not in already
        ]
        entries.record_many(session, asked, by=SCHEDULER.id, at=at)
