"""What items came to, told by other lights: from the decisions, the rounds they were asked in, and the review's words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.review.tables import CampaignRow
from tests.lives.world import World

Answers = Sequence[str | None]


def wrong(session: Session, world: World) -> Iterator[str]:
    """Items whose outcome is not what was said of them."""
    said: dict[int, dict[int, str | None]] = defaultdict(dict)
    for item, number, answer in session.execute(text("SELECT item_id, round, answer FROM decisions ORDER BY at, id")):
        said[item][number] = None if answer in ("withdraw", "not_mine", "cannot_say") else answer
    before: dict[int, dict[int, str | None]] = defaultdict(dict)
    for item, number, answer in session.execute(text("SELECT item_id, round, answer FROM round_answers")):
        before[item][number] = answer
    review = session.get_one(CampaignRow, world.campaign_id)
    ends_as = review.unanswered if review.status == "closed" else None
    silence = world.template.course.get("silence")
    if ends_as is not None and silence is not None and ends_as != silence.get("afterwards", silence["answer"]):
        yield f"silence came to {ends_as}, and the review says {silence}"
    rows = session.execute(
        text(
            "SELECT i.id, i.outcome, i.round, c.status, c.unanswered, c.id FROM items i "
            "JOIN campaigns c ON c.id = i.campaign_id"
        )
    )
    for item, outcome, number, status, unanswered, campaign in rows:
        asked = [*sorted(before[item]), number]
        if set(said[item]) - set(asked):
            yield f"item {item} was answered in a round in which nobody was asked"
        told = [said[item].get(each) for each in asked]
        if told[:-1] != [before[item][each] for each in asked[:-1]]:
            yield f"of item {item} the rounds kept {before[item]}, and what was said is {told}"
        rule = world.template.course.get("outcome", "last") if campaign == world.campaign_id else "last"
        ended = status == "closed"
        wanted = come_to(rule, told) if ended else told[-1]
        if outcome != (wanted if wanted is not None or not ended else unanswered):
            yield f"item {item} is {outcome}, and the last decision was {told[-1]} of {told}"


def come_to(rule: str, answers: Answers) -> str | None:
    """What the answers of several rounds come to; None: nobody gave any."""
    given = [each for each in answers if each]
    if not given:
        return None
    if "remove" in given and rule in ("all_keep", "any_removal"):
        return "remove"
    if rule == "first":
        return given[0]
    if rule == "all_keep" and "change" in given:
        return "change"
    if rule == "all_keep" and len(given) < len(answers):
        return "remove"
    return given[-1]
