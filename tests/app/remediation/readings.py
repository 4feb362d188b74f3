"""Readings of the town's CRM, each with what it found and what it proves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.inventory.tables import AccountRow, SnapshotRow
from app.remediation import comebacks, verify
from app.remediation.verify import Counts
from tests import make

from .conftest import Town

COMPLETE = dict.fromkeys(("accounts", "entitlements", "grants", "logins", "integrations"), "complete")


def reading(
    town: Town, change: Callable[[Session, SnapshotRow], None] | None = None, **verdicts: str
) -> tuple[int, Counts]:
    """A reading that begins now and is sealed, with what it found applied to the rows; and what it proves."""
    with town.database.transaction() as session:
        made = make.snapshot(session, town.system(session), at=town.now, streams=COMPLETE | verdicts)
        if change is not None:
            change(session, made)
        return made.id, verify.verify(session, made.id, by=SCHEDULER, at=town.now)


def ended(row: type[Any]) -> Callable[[Session, SnapshotRow], None]:
    """What was removed is missing from the reading."""

    def end(session: Session, snapshot: SnapshotRow) -> None:
        for each in session.scalars(select(row).where(row.ended.is_(None))):
            if getattr(each, "key", None) != "spare-admin":
                each.ended = snapshot.began_at

    return end


def deactivated(session: Session, snapshot: SnapshotRow) -> None:
    session.query(AccountRow).filter(AccountRow.key != "spare-admin").update({"active": False})


def removed(town: Town, kind: str = "account") -> None:
    """One removal that was acted on an hour ago."""
    with town.database.transaction() as session:
        subject: Any = town.account(session, key="bo")
        if kind == "grant":
            subject = town.grant(session, subject)
        elif kind == "credential":
            subject = make.credential(session, town.system(session), account_id=subject.id, key="t1")
            town.crm.present.add("t1")
        elif kind == "integration":
            subject = make.integration(session, town.system(session), key="i1")
            town.crm.present.add("i1")
        town.decided(session, subject)
    town.open_all()
    assert town.carry_out().acted == 1
    town.later(hours=1)


def looked_again(town: Town, change: Callable[[Session, SnapshotRow], None] | None = None, **verdicts: str) -> int:
    """Another reading, and how many removals it re-opens."""
    snapshot, _ = reading(town, change, **verdicts)
    with town.database.transaction() as session:
        return comebacks.notice(session, snapshot, by=SCHEDULER, at=town.now)
