"""What handing on, delegating and passing on have in common: what is moved, who may take it, and what is written of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, update
from sqlalchemy.orm import Session

from app.inventory.tables import IdentityRow
from app.kit.refusal import Refused
from app.review import grounds, policy
from app.review.choice import fit
from app.review.submission import TaskStatus
from app.review.tables import ItemRow, TaskRow

CHUNK = 5_000
# What is moved: its id, the version that was seen, whose it is now, and whether their share was submitted.
SEEN = (ItemRow.id, ItemRow.version, TaskRow.reviewer_id, TaskRow.status)


def able(session: Session, who: int, at: datetime, due_at: datetime) -> bool:
    """Whether somebody is here to review from now until it is due, or today where that has passed."""
    row = session.get(IdentityRow, who)
    return row is not None and fit(grounds.person(row), at.date(), max(at, due_at).date())


def pairs(items: Sequence[Row[Any]]) -> list[tuple[int, int]]:
    """Rows of `SEEN` as `handing.move` takes them."""
    return [(item.id, item.version) for item in items]


def told(items: Sequence[Row[Any]], to_id: int) -> Mapping[str, Any]:
    """What an entry says of a move: from whom, to whom, how many, and which by a digest over their ids."""
    ids = [item.id for item in items]
    return {
        "from": sorted({f"identity:{item.reviewer_id}" for item in items}),
        "to": f"identity:{to_id}",
        "items": len(ids),
        "digest": hashlib.sha256("\n".join(map(str, ids)).encode()).hexdigest(),
    }


def turn(session: Session, row: TaskRow, to: TaskStatus, submitted_at: datetime | None) -> None:
    """Submit a share or open it again, unless somebody was faster."""
    moved: Any = session.execute(
        update(TaskRow)
        .where(TaskRow.id == row.id, TaskRow.status == row.status, TaskRow.version == row.version)
        .values(status=to, submitted_at=submitted_at, version=TaskRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:
        raise Refused(policy.too_late(version=row.version, answer=None, who=None, at=None))
    session.refresh(row)
