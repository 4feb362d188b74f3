"""Whether what was decided on a group or a definition is true, as the rows stand: it is gone, or contains something else.

A change is true when a part that was told at freezing and is told now differs. Whether it differs as was asked, no machine
can say; the next review shows what came and what went.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.inventory import composition, contents
from app.inventory.tables import EntitlementRow, SystemRow
from app.remediation import instructions
from app.remediation.tables import RemediationRow
from app.review.tables import ItemRow
from connectors.connector import Target, TargetKind

CHUNK = 500


def true(session: Session, removals: Sequence[RemediationRow]) -> set[UUID]:
    """Which of these promises about groups and definitions are true now."""
    found: set[UUID] = set()
    for start in range(0, len(removals), CHUNK):
        some = removals[start : start + CHUNK]
        rows = _beside(session, [row.id for row in some])
        now = contents.contents(session, [row.entitlement_id for row in rows if row.entitlement_id is not None])
        for row in rows:
            made = now.get(row.entitlement_id or 0)
            frozen = (row.shown or {}).get("what", {}).get("digests") or {}
            differs = made is not None and bool(composition.differing(frozen, composition.parts(made)))
            if _so(row.wish, row.undone, gone=row.ended is not None, differs=differs):
                found.add(row.id)
    return found


class _Beside(NamedTuple):
    id: UUID
    wish: str
    undone: str | None
    entitlement_id: int | None
    ended: datetime | None
    shown: Mapping[str, Any] | None


def _beside(session: Session, ids: Sequence[UUID]) -> list[_Beside]:
    """Each promise with the thing as it is, and with what was frozen of it; what undoes another, with what that one had."""
    undone = aliased(RemediationRow, name="undone")
    item, of_undone = aliased(ItemRow, name="item"), aliased(ItemRow, name="of_undone")
    mine = RemediationRow
    rows = session.execute(
        select(
            mine.id, mine.wish, undone.wish.label("undone"), mine.entitlement_id, EntitlementRow.ended,
            item.shown.label("own"), of_undone.shown.label("former"),
        )
        .outerjoin(EntitlementRow, EntitlementRow.id == mine.entitlement_id)
        .outerjoin(item, item.id == mine.item_id)
        .outerjoin(undone, undone.id == mine.undoes_id)
        .outerjoin(of_undone, of_undone.id == undone.item_id)
        .where(mine.id.in_(ids))
    )  # fmt: skip
    return [_Beside(row.id, row.wish, row.undone, row.entitlement_id, row.ended, row.own or row.former) for row in rows]


def _so(wish: str, undone: str | None, *, gone: bool, differs: bool) -> bool:
    if wish == "restore":
        return not gone and not (undone == "change" and differs)
    return gone or (wish == "change" and differs)


def steps(session: Session, row: RemediationRow) -> list[str]:
    """What a person does about a group or a definition, in the words of its CRM."""
    system, thing = session.get_one(SystemRow, row.system_id), session.get(EntitlementRow, row.entitlement_id)
    target = Target(TargetKind.ENTITLEMENT, entitlement_kind=thing.kind if thing is not None else None)
    called = (thing.label or thing.name) if thing is not None else str(row.target.get("entitlement_key"))
    return list(instructions.of_contents(target, system=system.name, crm=system.kind, called=called, wish=row.wish))
