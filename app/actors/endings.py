"""What stops with an actor, or with a change of what it may do: the sign-ins and links that were made before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.actors.tables import LinkRow, SessionRow


def sessions(session: Session, actor_id: str, *, but: str | None = None, at: datetime) -> int:
    """End an actor's sign-ins, all or all but one; how many there were."""
    live = update(SessionRow).where(SessionRow.actor_id == actor_id, SessionRow.ended.is_(None))
    if but is not None:
        live = live.where(SessionRow.id != but)
    done: Any = session.execute(live.values(ended=at))
    return int(done.rowcount)


def links(session: Session, actor_id: str, *, at: datetime) -> None:
    """End an actor's links that nobody has used."""
    waiting = update(LinkRow).where(LinkRow.actor_id == actor_id, LinkRow.used.is_(None), LinkRow.ended.is_(None))
    session.execute(waiting.values(ended=at))


def invitations(session: Session, actor_id: str, *, at: datetime) -> None:
    """End the sign-in links an actor was handed and has not used."""
    waiting = update(LinkRow).where(
        LinkRow.actor_id == actor_id, LinkRow.purpose == "entry", LinkRow.used.is_(None), LinkRow.ended.is_(None)
    )
    session.execute(waiting.values(ended=at))
