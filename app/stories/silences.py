"""What closing a review would make of the items that nobody answered, before it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session

from app.actors import policy as rights
from app.actors.actor import Actor
from app.actors.policy import May
from app.inventory.tables import AccountRow, GrantRow, IdentityRow
from app.kit.refusal import Refusal, insist
from app.review import passing, policy, queries, rounding, silence
from app.review.silence import Silence, To
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, ItemRow
from app.stories import consequences
from app.stories.consequences import Consequence

NAMED = 50  # privileged ones that are named


@dataclass(frozen=True, slots=True)
class Silenced:
    """The silent items of a review, and what `answer` makes of them. `seen` is the digest that closing brings back;
    `takes_away` is empty unless they are removed; `emptied` counts the accounts that would be left with nothing here."""

    answer: str
    items: int
    seen: str
    by_reviewer: Mapping[str, int]
    privileged: int
    named: Sequence[ItemRow]
    takes_away: Sequence[Consequence]
    accounts: int
    emptied: int
    rule: Silence | None
    refusal: Refusal | None  # why it cannot be closed like that now


@dataclass(frozen=True, slots=True)
class Handed:
    """Who would be asked instead: items by name, and for how many there is nobody else."""

    to: Mapping[str, int]
    stay: int


def preview(session: Session, campaign: CampaignRow, answer: str | None, *, by: Actor) -> Silenced:
    """What closing would do to the silent items if it said `answer` (keep, remove, policy; None: the review's own rule, and
    remove where there is none)."""
    insist(rights.why_not(by, May.RUN_CAMPAIGNS))
    rule = silence.of(campaign.scope)
    said = answer if answer is not None else silence.POLICY if rule is not None else "remove"
    shares = queries.progress(session, campaign.id)
    count, seen = queries.silent(session, campaign.id)
    means = silence.answer(rule, said) or "remove"
    kept, taken = _by_rounds(session, campaign)
    open_items = (ItemRow.campaign_id == campaign.id, ItemRow.outcome.is_(None), *_but_for(kept))
    if means != "remove":  # then what goes is what the rounds before have decided on
        open_items = (*open_items, ItemRow.id.in_(taken))
    goes = means == "remove" or bool(taken)
    mighty = (ItemRow.campaign_id == campaign.id, ItemRow.outcome.is_(None), ItemRow.privileged.is_(True))
    rows = session.execute(consequences.removals(literal("remove")).where(*open_items)) if goes else ()
    accounts, emptied = _accounts(session, open_items) if goes else (0, 0)
    return Silenced(
        answer=means,
        items=count,
        seen=seen,
        by_reviewer={share.reviewer: share.undecided for share in shares if share.undecided},
        privileged=queries.undecided_privileged(session, campaign.id),
        named=session.scalars(
            select(ItemRow).where(*mighty).order_by(ItemRow.risk.desc(), ItemRow.id).limit(NAMED)
        ).all(),
        takes_away=consequences.in_each(rows),
        accounts=accounts,
        emptied=emptied,
        rule=rule,
        refusal=silence.why_not_end(rule, said, silent=count, owners_asked=campaign.owners_asked_at is not None)
        or policy.why_not_close(
            campaign.status,
            undecided={share.reviewer: share.undecided for share in shares if share.undecided},
            privileged_undecided=queries.undecided_privileged(session, campaign.id),
            drift_undecided=queries.drift_undecided(session, campaign.id),
            unanswered=means,
            drafts=[each.reviewer for each in shares if each.status != TaskStatus.SUBMITTED and not each.undecided],
        ),
    )


def handed(session: Session, campaign: CampaignRow, to: To, at: datetime, *, by: Actor) -> Handed:
    """Who would get how much of it, if it were handed to managers or owners now."""
    insist(rights.why_not(by, May.RUN_CAMPAIGNS))
    counts: dict[int | None, int] = {}
    for each in passing.plan(session, campaign, to, at):
        counts[each.to_id] = counts.get(each.to_id, 0) + 1
    people = [who for who in counts if who is not None]
    names = dict(session.execute(select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_(people))).all())
    return Handed({names[who]: counts[who] for who in sorted(people, key=lambda who: names[who])}, counts.get(None, 0))


def _by_rounds(session: Session, campaign: CampaignRow) -> tuple[list[int], list[int]]:
    """Of the items that are silent now: those that earlier rounds keep or change, and those that they take away."""
    if campaign.round == 1:
        return [], []
    silent = set(
        session.scalars(select(ItemRow.id).where(ItemRow.campaign_id == campaign.id, ItemRow.outcome.is_(None)))
    )
    told = {item: said for item, said in rounding.settled(session, campaign).items() if said and item in silent}
    return [item for item, said in told.items() if said != "remove"], [
        item for item, said in told.items() if said == "remove"
    ]


def _but_for(items: Sequence[int]) -> list[ColumnElement[bool]]:
    return [ItemRow.id.not_in(items)] if items else []


def _accounts(session: Session, silent_items: Sequence[ColumnElement[bool]]) -> tuple[int, int]:
    """How many accounts lose something, and how many of them every grant that they have."""
    silent = (
        select(ItemRow.account_id, func.count(ItemRow.grant_id).label("goes"))
        .where(*silent_items, ItemRow.account_id.is_not(None))
        .group_by(ItemRow.account_id)
        .subquery()
    )
    held = (
        select(GrantRow.account_id, func.count().label("has"))
        .join(silent, silent.c.account_id == GrantRow.account_id)
        .where(GrantRow.ended.is_(None))
        .group_by(GrantRow.account_id)
        .subquery()
    )
    counted = (
        select(func.count(), func.count().filter(silent.c.goes > 0, silent.c.goes >= func.coalesce(held.c.has, 0)))
        .select_from(silent)
        .join(AccountRow, AccountRow.id == silent.c.account_id)
        .outerjoin(held, held.c.account_id == silent.c.account_id)
    )
    every, emptied = session.execute(counted).one()
    return every, emptied
