"""A generated company with planted faults, made apart from the rules' own tables: what is wrong is known beforehand.

Everything goes into the tables that readings fill, in the vendors' own words, so that what is measured is the whole way
from a row to a finding. Ordinary accounts differ among themselves, some of them just inside what is allowed. Each fault
says which rules ought to tell it; everything else that is told is a false alarm, and everything that is not a miss.
"""

from __future__ import annotations

import pkgutil
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from typing import Any

from sqlalchemy.orm import Session

from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    ChangeRow,
    EntitlementRow,
    IdentityRow,
    LoginRow,
    SettingRow,
    StreamRow,
    SystemRow,
)
from tests import make
from tests.make import NOW

STREAMS = (
    *(
        "accounts",
        "entitlements",
        "grants",
        "logins",
        "integrations",
        "settings",
        "changes",
        "object_rights",
        "factors",
    ),
    *("packages", "endpoints", "usage"),
)
JOBS = (("Sales", "Seller"), ("Sales", "Sales Assistant"), ("Support", "Agent"), ("Finance", "Accountant"))
PEOPLE = 25  # of each job
GOOD = {
    "organization.IsSandbox": "false",
    "organization.DefaultAccountAccess": "None",
    "organization.DefaultContactAccess": "ControlledByParent",
    "security.passwordPolicies.minimumPasswordLength": "14",
    "security.passwordPolicies.complexity": "UpperLowerCaseNumeric",
    "security.passwordPolicies.maxLoginAttempts": "TenAttempts",
    "security.sessionSettings.sessionTimeout": "TwoHours",
    "security.sessionSettings.forceLogoutOnSessionTimeout": "true",
    "security.sessionSettings.enforceIpRangesEveryRequest": "true",
    "security.enableRequireHttpsConnection": "true",
    "security.enableAdminLoginAsAnyUser": "false",
    "security.singleSignOnSettings.enableSamlLogin": "true",
    "security.singleSignOnSettings.isLoginWithSalesforceCredentialsDisabled": "true",
    "connected_apps.enableAdminApprovedAppsOnly": "true",
    "password_policy.Standard User.minimumPasswordLength": "14",
    "health_check.score": "91",
    "health_check.SessionSettings.Timeout value.risk": "MEETS_STANDARD",
    "sign_ins.TLS 1.0": "not used in 30 days",
    "sign_ins.TLS 1.1": "not used in 30 days",
}
BAD = {
    "organization.IsSandbox": "false",
    "organization.DefaultAccountAccess": "Edit",
    "organization.DefaultContactAccess": "ControlledByParent",
    "security.passwordPolicies.minimumPasswordLength": "8",
    "security.passwordPolicies.complexity": "NoRestriction",
    "security.passwordPolicies.maxLoginAttempts": "NoLimit",
    "security.sessionSettings.sessionTimeout": "TwelveHours",
    "security.sessionSettings.forceLogoutOnSessionTimeout": "false",
    "security.sessionSettings.enforceIpRangesEveryRequest": "false",
    "security.enableRequireHttpsConnection": "false",
    "security.enableAdminLoginAsAnyUser": "true",
    "security.singleSignOnSettings.enableSamlLogin": "true",
    "security.singleSignOnSettings.isLoginWithSalesforceCredentialsDisabled": "false",
    "connected_apps.enableAdminApprovedAppsOnly": "false",
    "password_policy.Contractor.minimumPasswordLength": "6",
    "health_check.score": "54",
    "health_check.PasswordPolicies.Maximum invalid login attempts.risk": "HIGH_RISK",
    "sign_ins.TLS 1.0": "used in 30 days",
    "sign_ins.TLS 1.1": "not used in 30 days",
}
OF_BAD_SETTINGS = (
    *("records_open_to_all", "password_too_short", "password_guessing_unlimited", "session_too_long"),
    *("addresses_not_limited", "cleartext_allowed", "login_as_anyone", "sso_not_required", "programs_not_approved"),
    *("password_policy_overridden", "health_check_low", "old_tls_used"),
)
OF_BAD_EVENTS = {
    "support_access_open": ("HUBSPOT_EMPLOYEE_ACCESS_ENABLED",),
    "logging_switched_off": ("ATTACHMENT_LOGGING_DISABLED",),
    "idle_guard_off": ("AUTOMATED_INACTIVE_USER_DEACTIVATION_DISABLED",),
    "privacy_switched_off": ("GDPR_TOGGLE_ENABLED", "GDPR_TOGGLE_DISABLED"),
    "sso_not_required": ("REQUIRE_SINGLE_SIGN_ON", "UNREQUIRE_SINGLE_SIGN_ON"),
    "addresses_not_limited": ("IP_RESTRICTIONS_ENABLED", "IP_RESTRICTIONS_DISABLED"),
    "backup_stale": ("DATA_BACKUP_CREATED",),
}


