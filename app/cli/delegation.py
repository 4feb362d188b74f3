"""Delegations: somebody reviews for somebody else for a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.cli.installation import opened, operator, speaking_for
from app.cli.telling import Telling
from app.inventory.tables import IdentityRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.review import delegations
from app.review.tables import DelegationRow
from app.stories import delegating

_NOTHING_YET = "Nothing is with them yet: there is nothing without an answer that fits and that they may decide."


def make(telling: Telling, giver: str, taker: str, until: str, reason: str, scope: str | None) -> None:
    """Let one review for another."""
    with opened() as means:
        former, new = speaking_for(means, giver), speaking_for(means, taker)
        with means.database.transaction() as session:
            row = delegations.make(
                session, from_id=former.identity_id or 0, to_id=new.identity_id or 0, reason=reason,
                until=_moment(until), scope=scope, by=operator(), at=clock.now(),
            )  # fmt: skip
            now, items = row.began <= clock.now(), delegating.taken(session, row.id)
            telling.answer({"id": row.id, "from": former.name, "to": new.name, "until": row.until, "items": items})
    telling.say(f"{new.name} reviews for {former.name} until {_moment(until).date()}.")
    if now:
        telling.say(f"{items} {'item is' if items == 1 else 'items are'} with them now." if items else _NOTHING_YET)


def listed(telling: Telling) -> None:
    """Those that hold or are to come."""
    giver = select(IdentityRow.name).where(IdentityRow.id == DelegationRow.from_id).scalar_subquery()
    taker = select(IdentityRow.name).where(IdentityRow.id == DelegationRow.to_id).scalar_subquery()
    running = DelegationRow.ended_at.is_(None)
    with opened() as means, means.database.reading() as session:
        rows = session.execute(select(DelegationRow, giver, taker).where(running).order_by(DelegationRow.id)).all()
    telling.table(
        ("#", "from", "to", "when", "what", "why"),
        (
            (row.id, former, new, f"{row.began.date()} to {row.until.date()}", row.scope or "everything", row.reason)
            for row, former, new in rows
        ),
        empty="Nobody reviews for somebody else.",
    )
    telling.answer(
        [
            {
                "id": row.id, "from": former, "to": new, "began": row.began, "until": row.until, "scope": row.scope,
                "reason": row.reason,
            }
            for row, former, new in rows
        ]
    )  # fmt: skip


def end(telling: Telling, delegation: int) -> None:
    """End one before its time."""
    with opened() as means, means.database.transaction() as session:
        delegations.end(session, delegation, by=operator(), at=clock.now())
    telling.say("It has ended; what was not answered went back.")
    telling.answer({"id": delegation})


def _moment(written: str) -> datetime:
    try:
        return clock.utc(datetime.fromisoformat(written))
    except ValueError:
        told, way_out = f'"{written}" is no moment with a zone.', "Write it like 2026-12-24T18:00+01:00."
        raise Refused(Refusal("bad_moment", told, way_out, status=422)) from None
