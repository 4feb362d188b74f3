"""What there is in the systems: accounts, entitlements, integrations, credentials, and which account holds what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from sqlalchemy import ColumnElement, Select, select

from app.api import paging, problems
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Page, Told
from app.api.words import AccountKind
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IntegrationRow,
    PrivilegeRow,
)

router = APIRouter(prefix="/api/v1", tags=["access"])
Status = Literal["present", "gone", "any"]
BY_NAME: dict[str, Order] = {
    "accounts": Order((AccountRow.username, AccountRow.id)),
    "entitlements": Order((EntitlementRow.name, EntitlementRow.id)),
    "integrations": Order((IntegrationRow.name, IntegrationRow.id)),
    "credentials": Order((CredentialRow.label, CredentialRow.id)),
}


class Account(Told):
    """A login in one system. Null is what the system did not say."""

    id: int
    system_id: int
    key: str
    username: str
    email: str | None
    name: str | None
    active: bool | None
    frozen: bool | None
    kind: AccountKind
    title: str | None
    department: str | None
    licence: str | None
    created: datetime | None
    last_login: datetime | None
    logins_known_since: datetime | None
    identity_id: int | None
    matched_by: str | None
    began: datetime
    ended: datetime | None


class AccountPage(Page):
    """A page of accounts."""

    accounts: list[Account]


class Grant(Told):
    """An account holds an entitlement directly, from `began` until `ended`."""

    id: int
    account_id: int
    entitlement_id: int
    source: str
    authority: str
    granted: datetime | None
    granted_by: str | None
    until: datetime | None
    effective: bool | None
    began: datetime
    ended: datetime | None


class GrantPage(Page):
    """A page of grants."""

    grants: list[Grant]


class AccountStory(Account):
    """One account with what it may do, each privilege by the chains of entitlements that carry it."""

    privileges: dict[str, list[str]]


class Entitlement(Told):
    """Something an account can hold. `privileges` null: the system does not say what it allows."""

    id: int
    system_id: int
    key: str
    kind: str
    name: str
    label: str | None
    description: str | None
    privileges: list[str] | None
    revocable: bool
    began: datetime
    ended: datetime | None


class EntitlementPage(Page):
    """A page of entitlements."""

    entitlements: list[Entitlement]


class Integration(Told):
    """A program with its own way in."""

    id: int
    system_id: int
    key: str
    kind: str
    name: str
    publisher: str | None
    owner_account_id: int | None
    scopes: list[str] | None
    active: bool | None
    created: datetime | None
    last_used: datetime | None
    derived: bool
    began: datetime
    ended: datetime | None


class IntegrationPage(Page):
    """A page of integrations."""

    integrations: list[Integration]


class Credential(Told):
    """The token or key by which an integration or an account enters. Never its value."""

    id: int
    system_id: int
    key: str
    kind: str
    label: str
    integration_id: int | None
    account_id: int | None
    scopes: list[str] | None
    active: bool | None
    created: datetime | None
    last_used: datetime | None
    uses_known_since: datetime | None
    expires: datetime | None
    began: datetime
    ended: datetime | None


class CredentialPage(Page):
    """A page of credentials."""

    credentials: list[Credential]


@router.get("/accounts")
def list_accounts(
    means: With,
    actor: Entered,
    page: paging.Asked,
    system: paging.Numbered = None,
    person: paging.Numbered = None,
    kind: AccountKind | None = None,
    active: bool | None = None,
    matched: bool | None = None,
    search: str | None = None,
    status: Status = "present",
    sort: Literal["username", "newest"] = "username",
) -> AccountPage:
    """Accounts. `person`: an identity's number; `matched`: whether they are somebody's; `search`: how a username begins."""
    statement = _of(AccountRow, status, {AccountRow.system_id: system, AccountRow.identity_id: person})
    statement = statement.where(*_given({AccountRow.kind: kind, AccountRow.active: active}))
    if matched is not None:
        nobodys = AccountRow.identity_id.is_(None)
        statement = statement.where(~nobodys if matched else nobodys)
    if search:
        statement = statement.where(AccountRow.username.istartswith(search, autoescape=True))
    order = BY_NAME["accounts"] if sort == "username" else Order((AccountRow.id,), falling=True)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, order)
        return AccountPage(accounts=[Account.model_validate(row[0]) for row in rows], next=after)


@router.get("/accounts/{account_id}")
def get_account(account_id: paging.Number, means: With, actor: Entered) -> AccountStory:
    """One account with what it may do now."""
    with means.database.reading() as session:
        row = session.get(AccountRow, account_id)
        if row is None:
            raise problems.not_found("account", account_id)
        held = select(PrivilegeRow).where(PrivilegeRow.account_id == account_id).order_by(PrivilegeRow.id)
        told: dict[str, list[str]] = {}
        for each in session.scalars(held):
            told.setdefault(each.privilege, []).append(each.path)
        return AccountStory(**Account.model_validate(row).model_dump(), privileges=told)


@router.get("/accounts/{account_id}/grants")
def list_grants(
    account_id: paging.Number, means: With, actor: Entered, page: paging.Asked, status: Status = "present"
) -> GrantPage:
    """What an account holds directly; with `status=any`, also what it held before."""
    statement = _of(GrantRow, status, {GrantRow.account_id: account_id})
    with means.database.reading() as session:
        if session.get(AccountRow, account_id) is None:
            raise problems.not_found("account", account_id)
        rows, after = page.page(session, statement, Order((GrantRow.id,)))
        return GrantPage(grants=[Grant.model_validate(row[0]) for row in rows], next=after)


@router.get("/entitlements")
def list_entitlements(
    means: With,
    actor: Entered,
    page: paging.Asked,
    system: paging.Numbered = None,
    kind: str | None = None,
    status: Status = "present",
) -> EntitlementPage:
    """What accounts can hold, by name: profiles, permission sets, roles, teams."""
    statement = _of(EntitlementRow, status, {EntitlementRow.system_id: system, EntitlementRow.kind: kind})
    with means.database.reading() as session:
        rows, after = page.page(session, statement, BY_NAME["entitlements"])
        return EntitlementPage(entitlements=[Entitlement.model_validate(row[0]) for row in rows], next=after)


@router.get("/entitlements/{entitlement_id}")
def get_entitlement(entitlement_id: paging.Number, means: With, actor: Entered) -> Entitlement:
    """One entitlement."""
    with means.database.reading() as session:
        row = session.get(EntitlementRow, entitlement_id)
        if row is None:
            raise problems.not_found("entitlement", entitlement_id)
        return Entitlement.model_validate(row)


@router.get("/integrations")
def list_integrations(
    means: With,
    actor: Entered,
    page: paging.Asked,
    system: paging.Numbered = None,
    owner: paging.Numbered = None,
    kind: str | None = None,
    status: Status = "present",
) -> IntegrationPage:
    """Programs with their own way in, by name. `owner`: an account's number."""
    asked: dict[Any, Any] = {
        IntegrationRow.system_id: system, IntegrationRow.owner_account_id: owner, IntegrationRow.kind: kind,
    }  # fmt: skip
    with means.database.reading() as session:
        rows, after = page.page(session, _of(IntegrationRow, status, asked), BY_NAME["integrations"])
        return IntegrationPage(integrations=[Integration.model_validate(row[0]) for row in rows], next=after)


