"""Which items something serious speaks against, as their reviewers were shown it: they stay with a reason, or not at all.

What is wrong with the account behind a grant counts where that account is not in the same share: else it is asked there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.review import advice, unusual
from app.review.tables import ItemRow
from app.review.unusual import Beside

_CHUNK = 5_000


class Shown(Protocol):
    """What it depends on: a row with these columns, `shown` as the text that is kept."""

    id: Any
    task_id: Any
    kind: Any
    account_id: Any
    shown: Any


def of_rows(session: Session, rows: Iterable[Shown]) -> dict[int, str]:
    """The worst severity of what speaks against each of these items; those against which nothing serious does are left
    out."""
    grave = [row for row in rows if any(f'"{severity}"' in row.shown for severity in advice.SERIOUS)]
    told = [(row, json.loads(row.shown)) for row in grave]  # of thousands, few
    apart = _accounts_asked(session, [row for row, _ in told if row.kind == "grant"])
    return {
        row.id: severity
        for row, shown in told
        if (severity := _severity(row.kind, shown, (row.task_id, row.account_id) in apart)) is not None
    }


def _severity(kind: str, shown: Mapping[str, Any], account_apart: bool) -> str | None:
    beside = Beside(reviewed_before=False, account_apart=account_apart)
    return unusual.against(unusual.reasons(kind, privileged=False, shown=shown, beside=beside))


def _accounts_asked(session: Session, grants: Sequence[Shown]) -> set[tuple[int, int | None]]:
    """The accounts of these grants that are asked about in the same share, by share."""
    found: set[tuple[int, int | None]] = set()
    for start in range(0, len(grants), _CHUNK):
        some = grants[start : start + _CHUNK]
        shares, accounts = {row.task_id for row in some}, {row.account_id for row in some}
        asked = select(ItemRow.task_id, ItemRow.account_id).where(
            ItemRow.kind == "account", ItemRow.task_id.in_(shares), ItemRow.account_id.in_(accounts)
        )
        found |= {(task, account) for task, account in session.execute(asked)}
    return found
