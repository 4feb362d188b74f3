"""What may be forgotten once it was handed on: `queries.pending` says what waits, `forget` is called after the enqueueing.

A crash between the two enqueues again under the same entry's id, which the engine knows: nothing lost, nothing twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.ledger.tables import PendingRow

_AT_ONCE = 500


def forget(session: Session, entry_ids: Iterable[uuid.UUID]) -> int:
    """Remove the pending rows of entries that the engine has accepted. Returns how many there still were."""
    wanted, gone = list(entry_ids), 0
    for begin in range(0, len(wanted), _AT_ONCE):
        chosen = PendingRow.entry_id.in_(wanted[begin : begin + _AT_ONCE])
        gone += len(session.scalars(delete(PendingRow).where(chosen).returning(PendingRow.entry_id)).all())
    return gone
