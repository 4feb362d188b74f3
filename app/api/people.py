"""People across systems: who there is, their accounts, and everything that one of them can reach."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.api import paging, problems
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Page, Told
from app.api.words import AccountKind
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow, IdentityEmailRow, IdentityRow
from app.stories import access

router = APIRouter(prefix="/api/v1/people", tags=["access"])
ORDERS = {"name": Order((IdentityRow.name, IdentityRow.id)), "newest": Order((IdentityRow.id,), falling=True)}


class Person(Told):
    """Somebody of the roster. `ended`: no longer in it."""

    id: int
    key: str
    name: str
    kind: AccountKind
    engagement: str | None
    manager_id: int | None
    department: str | None
    title: str | None
    start: date | None
    end: date | None
    away_from: date | None
    away_until: date | None
    began: datetime
    ended: datetime | None


class PersonPage(Page):
    """A page of people."""

    people: list[Person]


class OwnAccount(Told):
    """One of a person's accounts. `ended`: no longer in its system."""

    id: int
    system_id: int
    username: str
    active: bool | None
    matched_by: str | None
    began: datetime
    ended: datetime | None


class PersonStory(Person):
    """One person with addresses and accounts, those of the past among them."""

    emails: list[str]
    accounts: list[OwnAccount]


class HeldTold(Told):
    """One direct grant."""

    kind: str
    name: str
    began: datetime
    granted_by: str | None
    until: datetime | None


class AccountTold(Told):
    """One account with what it holds, what that lets it do, and its open findings."""

    system: str
    username: str
    active: bool | None
    holds: list[HeldTold]
    may: dict[str, list[str]]
    findings: list[str]


class AccessTold(Told):
    """Everything one person can reach now."""

    person: str
    name: str
    accounts: list[AccountTold]


@router.get("")
def list_people(
    means: With,
    actor: Entered,
    page: paging.Asked,
    search: str | None = None,
    department: str | None = None,
    status: Literal["present", "gone", "any"] = "present",
    sort: Literal["name", "newest"] = "name",
) -> PersonPage:
    """People of the roster. `search`: the beginning of a name, a roster id or an address."""
    statement = select(IdentityRow).where(IdentityRow.erased.is_(None))
    if status != "any":
        gone = IdentityRow.ended.is_not(None)
        statement = statement.where(gone if status == "gone" else ~gone)
    if department is not None:
        statement = statement.where(IdentityRow.department == department)
    if search:
        addressed = select(IdentityEmailRow.identity_id).where(
            IdentityEmailRow.email.startswith(search.lower(), autoescape=True)
        )
        named = IdentityRow.name.istartswith(search, autoescape=True)
        statement = statement.where(or_(named, IdentityRow.key == search, IdentityRow.id.in_(addressed)))
    with means.database.reading() as session:
        rows, after = page.page(session, statement, ORDERS[sort])
        return PersonPage(people=[Person.model_validate(row[0]) for row in rows], next=after)


@router.get("/{person}")
def get_person(person: str, means: With, actor: Entered) -> PersonStory:
    """One person (roster id or address) with every account in every system."""
    with means.database.reading() as session:
        row = _found(session, person)
        emails = select(IdentityEmailRow.email).where(IdentityEmailRow.identity_id == row.id)
        accounts = select(AccountRow).where(AccountRow.identity_id == row.id).order_by(AccountRow.id)
        return PersonStory(
            **Person.model_validate(row).model_dump(),
            emails=sorted(session.scalars(emails)),
            accounts=[OwnAccount.model_validate(account) for account in session.scalars(accounts)],
        )


@router.get("/{person}/access")
def get_access(person: str, means: With, actor: Entered) -> AccessTold:
    """Everything a person (roster id or address) can reach now, by system and path."""
    with means.database.reading() as session:
        row = _found(session, person)
        accounts = [AccountTold.model_validate(account) for account in access.of(session, row)]
        return AccessTold(person=row.key, name=row.name, accounts=accounts)


def _found(session: Session, person: str) -> IdentityRow:
    row = inventory.find_identity(session, person)
    if row is None:
        raise problems.not_found("person", person)
    return row
