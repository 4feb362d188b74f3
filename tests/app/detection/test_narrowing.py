"""A pass over what a reading touched leaves the same findings open as one over all, whatever happened meanwhile.

NARROWED=500 lives so many random histories in place of the few that every run lives.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from app import jobs
from app.detection import detect, findings, justifications, narrowing, queries, rulebook
from app.detection.tables import FindingRow, LimitRow, RunRow
from app.inventory import identities, rosters
from app.inventory.tables import AccountRow, IdentityRow
from app.kit.db import Database
from app.means import finding_terms, rule_limits
from connectors import registry
from connectors.records import (
    AccountKind,
    AccountRecord,
    ChangeRecord,
    CredentialRecord,
    EntitlementRecord,
    FactorRecord,
    GrantRecord,
    IntegrationRecord,
    LoginRecord,
    ObjectRightRecord,
    Privilege,
    SettingRecord,
    Stream,
)
from tests import fake_connector, make
from tests.app.running import Here, Installation
from tests.fake_connector import World

SEEDS = range(int(os.environ.get("NARROWED", "2")))
MORE = 0 if "NARROWED" not in os.environ else 12  # deeds beside one of each
KIND = "fakeforce"  # the scripted CRM, whose words are understood as Salesforce's
PEOPLE = 16
EDGES = (7, 14, 30, 60, 90, 180)  # days at which one rule or another turns
LIMITS = {"rare_percent": 15, "broad_percent": 75}
ROWS = {"administrator": (Privilege.ADMINISTER,), "exporter": (Privilege.EXPORT,), "plain": (), "rare": ()}


def _register() -> None:
    module = ModuleType("connectors.salesforce")
    module.__dict__.update(open_reader=fake_connector.open_reader, open_executor=fake_connector.open_executor)
    registry.add(KIND, module)


@dataclass
class Org:
    """A CRM, its roster, and a clock, in which things happen at random."""

    house: Installation
    chance: random.Random
    world: World = field(init=False)
    system: int = field(init=False)
    roster: Any = field(init=False)
    made: int = 0

    def __post_init__(self) -> None:
        _register()
        row, self.world = self.house.connect()
        streams = (*fake_connector.CRM_STREAMS, Stream.FACTORS, Stream.OBJECT_RIGHTS)
        self.world.streams, self.world.page_size, self.system = streams, 500, row.id
        with self.house.database.transaction() as session:
            session.merge(row).kind = KIND
            for name, value in LIMITS.items():
                said = {"because": "few people", "by": "a test", "at": self.house.now}
                session.add(LimitRow(system_id=row.id, name=name, value=value, **said))
        self.roster = self.house.roster(self.people())
        for name, privileges in ROWS.items():
            self.world.put(EntitlementRecord(name, "permission_set", name, description="Why.", privileges=privileges))
        for n in range(PEOPLE):
            self.account(n)
            self.world.put(
                GrantRecord(f"a{n}", "plain"), FactorRecord(f"f{n}", f"a{n}", "app", phishing_resistant=True)
            )
        self.world.put(GrantRecord("a0", "administrator"), GrantRecord("a1", "rare"), GrantRecord("a2", "exporter"))
        self.world.put(SettingRecord("organization.IsSandbox", "false"))

    def people(self, *, gone: frozenset[int] = frozenset(), title: str = "Seller") -> str:
        """The roster's file: everybody a seller, some of them no longer there."""
        head = "id,emails,name,manager,start,end,department,title\n"
        rows = (
            f"{n},p{n}@example.com,P {n},,2020-01-01,,Sales,{title if n == 3 else 'Seller'}"
            for n in range(PEOPLE + 40)
            if n not in gone
        )
        return head + "\n".join(rows) + "\n"

    def near(self) -> datetime:
        """A moment that becomes as old as some limit within the next hours, or has just done so."""
        return self.house.now - timedelta(self.chance.choice(EDGES)) + timedelta(hours=self.chance.uniform(-6, 30))

    def account(self, n: int, **given: Any) -> None:
        said = {
            "email": f"p{n}@example.com", "active": True, "frozen": False, "kind": AccountKind.PERSON,
            "created": self.house.now - timedelta(400), "last_login": self.near(),
            "logins_known_since": self.house.now - timedelta(400),
            "native": {"UserType": "Standard", "LastPasswordChangeDate": f"{self.near():%Y-%m-%dT%H:%M:%S}.000+0000"},
        }  # fmt: skip
        self.world.put(AccountRecord(f"a{n}", f"p{n}@example.com", **(said | given)))

    def some(self, stream: Stream, kind: type) -> Any:
        return self.chance.choice([each for each in self.world.of(stream) if isinstance(each, kind)])

    def number(self) -> int:
        self.made += 1
        return self.made

    def change(self, record: Any, **given: Any) -> None:
        now = record._replace(**given) if isinstance(record, tuple) else replace(record, **given)
        self.world.remove(record).put(now)


