"""What an account could reach, now or on a day that is over."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter

from app.api import problems
from app.api.entering import Entered, With
from app.api.shapes import Number, Told
from app.inventory import past
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow
from app.kit.refusal import insist

router = APIRouter(prefix="/api/v1", tags=["access"])


class HeldThen(Told):
    """A direct grant. `effective` false: assigned, and without effect at that moment; null: the system does not say."""

    grant_id: int
    entitlement_id: int
    key: str
    kind: str
    name: str
    source: str
    authority: str
    effective: bool | None
    began: datetime
    ended: datetime | None


class ReachedThen(Told):
    """Something held through a direct grant: the names from the granted entitlement to this one."""

    entitlement_id: int
    name: str
    path: list[str]


class MayThen(Told):
    """A privilege, and the chain of entitlements that brings it."""

    privilege: str
    path: list[str]


class AccessThen(Told):
    """One account at a moment.

    `known` false: the system had not been read by then, so nothing here says no. `rests_on`: when the readings began from
    which each stream was last known wholly. `fields` null: the system did not say.
    """

    account_id: int
    system_id: int
    key: str
    at: datetime
    known: bool
    present: bool
    fields: dict[str, str | None]
    holds: list[HeldThen]
    reaches: list[ReachedThen]
    may: list[MayThen]
    rests_on: dict[str, datetime | None]


class PersonThen(Told):
    """A person's accounts, as they are matched today, at a moment of the past."""

    person: str
    name: str
    at: datetime
    accounts: list[AccessThen]


@router.get("/accounts/{account_id}/access")
def get_account_access(account_id: Number, means: With, actor: Entered, on: date | None = None) -> AccessThen:
    """What an account holds, directly and by which path, and may do: at the end of day `on`, or now."""
    at = moment(means, on)
    with means.database.reading() as session:
        if session.get(AccountRow, account_id) is None:
            raise problems.not_found("account", account_id)
        (told,) = past.access(session, [account_id], at)
        return AccessThen.model_validate(told)


@router.get("/people/{person}/past")
def get_persons_past(person: str, on: date, means: With, actor: Entered) -> PersonThen:
    """What a person (roster id or address) could reach at the end of a day, in each of their accounts."""
    at = moment(means, on)
    with means.database.reading() as session:
        found = inventory.find_identity(session, person)
        if found is None:
            raise problems.not_found("person", person)
        accounts = [AccessThen.model_validate(each) for each in past.of_person(session, found.id, at)]
        return PersonThen(person=found.key, name=found.name, at=at, accounts=accounts)


def moment(means: With, on: date | None) -> datetime:
    """The moment that `on` means: the end of that day in the operator's zone, and for today and for none, now."""
    now = means.clock()
    if on is None:
        return now
    insist(past.why_not(on, now.astimezone(means.settings.zone).date()))
    return min(now, past.end_of(on, means.settings.zone))
