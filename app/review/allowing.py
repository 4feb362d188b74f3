"""What each entitlement is and allows, put together once for whatever is shown of it and for all who hold it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.inventory.tables import EntitlementRow, PrivilegeRow
from app.review import advice, asking, dialect, scoping, shown
from app.review.frozen import ENTITLEMENTS


def entitlements(session: Session, system_ids: list[int]) -> None:
    """Fill in what each entitlement is, with the privileges it brings and the path they come by."""
    rows = {
        row.id: row for row in session.scalars(select(EntitlementRow).where(EntitlementRow.system_id.in_(system_ids)))
    }
    brought: dict[int, dict[tuple[str, str], None]] = {}
    paths = (
        select(PrivilegeRow.entitlement_id, PrivilegeRow.privilege, PrivilegeRow.path)
        .where(PrivilegeRow.system_id.in_(system_ids))
        .distinct()
        .order_by(PrivilegeRow.privilege, PrivilegeRow.path)
    )
    for entitlement_id, privilege, path in session.execute(paths):
        brought.setdefault(entitlement_id, {})[(privilege, path)] = None
    risks = scoping.risks(session, system_ids)
    made = [_entitlement(row, list(brought.get(row.id, ())), rows, risks) for row in rows.values() if row.ended is None]
    if made:
        session.execute(insert(ENTITLEMENTS), made)


def _entitlement(
    row: EntitlementRow,
    brought: list[tuple[str, str]],
    rows: dict[int, EntitlementRow],
    risks: Callable[[int, int], bool | None],
) -> dict[str, Any]:
    """`brought` are (privilege, path) pairs; the path's ids become names, its own one is left out."""
    told = [{"privilege": name, "via": _via(path, rows)} for name, path in brought]
    known = {entry["privilege"] for entry in told}
    told += [{"privilege": name, "via": []} for name in row.privileges or () if name not in known]
    contents = None if row.privileges is None and not told else told
    return {
        "entitlement_id": row.id,
        "what": dialect.text(shown.entitlement(row, contents)),
        "privileged": bool(told),
        "known": row.privileges is not None,
        "bits": advice.BITS["privileged"] if told else 0,
        "risk": (advice.PRIVILEGED if told else 0) + (0 if row.privileges is not None else advice.CONTENTS_UNKNOWN),
        "odd": bool(told) or row.privileges is None,
        "key": row.key,
        "flags": asking.packed(sorted({str(entry["privilege"]) for entry in told})) if contents is not None else None,
        "low_risk": False if told else None if row.privileges is None else risks(row.system_id, row.id),
        "revocable": row.revocable,
    }


def _via(path: str, rows: dict[int, EntitlementRow]) -> list[str]:
    steps = [int(step) for step in path.split(">")[1:] if step.isdigit()]
    return [(rows[step].label or rows[step].name) if step in rows else f"entitlement {step}" for step in steps]
