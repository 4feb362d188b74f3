"""People: who is asking, and everything one person can reach."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from app.api import problems
from app.api.entering import Entered, With
from app.inventory import queries as inventory
from app.stories import access

router = APIRouter(prefix="/api/v1", tags=["people"], responses=problems.RESPONSES)


class Me(BaseModel):
    """The actor behind the token."""

    id: str
    name: str
    roles: list[str]
    identity: int | None


class HeldTold(BaseModel):
    """One direct grant."""

    model_config = ConfigDict(from_attributes=True)
    kind: str
    name: str
    began: datetime
    granted_by: str | None
    until: datetime | None


class AccountTold(BaseModel):
    """One account with what it holds, what that lets it do, and its open findings."""

    model_config = ConfigDict(from_attributes=True)
    system: str
    username: str
    active: bool | None
    holds: list[HeldTold]
    may: dict[str, list[str]]
    findings: list[str]


class AccessTold(BaseModel):
    """Everything one person can reach now."""

    person: str
    name: str
    accounts: list[AccountTold]


@router.get("/me")
def me(actor: Entered) -> Me:
    """Who you are here."""
    return Me(id=actor.id, name=actor.name, roles=sorted(actor.roles), identity=actor.identity_id)


@router.get("/people/{person}/access")
def get_access(person: str, means: With, actor: Entered) -> AccessTold:
    """Everything a person (roster id or address) can reach now, by system and path."""
    with means.database.reading() as session:
        found = inventory.find_identity(session, person)
        if found is None:
            raise problems.not_found("person", person)
        accounts = [AccountTold.model_validate(account) for account in access.of(session, found)]
        return AccessTold(person=found.key, name=found.name, accounts=accounts)