# What may happen between two readings.


def _alter(org: Org) -> None:
    given: tuple[dict[str, Any], ...] = (
        {"active": False}, {"active": True}, {"frozen": True}, {"last_login": org.near()}, {"last_login": None},
        {"created": org.near()}, {"kind": AccountKind.SERVICE}, {"kind": AccountKind.PERSON}, {"licence": "Salesforce"},
        {"department": org.chance.choice(["Sales", "Finance"])}, {"logins_known_since": org.near()}, {"active": None},
        {"email": f"p{org.chance.randrange(PEOPLE + 5)}@example.com"},
    )  # fmt: skip
    org.change(org.some(Stream.ACCOUNTS, AccountRecord), **org.chance.choice(given))


def _sign_in(org: Org) -> None:
    key = org.some(Stream.ACCOUNTS, AccountRecord).key
    at = org.near() if org.chance.random() < 0.6 else org.house.now
    way = org.chance.choice(["Application", "Other Apex API", "SAML Sfdc Initiated SSO", "Something New"])
    fails = org.chance.random() < 0.3
    for _ in range(25 if fails else 1):
        org.world.put(LoginRecord(f"l{org.number()}", key, at, not fails, way))


def _give(org: Org) -> None:
    key, what = org.some(Stream.ACCOUNTS, AccountRecord).key, org.chance.choice(list(ROWS))
    if not any((each.account_key, each.entitlement_key) == (key, what) for each in org.world.of(Stream.GRANTS)):  # type: ignore[union-attr]
        until = org.house.now + timedelta(hours=org.chance.uniform(1, 40)) if org.chance.random() < 0.4 else None
        granted = org.near() if org.chance.random() < 0.5 else None
        org.world.put(GrantRecord(key, what, until=until, granted=granted))


def _take(org: Org) -> None:
    org.world.remove(org.some(Stream.GRANTS, GrantRecord))


def _come_or_go(org: Org) -> None:
    if org.chance.random() < 0.6:
        org.account(PEOPLE + org.number() % 40 if org.chance.random() < 0.7 else 900 + org.number())
        return
    gone = org.some(Stream.ACCOUNTS, AccountRecord)
    org.world.remove(gone)
    for stream in (Stream.GRANTS, Stream.FACTORS):
        org.world.records[stream] = [each for each in org.world.of(stream) if each.account_key != gone.key]  # type: ignore[union-attr]


def _token(org: Org) -> None:
    tokens = [each for each in org.world.of(Stream.INTEGRATIONS) if isinstance(each, CredentialRecord)]
    owner = org.chance.choice([None, org.some(Stream.ACCOUNTS, AccountRecord).key])
    given = {
        "account_key": owner, "active": org.chance.choice([True, True, False]), "created": org.near(),
        "last_used": org.near(), "uses_known_since": org.near(),
        "expires": org.house.now + timedelta(30 * org.chance.choice([0, 1]), hours=20),
    }  # fmt: skip
    if tokens and org.chance.random() < 0.6:
        org.change(org.chance.choice(tokens), **given)
    elif tokens and org.chance.random() < 0.3:
        org.world.remove(org.chance.choice(tokens))
    else:
        org.world.put(CredentialRecord(f"c{org.number()}", "oauth_token", "App", **given))


def _log(org: Org) -> None:
    action = org.chance.choice(["dataExport", "changedApexClass", "secretViewed", "createduser", "somethingNew"])
    says = org.chance.choice(["actor_key", "actor_key", "named_key"])
    for _ in range(org.chance.choice([1, 25])):
        whose = {says: org.some(Stream.ACCOUNTS, AccountRecord).key}
        org.world.put(ChangeRecord(f"x{org.number()}", org.near(), action, **whose))


