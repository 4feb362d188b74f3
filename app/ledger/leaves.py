"""Gives committed entries their place in the tree: gapless numbers, in an order that respects who could have seen whom.

Entries get no number when they are written, because transactions commit in another order than they began: a reader with a
cursor would pass over the slow ones. One integrator at a time takes what has been committed and is still without a number.
"""

from __future__ import annotations

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from app.ledger import queries, tree
from app.ledger.tables import LeaflessRow, LeafRow, NodeRow


def integrate(session: Session, *, limit: int = 10_000) -> int:
    """Number up to `limit` committed entries, oldest first. Returns how many; 0 when none is left.

    On PostgreSQL a second integrator waits for the first one's transaction; on SQLite writers are alone anyway.
    """
    queries.alone(session)
    size = queries.size(session)
    place = literal(size) + func.row_number().over(order_by=LeaflessRow.position) - 1
    waiting = select(place, LeaflessRow.entry_id, LeaflessRow.leaf).order_by(LeaflessRow.position).limit(limit)
    session.execute(insert(LeafRow).from_select(["number", "entry_id", "hash"], waiting, include_defaults=False))
    grown = session.scalar(select(func.count()).select_from(LeafRow).where(LeafRow.number >= size)) or 0
    if grown:
        numbered = select(LeafRow.entry_id).where(LeafRow.number >= size)
        session.execute(delete(LeaflessRow).where(LeaflessRow.entry_id.in_(numbered)))
        _fill_tiles(session, size, size + grown)
    return grown


def _fill_tiles(session: Session, old: int, new: int) -> None:
    """Keep the node above every tile that these leaves have filled, level by level."""
    level = 0
    while new >> (level + tree.TILE_BITS):
        above = level + tree.TILE_BITS
        rows = [
            {"level": above, "number": number, "hash": tree.perfect(queries.tile(session, level, number))}
            for number in range(old >> above, new >> above)
        ]
        if rows:
            session.execute(insert(NodeRow), rows)
        level = above
