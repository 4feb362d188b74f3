"""What must never be: an item without a reviewer, a decision without an author, a removal without an outcome, or two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, IdentityRow
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation.policy import Status
from app.remediation.tables import ActRow, ReleasedRow, ReleaseRow, RemediationRow
from tests.lives import answers, moves
from tests.lives.world import World

# Each asks for what must not be there, and says what it would be.
NEVER = {
    "item {} has no reviewer, or one of another review": "SELECT i.id FROM items i "
    "LEFT JOIN tasks t ON t.id = i.task_id AND t.campaign_id = i.campaign_id "
    "LEFT JOIN identities p ON p.id = t.reviewer_id WHERE p.id IS NULL",
    "item {} is its reviewer's own access": "SELECT i.id FROM items i JOIN tasks t ON t.id = i.task_id "
    "WHERE t.reviewer_id = i.subject_identity_id",
    "decision {} has no author, or not the one that the ledger names": "SELECT d.id FROM decisions d "
    "JOIN items i ON i.id = d.item_id LEFT JOIN entries e ON e.id = d.id AND e.kind = 'decision.recorded' "
    "WHERE d.by = '' OR d.by_identity_id IS NULL OR e.id IS NULL OR e.author <> d.by",
    "decision {} is about its author's own access": "SELECT d.id FROM decisions d JOIN items i ON i.id = d.item_id "
    "WHERE d.by_identity_id = i.subject_identity_id",
    "entry {} tells of a decision that is not there": "SELECT e.id FROM entries e LEFT JOIN decisions d ON d.id = e.id "
    "WHERE e.kind = 'decision.recorded' AND d.id IS NULL",
    "a removal of {} was promised, and nobody decided so": "SELECT r.subject FROM remediations r "
    "LEFT JOIN items i ON i.id = r.item_id LEFT JOIN drift f ON f.id = r.drift_id "
    "JOIN campaigns c ON c.id = r.campaign_id WHERE r.undoes_id IS NULL AND (c.status <> 'closed' "
    "OR coalesce(i.outcome, f.answer) IS DISTINCT FROM CASE r.wish WHEN 'time_box' THEN 'remove' ELSE r.wish END "
    "OR (i.id IS NULL) = (f.id IS NULL))",
    "{} was verified by no reading": "SELECT subject FROM remediations "
    "WHERE (status = 'verified') AND (verified_snapshot_id IS NULL OR verified_at IS NULL)",
    "the undoing of {} gives nothing back, or gives back what was not undone": "SELECT r.subject FROM remediations r "
    "LEFT JOIN remediations u ON u.undoes_id = r.id WHERE (r.status = 'undone') = (u.id IS NULL)",
    "{} was called for while everything was stopped": "SELECT a.says FROM acts a JOIN stops s ON a.begun_at > s.at "
    "AND (s.ended_at IS NULL OR a.begun_at < s.ended_at)",
    "whoever closed the review released {}": "SELECT r.subject FROM remediations r JOIN released g "
    "ON g.remediation_id = r.id JOIN releases w ON w.id = g.release_id JOIN campaigns c ON c.id = r.campaign_id "
    "WHERE w.by = c.closed_by",
    "{} was taken away before its day": "SELECT r.subject FROM remediations r JOIN acts a ON a.remediation_id = r.id "
    "WHERE r.wish = 'time_box' AND a.kind <> 'time_box' AND a.begun_at < r.until",
    "item {} is asked of somebody who was asked before": "SELECT i.id FROM items i JOIN tasks t ON t.id = i.task_id "
    "JOIN round_answers b ON b.item_id = i.id WHERE b.reviewer_id = t.reviewer_id",
    "silence keeps the privileged item {}": "SELECT id FROM items WHERE settled = 'silence' AND privileged "
    "AND outcome = 'keep'",
    "item {} ended without an outcome": "SELECT i.id FROM items i JOIN campaigns c ON c.id = i.campaign_id "
    "WHERE c.status = 'closed' AND i.outcome IS NULL",
}
TOLD = {  # a move of a status, and the entry that must tell of it
    ("campaigns", "closed"): "campaign.closed",
    ("campaigns", "cancelled"): "campaign.cancelled",
    ("tasks", "submitted"): "task.submitted",
    ("remediations", "verified"): "remediation.verified",
    ("remediations", "returned"): "remediation.returned",
    ("remediations", "undone"): "remediation.undone",
    ("rounds", "open"): "round.begun",
    ("rounds", "skipped"): "round.skipped",
    ("acts", None): "act.ended",
}


def now(session: Session, world: World) -> Iterator[str]:
    """What is wrong at this moment, whatever may still come."""
    for says, sql in NEVER.items():
        yield from (says.format(found) for found in session.scalars(text(sql)))
    items = session.execute(
        text("SELECT count(*) FROM items WHERE campaign_id = :c"), {"c": world.campaign_id}
    ).scalar_one()
    if items != world.template.items:
        yield f"there are {items} items, and {world.template.items} were frozen"
    yield from moves.unlawful(session)
    yield from answers.wrong(session, world)
    yield from _own_undone(session)
    yield from _unreleased(session, world)
    yield from _untold(session)
    yield from blind(world.crm.log)


def at_rest(session: Session, world: World) -> Iterator[str]:
    """What is wrong when nothing is left to do."""
    yield from (
        f"{outcome} of item {item} has {count} removals"
        for item, outcome, count in session.execute(
            text(
                "SELECT i.id, i.outcome, count(r.id) FROM items i JOIN campaigns c ON c.id = i.campaign_id "
                "LEFT JOIN remediations r ON r.item_id = i.id WHERE c.id = :c AND c.status = 'closed' "
                "AND i.outcome IN ('remove','change') GROUP BY i.id, i.outcome HAVING count(r.id) <> 1"
            ),
            {"c": world.campaign_id},
        )
    )
    yield from (
        f"the removal of {subject} has no outcome: {status}, {because}"
        for subject, status, because in session.execute(
            text("SELECT subject, status, because FROM remediations WHERE status NOT IN ('verified', 'undone')")
        )
    )
    yield from _untrue(session, world)
    yield from (f"call {key} has no end" for key in session.scalars(text("SELECT id FROM acts WHERE status = 'begun'")))


def _untrue(session: Session, world: World) -> Iterator[str]:
    """What was verified is so in the CRM itself, as long as it is watched and nobody decided otherwise about the same."""
    by_name: dict[str, list[RemediationRow]] = defaultdict(list)
    for row in session.scalars(select(RemediationRow).where(RemediationRow.status == Status.VERIFIED)):
        target = row.target
        right = f"/{target['entitlement_key']}" if row.kind == "grant" else ""
        by_name[f"{target['account_key']}{right}"].append(row)
    for name, rows in by_name.items():
        wishes = {row.wish == "restore" for row in rows}
        watched = all(row.verified_at and row.verified_at > world.now - timedelta(days=20) for row in rows)
        if len(wishes) == 1 and watched and (name in world.crm.present) != wishes.pop():
            yield f"{name} is {'there' if name in world.crm.present else 'not there'}, and that was verified otherwise"


def _own_undone(session: Session) -> Iterator[str]:
    """Nobody undoes a removal of their own access."""
    whose = {
        f"remediation:{row.id}": f"actor:{name}"
        for row, name in session.execute(
            select(RemediationRow, IdentityRow.name)
            .join(AccountRow, AccountRow.id == RemediationRow.account_id)
            .join(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        )
    }
    undone = select(EntryRow.subject, EntryRow.author).where(EntryRow.kind == Kind.REMEDIATION_UNDONE)
    yield from (
        f"{author} undid the removal of their own access"
        for subject, author in session.execute(undone)
        if author == whose.get(subject)
    )


def _unreleased(session: Session, world: World) -> Iterator[str]:
    """No more is begun within a day without a second person's word than the lane allows."""
    words: dict[Any, list[datetime]] = defaultdict(list)
    given = select(ReleasedRow.remediation_id, ReleaseRow.at).join(ReleaseRow, ReleaseRow.id == ReleasedRow.release_id)
    for removal, at in session.execute(given):
        words[removal].append(at)
    made = select(ActRow.remediation_id, ActRow.begun_at).where(ActRow.status.in_(("done", "ambiguous", "begun")))
    alone = [
        (at, removal)
        for removal, at in session.execute(made.order_by(ActRow.begun_at))
        if not any(word < at for word in words[removal])
    ]
    for at, _ in alone:
        within = {removal for then, removal in alone if at - timedelta(hours=24) < then <= at}
        if len(within) > world.brakes.release_above:
            yield f"{len(within)} removals were begun within a day, and nobody else had released them"


def _untold(session: Session) -> Iterator[str]:
    """Every move that is told of has one entry, and every such entry a move."""
    made: Counter[Any] = Counter()
    for kind, _, _, to in moves.seen(session):
        made[kind, None if kind == "acts" else to] += 1
    told = dict(session.execute(text("SELECT kind, count(*) FROM entries GROUP BY kind")).all())
    for move, kind in TOLD.items():
        if made[move] != told.get(kind, 0):
            yield f"{made[move]} {move} and {told.get(kind, 0)} entries {kind}"


def blind(log: list[str]) -> Iterator[str]:
    """No call is made twice without a look between."""
    looked: set[str] = set()
    for line in log:
        did, _, name = line.partition(":")
        if did == "look":
            looked.add(name)
        elif did == "do":
            if name not in looked:
                yield f"{name} was called without a look since the last call"
            looked.discard(name)