@dataclass(slots=True)
class Company:
    """The company as it is being made. `faults` are (rule, subject) of everything that is known to be wrong."""

    session: Session
    random: random.Random
    systems: list[SystemRow] = field(default_factory=list)
    faults: set[tuple[str, str]] = field(default_factory=set)
    boss: IdentityRow | None = None
    roles: dict[str, EntitlementRow] = field(default_factory=dict)
    people: int = 0

    def person(self, job: tuple[str, str] = JOBS[0], **given: Any) -> IdentityRow:
        """Somebody who works here."""
        self.people += 1
        said = {
            "department": job[0], "title": job[1], "manager_id": self.boss.id if self.boss else None,
            "start": date(2020, 1, 1)
        }  # fmt: skip
        name = f"Person {self.people}"
        return make.identity(self.session, name, emails=(f"p{self.people}@northwind.example",), **(said | given))

    def account(self, rules: Sequence[str] = (), *, of: SystemRow | None = None, job: tuple[str, str] = JOBS[0],
                person: IdentityRow | None = None, nobody: bool = False, factor: str | None = "security_key",
                roles: Sequence[str] = ("basic",), **given: Any) -> AccountRow:  # fmt: skip
        """An account, ordinary but for what is given, and the rules that it breaks."""
        system = of or self.systems[0]
        who = None if nobody else person or self.person(job)
        made, used = self.random.randint(120, 900), self.random.uniform(0.2, 29)
        name = (
            f"p{self.people}@northwind.example" if not nobody else f"n{self.random.randint(1, 10**9)}@northwind.example"
        )
        said = {
            "username": name, "email": name, "created": NOW - timedelta(made), "logins_known_since": NOW - timedelta(made),
            "last_login": NOW - timedelta(used), "identity_id": who.id if who else None,
            "department": who.department if who else None,
            "native": {"UserType": "Standard", "LastPasswordChangeDate": "2026-09-01T08:00:00.000+0000"},
        }  # fmt: skip
        said |= given
        row = make.account(self.session, system, **said)
        for name in roles:
            self.give(row, name)
        common = of is not None or set(roles) <= {"basic"} or said.get("active") is False
        if who is not None and who.kind == "person" and not common:
            self.plant(("peer_outlier",), f"account:{row.id}")  # none of these roles is held by a tenth of any peers
        if factor is not None:
            strong = factor == "security_key"
            facts = {"phishing_resistant": strong, "registered": None}
            make.observation(
                self.session, system, "factors", kind="factor", name=factor, account_id=row.id, facts=facts
            )
        self.plant(rules, f"account:{row.id}")
        return row

    def give(self, account: AccountRow, name: str, **given: Any) -> None:
        """Grant a role, with what it allows."""
        role = self.roles[name]
        make.grant(self.session, account, role, **given)
        for privilege in role.privileges or ():
            make.privilege(self.session, account, role, privilege)

    def give_row(self, account: AccountRow, role: EntitlementRow) -> None:
        """Grant something made for one fault. Nobody else has it, so that it is rare among the peers as well."""
        make.grant(self.session, account, role)
        for privilege in role.privileges or ():
            make.privilege(self.session, account, role, privilege)
        self.plant(("peer_outlier",), f"account:{account.id}")

    def plant(self, rules: Sequence[str], subject: str) -> None:
        """Write down what ought to be told of a subject."""
        self.faults |= {(rule, subject) for rule in rules}

    def logged(self, action: str, by: AccountRow | None = None, *, of: SystemRow | None = None, ago: float = 3) -> None:
        """Something that the system logged."""
        self.session.add(
            ChangeRow(
                system_id=(of or self.systems[0]).id, key=f"c-{self.random.random()}", at=NOW - timedelta(ago),
                action=action, actor_key=by.key if by else None,
            )
        )  # fmt: skip

    def signed_in(self, account: AccountRow, way: str | None, *, times: int = 1, succeeded: bool = True) -> None:
        """Sign-ins of late."""
        for n in range(times):
            self.session.add(
                LoginRow(
                    system_id=account.system_id, key=f"l-{self.random.random()}", account_id=account.id,
                    at=NOW - timedelta(1 + n / 10), succeeded=succeeded, way=way,
                )
            )  # fmt: skip


