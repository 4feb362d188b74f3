"""The awkward company, for looking at pages: `seed(database)` makes it, and returns who is in it.

Ada reviews 25 people with 300 grants and about 40 answers; Max has 400 unusual items; there are Ng, a name of 60 letters, a
name from right to left, text that is markup, a reading that failed, one that lacks a stream, and a company without
accounts. `python -m tests.console_cast HOME` makes it in a SQLite file and prints a way in for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import actors
from app.actors.actor import Role
from app.actors.tables import ActorRow
from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, EntitlementRow, IdentityRow, SystemRow
from app.kit import ids
from app.ledger import leaves
from app.review import campaigns, decisions, schedules
from app.review.decisions import Ask
from app.review.tables import CampaignRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast

MANAGERS = [{"ask": ["manager", "owner"]}]  # Ada is asked about privileges too, and has all there is to look at
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Cholmo"  # 60 letters
RIGHT_TO_LEFT = "נועה בן־דוד"
MARKUP = "<img src=x onerror=alert(1)> \"Q&A\" 'team'"
FIRST = ("Bo", "Ng", LONG, RIGHT_TO_LEFT, "Zoë Ångström", "José", "O'Brien", MARKUP)
REST = (
    "Ida",
    "Kim",
    "Lea",
    "Tom",
    "Eva",
    "Jan",
    "Pia",
    "Ole",
    "Ute",
    "Rui",
    "Mia",
    "Sam",
    "Ali",
    "Fei",
    "Liv",
    "Noa",
    "Gil",
)


@dataclass
class Town:
    """Who and what is in the awkward company. `actors` by part: admin, security, auditor, ada, max, eve."""

    systems: list[SystemRow]
    campaign: CampaignRow
    past: CampaignRow
    actors: dict[str, ActorRow] = field(default_factory=dict)
    people: dict[str, IdentityRow] = field(default_factory=dict)


def seed(session: Session, *, at: datetime = make.NOW, exceptions: int = 400) -> Town:
    """Make the awkward company, with one review closed and one open, at `at`."""
    cast.roster(session, at=at, name="People")
    cy = make.identity(session, "Cy Owner", key="cy", title="CRM lead", department="IT")
    flo = make.identity(session, "Flo Fallback", key="flo", title="Head of IT")
    make.identity(session, "Fay Fallback", key="fay")
    ada = make.identity(
        session, "Ada Lovelace", key="ada", title="Head of Sales", department="Sales", manager_id=flo.id
    )
    much = make.identity(session, "Max Much", key="max", title="Head of Field", department="Field", manager_id=flo.id)
    eve = make.identity(session, "Eve Elsewhere", key="eve", department="Legal")
    sales = make.system(session, name="Sales org", kind="salesforce", owner_key="cy")
    portal = make.system(session, name="Marketing portal", kind="hubspot", owner_key="cy", writing=["remove_grant"],
                         executor_secret=b"sealed")  # fmt: skip
    held = _entitlements(session, sales) + _entitlements(session, portal)[:4]
    _team(session, ada, sales, portal, held, at)
    for system in (sales, portal):
        make.snapshot(session, system, at=at - timedelta(days=91))
    past = _past(session, ada, at)
    _late(session, sales, held, ada, at)
    _exceptions(session, much, sales, held, exceptions, at)
    for system in (sales, portal):
        make.snapshot(session, system, at=at - timedelta(hours=3))
    scope: dict[str, Any] = {"systems": "all", "fallback": "flo", "second_fallback": "fay", "reviewers": MANAGERS}
    campaign = campaigns.open(
        session, name="Q4 2026", scope=scope, due_at=at + timedelta(days=12), by=make.ADMIN, at=at
    )
    schedules.add(session, name="quarterly", zone="Europe/Berlin", scope=scope, opens_on_day=15, by=make.ADMIN, at=at)
    town = Town([sales, portal], campaign, past, people={"ada": ada, "max": much, "eve": eve, "cy": cy, "flo": flo})
    town.actors = _actors(session, ada, much, eve, flo, at)
    _unwell(session, at)
    leaves.integrate(session)
    return town


def _entitlements(session: Session, system: SystemRow) -> list[EntitlementRow]:
    """Eight ordinary ones, then five that matter."""
    kind = "permission_set" if system.kind == "salesforce" else "team"
    names = [
        ("Sales rep", "Sees and edits their own customers"), ("Reports", "Reads shared reports"),
        ("Knowledge", "Reads the knowledge base"), ("Calls", "Logs calls"), ("Quotes", "Writes quotes"),
        ("Campaigns", "Sees campaigns"), ("Files", "Shares files"), ("Mobile", "Uses the mobile app"),
    ]  # fmt: skip
    made = [
        make.entitlement(session, system, kind=kind, name=name.replace(" ", "") + "_PS", label=name, description=said)
        for name, said in names
    ]
    for name, privileges in (
        ("Export_Every_Report", ["export"]), ("System Administrator", ["administer", "export", "manage_people"]),
        ("View All Data", ["see_all"]), ("Unknown package set", None), (MARKUP, []),
    ):  # fmt: skip
        made.append(make.entitlement(session, system, kind=kind, name=name, label=name, privileges=privileges))
    return made


def _team(
    session: Session, ada: IdentityRow, sales: SystemRow, portal: SystemRow, held: list[EntitlementRow], at: datetime
) -> None:
    """25 people with 300 grants in two systems; a few unusual ones among them."""
    for n, name in enumerate(FIRST + REST):
        person = make.identity(
            session, name, emails=(f"person-{n}@example.com",), manager_id=ada.id, department="Sales",
            title="Account executive" if n % 3 else "Sales engineer",
        )  # fmt: skip
        account = _account(session, sales, person, n, at)
        for entitlement in held[:8]:
            make.grant(session, account, entitlement, granted=at - timedelta(days=300 + n), granted_by="cy@example.com")
        second = _account(session, portal, person, n, at)
        for entitlement in held[13:17]:
            make.grant(session, second, entitlement)
        if n in (0, 3, 9):
            _privileged(session, account, held[8 + n % 3])
        if n == 1:
            account.last_login = at - timedelta(days=200)
            _finding(session, account, "inactive_account", "high", "last signed in 200 days ago", at)
        if n == 2:
            account.last_login = None
            make.grant(session, account, held[11])
        if n == 5:
            person.end = (at - timedelta(days=9)).date()
            _finding(session, account, "leaver_active", "critical", "left 9 days ago, and can still sign in", at)
    session.flush()


def _account(session: Session, system: SystemRow, person: IdentityRow, n: int, at: datetime) -> AccountRow:
    return make.account(
        session, system, identity_id=person.id, matched_by="email", name=person.name,
        username=f"person-{n}@{system.kind}.example.com", email=f"person-{n}@example.com",
        last_login=at - timedelta(days=3 + n),
    )  # fmt: skip


def _privileged(session: Session, account: AccountRow, entitlement: EntitlementRow) -> None:
    make.grant(session, account, entitlement)
    for name in entitlement.privileges or ():
        make.privilege(session, account, entitlement, name)


def _finding(session: Session, account: AccountRow, rule: str, severity: str, because: str, at: datetime) -> None:
    row = FindingRow(
        source="detection", rule=rule, subject=f"account:{account.id}", system_id=account.system_id,
        account_id=account.id, severity=severity, status="open", because=because, facts={},
        opened_at=at - timedelta(days=4), last_seen_at=at, last_run=ids.uuid7(),
    )  # fmt: skip
    session.add(row)


def _past(session: Session, ada: IdentityRow, at: datetime) -> CampaignRow:
    """Last quarter's review, in which everything was kept."""
    scope = {"systems": "all", "fallback": "flo", "second_fallback": "fay", "reviewers": MANAGERS}
    then = at - timedelta(days=91)
    for roster in [row for row in session.scalars(select(SystemRow)) if row.kind == "roster"]:
        cast.count_people(session, make.snapshot(session, roster, streams={"people": "complete"}, at=then).id, 30)
    opened = campaigns.open(
        session, name="Q3 2026", scope=scope, due_at=then + timedelta(days=14), by=make.ADMIN, at=then
    )
    rows = session.execute(select(ItemRow, TaskRow.reviewer_id).join(TaskRow, TaskRow.id == ItemRow.task_id)).all()
    for reviewer in {row[1] for row in rows}:
        by = make.actor(session.get_one(IdentityRow, reviewer))
        asks = [Ask(item.id, "keep", "needed for the job") for item, whose in rows if whose == reviewer]
        decisions.record_many(session, asks, by=by, at=then)
    return campaigns.close(session, opened.id, unanswered="remove", by=make.ADMIN, at=then + timedelta(days=9))


