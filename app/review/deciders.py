"""How whoever looks at drift stands to it: why they may not decide, and how they lean (`independence.Lean`) if they may.

The same as for items, where a reviewer was chosen; of drift every administrator may decide who is free to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import AccountRow, CredentialRow, EntitlementRow, GrantRow, IntegrationRow
from app.kit.refusal import Refusal
from app.review import independence, leanings, meanwhile, ties
from app.review.independence import Lean
from app.review.scope import CONTENTS
from app.review.tables import CampaignRow, DriftRow

_TABLES: Mapping[str, Any] = {
    "grant": GrantRow,
    "account": AccountRow,
    "integration": IntegrationRow,
    "credential": CredentialRow,
    **dict.fromkeys(map(str, CONTENTS), EntitlementRow),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`concerned`: whom it concerns, by identity."""

    concerned: frozenset[int]
    refusal: Refusal | None
    leans: tuple[Lean, ...]


def standings(
    session: Session, campaign: CampaignRow, rows: Sequence[DriftRow], *, by: Actor
) -> Mapping[int, Standing]:
    """How somebody stands to each of these rows of one campaign, by its number."""
    concerned = ties.concerned_by(session, [row.subject for row in rows])
    leans = _leans(session, campaign.id, rows, concerned, by.identity_id) if by.identity_id is not None else {}
    found: dict[int, Standing] = {}
    for row in rows:
        people, leaning = concerned[row.subject], leans.get(row.id, ())
        refusal = meanwhile.why_not_decide(
            status=campaign.status, change=row.change, concerned=people, owner=campaign.owner_id, by=by
        ) or meanwhile.why_not_leaning(leaning, campaign.scope)
        found[row.id] = Standing(people, refusal, leaning)
    return found


def _leans(
    session: Session, campaign: int, rows: Sequence[DriftRow], concerned: Mapping[str, frozenset[int]], person: int
) -> dict[int, tuple[Lean, ...]]:
    systems, things = _systems(session, rows), {row.id: _thing(row) for row in rows}
    people = frozenset[int]().union(*concerned.values())
    back = {reviewer for reviewer, _ in leanings.decided(session, campaign, people, {person})}
    able = leanings.granters(session, {person}, set(systems.values()))
    held = leanings.holders(session, {person}, {thing for thing in things.values() if thing is not None})
    return {
        row.id: independence.leans(
            each_other=not back.isdisjoint(concerned[row.subject]),
            grants=(systems.get(row.subject), person) in able,
            holds=(things[row.id], person) in held,
        )
        for row in rows
    }


def _thing(row: DriftRow) -> int | None:
    """The group or definition that it is about, if it is about one."""
    kind, _, number = row.subject.partition(":")
    return int(number) if kind in CONTENTS else None


def _systems(session: Session, rows: Sequence[DriftRow]) -> dict[str, int]:
    keys: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        kind, _, number = row.subject.partition(":")
        keys[kind].add(int(number))
    found: dict[str, int] = {}
    for kind, numbers in keys.items():
        table = _TABLES[kind]
        some = session.execute(select(table.id, table.system_id).where(table.id.in_(numbers)))
        found |= {f"{kind}:{number}": system for number, system in some}
    return found