def company(session: Session, *, seed: int = 7) -> Company:
    """The whole of it: a roster, a CRM that is well kept but for what is planted, one that is not, and a portal."""
    made = Company(session, random.Random(seed))
    _roster(made)
    _systems(made)
    _ordinary(made)
    from tests.app.detection import faults, rules

    faults.of_people(made)
    faults.of_use(made)
    faults.of_power(made)
    faults.of_deeds(made)
    faults.of_programs(made)
    faults.of_things(made)
    for file in pkgutil.iter_modules(rules.__path__):
        plant = getattr(import_module(f"{rules.__name__}.{file.name}"), "plant", None)
        if plant is not None and file.name.startswith("of_"):
            plant(made)
    faults.of_reading(made)
    session.flush()
    return made


def _roster(made: Company) -> None:
    roster = make.system(made.session, kind="roster")
    read = make.snapshot(made.session, roster, streams={"people": "complete"}, at=NOW)
    made.session.get_one(StreamRow, (read.id, "people")).server_at = NOW - timedelta(1)
    made.boss = made.person(("Management", "Head"))


def _systems(made: Company) -> None:
    session, boss = made.session, made.boss
    assert boss is not None
    kept = make.system(session, kind="salesforce", owner_key=boss.key)
    neglected = make.system(session, kind="salesforce", owner_key=None)
    portal = make.system(session, kind="hubspot", owner_key=boss.key)
    made.systems = [kept, neglected, portal]
    for system in made.systems:
        make.snapshot(session, system, streams=dict.fromkeys(STREAMS, "complete"), at=NOW - timedelta(200))
        make.snapshot(session, system, streams=dict.fromkeys(STREAMS, "complete"), at=NOW - timedelta(0.3))
    latest = make.snapshot(session, kept, streams=dict.fromkeys(STREAMS, "complete"), at=NOW - timedelta(0.2))
    for system, settings in ((kept, GOOD), (neglected, BAD), (portal, {"account.accountType": "STANDARD"})):
        for key, value in settings.items():
            session.add(SettingRow(system_id=system.id, key=key, value=value, snapshot_id=latest.id))
    made.plant(("system_without_owner", *OF_BAD_SETTINGS), f"system:{neglected.id}")
    for rule, actions in OF_BAD_EVENTS.items():
        for n, action in enumerate(actions):
            made.logged(action, of=portal, ago=20 - n)
        made.plant((rule,), f"system:{portal.id}")
    for name, privileges in (
        ("basic", []), ("exporter", ["export"]), ("reader", ["see_all"]), ("admin", ["administer", "manage_people"]),
        ("exempt", ["bypass_sign_in"]), ("pair", ["see_all", "export"]),
    ):  # fmt: skip
        made.roles[name] = make.entitlement(
            session, kept, name=name, kind="permission_set", privileges=privileges, description=f"For the {name}s."
        )


def _ordinary(made: Company) -> None:
    """Everybody against whom nothing can be said, some of them only just."""
    assert made.boss is not None
    made.account(person=made.boss, rules=("nobodys_report",))
    for job in JOBS:
        for _ in range(PEOPLE):
            made.account(job=job)
    inside = NOW - timedelta(59)
    for _ in range(5):
        made.account(last_login=inside, licence="Sales")  # used in time
    made.account(last_login=NOW - timedelta(85))
    away = made.person(away_from=date(2026, 7, 1))
    made.account(person=away, last_login=NOW - timedelta(140))
    left = made.person(end=date(2026, 8, 1))
    made.account(person=left, active=False)
    made.account(person=made.person(engagement="contractor", end=date(2027, 3, 1)))
    made.account(kind="guest", nobody=True, factor=None, last_login=NOW - timedelta(400), roles=(), licence="Site")
    program = made.person(kind="service", engagement="service", manager_id=None)
    made.account(person=program, kind="service", factor=None)
    for _ in range(2):  # two administrators who keep to the rules
        made.account(roles=("admin",), **_recent())
        made.plant(("privileged_without_reason",), f"account:{_last(made)}")


def _recent() -> dict[str, Any]:
    return {"last_login": NOW - timedelta(2)}


def _last(made: Company) -> int:
    return made.session.query(AccountRow).order_by(AccountRow.id.desc()).limit(1).one().id


def moved(made: Company, account: AccountRow, *, ago: float) -> None:
    """A change of job that a reading showed so many days ago."""
    read = make.snapshot(made.session, made.systems[0], streams={}, at=NOW - timedelta(ago))
    made.session.add(
        AccountChangeRow(account_id=account.id, snapshot_id=read.id, field="title", before="Clerk", after="Seller")
    )
