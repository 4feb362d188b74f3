"""What stops when something is taken away, and what remains all the same, as far as the last reading tells."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, CredentialRow, EntitlementRow, GrantRow, IntegrationRow, PrivilegeRow
from app.remediation.tables import RemediationRow

MOST = 20


def breaks(session: Session, kind: str, number: int, account: AccountRow | None) -> list[str]:
    """What enters by an account's credentials, or by one credential: it will not enter any more. `kind`: "account" or
    "credential"; of anything else nothing is known."""
    if kind not in ("account", "credential"):
        return []
    mine = CredentialRow.id == number if kind == "credential" else CredentialRow.account_id == number
    rows = session.execute(
        select(CredentialRow, IntegrationRow)
        .outerjoin(IntegrationRow, IntegrationRow.id == CredentialRow.integration_id)
        .where(mine, CredentialRow.ended.is_(None), CredentialRow.active.is_not(False))
        .order_by(CredentialRow.last_used.desc(), CredentialRow.id)
        .limit(MOST)
    ).all()
    told = []
    for credential, integration in rows:
        name = integration.name if integration is not None else credential.label
        used = f"last used on {credential.last_used.date()}" if credential.last_used else "its last use is not known"
        told.append(f"{name} enters by {_a(credential.kind)} of this account ({used}) and would stop.")
    if account is not None and kind == "account":
        owned = select(IntegrationRow.name).where(
            IntegrationRow.owner_account_id == account.id, IntegrationRow.ended.is_(None)
        )
        for name in session.scalars(owned.order_by(IntegrationRow.name).limit(MOST)):
            told.append(f"{name} names this account as its owner; it would have none.")
        if account.kind in ("service", "guest"):
            told.append(f"It is a {account.kind} account: a program or a site may stop working without it.")
    return told


def of(session: Session, row: RemediationRow) -> list[str]:
    """What stops when a removal is carried out."""
    if row.entitlement_id is not None:
        return []
    number = getattr(row, f"{row.kind}_id")
    account = session.get(AccountRow, row.account_id) if row.account_id else None
    if row.kind == "integration":
        entering = _live(session, CredentialRow.integration_id == number)
        return [f"Whatever enters by its {_keys(entering)} would stop."] if entering else []
    return breaks(session, row.kind, number, account) if number is not None else []


def remains(session: Session, row: RemediationRow) -> list[str]:
    """What is left when a removal has been carried out: other ways to the same, and what no call takes away."""
    if row.kind == "grant" and row.grant_id is not None:
        return _other_ways(session, session.get_one(GrantRow, row.grant_id))
    if row.kind == "account" and row.account_id is not None:
        return _of_account(session, row.account_id)
    if row.kind == "credential" and row.account_id is not None:
        others = _live(session, (CredentialRow.account_id == row.account_id) & (CredentialRow.id != row.credential_id))
        told = ["The account itself can be signed in to as before."]
        return [*told, f"It has {_keys(others)} besides."] if others else told
    if row.kind == "integration":
        return ["The program stays installed; its keys and tokens are ended, and whoever may can let it in again."]
    return []


def _other_ways(session: Session, grant: GrantRow) -> list[str]:
    """The same access by another way, and the same privileges by another access."""
    told = []
    same = select(func.count()).where(
        GrantRow.account_id == grant.account_id, GrantRow.entitlement_id == grant.entitlement_id,
        GrantRow.id != grant.id, GrantRow.ended.is_(None),
    )  # fmt: skip
    if again := session.scalar(same):
        told.append(f"The account holds the same by {again} other way{'s' if again > 1 else ''}.")
    brought = select(PrivilegeRow.privilege).where(
        PrivilegeRow.account_id == grant.account_id, PrivilegeRow.entitlement_id == grant.entitlement_id
    )
    others = (
        select(PrivilegeRow.privilege, func.coalesce(EntitlementRow.label, EntitlementRow.name))
        .join(EntitlementRow, EntitlementRow.id == PrivilegeRow.entitlement_id)
        .where(
            PrivilegeRow.account_id == grant.account_id, PrivilegeRow.entitlement_id != grant.entitlement_id,
            PrivilegeRow.privilege.in_(brought),
        )
        .distinct()
        .order_by(PrivilegeRow.privilege)
        .limit(MOST)
    )  # fmt: skip
    for privilege, name in session.execute(others):
        told.append(f"The privilege {privilege.replace('_', ' ')} stays: {name} brings it too.")
    return told


def _of_account(session: Session, account_id: int) -> list[str]:
    told = []
    held = session.scalar(select(func.count()).where(GrantRow.account_id == account_id, GrantRow.ended.is_(None))) or 0
    if held:
        many = f"{held} assignments stay" if held > 1 else "1 assignment stays"
        told.append(f"{many} with it, and would count again if it were switched on.")
    if keys := _live(session, CredentialRow.account_id == account_id):
        told.append(f"It has {_keys(keys)} on record; whether the system ends them with it, the next reading shows.")
    return [*told, "Its records and its history stay."]


def _live(session: Session, mine: object) -> int:
    live = select(func.count()).select_from(CredentialRow)
    live = live.where(mine, CredentialRow.ended.is_(None), CredentialRow.active.is_not(False))  # type: ignore[arg-type]
    return session.scalar(live) or 0


def _keys(count: int) -> str:
    return f"{count} keys or tokens" if count != 1 else "1 key or token"


def _a(kind: str) -> str:
    words = kind.replace("_", " ")
    return f"an {words}" if words[:1] in "aeiou" else f"a {words}"
