"""What must never be: an item without a reviewer, a decision without an author, a removal without an outcome, or two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.lives import moves
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
    "JOIN campaigns c ON c.id = r.campaign_id "
    "WHERE c.status <> 'closed' OR coalesce(i.outcome, f.answer) IS DISTINCT FROM r.wish "
    "OR (i.id IS NULL) = (f.id IS NULL)",
    "{} was verified by no reading": "SELECT subject FROM remediations "
    "WHERE (status = 'verified') AND (verified_snapshot_id IS NULL OR verified_at IS NULL)",
    "item {} ended without an outcome": "SELECT i.id FROM items i JOIN campaigns c ON c.id = i.campaign_id "
    "WHERE c.status = 'closed' AND i.outcome IS NULL",
}
TOLD = {  # a move of a status, and the entry that must tell of it
    ("campaigns", "closed"): "campaign.closed",
    ("campaigns", "cancelled"): "campaign.cancelled",
    ("tasks", "submitted"): "task.submitted",
    ("remediations", "verified"): "remediation.verified",
    ("remediations", "returned"): "remediation.returned",
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
    yield from _outcomes(session)
    yield from _untold(session)
    yield from _blind(world.crm.log)


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
            text("SELECT subject, status, because FROM remediations WHERE status NOT IN ('verified')")
        )
    )
    yield from (f"call {key} has no end" for key in session.scalars(text("SELECT id FROM acts WHERE status = 'begun'")))


def _outcomes(session: Session) -> Iterator[str]:
    """Every outcome is the latest decision, or what the closing made of silence."""
    latest: dict[int, str | None] = {}
    for item, answer in session.execute(text("SELECT item_id, answer FROM decisions ORDER BY at, id")):
        latest[item] = None if answer in ("withdraw", "not_mine", "cannot_say") else answer
    rows = session.execute(
        text("SELECT i.id, i.outcome, c.status, c.unanswered FROM items i JOIN campaigns c ON c.id = i.campaign_id")
    )
    for item, outcome, status, unanswered in rows:
        said = latest.get(item)
        if outcome != (said if said is not None or status != "closed" else unanswered):
            yield f"item {item} is {outcome}, and the last decision was {said}"


def _untold(session: Session) -> Iterator[str]:
    """Every move that is told of has one entry, and every such entry a move."""
    made: Counter[Any] = Counter()
    for kind, _, _, to in moves.seen(session):
        made[kind, None if kind == "acts" else to] += 1
    told = dict(session.execute(text("SELECT kind, count(*) FROM entries GROUP BY kind")).all())
    for move, kind in TOLD.items():
        if made[move] != told.get(kind, 0):
            yield f"{made[move]} {move} and {told.get(kind, 0)} entries {kind}"


def _blind(log: list[str]) -> Iterator[str]:
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
