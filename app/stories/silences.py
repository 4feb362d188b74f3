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
from app.remediation.brakes import Common
from app.review import passing, policy, queries, rounding, silence
from app.review.queries import Share
from app.review.silence import Silence
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, ItemRow
from app.stories import consequences
from app.stories.consequences import Consequence

NAMED = 50  # privileged ones that are named


@dataclass(frozen=True, slots=True)
class Silenced:
    """The silent items of a review, and what `answer` makes of them. `seen` is the digest that closing brings back;
    `takes_away` is empty unless they are removed; `emptied` counts the accounts that would be left with nothing here. Of
    `stays` and `goes` silence makes nothing: what earlier rounds came to stands. `named` are the privileged ones that it
    would make something of, or the first of these `mighty`."""

    answer: str
    items: int
    seen: str
    by_reviewer: Mapping[str, int]
    privileged: int
    stays: int
    goes: int
    mighty: int
    named: Sequence[ItemRow]
    takes_away: Sequence[Consequence]
    accounts: int
    emptied: int
    rule: Silence | None
    refusal: Refusal | None  # why it cannot be closed like that now


def preview(
    session: Session, campaign: CampaignRow, answer: str | None, *, shares: Sequence[Share] | None = None,
    common: Common, by: Actor, at: datetime,
) -> Silenced:  # fmt: skip
    """What closing would do to the silent items if it said `answer` (keep, remove, policy; None: the review's own rule, and
    remove where there is none). `shares`: how far everybody is, where that is at hand; `common`: what the settings say of
    removals."""
    insist(rights.why_not(by, May.RUN_CAMPAIGNS))
    rule = silence.of(campaign.scope)
    said = answer if answer is not None else silence.POLICY if rule is not None else "remove"
    shares = queries.progress(session, campaign.id) if shares is None else shares
    count, seen = queries.silent(session, campaign.id)
    privileged = queries.undecided_privileged(session, campaign.id)
    means = silence.answer(rule, said) or "remove"
    kept, taken = _by_rounds(session, campaign)
    open_items = (ItemRow.campaign_id == campaign.id, ItemRow.outcome.is_(None), *_but_for(kept))
    if means != "remove":  # then what goes is what the rounds before have decided on
        open_items = (*open_items, ItemRow.id.in_(taken))
    goes = means == "remove" or bool(taken)
    mighty = (
        ItemRow.campaign_id == campaign.id,
        ItemRow.outcome.is_(None),
        ItemRow.privileged.is_(True),
        *_but_for([*kept, *taken]),
    )
    accounts, emptied = _accounts(session, open_items) if goes else (0, 0)
    return Silenced(
        answer=means,
        items=count,
        seen=seen,
        by_reviewer={share.reviewer: share.undecided for share in shares if share.undecided},
        privileged=privileged,
        stays=len(kept),
        goes=len(taken),
        mighty=session.scalar(select(func.count()).where(*mighty)) or 0,
        named=session.scalars(
            select(ItemRow).where(*mighty).order_by(ItemRow.risk.desc(), ItemRow.id).limit(NAMED)
        ).all(),
        takes_away=consequences.in_each(
            session, consequences.removals(literal("remove"), *open_items), consequences.decided(session, campaign.id),
            common, at,
        ) if goes else [],
        accounts=accounts,
        emptied=emptied,
        rule=rule,
        refusal=_why_not(session, campaign, said, shares, rounding.privileged_left(session, campaign)),
    )  # fmt: skip


def why_not(
    session: Session, campaign: CampaignRow, answer: str, shares: Sequence[Share], privileged: int, *, by: Actor
) -> Refusal | None:
    """Why it cannot be closed so now, or None. `shares`: how far everybody is; `privileged`: of how many such silence would
    make something."""
    insist(rights.why_not(by, May.RUN_CAMPAIGNS))
    return _why_not(session, campaign, answer, shares, privileged)


def _why_not(
    session: Session, campaign: CampaignRow, said: str, shares: Sequence[Share], privileged: int
) -> Refusal | None:
    rule, undecided = silence.of(campaign.scope), {each.reviewer: each.undecided for each in shares if each.undecided}
    silent = sum(each.undecided for each in shares)
    return silence.why_not_end(
        rule, said, silent=silent, owners_asked=campaign.owners_asked_at is not None
    ) or policy.why_not_close(
        campaign.status,
        undecided=undecided,
        privileged_undecided=privileged,
        drift_undecided=queries.drift_undecided(session, campaign.id),
        unanswered=silence.answer(rule, said) or "remove",
        drafts=[each.reviewer for each in shares if each.status != TaskStatus.SUBMITTED and not each.undecided],
    )


def owners(session: Session, campaign: CampaignRow, at: datetime, *, by: Actor) -> dict[str, int]:
    """Who would be asked instead if it were handed to the systems' owners now, by name, and about how many at most."""
    insist(rights.why_not(by, May.RUN_CAMPAIGNS))
    counts = passing.to_owners(session, campaign, at)
    names = dict(session.execute(select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_(counts))).all())
    return {names[who]: counts[who] for who in sorted(counts, key=lambda who: names[who])}


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