def _late(session: Session, sales: SystemRow, held: list[EntitlementRow], ada: IdentityRow, at: datetime) -> None:
    """What came since the last review."""
    rows = session.scalars(select(AccountRow).where(AccountRow.system_id == sales.id).order_by(AccountRow.id)).all()
    make.grant(session, rows[6], held[12], granted=at - timedelta(days=12), began=at - timedelta(days=12))
    make.credential(session, sales, account_id=rows[0].id, label="Data loader", created=at - timedelta(days=20),
                    began=at - timedelta(days=20), last_used=at - timedelta(days=2))  # fmt: skip
    make.integration(session, sales, name="Invoice sync", owner_account_id=rows[4].id)
    make.integration(session, sales, name=MARKUP, publisher=MARKUP)


def _exceptions(
    session: Session, much: IdentityRow, sales: SystemRow, held: list[EntitlementRow], count: int, at: datetime
) -> None:
    """Many people, each with one privileged grant."""
    for n in range(count // 2):
        person = make.identity(session, f"Field {n:03d}", emails=(f"field-{n}@example.com",), manager_id=much.id)
        account = make.account(
            session, sales, identity_id=person.id, matched_by="email", name=person.name,
            username=f"field-{n}@example.com", email=f"field-{n}@example.com", last_login=at - timedelta(days=n % 120),
            began=at - timedelta(days=30), created=at - timedelta(days=30),
        )  # fmt: skip
        _privileged(session, account, held[8 + n % 3])


def _actors(
    session: Session, ada: IdentityRow, much: IdentityRow, eve: IdentityRow, flo: IdentityRow, at: datetime
) -> dict[str, ActorRow]:
    def made(name: str, role: Role, person: IdentityRow | None = None) -> ActorRow:
        until = at + timedelta(days=30) if role is Role.AUDITOR else None
        key = person.key if person is not None else None
        return actors.make(session, name, {role: until}, person_key=key, by=make.ADMIN, at=at)

    return {
        "admin": made("Flo Fallback", Role.ADMIN, flo),
        "security": made("Ivo Security", Role.IT_SECURITY),
        "auditor": made("Aud Itor", Role.AUDITOR),
        "ada": made("Ada Lovelace", Role.REVIEWER, ada),
        "max": made("Max Much", Role.REVIEWER, much),
        "eve": made("Eve Elsewhere", Role.REVIEWER, eve),
    }


def _unwell(session: Session, at: datetime) -> None:
    """A system whose last reading failed, one that lacks a stream, one that was never read, one without an account."""
    failed = make.system(session, name="Partner portal", kind="hubspot")
    make.snapshot(session, failed, at=at - timedelta(days=6))
    make.snapshot(session, failed, at=at - timedelta(hours=2), status="failed", sealed_at=None,
                  because="The credential was refused: its secret has expired.")  # fmt: skip
    partial = make.system(session, name="Service org", kind="salesforce")
    verdicts = {"accounts": "complete", "grants": "complete", "integrations": "not_collected"}
    make.snapshot(session, partial, streams=verdicts, at=at - timedelta(hours=1))
    make.system(session, name="New org", kind="salesforce")
    empty = make.system(session, name="Empty company", kind="hubspot")
    make.snapshot(session, empty, at=at - timedelta(hours=1))
    session.flush()


def main(path: str) -> None:
    """Make it in a SQLite file and print a cookie for each actor."""
    import os
    from pathlib import Path

    from app import settings
    from app.actors import sessions
    from app.console import entering
    from app.kit import clock
    from app.kit.db import Database
    from tests import schema

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite:///{path}", durable=False)
    schema.make(database)
    with database.transaction() as session:
        town = seed(session, at=clock.now())
        chosen = settings.read({})
        for name, row in town.actors.items():
            _, value = sessions.begin(
                session, row, way="oidc", entry=os.urandom(32), limits=entering.limits(chosen), campaign_id=None,
                at=clock.now(),
            )  # fmt: skip
            print(name, value)
        print("campaign", town.campaign.id)


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
