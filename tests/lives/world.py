"""Twenty small teams in the middle of one review, in one transaction that is never committed: their histories may do to it
what they like, and the next twenty find it as it was. Side by side, because opening and closing are what costs. The company
is made once, and its review opened once for each course that a review may take.

Every transaction that a verb is given is a savepoint of that one, so that a crash rolls back what a crash would; a row is
kept of every move of a status by the database itself, also of those that one verb makes one after another.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.actors.actor import Actor, Role
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, SystemRow
from app.kit.db import Database
from app.remediation.brakes import Brakes
from app.remediation.policy import Caps
from app.review.tables import CampaignRow, ItemRow
from connectors.connector import ActKind
from tests import make
from tests.app.review import cast
from tests.lives import moves
from tests.lives.crm import Ending

NOW = make.NOW
MACHINE = Actor("machine", "machine", frozenset({Role.ADMIN}))  # opens reviews, and is nobody who would be passed over


class Died(Exception):
    """The process ended here. No BaseException: SQLAlchemy would give up the connection, and with it the history."""


class One(Database):
    """A database of which every transaction is a part of one."""

    def __init__(self, of: Database) -> None:
        """Take the place of `of` until `undo`."""
        self.url, self.sqlite = of.url, of.sqlite
        self.connection = of.writer.connect()
        self.writer = self.reader = self.haste = of.writer
        self.dies_at = 0  # after so many statements from now; 0: not
        event.listen(self.connection, "before_cursor_execute", self._count)
        self.whole = self.connection.begin()

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self.dies_at and not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            self.dies_at -= 1
            if self.dies_at == 0:
                raise Died

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A part that stays when the block ends well, and is gone when it does not."""
        options: dict[str, Any] = {"join_transaction_mode": "create_savepoint", "expire_on_commit": False}
        with Session(self.connection, **options) as session, session.begin():
            yield session

    hasty = transaction

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """The same, for what only looks."""
        with self.transaction() as session:
            yield session

    @contextmanager
    def trying(self) -> Iterator[None]:
        """What happens in here is undone."""
        here = self.connection.begin_nested()
        try:
            yield
        finally:
            self.dies_at = 0
            here.rollback()

    def undo(self) -> None:
        """Leave the database as it was."""
        self.whole.rollback()
        self.connection.close()


TEAMS = 20
DUE = NOW + timedelta(days=21)


@dataclass(frozen=True)
class Person:
    """Somebody, by name and id."""

    name: str
    id: int

    def actor(self, *roles: Role) -> Actor:
        """As they act."""
        return Actor(f"actor:{self.name}", self.name, frozenset(roles or (Role.REVIEWER,)), self.id)


@dataclass
class Team:
    """A manager, a deputy and one person whose access is reviewed: one history, drawn from its own seed."""

    seed: int
    random: random.Random
    manager: Person
    deputy: Person
    person: Person
    account: str
    items: tuple[int, ...]
    steps: list[str] = field(default_factory=list)


SECOND = {
    "name": "Owners",
    "ask": ["owner", "above"],
    "where": "silent or privileged or answer = remove",
    "due_days": 2,
}
THIRD = {"name": "Security", "ask": [{"person": "fay"}, {"person": "flo"}], "due_days": 3}
OWNERS = {"answer": "owner", "afterwards": "remove", "owner_days": 2, "escalate_after_days": 1}
# What a review may say of itself: its rounds, what several answers come to, and what silence does.
COURSES: tuple[dict[str, Any], ...] = (
    {},
    {"then": [SECOND], "outcome": "any_removal", "silence": OWNERS},
    {"then": [SECOND, THIRD], "outcome": "all_keep"},
    {"silence": {"answer": "keep", "escalate_after_days": 2, "escalate_to": "owner"}},
    {"attention": {"percent": 40, "ask": [{"person": "flo"}], "bulk": 2}, "silence": {"answer": "remove"}},
    {"then": [THIRD | {"where": "silent"}, SECOND], "outcome": "first", "silence": OWNERS | {"afterwards": "keep"}},
)


@dataclass(frozen=True)
class Company:
    """Who and what there is before a review: teams by their people and their account."""

    teams: tuple[tuple[Person, Person, Person, int, str], ...]
    others: dict[str, Person]
    system_id: int
    present: frozenset[str]


@dataclass(frozen=True)
class Template:
    """What every twenty histories begin with."""

    teams: tuple[tuple[Person, Person, Person, str, tuple[int, ...]], ...]
    others: dict[str, Person]
    system_id: int
    present: frozenset[str]
    campaign_id: int
    items: int
    course: dict[str, Any]


