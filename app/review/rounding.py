"""What a review's rounds have come to, and whom the next one asks: read-only, so that a preview says what is then done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from app.review import apart, choice, expression, former, grounds, leanings, modelling, parts, ties, turns
from app.review.chain import GROUP, Ask, Step
from app.review.choice import ChosenBy, Person
from app.review.tables import CampaignRow, ItemRow, RoundAnswerRow, TaskRow
from app.review.turns import Asked, Turn

_CHUNK = 2_000
_STEP = {
    Ask.MANAGER: ChosenBy.MANAGER,
    Ask.ABOVE: ChosenBy.ABOVE,
    Ask.OWNER: ChosenBy.OWNER,
    Ask.PERSON: ChosenBy.NAMED,
    Ask.GROUP: ChosenBy.GROUP,
    Ask.PEOPLE: ChosenBy.GROUP,
}


@dataclass(frozen=True, slots=True)
class Going:
    """One item that goes on into the next round. `to_id` None: nobody is left who may decide."""

    item_id: int
    version: int
    round: int
    reviewer_id: int
    chosen_by: str
    answer: str | None
    to_id: int | None
    by: ChosenBy


def plan(
    session: Session, campaign: CampaignRow, turn: Turn, at: datetime, *, resort: int | None = None
) -> Iterator[Going]:
    """The items that a round takes in, in order, each with whom it is given to. `resort` is asked where nobody is left."""
    rule = turns.read_outcome(campaign.scope.get("outcome"))
    house = _house(session, campaign, turn, at, resort)
    for rows in _parts(session, campaign.id):
        before = former.answers(session, [row.id for row in rows])
        told = {row.id: (*(each.answer for each in before[row.id]), row.outcome) for row in rows}
        taken = [row for row in rows if turns.wanted(turn, rule, _asked(row, told[row.id]))]
        concerned = ties.concerned(session, [row.id for row in taken])
        granters = leanings.barred(session, [row.id for row in taken])
        earlier = former.people(session, [row.id for row in taken], present=True)
        for row in taken:
            barred = concerned.get(row.id, frozenset()) | earlier[row.id] | {row.reviewer_id}
            found = choice.choose(
                house.asked(row), fallbacks=house.fallbacks, concerned=barred, able=house.able,
                granters=granters.get(row.id, frozenset()),
            )  # fmt: skip
            to_id, by = found if found is not None else (None, ChosenBy.FALLBACK)
            yield Going(row.id, row.version, row.round, row.reviewer_id, row.chosen_by, row.outcome, to_id, by)


def settled(session: Session, campaign: CampaignRow) -> Mapping[int, str | None]:
    """What the rounds of each item that had several come to, by item; None: nobody answered in any."""
    rule = turns.read_outcome(campaign.scope.get("outcome"))
    rows = session.execute(
        select(RoundAnswerRow.item_id, RoundAnswerRow.answer, ItemRow.outcome)
        .join(ItemRow, ItemRow.id == RoundAnswerRow.item_id)
        .where(ItemRow.campaign_id == campaign.id)
        .order_by(RoundAnswerRow.item_id, RoundAnswerRow.round)
    )
    answers: dict[int, list[str | None]] = defaultdict(list)
    last: dict[int, str | None] = {}
    for item_id, answer, outcome in rows:
        answers[item_id].append(answer)
        last[item_id] = outcome
    return {item_id: turns.tally(rule, [*told, last[item_id]]) for item_id, told in answers.items()}


def privileged_left(session: Session, campaign: CampaignRow) -> int:
    """Of how many privileged items silence would make something: without an answer now, and none that earlier rounds come
    to."""
    silent = select(ItemRow.id).where(
        ItemRow.campaign_id == campaign.id, ItemRow.outcome.is_(None), ItemRow.privileged.is_(True)
    )
    stands = settled(session, campaign) if campaign.round > 1 else {}
    return sum(stands.get(item_id) is None for item_id in session.scalars(silent))


# --- whom ---


@dataclass(frozen=True, slots=True)
class _House:
    """Who there is to ask: people by identity, the owners of systems, and whom each step names."""

    people: Mapping[int, Person]
    managers: Mapping[int, int | None]  # each one's own
    owners: Mapping[int, int]
    steps: tuple[tuple[Step, tuple[int, ...]], ...]
    fallbacks: tuple[int, ...]
    able: frozenset[int]  # who is here for the round, and neither set the review up nor signs it

    def asked(self, row: Any) -> Iterator[tuple[int | None, ChosenBy]]:
        """The chain of a round for one item, in order."""
        whose = self.people.get(row.subject_identity_id or 0)
        manager = choice.manager_of(whose, row.account_kind or "unknown")
        for step, named in self.steps:
            if step.ask is Ask.MANAGER:
                yield manager, ChosenBy.MANAGER
            elif step.ask is Ask.OWNER:
                yield self.owners.get(row.system_id), ChosenBy.OWNER
            elif step.ask is Ask.ABOVE:
                yield from ((each, ChosenBy.ABOVE) for each in choice.above(manager, self.managers))
            else:
                yield from ((each, _STEP[step.ask]) for each in choice.turn(named, row.subject_identity_id or row.id))


def _house(session: Session, campaign: CampaignRow, turn: Turn, at: datetime, resort: int | None) -> _House:
    due_at = at + timedelta(days=turn.due_days)
    people = {row.id: grounds.person(row) for row in session.scalars(select(IdentityRow))}
    fit = frozenset(who for who, person in people.items() if choice.fit(person, at.date(), due_at.date()))
    keys = {key for step in turn.ask for key in step.keys} | {
        key for word in ("fallback", "second_fallback") if (key := campaign.scope.get(word))
    }
    named = {key: person.identity_id for key, person in grounds.people(session, keys).items()}
    owners = select(SystemRow.id, IdentityRow.id).join(IdentityRow, IdentityRow.key == SystemRow.owner_key)
    fallbacks = [named[key] for word in ("fallback", "second_fallback") if (key := campaign.scope.get(word)) in named]
    return _House(
        people,
        {who: person.manager_id for who, person in people.items()},
        dict(session.execute(owners).all()),
        tuple((step, _named(session, step, named)) for step in turn.ask),
        (*fallbacks, *([resort] if resort is not None else ())),
        fit - apart.of(campaign.configurer_id, campaign.owner_id),
    )


def _named(session: Session, step: Step, named: Mapping[str, int]) -> tuple[int, ...]:
    if step.match is not None:
        fitting = select(IdentityRow.id).where(modelling.fits(expression.written(step.match)))
        return tuple(session.scalars(fitting.order_by(IdentityRow.id).limit(GROUP)))
    return tuple(named[key] for key in step.keys if key in named)


def _parts(session: Session, campaign_id: int) -> Iterator[Sequence[Any]]:
    """The campaign's items in order, some at a time."""
    for some in parts.numbers(session, campaign_id, _CHUNK):
        yield session.execute(
            select(
                ItemRow.id, ItemRow.version, ItemRow.round, ItemRow.kind, ItemRow.system_id, ItemRow.subject_identity_id,
                ItemRow.privileged, ItemRow.alone, ItemRow.shown, ItemRow.outcome, ItemRow.chosen_by,
                SystemRow.name.label("system"), AccountRow.kind.label("account_kind"), TaskRow.reviewer_id,
            )
            .join(TaskRow, TaskRow.id == ItemRow.task_id)
            .join(SystemRow, SystemRow.id == ItemRow.system_id)
            .outerjoin(AccountRow, AccountRow.id == ItemRow.account_id)
            .where(ItemRow.id.in_(some))
            .order_by(ItemRow.id)
        ).all()  # fmt: skip


def _asked(row: Any, answers: tuple[str | None, ...]) -> Asked:
    return Asked(row.kind, row.system, row.privileged, row.alone, row.shown, answers)
