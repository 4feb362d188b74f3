"""Choose who is asked, set-wise: for each subject and each rule that may hold for it, the first of the rule's chain.

Twin of `choice.choose`; a property test proves that both agree. Chains may be of any length: each step is looked at only
where those before it gave nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, insert, literal, null, or_, select
from sqlalchemy.orm import Session, aliased

from app.inventory.tables import IdentityRow
from app.kit.db import Big
from app.review import choice
from app.review.chain import Ask, Rule
from app.review.choice import ChosenBy
from app.review.frozen import CHOICES, CONCERNS, GRANTERS, GROUPS, LINES, SUBJECTS, SYSTEMS

DEEPEST = 20  # managers above each other
_FROM_ROWS = (Ask.MANAGER, Ask.ABOVE, Ask.OWNER)
_OF = {"grant": "account"}  # what hangs on which subject; the rest are subjects themselves


@dataclass(frozen=True, slots=True)
class Candidates:
    """Whom a step comes to: `ids` are able to review, and there only for steps that name people."""

    ask: Ask
    chosen_by: ChosenBy
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A rule of the scope with whom it comes to, the fallbacks at the end."""

    rule: Rule
    candidates: tuple[Candidates, ...]


def fill(session: Session, routes: tuple[Route, ...], opens: date, due: date, *, apart: frozenset[int]) -> None:
    """Choose by every route, but never `apart`; a subject for which nobody is left keeps a choice of nobody."""
    if any(step.ask is Ask.ABOVE for route in routes for step in route.candidates):
        session.execute(insert(LINES).from_select([c.name for c in LINES.c], _lines(opens, due)))
    groups: dict[tuple[int, ...], int] = {}
    for route in routes:
        for step in route.candidates:
            if len(step.ids) > 1 and step.ids not in groups:
                groups[step.ids] = number = len(groups)
                session.execute(insert(GROUPS), _turns(number, step.ids))
    for number, route in enumerate(routes):
        chosen = _chosen(number, route, groups, opens, due, apart)
        session.execute(insert(CHOICES).from_select([c.name for c in CHOICES.c], chosen))


def able(opens: Any, due: Any, person: Any = IdentityRow) -> ColumnElement[bool]:
    """Whether an identity can review from `opens` to `due` (twin of `choice.fit`)."""
    away = or_(person.away_from.is_not(None), person.away_until.is_not(None))
    throughout = and_(
        or_(person.away_from.is_(None), person.away_from <= opens),
        or_(person.away_until.is_(None), person.away_until >= due),
    )
    return and_(
        person.kind == "person",
        person.ended.is_(None),
        person.erased.is_(None),
        or_(person.start.is_(None), person.start <= opens),
        or_(person.end.is_(None), person.end >= opens),
        ~and_(away, throughout),
    )


def _turns(number: int, ids: tuple[int, ...]) -> list[dict[str, int]]:
    """A group in each order in which it may be asked."""
    return [
        {"number": number, "turn": turn, "position": position, "identity_id": who}
        for turn in range(len(ids))
        for position, who in enumerate(choice.turn(ids, turn))
    ]


def _chosen(
    number: int, route: Route, groups: dict[tuple[int, ...], int], opens: date, due: date, apart: frozenset[int]
) -> Any:
    joined = SUBJECTS.join(SYSTEMS, SYSTEMS.c.system_id == SUBJECTS.c.system_id).outerjoin(
        IdentityRow, and_(IdentityRow.id == SUBJECTS.c.manager_id, able(opens, due))
    )
    reviewer, step = [], []
    for place, each in enumerate(route.candidates):
        if each.ids or each.ask in _FROM_ROWS:  # of those it names nobody may be able
            if each.ask is Ask.ABOVE or len(each.ids) > 1:
                candidate, free = _first_free(each, groups, apart)
            else:
                candidate = _named(each)
                joined, free = _joined(joined, candidate, apart, place)
            reviewer.append((free, candidate))
            step.append((free, literal(str(each.chosen_by))))
    who, how = (case(*reviewer), case(*step)) if step else (null(), null())
    asked: Any = (
        select(SUBJECTS.c.kind, SUBJECTS.c.row_id, literal(number), who, how)
        .select_from(joined)
        .where(SUBJECTS.c.inside)
    )
    if route.rule.kinds is not None:
        asked = asked.where(SUBJECTS.c.kind.in_(sorted({_OF.get(kind, kind) for kind in route.rule.kinds})))
    return asked


