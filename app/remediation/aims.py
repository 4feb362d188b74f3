"""What the subject of a decision is in its CRM: the keys that an executor is given, built from the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, CredentialRow, EntitlementRow, GrantRow, IntegrationRow
from connectors.connector import Target, TargetKind

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Aim:
    """What a subject is in the CRM's own keys, and whose."""

    system_id: int
    target: Target
    account_id: int | None = None
    grant_id: int | None = None
    integration_id: int | None = None
    credential_id: int | None = None
    entitlement_id: int | None = None


def aims(session: Session, kind: str, subject_ids: Iterable[int]) -> dict[int, Aim]:
    """What each of these subjects of one kind is in its CRM."""
    wanted = sorted(set(subject_ids))
    found: dict[int, Aim] = {}
    for begin in range(0, len(wanted), CHUNK):
        for row in session.execute(_AIMS[kind]().where(_KEYS[kind].in_(wanted[begin : begin + CHUNK]))):
            found[row[0].id] = _AIMED[kind](*row)
    return found


def _grant_aims() -> Any:
    return (
        select(GrantRow, AccountRow, EntitlementRow)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
    )


def _credential_aims() -> Any:
    return (
        select(CredentialRow, IntegrationRow, AccountRow)
        .outerjoin(IntegrationRow, IntegrationRow.id == CredentialRow.integration_id)
        .outerjoin(AccountRow, AccountRow.id == CredentialRow.account_id)
    )


def _integration_aims() -> Any:
    return select(IntegrationRow, AccountRow).outerjoin(AccountRow, AccountRow.id == IntegrationRow.owner_account_id)


def _aimed_at_grant(grant: GrantRow, account: AccountRow, entitlement: EntitlementRow) -> Aim:
    target = Target(
        TargetKind.GRANT,
        account_key=account.key,
        entitlement_key=entitlement.key,
        entitlement_kind=entitlement.kind,
        source=grant.source,
        username=account.username,
        email=account.email,
    )
    return Aim(grant.system_id, target, account_id=account.id, grant_id=grant.id)


def _aimed_at_account(account: AccountRow) -> Aim:
    target = Target(TargetKind.ACCOUNT, account_key=account.key, username=account.username, email=account.email)
    return Aim(account.system_id, target, account_id=account.id)


def _aimed_at_integration(integration: IntegrationRow, owner: AccountRow | None) -> Aim:
    target = Target(TargetKind.INTEGRATION, account_key=owner.key if owner else None, integration_key=integration.key)
    return Aim(integration.system_id, target, account_id=owner.id if owner else None, integration_id=integration.id)


def _aimed_at_credential(
    credential: CredentialRow, integration: IntegrationRow | None, account: AccountRow | None
) -> Aim:
    target = Target(
        TargetKind.CREDENTIAL,
        account_key=account.key if account else None,
        integration_key=integration.key if integration else None,
        credential_key=credential.key,
        username=account.username if account else None,
        email=account.email if account else None,
    )
    return Aim(credential.system_id, target, account_id=account.id if account else None, credential_id=credential.id)


def _aimed_at_contents(entitlement: EntitlementRow) -> Aim:
    target = Target(TargetKind.ENTITLEMENT, entitlement_key=entitlement.key, entitlement_kind=entitlement.kind)
    return Aim(entitlement.system_id, target, entitlement_id=entitlement.id)


_AIMS: Mapping[str, Any] = {
    "grant": _grant_aims,
    "account": lambda: select(AccountRow),
    "integration": _integration_aims,
    "credential": _credential_aims,
    "group": lambda: select(EntitlementRow),
    "definition": lambda: select(EntitlementRow),
}
_AIMED: Mapping[str, Any] = {
    "grant": _aimed_at_grant,
    "account": _aimed_at_account,
    "integration": _aimed_at_integration,
    "credential": _aimed_at_credential,
    "group": _aimed_at_contents,
    "definition": _aimed_at_contents,
}
_KEYS: Mapping[str, Any] = {
    "grant": GrantRow.id,
    "account": AccountRow.id,
    "integration": IntegrationRow.id,
    "credential": CredentialRow.id,
    "group": EntitlementRow.id,
    "definition": EntitlementRow.id,
}
