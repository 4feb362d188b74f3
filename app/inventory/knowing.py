"""The set-wise reads behind facts and matching: each streams in order of account from one query.

Whoever holds an entitlement that holds another, whose contents the system does not tell, holds something unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    case,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from app.inventory import matching
from app.inventory.facts import AccountFacts, CredentialFacts, PersonFacts
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EdgeRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    IntegrationRow,
    PrivilegeRow,
)

AT_A_TIME = 1_000  # rows fetched from a running query
NAMED = 10_000  # account ids that one query may name
Ends = Mapping[int, datetime]


def account_facts(
    session: Session, system_id: int, *, only: Collection[int] | None = None, justified: Ends | None = None
) -> Iterator[AccountFacts]:
    """The live accounts of a system, in order of id, one by one as the database gives them.

    `only` restricts to these account ids. `justified` says until when an account's privileges have a reason on file.
    """
    if only is None:
        yield from _facts(session, system_id, None, justified or {})
        return
    wanted = sorted(set(only))
    for begin in range(0, len(wanted), NAMED):
        chosen = AccountRow.id.in_(wanted[begin : begin + NAMED])
        yield from _facts(session, system_id, chosen, justified or {})


def credential_facts(
    session: Session, system_id: int, *, only: Collection[int] | None = None, justified: Ends | None = None
) -> Iterator[CredentialFacts]:
    """The live credentials of a system, in order of the account they belong to, those of none first."""
    live = (CredentialRow.system_id == system_id, CredentialRow.ended.is_(None))
    rows = (
        select(CredentialRow, IntegrationRow.name)
        .outerjoin(IntegrationRow, IntegrationRow.id == CredentialRow.integration_id)
        .where(*live)
        .order_by(func.coalesce(CredentialRow.account_id, 0), CredentialRow.id)
    )
    chosen = [] if only is None else [CredentialRow.id.in_(sorted(set(only)))]
    rows = rows.where(*chosen)
    owners = select(CredentialRow.account_id).where(*live, *chosen, CredentialRow.account_id.is_not(None))
    owned = AccountRow.id.in_(owners)
    accounts = _facts(session, system_id, owned, justified or {})
    account = next(accounts, None)
    for credential, integration in session.execute(rows.execution_options(yield_per=AT_A_TIME)):
        while account is not None and credential.account_id is not None and account.account_id < credential.account_id:
            account = next(accounts, None)
        of = account if account is not None and account.account_id == credential.account_id else None
        yield _credential(credential, integration, of)


def person_of_key(session: Session, key: str | None) -> PersonFacts | None:
    """Whoever has this key in the roster, or had it; None if there was never anybody."""
    found = session.scalar(select(IdentityRow).where(IdentityRow.key == key, IdentityRow.erased.is_(None)))
    if found is None:
        return None
    return PersonFacts(
        found.id, found.name, found.kind, found.engagement, found.department, found.title, found.manager_id, found.start,
        found.end, found.away_from, found.away_until, in_roster=found.ended is None,
    )  # fmt: skip


def candidates(system_id: int | None = None) -> Select[Any]:
    """Per live account: account_id, identity_id, by, because, and whether a person chose by hand. `matching`, set-wise."""
    number, mail, name = aliased(IdentityRow), aliased(IdentityRow), aliased(IdentityRow)
    mailbox, userbox = aliased(IdentityEmailRow), aliased(IdentityEmailRow)
    same_key = aliased(IdentityRow)
    named = func.coalesce(userbox.identity_id, same_key.id)
    service = AccountRow.kind == matching.SERVICE
    by_number = number.id
    by_mail = case((service & (mail.kind != matching.SERVICE), null()), else_=mail.id)
    by_name = case((service & (name.kind != matching.SERVICE), null()), else_=name.id)
    borrowed = service & or_(mail.kind != matching.SERVICE, name.kind != matching.SERVICE)
    clash = or_(by_number != by_mail, by_number != by_name, by_mail != by_name)
    one = func.coalesce(by_number, by_mail, by_name)
    found = (
        select(
            AccountRow.id.label("account_id"),
            case((clash, null()), else_=one).label("identity_id"),
            case(
                (clash, null()),
                (by_number.is_not(None), literal(matching.ROSTER_ID)),
                (by_mail.is_not(None), literal(matching.EMAIL)),
                (by_name.is_not(None), literal(matching.USERNAME)),
            ).label("by"),
            case(
                (clash, literal(matching.AMBIGUOUS)),
                (one.is_not(None), null()),
                (borrowed, literal(matching.BORROWED)),
                else_=literal(matching.NOBODY),
            ).label("because"),
        )
        .outerjoin(number, (number.key == AccountRow.employee_number) & number.erased.is_(None))
        .outerjoin(mailbox, mailbox.email == func.lower(AccountRow.email))
        .outerjoin(mail, mail.id == mailbox.identity_id)
        .outerjoin(userbox, userbox.email == func.lower(AccountRow.username))
        .outerjoin(same_key, (same_key.key == AccountRow.username) & same_key.erased.is_(None))
        .outerjoin(name, name.id == named)
        .where(AccountRow.ended.is_(None))
    )
    return found if system_id is None else found.where(AccountRow.system_id == system_id)


def _facts(
    session: Session, system_id: int, chosen: ColumnElement[bool] | None, justified: Ends
) -> Iterator[AccountFacts]:
    rows = session.execute(_facts_query(system_id, chosen).execution_options(yield_per=AT_A_TIME))
    for row in rows:
        yield _account(row, justified)


def _facts_query(system_id: int, chosen: ColumnElement[bool] | None) -> Select[Any]:
    """All of a system, or its `chosen` accounts: what is theirs is then sought by account, not in all the system has."""

    def theirs(row: Any) -> ColumnElement[bool]:
        if chosen is None:
            return cast(ColumnElement[bool], row.system_id == system_id)
        return cast(ColumnElement[bool], row.account_id.in_(select(AccountRow.id).where(chosen)))

    each = select(PrivilegeRow.account_id, PrivilegeRow.privilege).where(theirs(PrivilegeRow)).distinct().subquery()
    privileges = (
        select(each.c.account_id, func.aggregate_strings(each.c.privilege, ",").label("names"))
        .group_by(each.c.account_id)
        .subquery()
    )
    unknown = (
        select(GrantRow.account_id, func.count().label("count"))
        .where(theirs(GrantRow), GrantRow.ended.is_(None), GrantRow.entitlement_id.in_(_unknown(system_id)))
        .group_by(GrantRow.account_id)
        .subquery()
    )
    used = (
        select(CredentialRow.account_id, func.max(CredentialRow.last_used).label("last"))
        .where(theirs(CredentialRow))
        .group_by(CredentialRow.account_id)
        .subquery()
    )
    account = AccountRow
    query = (
        select(
            account.id, account.system_id, account.key, account.username, account.active, account.frozen, account.kind,
            account.created, account.last_login, account.logins_known_since, account.email,
            account.department.label("own_department"), account.licence, account.native,
            used.c.last.label("credential_used"), privileges.c.names, unknown.c.count.label("unknown"),
            IdentityRow.id.label("identity_id"), IdentityRow.name, IdentityRow.kind.label("person_kind"),
            IdentityRow.engagement, IdentityRow.department, IdentityRow.title, IdentityRow.manager_id, IdentityRow.start,
            IdentityRow.end, IdentityRow.away_from, IdentityRow.away_until, IdentityRow.ended.label("left"),
        )
        .outerjoin(IdentityRow, IdentityRow.id == account.identity_id)
        .outerjoin(privileges, privileges.c.account_id == account.id)
        .outerjoin(unknown, unknown.c.account_id == account.id)
        .outerjoin(used, used.c.account_id == account.id)
        .where(*[] if chosen is None else [chosen], account.system_id == system_id, account.ended.is_(None))
        .order_by(account.id)
    )  # fmt: skip
    return cast(Select[Any], query)


def _unknown(system_id: int) -> Select[Any]:
    """Entitlements whose contents the system does not tell, and all that hold one of those, circles included."""
    untold = (
        select(EntitlementRow.id)
        .where(
            EntitlementRow.system_id == system_id, EntitlementRow.ended.is_(None), EntitlementRow.privileges.is_(None)
        )
        .cte("untold", recursive=True)
    )
    above = select(EdgeRow.holder_id).join(untold, untold.c.id == EdgeRow.held_id).where(EdgeRow.ended.is_(None))
    return select(untold.union(above).c.id)


def _account(row: Row[Any], justified: Ends) -> AccountFacts:
    uses = [when for when in (row.last_login, row.credential_used) if when is not None]
    return AccountFacts(
        account_id=row.id,
        system_id=row.system_id,
        key=row.key,
        username=row.username,
        active=row.active,
        frozen=row.frozen,
        kind=row.kind,
        created=row.created,
        last_login=row.last_login,
        logins_known_since=row.logins_known_since,
        last_use=max(uses) if uses else None,
        privileges=tuple(sorted(row.names.split(","))) if row.names else (),
        unknown_privileges=row.unknown or 0,
        justified_until=justified.get(row.id),
        person=_person(row) if row.identity_id is not None else None,
        email=row.email,
        department=row.own_department,
        licence=row.licence,
        native=row.native or {},
    )


def _person(row: Row[Any]) -> PersonFacts:
    return PersonFacts(
        identity_id=row.identity_id,
        name=row.name,
        kind=row.person_kind,
        engagement=row.engagement,
        department=row.department,
        title=row.title,
        manager_id=row.manager_id,
        start=row.start,
        end=row.end,
        away_from=row.away_from,
        away_until=row.away_until,
        in_roster=row.left is None,
    )


def _credential(row: CredentialRow, integration: str | None, account: AccountFacts | None) -> CredentialFacts:
    return CredentialFacts(
        credential_id=row.id,
        system_id=row.system_id,
        key=row.key,
        kind=row.kind,
        label=row.label,
        integration=integration,
        active=row.active,
        created=row.created,
        last_used=row.last_used,
        uses_known_since=row.uses_known_since,
        expires=row.expires,
        account=account,
    )
