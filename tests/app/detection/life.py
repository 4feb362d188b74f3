"""A finding to try its life on: one system with an owner, one account of Bo's, and a run that fails or holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import actors
from app.actors.actor import Actor, Role
from app.detection import findings
from app.detection.findings import Outcome
from app.detection.judgement import Judgement
from app.detection.rule import Answer, Fails, Severity
from app.detection.tables import FindingEventRow, FindingRow
from app.detection.terms import Terms
from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from app.ledger.tables import EntryRow
from tests import make

BAD = Fails("last used 120 days ago")
TERMS = Terms()
SEC = Actor("actor-sec", "Ivo", frozenset({Role.IT_SECURITY}))
OTHER = Actor("actor-other", "Ulla", frozenset({Role.IT_SECURITY}))
REVIEWER = Actor("actor-eve", "Eve", frozenset({Role.REVIEWER}))


def company(session: Session) -> tuple[SystemRow, AccountRow, IdentityRow, IdentityRow]:
    """A system, Bo's account in it, Bo, and Olga, who owns the system. It has been judged before: this is no first run."""
    olga, bo = make.identity(session, "Olga"), make.identity(session, "Bo")
    system = make.system(session, owner_key=olga.key)
    account = make.account(session, system, identity_id=bo.id)
    run(session, system.id, None, at=make.LONG_AGO)
    return system, account, bo, olga


def run(
    session: Session,
    system_id: int,
    account: AccountRow | None,
    answer: Answer = BAD,
    *,
    at: datetime = make.NOW,
    severity: Severity = Severity.HIGH,
    terms: Terms = TERMS,
    source: str = "detection",
) -> Outcome:
    """One pass of one rule over one account; over nobody without one."""
    judged = [] if account is None else [
        Judgement("inactive_account", f"account:{account.id}", severity, answer, account.id, account.identity_id)
    ]  # fmt: skip
    return findings.reconcile(
        session, source, judged, rules=["inactive_account"], system_id=system_id, terms=terms, by=make.ADMIN, at=at
    )


def opened(session: Session, *, severity: Severity = Severity.HIGH, at: datetime = make.NOW) -> FindingRow:
    """An open finding about Bo's account."""
    system, account, _, _ = company(session)
    run(session, system.id, account, at=at, severity=severity)
    return only(session)


def only(session: Session) -> FindingRow:
    return session.scalars(select(FindingRow).execution_options(populate_existing=True)).one()


def kinds(session: Session, row: FindingRow) -> list[str]:
    """The kinds of its events, in order."""
    of = select(FindingEventRow.kind).where(FindingEventRow.finding_id == row.id)
    return list(session.scalars(of.order_by(FindingEventRow.id)))


def noted(session: Session) -> list[str]:
    """The kinds of entries in the ledger, without the runs."""
    found = session.scalars(select(EntryRow.kind).order_by(EntryRow.at, EntryRow.id))
    return [kind for kind in found if kind not in ("detection.ran", "actor.made")]


def somebody(session: Session, name: str = "Ivo", person: IdentityRow | None = None) -> str:
    """An actor of IT security; its id."""
    key = person.key if person is not None else None
    return actors.make(session, name, {Role.IT_SECURITY: None}, person_key=key, by=make.ADMIN, at=make.NOW).id
