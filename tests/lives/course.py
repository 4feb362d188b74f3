"""Steps of a review's course: time that passes, rounds, what silence comes to, and its end."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select

from app.actors.actor import SCHEDULER
from app.inventory.tables import IdentityRow
from app.kit.refusal import Refused
from app.review import campaigns, decisions, drifts, former, rounds, silences
from app.review.tables import CampaignRow, DriftRow, ItemRow, TaskRow
from app.review.turns import RoundStatus
from tests import make
from tests.lives.world import Person, World

LAST_RESORTS = ("cy", "flo", "fay", "ivy")


def days_pass(world: World) -> str:
    """Nobody does anything for some days."""
    days = world.random.randint(1, 4)
    world.now += timedelta(days=days)
    return f"{days} days"


def go_on(world: World) -> str:
    """The next round begins, as the worker does it when the present one is done or due, or with a last resort."""
    with world.database.reading() as session:
        due_at = session.get_one(CampaignRow, world.campaign_id).due_at
    if world.random.random() < 0.6:
        world.now = max(world.now, due_at)
    resort = world.random.choice((None, *LAST_RESORTS))
    return next_round(world, resort)


def next_round(world: World, resort: str | None) -> str:
    """End the present round and begin the next."""
    by = world.admin if resort else SCHEDULER
    with world.database.transaction() as session:
        row = rounds.go_on(session, world.campaign_id, resort=resort, by=by, at=world.later())
        return f"round {row.number} {row.status}, {row.asked} asked, resort {resort}"


def escalate_in_time(world: World) -> str:
    """What nobody answered goes on by the review's own rule, as the worker looks each hour."""
    with world.database.reading() as session:
        due = silences.due(session, world.later())
    with world.database.transaction() as session:
        told = [silences.escalate(session, each, by=SCHEDULER, at=world.later()) for each in due]
    return str(told)


def ask_others(world: World) -> str:
    """An administrator hands what has no answer to the reviewers' managers, or to the owners."""
    return hand_silence(world, world.random.choice(("manager", "owner", "owner")))


def hand_silence(world: World, to: str) -> str:
    """Hand what has no answer on."""
    given = {"to": to, "reason": "no answer"}
    with world.database.transaction() as session:
        told = silences.pass_on(session, world.campaign_id, **given, by=world.admin, at=world.later())
    return f"to {to}: {told}"


def drift(world: World) -> str:
    """What began meanwhile is listed, and one of it decided on."""
    with world.database.transaction() as session:
        listed = drifts.detect(session, world.campaign_id, by=world.admin, at=world.later())
        began = [row for row in listed if row.change == "began" and row.answer is None]
        if began:
            answer = world.random.choice(("keep", "remove"))
            row = world.random.choice(began)
            drifts.decide(session, row.id, answer, "seen", by=world.admin, at=world.later())
    return f"{len(listed)} changes"


def decide_drift(world: World) -> None:
    """Whatever began and has no decision is to go."""
    mine = (DriftRow.campaign_id == world.campaign_id, DriftRow.change == "began", DriftRow.answer.is_(None))
    with world.database.transaction() as session:
        drifts.detect(session, world.campaign_id, by=world.admin, at=world.later())
        for row in session.scalars(select(DriftRow).where(*mine)).all():
            drifts.decide(session, row.id, "remove", "late", by=world.admin, at=world.later())


def close(world: World, unanswered: str | None = None) -> str:
    """The review is closed, with or without a word for the silent."""
    with world.database.transaction() as session:
        campaigns.close(session, world.campaign_id, unanswered=unanswered, by=world.admin, at=world.later())
    return f"unanswered={unanswered}"


def close_over_silence(world: World) -> str:
    """The review is closed, and silence decided on; mostly somebody has looked at what began meanwhile."""
    if world.random.random() < 0.7:
        decide_drift(world)
    return close(world, world.random.choice(("keep", "remove", "policy")))


def cancel(world: World) -> str:
    """The review is given up."""
    with world.database.transaction() as session:
        campaigns.cancel(session, world.campaign_id, reason="a mistake", by=world.admin, at=world.later())
    return ""


def end(world: World) -> str:
    """Bring it to its end: ask every round, hand silence to the owners where the review says so, and close by its rule."""
    silence = world.template.course.get("silence", {})
    with world.database.reading() as session:
        left = len(former.rounds(session, world.campaign_id, RoundStatus.PLANNED))
    for _ in range(left):
        _last_rounds(world)
    decide_drift(world)
    if silence.get("answer") == "owner":
        with suppress(Refused):  # they were asked, or nothing is silent
            hand_silence(world, "owner")
    if silence.get("afterwards", silence.get("answer", "keep")) == "keep":
        _answer_privileged(world)
    return close(world, "policy" if silence else "keep")


def _last_rounds(world: World) -> None:
    """The next round begins when the present one is due, if need be with somebody who was never asked anything."""
    with world.database.reading() as session:
        world.now = max(world.now, session.get_one(CampaignRow, world.campaign_id).due_at)
    try:
        next_round(world, None)
    except Refused as refused:
        if refused.refusal.code != "no_reviewer":
            raise
        next_round(world, _newcomer(world))


def _answer_privileged(world: World) -> None:
    """Whoever was asked about privileged access and was silent answers: silence would not keep it."""
    silent = (ItemRow.campaign_id == world.campaign_id, ItemRow.outcome.is_(None), ItemRow.privileged.is_(True))
    asked = select(ItemRow.id, IdentityRow).join(TaskRow, TaskRow.id == ItemRow.task_id)
    with world.database.transaction() as session:
        for item, who in session.execute(
            asked.join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id).where(*silent)
        ).all():
            by = Person(who.name, who.id).actor()
            decisions.record(session, item, "keep", reason="asked in person", by=by, at=world.later())


def _newcomer(world: World) -> str:
    """Somebody who was never asked anything."""
    with world.database.transaction() as session:
        return str(make.identity(session, "Zoe").key)