@dataclass
class World:
    """Who and what there is, at a moment that only goes on. `crm` is what is really there."""

    database: One
    template: Template
    random: random.Random
    teams: list[Team]
    crm: Ending
    now: datetime = NOW
    done: Counter[str] = field(default_factory=Counter)
    brakes: Brakes = field(default_factory=lambda: Brakes(Caps(percent=100), release_above=10_000))

    @property
    def campaign_id(self) -> int:
        """The review that all are part of."""
        return self.template.campaign_id

    @property
    def system_id(self) -> int:
        """The system that it is about."""
        return self.template.system_id

    @property
    def admin(self) -> Actor:
        """An administrator, whom nothing here concerns."""
        return self.template.others["Ivy"].actor(Role.ADMIN, Role.REVIEWER)

    def later(self) -> datetime:
        """Let time go on a little."""
        self.now += timedelta(seconds=self.random.randint(1, 90))
        return self.now


def begin(database: One, template: Template, seed: int) -> World:
    """The world of twenty histories, the first with this seed. Some CRMs keep ends, some lanes begin little alone."""
    teams = [
        Team(seed + number, random.Random(f"life:{seed + number}"), *each) for number, each in enumerate(template.teams)
    ]
    rng = random.Random(f"town:{seed}")
    crm = Ending(present=set(template.present), keeps_ends=rng.random() < 0.5)
    world = World(database, template, rng, teams, crm)
    if rng.random() < 0.6:
        world.brakes = Brakes(Caps(percent=100), release_above=rng.choice((0, 2, 5)))
    crm.clock = lambda: world.now
    return world


def company(database: One) -> Company:
    """Make it."""
    with database.transaction() as session:
        moves.watch(session)
        cast.roster(session, rows=3 * TEAMS + 4)
        others = {name: _person(session, name, key=name.lower()) for name in ("Cy", "Flo", "Fay", "Ivy")}
        system = make.system(
            session, name="Sales org", owner_key="cy", kind="salesforce", key="org", principal="reader",
            writing=[str(each) for each in ActKind], executor_secret=b"sealed",
        )  # fmt: skip
        make.snapshot(session, system)
        _administrator(session, system)
        role = make.entitlement(session, system, key="role:rep")
        boss = make.entitlement(session, system, key="role:boss", privileges=["export"])
        make.entitlement(session, system, key="role:more")
        above = others["Ivy"].id  # whoever is above the managers, and escalated to
        teams = tuple(_team(session, system, number, (role, boss), above) for number in range(TEAMS))
        return Company(teams, others, system.id, _there(session, system))


def opened(database: One, of: Company, course: dict[str, Any]) -> Template:
    """Open its review, which takes this course."""
    with database.transaction() as session:
        campaign = cast.opened(session, scope=course, by=MACHINE)
        rows = session.scalars(select(ItemRow).where(ItemRow.campaign_id == campaign.id)).all()
        mine: dict[int, list[int]] = {account: [] for *_, account, _ in of.teams}
        for row in rows:
            if row.account_id in mine:
                mine[row.account_id].append(row.id)
        teams = tuple((*people, key, tuple(sorted(mine[account]))) for *people, account, key in of.teams)
        return Template(teams, of.others, of.system_id, of.present, campaign.id, len(rows), course)  # type: ignore[arg-type]


def _person(session: Session, name: str, **given: Any) -> Person:
    return Person(name, make.identity(session, name, **given).id)


def _team(
    session: Session, system: SystemRow, number: int, rights: tuple[EntitlementRow, EntitlementRow], above: int
) -> tuple[Person, Person, Person, int, str]:
    manager, deputy = (_person(session, f"{who} {number}", manager_id=above) for who in ("Ada", "Dov"))
    person = _person(session, f"Bo {number}", manager_id=manager.id, department="Sales", title=f"Rep {number}")
    account = make.account(session, system, identity_id=person.id, matched_by="email", username=f"bo{number}@corp")
    for right in rights if number % 3 == 0 else rights[:1]:
        make.grant(session, account, right)
    return manager, deputy, person, account.id, account.key


def _administrator(session: Session, system: SystemRow) -> None:
    """Somebody who administers it, so that nobody else is the last."""
    spare = make.account(session, system, key="spare-admin", kind="service")
    power = make.entitlement(session, system, privileges=["administer"], revocable=False)
    make.grant(session, spare, power)
    make.privilege(session, spare, power)


def _there(session: Session, system: SystemRow) -> frozenset[str]:
    accounts = session.scalars(select(AccountRow).where(AccountRow.system_id == system.id)).all()
    grants = session.execute(
        select(AccountRow.key, EntitlementRow.key)
        .join(GrantRow, GrantRow.account_id == AccountRow.id)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.system_id == system.id)
    )
    return frozenset({row.key for row in accounts} | {f"{account}/{right}" for account, right in grants})


def status(session: Session, campaign_id: int) -> str:
    """Where a campaign is."""
    return str(session.scalars(select(CampaignRow.status).where(CampaignRow.id == campaign_id)).one())
