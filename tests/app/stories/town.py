"""A small company that has been read, with findings about Bo and Cy, for pages to tell about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.detection.tables import FindingEventRow, FindingRow
from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from tests import make

NOW = make.NOW
SEC = make.actor(None, Role.IT_SECURITY, name="Sec")
EVE = make.actor(None, Role.REVIEWER, name="Eve")


def finding(session: Session, system: SystemRow, subject: str, *, days: int = 1, **given: Any) -> FindingRow:
    """A finding that was opened some days ago."""
    at = NOW - timedelta(days=days)
    values = {
        "source": "detection", "rule": "inactive_account", "subject": subject, "system_id": system.id,
        "severity": "high", "status": "open", "because": "last used 120 days ago", "facts": {}, "opened_at": at,
        "last_seen_at": NOW, "last_run": uuid.uuid4(),
    }  # fmt: skip
    row = FindingRow(**(values | given))
    session.add(row)
    session.flush()
    event(session, row, "opened", days=days)
    return row


def event(session: Session, row: FindingRow, kind: str, *, days: int) -> None:
    at = NOW - timedelta(days=days)
    session.add(FindingEventRow(finding_id=row.id, kind=kind, at=at, by="scheduler", because=row.because))
    session.flush()


@dataclass
class Town:
    """Bo (Sales) has an account in each of two systems, Cy (Legal) one; one account is nobody's."""

    sales: SystemRow
    legal: SystemRow
    bo: IdentityRow
    cy: IdentityRow
    bo_sales: AccountRow
    bo_legal: AccountRow
    cy_legal: AccountRow
    nobodys: AccountRow


def town(session: Session) -> Town:
    sales, legal = make.system(session, name="Sales org"), make.system(session, name="Legal org")
    ada = make.identity(session, "Ada")
    bo = make.identity(
        session, "Bo Reed", department="Sales", title="Rep", manager_id=ada.id, emails=("bo@corp.example",)
    )
    cy = make.identity(session, "Cy Ng", department="Legal", emails=("cy@corp.example",))

    def account(system: SystemRow, person: IdentityRow, username: str) -> AccountRow:
        given = {"username": username, "email": username, "name": f"N. {person.department}"}
        return make.account(session, system, identity_id=person.id, matched_by="email", **given)  # type: ignore[no-any-return]

    return Town(
        sales,
        legal,
        bo,
        cy,
        account(sales, bo, "bo.sales@corp.example"),
        account(legal, bo, "bo.legal@corp.example"),
        account(legal, cy, "cy_100%@corp.example"),
        make.account(session, sales, username="stray@corp.example", email=None, name="Stray", department="Attic"),
    )


def who(*roles: Role) -> Actor:
    return make.actor(None, *roles)