@router.get("/integrations/{integration_id}")
def get_integration(integration_id: paging.Number, means: With, actor: Entered) -> Integration:
    """One integration."""
    with means.database.reading() as session:
        row = session.get(IntegrationRow, integration_id)
        if row is None:
            raise problems.not_found("integration", integration_id)
        return Integration.model_validate(row)


@router.get("/credentials")
def list_credentials(
    means: With,
    actor: Entered,
    page: paging.Asked,
    system: paging.Numbered = None,
    integration: paging.Numbered = None,
    account: paging.Numbered = None,
    status: Status = "present",
) -> CredentialPage:
    """Tokens and keys by which programs and people enter, by label; never their values."""
    asked: dict[Any, Any] = {
        CredentialRow.system_id: system, CredentialRow.integration_id: integration, CredentialRow.account_id: account,
    }  # fmt: skip
    with means.database.reading() as session:
        rows, after = page.page(session, _of(CredentialRow, status, asked), BY_NAME["credentials"])
        return CredentialPage(credentials=[Credential.model_validate(row[0]) for row in rows], next=after)


@router.get("/credentials/{credential_id}")
def get_credential(credential_id: paging.Number, means: With, actor: Entered) -> Credential:
    """One credential; never its value."""
    with means.database.reading() as session:
        row = session.get(CredentialRow, credential_id)
        if row is None:
            raise problems.not_found("credential", credential_id)
        return Credential.model_validate(row)


def _of(table: Any, status: Status, asked: dict[Any, Any]) -> Select[Any]:
    statement = select(table).where(*_given(asked))
    if status == "any":
        return statement
    return statement.where(table.ended.is_(None) if status == "present" else table.ended.is_not(None))


def _given(asked: dict[Any, Any]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in asked.items() if value is not None]