def _factor(org: Org) -> None:
    if org.world.of(Stream.FACTORS):
        org.world.remove(org.some(Stream.FACTORS, FactorRecord))
    key = org.some(Stream.ACCOUNTS, AccountRecord).key
    org.world.put(
        FactorRecord(f"f{100 + org.number()}", key, "app", phishing_resistant=org.chance.choice([True, False]))
    )


def _program(org: Org) -> None:
    owner = org.some(Stream.ACCOUNTS, AccountRecord).key
    org.world.put(IntegrationRecord(f"i{org.number()}", "connected_app", "App", owner_key=owner, active=True))


def _say_why(org: Org) -> None:
    with org.house.database.transaction() as session:
        row = session.scalars(select(AccountRow).where(AccountRow.ended.is_(None))).first()
        until = org.house.now + timedelta(hours=org.chance.uniform(1, 50))
        if row is not None:
            justifications.record(
                session, row, "runs the CRM", until=until, most_days=90, by=make.ADMIN, at=org.house.now
            )


def _by_hand(org: Org) -> None:
    with org.house.database.transaction() as session:
        row = org.chance.choice(session.scalars(select(AccountRow).where(AccountRow.ended.is_(None))).all())
        who = org.chance.choice(
            [None, *session.scalars(select(IdentityRow).where(IdentityRow.erased.is_(None)).limit(9))]
        )
        identities.match_by_hand(session, row, who, reason="it is theirs", by=make.ADMIN, at=org.house.now)


def _second(org: Org) -> None:
    """Somebody gets another account in the same system."""
    n = org.chance.randrange(PEOPLE)
    org.account(200 + org.number(), email=f"p{n}@example.com")


def _entitlement(org: Org) -> None:
    held = org.some(Stream.ENTITLEMENTS, EntitlementRecord)
    org.change(held, privileges=org.chance.choice([(), (Privilege.EXPORT,), (Privilege.ADMINISTER,), None]))


def _setting(org: Org) -> None:
    org.world.records[Stream.SETTINGS] = []
    org.world.put(SettingRecord("organization.IsSandbox", org.chance.choice(["true", "false"])))


def _right(org: Org) -> None:
    stream = org.chance.choice([Stream.GRANTS, Stream.LOGINS, Stream.FACTORS])
    org.world.denied = {} if org.world.denied else {stream: "a right"}


def _new_roster(org: Org) -> None:
    gone = frozenset(org.chance.sample(range(PEOPLE), 1))
    text = org.people(gone=gone, title=org.chance.choice(["Seller", "Boss"])).encode()
    with org.house.database.transaction() as session:
        rosters.upload(
            session, session.merge(org.roster), text, source="a test", extracted_at=org.house.now, by=make.ADMIN,
            at=org.house.now,
        )  # fmt: skip
    _read(org, org.roster.id)


HAPPENS: tuple[Callable[[Org], None], ...] = (
    _alter, _sign_in, _give, _take, _come_or_go, _second, _token, _log, _factor, _program, _say_why, _token, _alter,
    _give, _entitlement, _setting, _right, _right, _new_roster, _by_hand,
)  # fmt: skip
FEW = 14  # the first of these; the others concern everybody


def _life(chance: random.Random) -> list[list[Callable[[Org], None]]]:
    """What happens from reading to reading. In a short life what concerns everybody comes by itself, so that it leaves the
    other passes narrowed."""
    few, wide = list(HAPPENS[:FEW]), list(HAPPENS[FEW:])
    if MORE:
        few, wide = [*HAPPENS, *chance.choices(few, k=MORE)], []
    chance.shuffle(few)
    chance.shuffle(wide)
    steps = [wide[:3], wide[3:]] if wide else []
    while few:
        steps.append([few.pop() for _ in range(min(len(few), chance.choice([1, 2, 2, 3]) if MORE else 3))])
    chance.shuffle(steps)
    return steps


def _read(org: Org, system: int) -> None:
    """A reading, and what follows it."""
    told = jobs.read_system(org.house.means, Here(f"{system} at {org.house.now}"), {"system": system})
    jobs.detect(org.house.means, Here(), {"system": system, "snapshot": told["snapshot"]})


