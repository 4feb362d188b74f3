"""Rounds: when one has ended, the next asks others about what its rule takes in.

An item goes on with its former answers beside it, and nobody is asked twice about the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import IdentityRow
from app.kit import clock, garbage
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import attention, former, handing, passing, policy, queries, rounding, turns, watching
from app.review.policy import Status
from app.review.rounding import Going
from app.review.submission import TaskStatus
from app.review.tables import CampaignRow, RoundAnswerRow, RoundRow
from app.review.turns import RoundStatus, Turn

_CHUNK = 5_000


def due(session: Session, at: datetime) -> Sequence[int]:
    """The open campaigns with rounds left whose present round is due by `at`, or in which everybody has submitted."""
    left = select(RoundRow.campaign_id).where(RoundRow.status == RoundStatus.PLANNED)
    rows = session.scalars(select(CampaignRow).where(CampaignRow.status == Status.OPEN, CampaignRow.id.in_(left)))
    return [row.id for row in rows if at >= row.due_at or not _pending(session, row.id)]


def go_on(session: Session, campaign: int, *, resort: str | None = None, by: Actor, at: datetime) -> RoundRow:
    """End the present round and begin the next, or skip it where nothing is to be asked; returns the one that was turned.

    `resort` (a roster key) is asked where nobody else is left. Refuses while the present round is not due and somebody has
    not submitted, one for whose items nobody independent is left who was not asked before, and when no round is left.
    """
    at = clock.utc(at)
    row = _held(session, campaign)
    following, turn = _next(session, row, at)
    with session.begin_nested():
        going, drawn = _going(session, row, following, turn, resort, at)
        insist(turns.why_not_staffed(sum(each.to_id is None for each in going)))
        if not going:
            _turn(session, following, RoundStatus.SKIPPED, began_at=at, ended_at=at)
            body: dict[str, Any] = {"round": following.number, "name": turn.name}
            entries.record(session, Entry(Kind.ROUND_SKIPPED, f"campaign:{campaign}", body), by=by.id, at=at)
            return following
        _end(session, campaign, row.round, at)
        _ask(session, row, following.number, going)
        _begin(session, row, following, turn, len(going), at)
        _tell(session, row, following, going, drawn.told if drawn is not None else {}, by, at)
    return following


def why_not_by_itself(session: Session, campaign: CampaignRow, at: datetime) -> Refusal | None:
    """What the next round waits for that everybody's answers, and time, do not bring about: somebody has to be named."""
    if campaign.status != Status.OPEN or campaign.id not in due(session, at):
        return None
    following, turn = _next(session, campaign, at)
    going, _ = _going(session, campaign, following, turn, None, at)
    return turns.why_not_staffed(sum(each.to_id is None for each in going))


def _next(session: Session, row: CampaignRow, at: datetime) -> tuple[RoundRow, Turn]:
    """The round that follows, and how it goes. Raises Refused while it is not its turn."""
    insist(policy.why_not_move(row.status))
    planned = former.rounds(session, row.id, RoundStatus.PLANNED)
    insist(turns.why_not_go_on(planned=len(planned), pending=_pending(session, row.id), due=at >= row.due_at))
    return planned[0], turns.course(row.scope)[planned[0].number - 2]