def _named(step: Candidates) -> Any:
    """Whom a step comes to that asks for one."""
    rows: dict[Ask, Any] = {Ask.MANAGER: IdentityRow.id, Ask.OWNER: SYSTEMS.c.owner_id}
    return rows[step.ask] if step.ask in rows else literal(step.ids[0], Big)


def _joined(joined: Any, candidate: Any, apart: frozenset[int], place: int) -> tuple[Any, ColumnElement[bool]]:
    """The subjects beside what keeps somebody from them, and whether nothing does.

    The same as `_free`, which would be asked for every subject and twice: a tenth of a launch on PostgreSQL.
    """
    own, barred = CONCERNS.alias(f"own_{place}"), GRANTERS.alias(f"barred_{place}")
    beside = joined.outerjoin(
        own,
        and_(own.c.kind == SUBJECTS.c.kind, own.c.row_id == SUBJECTS.c.row_id, own.c.identity_id == candidate),
    ).outerjoin(barred, and_(barred.c.system_id == SUBJECTS.c.system_id, barred.c.identity_id == candidate))
    free = and_(candidate.is_not(None), own.c.identity_id.is_(None), barred.c.identity_id.is_(None))
    return beside, and_(free, candidate.not_in(sorted(apart))) if apart else free


def _first_free(
    step: Candidates, groups: dict[tuple[int, ...], int], apart: frozenset[int]
) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
    """Whom of several a step comes to for a subject, and whether anybody of them is free to decide on it."""
    found: Any
    if step.ask is Ask.ABOVE:
        found = select(LINES.c.identity_id).where(LINES.c.start_id == SUBJECTS.c.manager_id, LINES.c.depth > 0)
        return _first(found.where(_free(LINES.c.identity_id, apart)).order_by(LINES.c.depth))
    found = select(GROUPS.c.identity_id).where(
        GROUPS.c.number == groups[step.ids], GROUPS.c.turn == SUBJECTS.c.row_id % len(step.ids)
    )
    return _first(found.where(_free(GROUPS.c.identity_id, apart)).order_by(GROUPS.c.position))


def _first(found: Select[Any]) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
    first: Any = found.limit(1).correlate(SUBJECTS).scalar_subquery()
    return first, first.is_not(None)


def _free(candidate: Any, apart: frozenset[int]) -> ColumnElement[bool]:
    """Whether somebody is not concerned by a subject, not barred as one who can grant there, and not kept apart."""
    own = exists().where(
        CONCERNS.c.kind == SUBJECTS.c.kind,
        CONCERNS.c.row_id == SUBJECTS.c.row_id,
        CONCERNS.c.identity_id == candidate,
    )
    barred = exists().where(GRANTERS.c.system_id == SUBJECTS.c.system_id, GRANTERS.c.identity_id == candidate)
    free = and_(~own.correlate_except(CONCERNS), ~barred.correlate_except(GRANTERS))
    return and_(free, candidate.not_in(sorted(apart))) if apart else free


def _lines(opens: date, due: date) -> Select[Any]:
    """Each manager's line upwards (twin of `choice.above`); a circle ends at a depth that no company has."""
    starts = select(SUBJECTS.c.manager_id.label("start_id")).where(SUBJECTS.c.manager_id.is_not(None)).distinct()
    start = starts.subquery()
    line = select(start.c.start_id, literal(0).label("depth"), start.c.start_id.label("identity_id")).cte(
        "line", recursive=True
    )
    higher = (
        select(line.c.start_id, line.c.depth + 1, IdentityRow.manager_id)
        .join(IdentityRow, IdentityRow.id == line.c.identity_id)
        .where(IdentityRow.manager_id.is_not(None), line.c.depth < DEEPEST)
    )
    line = line.union_all(higher)
    who = aliased(IdentityRow, name="in_line")
    return select(line.c.start_id, line.c.depth, line.c.identity_id).join(
        who, and_(who.id == line.c.identity_id, able(opens, due, who))
    )
