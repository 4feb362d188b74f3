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
from app.review.tables import DriftRow, ItemRow
from connectors.connector import Target, TargetKind

CHUNK = 500


def true(session: Session, removals: Sequence[RemediationRow]) -> set[UUID]:
    """Which of these promises about groups and definitions are true now."""
    found: set[UUID] = set()
    for start in range(0, len(removals), CHUNK):
        some = removals[start : start + CHUNK]
        rows = _beside(session, [row.id for row in some])
        now = _parts(session, rows)
        for row in rows:
            frozen, made = _digests(row.shown), now.get(row.entitlement_id or 0)
            differs = made is not None and bool(composition.differing(frozen, made))
            if _so(row.wish, row.undone, gone=row.ended is not None, differs=differs):
                found.add(row.id)
    return found


class _Beside(NamedTuple):
    id: UUID
    wish: str
    undone: str | None
    entitlement_id: int | None
    system_id: int
    ended: datetime | None
    shown: Mapping[str, Any] | None


def _digests(shown: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (shown or {}).get("what", {}).get("digests") or {}


def _parts(session: Session, rows: Sequence[_Beside]) -> dict[int, dict[str, str | None]]:
    """A digest of each part as it is now; of what it brings in all, where what changed while a review ran has one."""
    made = contents.contents(session, [row.entitlement_id for row in rows if row.entitlement_id is not None])
    asked = {row.system_id for row in rows if "brings" in _digests(row.shown)}
    brought = contents.brought(session, asked)
    now = {number: composition.parts(of) for number, of in made.items()}
    for row in rows:
        if row.entitlement_id in now and row.system_id in asked:
            brings = brought.get(row.entitlement_id, frozenset())
            told = now[row.entitlement_id]["privileges"] is not None  # else what is missing may only not be told
            now[row.entitlement_id]["brings"] = composition.digest(sorted(brings)) if told else None
    return now


def _beside(session: Session, ids: Sequence[UUID]) -> list[_Beside]:
    """Each promise with the thing as it is, and with what was frozen of it, or listed since; what undoes another, with
    what that one had."""
    undone = aliased(RemediationRow, name="undone")
    item, of_undone = aliased(ItemRow, name="item"), aliased(ItemRow, name="of_undone")
    drift, drift_undone = aliased(DriftRow, name="drift"), aliased(DriftRow, name="drift_undone")
    mine = RemediationRow
    rows = session.execute(
        select(
            mine.id, mine.wish, undone.wish.label("undone"), mine.entitlement_id, mine.system_id, EntitlementRow.ended,
            item.shown.label("own"),
            drift.shown.label("listed"), of_undone.shown.label("former"), drift_undone.shown.label("listed_then"),
        )
        .outerjoin(EntitlementRow, EntitlementRow.id == mine.entitlement_id)
        .outerjoin(item, item.id == mine.item_id)
        .outerjoin(drift, drift.id == mine.drift_id)
        .outerjoin(undone, undone.id == mine.undoes_id)
        .outerjoin(of_undone, of_undone.id == undone.item_id)
        .outerjoin(drift_undone, drift_undone.id == undone.drift_id)
        .where(mine.id.in_(ids))
    )  # fmt: skip
    return [
        _Beside(
            row.id, row.wish, row.undone, row.entitlement_id, row.system_id, row.ended,
            row.own or row.listed or row.former or row.listed_then,
        )
        for row in rows
    ]  # fmt: skip


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