def _going(
    session: Session, row: CampaignRow, following: RoundRow, turn: Turn, resort: str | None, at: datetime
) -> tuple[list[Going], _Drawn | None]:
    """What goes on into a round, and the sample that this is, if it is one."""
    with garbage.seldom():
        going = list(rounding.plan(session, row, turn, at, resort=_resort(session, resort)))
    drawn = _drawn(session, row, following, turn)
    return [each for each in going if drawn is None or each.item_id in drawn.items], drawn


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A sample: which items, and what everybody needs to draw it again."""

    items: frozenset[int]
    told: Mapping[str, Any]


def _drawn(session: Session, row: CampaignRow, following: RoundRow, turn: Turn) -> _Drawn | None:
    """The sample that a second look is about; None for a round that is about everything its rule takes in."""
    if turn.sample is None or following.seed is None:
        return None
    marked = sorted(attention.signs(turn.sample, watching.said(session, row.id)))
    drawn = attention.sample(following.seed, marked, turn.sample.percent)
    told = {
        "seed": following.seed,
        "percent": turn.sample.percent,
        "marked": len(marked),
        "marked_digest": passing.digest(marked),
        "drawn_digest": passing.digest(drawn),
    }
    return _Drawn(frozenset(drawn), told)


def _held(session: Session, campaign: int) -> CampaignRow:
    """The campaign, whose row is held until this transaction ends, so that no decision slips in between."""
    row = session.scalar(select(CampaignRow).where(CampaignRow.id == campaign).with_for_update())
    if row is None:
        raise Refused(Refusal("not_found", f"There is no campaign {campaign}.", "Look at the list.", status=404))
    session.refresh(row)
    return row


def _pending(session: Session, campaign: int) -> list[str]:
    shares = queries.progress(session, campaign)
    return [share.reviewer for share in shares if share.status != TaskStatus.SUBMITTED]


def _resort(session: Session, key: str | None) -> int | None:
    if key is None:
        return None
    found = session.scalar(select(IdentityRow.id).where(IdentityRow.key == key))
    if found is None:
        raise Refused(Refusal("not_found", f'"{key}" is not in the roster.', "Name somebody else.", status=422))
    return found


def _ask(session: Session, row: CampaignRow, number: int, going: Sequence[Going]) -> None:
    """Keep what was said so far, and give each item to its next reviewer, without an answer."""
    before = [
        {
            "item_id": each.item_id, "round": each.round, "reviewer_id": each.reviewer_id, "chosen_by": each.chosen_by,
            "answer": each.answer,
        }
        for each in going
    ]  # fmt: skip
    for start in range(0, len(before), _CHUNK):
        session.execute(insert(RoundAnswerRow), before[start : start + _CHUNK])
    shares: dict[Any, list[tuple[int, int]]] = defaultdict(list)
    for each in going:
        shares[each.to_id, each.by].append((each.item_id, each.version))
    anew: dict[str, Any] = {"outcome": None, "settled": None, "round": number}
    for (whom, chosen_by), pairs in sorted(shares.items()):
        handing.move(session, row.id, pairs, whom, chosen_by=chosen_by, delegation_id=None, **anew)


def _end(session: Session, campaign: int, number: int, at: datetime) -> None:
    present = session.get_one(RoundRow, (campaign, number))
    _turn(session, present, RoundStatus.ENDED, ended_at=at)


def _begin(session: Session, row: CampaignRow, following: RoundRow, turn: Turn, asked: int, at: datetime) -> None:
    due_at = at + timedelta(days=turn.due_days)
    _turn(session, following, RoundStatus.OPEN, began_at=at, due_at=due_at, asked=asked)
    session.execute(
        update(CampaignRow)
        .where(CampaignRow.id == row.id)
        .values(
            round=following.number, due_at=due_at, escalated_at=None, owners_asked_at=None,
            version=CampaignRow.version + 1,
        )
        .execution_options(synchronize_session="fetch")
    )  # fmt: skip


def _turn(session: Session, row: RoundRow, to: RoundStatus, **values: Any) -> None:
    before = [status for status in RoundStatus if to in turns.MOVES[status]]
    moved: Any = session.execute(
        update(RoundRow)
        .where(RoundRow.campaign_id == row.campaign_id, RoundRow.number == row.number, RoundRow.status.in_(before))
        .values(status=to, **values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:
        raise Refused(policy.too_late(version=0, answer=None, who=None, at=None))
    session.refresh(row)


def _tell(
    session: Session,
    row: CampaignRow,
    following: RoundRow,
    going: Sequence[Going],
    drawn: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> None:
    counts: Counter[str] = Counter(each.answer or "silent" for each in going)
    shares: Counter[int] = Counter(each.to_id for each in going if each.to_id is not None)
    body = {
        "round": following.number,
        "asked": len(going),
        "digest": passing.digest([each.item_id for each in going]),
        "answered_before": dict(sorted(counts.items())),
        "due_at": following.due_at.isoformat() if following.due_at else None,
        "shares": [{"to": f"identity:{who}", "items": count} for who, count in sorted(shares.items())],
        **drawn,
    }
    entries.record(session, Entry(Kind.ROUND_BEGUN, f"campaign:{row.id}", body), by=by.id, at=at)