def _live(org: Org, deeds: Sequence[Callable[[Org], object]], *, hours: float = 9) -> None:
    """One step: time goes, something happens, the system is read."""
    org.house.later(hours=org.chance.uniform(1, hours))
    for deed in deeds:
        deed(org)
    org.house.later(minutes=5)
    org.world.now = org.house.now
    _read(org, org.system)


def _open(org: Org, *, all_asked: bool) -> dict[tuple[str, str], str]:
    """What is open now; or what would be, had everybody been asked at this moment."""
    with org.house.database.transaction() as session:
        if all_asked:
            own = queries.limits_of(session, org.system, rule_limits(org.house.means.settings))
            findings.reconcile(
                session, narrowing.SOURCE, detect.judgements(session, org.system, own, at=org.house.now),
                rules=list(rulebook.RULES), system_id=org.system, terms=finding_terms(org.house.means.settings),
                by=make.ADMIN, at=org.house.now,
            )  # fmt: skip
        rows = session.execute(select(FindingRow.rule, FindingRow.subject, FindingRow.status))
        told = {(row.rule, row.subject): row.status for row in rows if row.status != "closed"}
        session.rollback()
    return told


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_open_after_narrowed_passes_is_what_a_pass_over_all_would_leave_open(
    database: Database, tmp_path: Path, seed: int
) -> None:
    org = Org(Installation(database, tmp_path / "home", make.NOW), random.Random(seed))
    _read(org, org.roster.id)
    _read(org, org.system)
    for number, deeds in enumerate(_life(org.chance)):
        _live(org, deeds, hours=9 if MORE else 5)
        there, meant = _open(org, all_asked=False), _open(org, all_asked=True)
        assert there == meant, f"seed {seed}, step {number}, after {[deed.__name__ for deed in deeds]}"
    assert org.house.count(RunRow, RunRow.narrowed, RunRow.source == narrowing.SOURCE) >= 3, (
        "hardly any pass was narrowed, so nothing was shown"
    )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_an_entitlement_allows_from_now_on_concerns_all_who_hold_it(database: Database, tmp_path: Path) -> None:
    org = Org(Installation(database, tmp_path / "home", make.NOW), random.Random(1))
    _read(org, org.roster.id)
    _read(org, org.system)
    plain = next(each for each in org.world.of(Stream.ENTITLEMENTS) if each.key == "plain")  # type: ignore[union-attr]
    _live(org, [lambda org: org.change(plain, privileges=(Privilege.EXPORT,))])
    assert org.house.count(RunRow, RunRow.narrowed) == 0
    assert _open(org, all_asked=False) == _open(org, all_asked=True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_entitlement_is_asked_about_again_when_others_hold_it_when_it_is_new_and_when_more_can_sign_in(
    database: Database, tmp_path: Path
) -> None:
    org = Org(Installation(database, tmp_path / "home", make.NOW), random.Random(1))
    org.world.put(EntitlementRecord("few", "permission_set", "few", description="Why.", privileges=(Privilege.EXPORT,)))
    org.world.put(ObjectRightRecord("plain Contact", "plain", "Contact", read=True))
    org.world.put(*(GrantRecord(f"a{n}", "few") for n in range(12)))
    _read(org, org.roster.id)
    _read(org, org.system)
    by_key = {each.key: each for each in org.world.of(Stream.ACCOUNTS)}  # type: ignore[union-attr]
    last = next(each for each in org.world.of(Stream.GRANTS) if each.entitlement_key == "exporter")  # type: ignore[union-attr]
    new = EntitlementRecord("new", "permission_set", "new", description="Why.", privileges=(Privilege.EXPORT,))
    steps: dict[str, Callable[[Org], object]] = {
        "guest_reaches_records": lambda org: org.change(by_key["a4"], kind=AccountKind.GUEST),
        "entitlement_unheld": lambda org: org.world.remove(last),
        "entitlement_unheld again": lambda org: org.world.put(new),
        "entitlement_too_wide": lambda org: org.change(by_key["a12"], frozen=True),  # 12 of 15 are more than 12 of 16
    }
    for step, happens in steps.items():
        before = _open(org, all_asked=False)
        _live(org, [happens], hours=3)
        now = _open(org, all_asked=False)
        assert step.split()[0] in {rule for rule, _ in now.keys() - before.keys()}, step
        assert now == _open(org, all_asked=True), step
    assert org.house.count(RunRow, RunRow.narrowed, RunRow.source == narrowing.SOURCE) == len(steps)
