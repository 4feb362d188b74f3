"""A closed campaign over one system that may be written to, with removals to carry out in a CRM in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.inventory.tables import AccountRow, GrantRow, SystemRow
from app.kit.db import Database
from app.kit.secrets import Keys
from app.remediation import lane, remediations
from app.remediation.brakes import Brakes
from app.remediation.policy import Caps
from app.remediation.tables import ActRow, RemediationRow
from app.review.tables import CampaignRow, DecisionRow, DriftRow, ItemRow, TaskRow
from connectors.connector import ActKind
from tests import make

from .crm import Crm

KEYS = Keys(b"k" * 32)
ALL_ACTS = [str(each) for each in ActKind]


@dataclass
class Town:
    """One system, its CRM and a campaign; `now` moves only when told to."""

    database: Database
    now: datetime
    crm: Crm
    system_id: int = 0
    campaign_id: int = 0
    task_id: int = 0
    names: dict[int, str] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now

    def later(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now

    def system(self, session: Session) -> SystemRow:
        return session.get_one(SystemRow, self.system_id)

    # --- what is there, and what was decided ---

    def account(self, session: Session, *, present: bool = True, **given: Any) -> AccountRow:
        made: AccountRow = make.account(session, self.system(session), **given)
        if present:
            self.crm.present.add(made.key)
        return made

    def grant(self, session: Session, account: AccountRow, **given: Any) -> GrantRow:
        entitlement = make.entitlement(session, self.system(session), privileges=given.pop("privileges", []))
        self.crm.present.add(f"{account.key}/{entitlement.key}")
        made: GrantRow = make.grant(session, account, entitlement, **given)
        return made

    def decided(
        self,
        session: Session,
        subject: Any,
        outcome: str = "remove",
        change_to: str | None = None,
        kind: str | None = None,
    ) -> ItemRow:
        row = type(subject).__name__.removesuffix("Row").lower()
        kind = kind or row
        account = subject.id if kind == "account" else getattr(subject, "account_id", None)
        item = ItemRow(
            campaign_id=self.campaign_id, task_id=self.task_id, kind=kind, subject=f"{kind}:{subject.id}",
            system_id=self.system_id, account_id=account, chosen_by="manager", privileged=False, risk=1, shown={},
            outcome=outcome, **({f"{row}_id": subject.id} if row != "account" else {}),
        )  # fmt: skip
        session.add(item)
        session.flush()
        decision = DecisionRow(
            id=remediations.ids.uuid7(), item_id=item.id, answer=outcome, reason="no longer needed", change_to=change_to,
            by="ada", way="cli", at=self.now,
        )  # fmt: skip
        session.add(decision)
        session.flush()
        return item

    def drifted(self, session: Session, subject: str, answer: str | None, change: str = "began") -> DriftRow:
        row = DriftRow(
            campaign_id=self.campaign_id, subject=subject, change=change, privileged=True, shown={}, answer=answer
        )
        session.add(row)
        session.flush()
        return row

    # --- what is done about it ---

    def open_all(self) -> list[int]:
        with self.database.transaction() as session:
            return remediations.open_for(session, self.campaign_id, by=SCHEDULER, at=self.now)

    def carry_out(self, **given: Any) -> lane.Counts:
        settings: dict[str, Any] = {"keys": KEYS, "clock": self.clock, "by": SCHEDULER, "open_executor": self.crm.open}
        return lane.carry_out(
            self.database, self.system_id, **{**settings, "brakes": Brakes(Caps(percent=100)), **given}
        )

    def all(self) -> Sequence[RemediationRow]:
        with self.database.reading() as session:
            return session.scalars(select(RemediationRow).order_by(RemediationRow.id)).all()

    @property
    def only(self) -> RemediationRow:
        (found,) = self.all()
        return found

    @property
    def acts(self) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            rows = session.scalars(select(ActRow).order_by(ActRow.id))
            return [(row.kind, row.status) for row in rows]


@pytest.fixture
def town(database: Database, at: datetime) -> Town:
    made = Town(database, at, Crm())
    with database.transaction() as session:
        system = make.system(
            session, key="org", writing=ALL_ACTS, executor_secret=b"sealed", principal="reader", name="Northwind CRM"
        )
        ada = make.identity(session, "Ada")
        campaign = CampaignRow(
            name="Q4", status="closed", scope={}, opened_at=at - timedelta(days=14), opened_by="admin", due_at=at,
            closed_at=at, closed_by="admin",
        )  # fmt: skip
        session.add(campaign)
        session.flush()
        task = TaskRow(campaign_id=campaign.id, reviewer_id=ada.id)
        session.add(task)
        session.flush()
        made.system_id, made.campaign_id, made.task_id = system.id, campaign.id, task.id
        # A second administrator, so that nobody is the last one by accident.
        spare = make.account(session, system, key="spare-admin")
        administrator(session, spare)
    return made


def administrator(session: Session, account: AccountRow) -> GrantRow:
    """Let an account administer its system."""
    from app.inventory.tables import PrivilegeRow

    system = session.get_one(SystemRow, account.system_id)
    entitlement = make.entitlement(session, system, privileges=["administer"])
    made: GrantRow = make.grant(session, account, entitlement)
    session.add(
        PrivilegeRow(
            system_id=system.id, account_id=account.id, privilege="administer", entitlement_id=entitlement.id,
            path=str(entitlement.id),
        )
    )  # fmt: skip
    session.flush()
    return made
