"""Reads of findings' lives: what a source knows, which waivers stand, what has run out of time, and what each life was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from app.detection.judgement import Touched
from app.detection.policy import Status, WaiverStatus
from app.detection.tables import FindingEventRow, FindingRow, WaiverRow
from app.inventory.tables import PrivilegeRow, SystemRow
from app.kit.refusal import Refusal, Refused

STANDING = (WaiverStatus.ASKED, WaiverStatus.APPROVED)


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a finding, from its opening to the reading that no longer showed it; `ended` None: it lasts."""

    number: int
    began: datetime
    because: str
    ended: datetime | None


def finding(session: Session, finding_id: int) -> FindingRow:
    """One finding, or Refused (404)."""
    row = session.get(FindingRow, finding_id)
    if row is None:
        raise Refused(Refusal("not_found", f"There is no finding {finding_id}.", "Look in the queue.", status=404))
    return row


def known(source: str, rules: Iterable[str], system_id: int | None, only: Touched | None = None) -> Select[FindingRow]:
    """What a source has found in a system by these rules, whatever became of it; at least all that `only` covers."""
    found = select(FindingRow).where(
        FindingRow.source == source,
        FindingRow.rule.in_(list(rules)),
        FindingRow.system_id.is_not_distinct_from(system_id),
    )
    if only is None:
        return found
    named = {"account": only.accounts, "credential": only.credentials}
    mine = [f"{kind}:{number}" for kind, numbers in named.items() for number in sorted(numbers)]
    others = and_(FindingRow.subject.not_like("account:%"), FindingRow.subject.not_like("credential:%"))
    return found.where(or_(FindingRow.subject.in_(mine), others))


def privileged(session: Session, system_id: int | None) -> frozenset[int]:
    """The system's accounts that hold a privilege, as the latest reading has them."""
    held = select(PrivilegeRow.account_id).where(PrivilegeRow.system_id == system_id).distinct()
    return frozenset(session.scalars(held)) if system_id is not None else frozenset()


def held_by(session: Session, system_id: int | None) -> str:
    """How a system's contents are classed; what belongs to no system counts as confidential."""
    row = session.get(SystemRow, system_id) if system_id is not None else None
    return row.held if row is not None else "confidential"


def standing_waivers(session: Session, source: str, system_id: int | None) -> dict[int, WaiverRow]:
    """The waivers that stand for a source's findings in a system, by finding."""
    of = (FindingRow.source == source, FindingRow.system_id.is_not_distinct_from(system_id))
    rows = session.scalars(
        select(WaiverRow)
        .join(FindingRow, FindingRow.id == WaiverRow.finding_id)
        .where(*of, WaiverRow.status.in_(STANDING))
    )
    return {row.finding_id: row for row in rows}


def standing_waiver(session: Session, finding_id: int) -> WaiverRow | None:
    """The waiver that stands for one finding."""
    mine = (WaiverRow.finding_id == finding_id, WaiverRow.status.in_(STANDING))
    return session.scalar(select(WaiverRow).where(*mine))


def waivers(session: Session, finding_id: int) -> Sequence[WaiverRow]:
    """Every waiver that was asked for, the latest first."""
    of = select(WaiverRow).where(WaiverRow.finding_id == finding_id)
    return session.scalars(of.order_by(WaiverRow.asked_at.desc(), WaiverRow.id.desc())).all()


def run_out(session: Session, at: datetime) -> Sequence[WaiverRow]:
    """Waivers, asked for or approved, whose end has come."""
    over = (WaiverRow.status.in_(STANDING), WaiverRow.until <= at)
    return session.scalars(select(WaiverRow).where(*over).order_by(WaiverRow.id)).all()


def late(session: Session, at: datetime) -> Sequence[FindingRow]:
    """Open findings whose due date has passed and of which that was not told yet."""
    over = (FindingRow.status == Status.OPEN, FindingRow.due_at <= at, FindingRow.breached_at.is_(None))
    return session.scalars(select(FindingRow).where(*over).order_by(FindingRow.id)).all()


def lives(history: Sequence[FindingEventRow]) -> list[Life]:
    """A finding's lives, the first one first, out of its events in order."""
    found: list[Life] = []
    for event in history:
        if event.kind in ("opened", "reopened"):
            found.append(Life(len(found) + 1, event.at, event.because, None))
        elif event.kind == "closed" and found and found[-1].ended is None:
            found[-1] = Life(found[-1].number, found[-1].began, found[-1].because, event.at)
    return found
