"""Put together what a review is about: which things become items, who reviews each, and what is shown of it.

Everything is set-wise and happens between `frozen.tables` and the end of the transaction. What comes by nesting is never
an item; it is shown with the grant that brings it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.orm import Session, aliased

from app.detection.tables import FindingRow
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    IdentityEmailRow,
    IdentityRow,
    IntegrationRow,
    PrivilegeRow,
)
from app.kit import rows
from app.kit.db import Big, Moment
from app.review import advice, choosing, defining, dialect, leanings, peers, scope, shown
from app.review.asking import BAR
from app.review.choosing import Route
from app.review.dialect import array, embed, members, obj, plain
from app.review.frozen import (
    ADVICE,
    CONCERNS,
    CONTENTS,
    FINDINGS,
    GRANTERS,
    LAST,
    MODELS,
    PEOPLE,
    SUBJECTS,
    SYSTEMS,
    VERSIONS,
    analyze,
)
from app.review.scope import ItemKind
from app.review.tables import ItemRow


@dataclass(frozen=True, slots=True)
class Place:
    """One system in scope. `seen_at` is its reading's moment; `owner_id` only if somebody able owns it."""

    system_id: int
    name: str
    owner_id: int | None
    seen_at: datetime
    kinds: tuple[ItemKind, ...]
    previous_id: int | None = None
    previous_name: str | None = None
    previous_day: str | None = None
    imported_id: int | None = None
    imported_name: str | None = None
    every_definition: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What a review is put together from. `routes` say who is asked; findings count if opened by `at`; who is kept `apart`
    (`apart.of`) is passed over, as is, with `bars`, whoever can grant in a system what is decided there, and with
    `bars_holders` whoever holds the definition, or is in the group."""

    places: tuple[Place, ...]
    department: str | None
    routes: tuple[Route, ...]
    at: datetime
    due_at: datetime
    apart: frozenset[int] = frozenset()
    bars: bool = False
    bars_holders: bool = False


def prepare(session: Session, frame: Frame) -> None:
    """Fill the scratch tables: concerns, subjects, choices of reviewer, and the pieces of what is shown."""
    session.execute(insert(SYSTEMS), [_place(place) for place in frame.places])
    asked = [_asked(place) for place in frame.places if set(place.kinds) & set(scope.CONTENTS)]
    if asked:
        defining.fill(session, asked, frame.at)
    session.execute(_filled(CONCERNS, _concerns))
    for subjects in (_accounts, _integrations, _credentials):
        session.execute(_filled(SUBJECTS, subjects, frame.department))
    if asked:
        session.execute(_filled(SUBJECTS, _contents))
    if frame.bars_holders and asked:
        held = leanings.held_by(select(CONTENTS.c.entitlement_id)).subquery()
        own = select(CONTENTS.c.kind, held.c.top, held.c.identity_id).join(
            held, held.c.top == CONTENTS.c.entitlement_id
        )
        session.execute(insert(CONCERNS).from_select(["kind", "row_id", "identity_id"], own))
    if frame.bars:
        able = leanings.giving(AccountRow.system_id.in_([place.system_id for place in frame.places]))
        session.execute(insert(GRANTERS).from_select([c.name for c in GRANTERS.c], able))
    analyze(session)
    choosing.fill(session, frame.routes, frame.at.date(), frame.due_at.date(), apart=frame.apart)
    peers.models(session, frame.at)
    session.execute(_filled(FINDINGS, _findings), {"of_moment": frame.at})
    rows.add(session, ADVICE, _every_advice())
    previous = {place.previous_id for place in frame.places if place.previous_id is not None}
    if previous:
        session.execute(_filled(LAST, _last), {"previous": sorted(previous)})
    session.execute(_filled(PEOPLE, _people, frame.at.date()))
    if any(ItemKind.GRANT in place.kinds for place in frame.places):
        peers.held(session)
    analyze(session)


@lru_cache(maxsize=64)
def _filled(table: Table, rows: Callable[..., Any], *given: Any) -> Insert:
    """Fill a scratch table with `rows(*given)`: put together once, for every review asks the same."""
    return insert(table).from_select([column.name for column in table.c], rows(*given))


@cache
def _every_advice() -> list[dict[str, Any]]:
    return [_advised(bits, told) for bits, told in advice.every()]


def _advised(bits: int, told: dict[str, str | None]) -> dict[str, Any]:
    covered = bool(bits & advice.BITS["model"])
    said = f'"advice":{dialect.text(told)}'
    return {"bits": bits, "told": said, "covering": f'"covered":{dialect.text(covered)},{said}'}


def _place(place: Place) -> dict[str, Any]:
    campaign, closed, imported = map(dialect.text, (place.previous_name, place.previous_day, place.imported_name))
    return {
        "system_id": place.system_id,
        "name": place.name,
        "owner_id": place.owner_id,
        "seen_at": place.seen_at,
        "recent_from": place.seen_at - timedelta(days=advice.RECENT_DAYS),
        "quarter_from": place.seen_at - timedelta(days=advice.QUARTER_DAYS),
        "year_from": place.seen_at - timedelta(days=365),
        "grants": ItemKind.GRANT in place.kinds,
        "accounts": ItemKind.ACCOUNT in place.kinds,
        "integrations": ItemKind.INTEGRATION in place.kinds,
        "credentials": ItemKind.CREDENTIAL in place.kinds,
        "groups": ItemKind.GROUP in place.kinds,
        "definitions": ItemKind.DEFINITION in place.kinds,
        "every_definition": place.every_definition,
        "named": dialect.text(place.name),
        "previous_id": place.previous_id,
        "previous": f'"campaign":{campaign},"closed":{closed}',
        "imported_id": place.imported_id,
        "imported": f'"campaign":{imported}',
    }


def _asked(place: Place) -> defining.Asked:
    kinds = tuple(kind for kind in place.kinds if kind in scope.CONTENTS)
    return defining.Asked(place.system_id, place.name, kinds, place.every_definition)


def _contents() -> Any:
    """Groups and definitions are nobody's own, so the owner of the system is asked, and then the fallbacks."""
    return select(
        CONTENTS.c.kind, CONTENTS.c.entitlement_id, CONTENTS.c.system_id, null(), null(), null(), true()
    ).select_from(CONTENTS)


def _concerns() -> Any:
    """Who is concerned by what (twin of `independence.concerned`)."""
    matched = select(AccountRow.id.label("account_id"), AccountRow.identity_id.label("identity_id")).where(
        AccountRow.identity_id.is_not(None)
    )
    reached = [
        select(AccountRow.id, IdentityEmailRow.identity_id).join(
            IdentityEmailRow, IdentityEmailRow.email == func.lower(address)
        )
        for address in (AccountRow.username, AccountRow.email)
    ]
    in_scope = [
        half.join(SYSTEMS, SYSTEMS.c.system_id == AccountRow.system_id).where(AccountRow.ended.is_(None))
        for half in (matched, *reached)
    ]
    ties = union(*in_scope).cte("ties")
    account, integration, credential = (literal(str(kind)) for kind in _SUBJECT_KINDS)
    return union(
        select(account, ties.c.account_id, ties.c.identity_id),
        select(integration, IntegrationRow.id, ties.c.identity_id).join(
            ties, ties.c.account_id == IntegrationRow.owner_account_id
        ),
        select(credential, CredentialRow.id, ties.c.identity_id).join(
            ties, ties.c.account_id == CredentialRow.account_id
        ),
        select(credential, CredentialRow.id, ties.c.identity_id)
        .join(IntegrationRow, IntegrationRow.id == CredentialRow.integration_id)
        .join(ties, ties.c.account_id == IntegrationRow.owner_account_id),
    )


_SUBJECT_KINDS = (ItemKind.ACCOUNT, ItemKind.INTEGRATION, ItemKind.CREDENTIAL)


def _manager(account: Any) -> ColumnElement[Any]:
    """Whom to ask first (twin of `choice.manager_of`)."""
    return case(
        (and_(IdentityRow.kind == "person", account.kind.in_(("person", "unknown"))), IdentityRow.manager_id),
    )


def _in_department(department: str | None, account: Any) -> ColumnElement[bool]:
    if department is None:
        return true()
    return func.coalesce(IdentityRow.department, account.department, "") == department


def _accounts(department: str | None) -> Any:
    live = AccountRow.active.is_not(False)  # unknown is not inactive
    rows: Any = (
        select(
            literal(str(ItemKind.ACCOUNT)),
            AccountRow.id,
            AccountRow.system_id,
            AccountRow.id,
            AccountRow.identity_id,
            _manager(AccountRow),
            and_(live, or_(SYSTEMS.c.accounts, SYSTEMS.c.grants), _in_department(department, AccountRow)),
        )
        .join(SYSTEMS, SYSTEMS.c.system_id == AccountRow.system_id)
        .outerjoin(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        .where(AccountRow.ended.is_(None))
    )
    return rows


def _integrations(department: str | None) -> Any:
    rows: Any = (
        select(
            literal(str(ItemKind.INTEGRATION)),
            IntegrationRow.id,
            IntegrationRow.system_id,
            null(),
            AccountRow.identity_id,
            null(),
            and_(SYSTEMS.c.integrations, IntegrationRow.active.is_not(False), _in_department(department, AccountRow)),
        )
        .join(SYSTEMS, SYSTEMS.c.system_id == IntegrationRow.system_id)
        .outerjoin(AccountRow, AccountRow.id == IntegrationRow.owner_account_id)
        .outerjoin(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        .where(IntegrationRow.ended.is_(None))
    )
    return rows


def _credentials(department: str | None) -> Select[Any]:
    owner = aliased(AccountRow, name="owner")
    return (
        select(
            literal(str(ItemKind.CREDENTIAL)),
            CredentialRow.id,
            CredentialRow.system_id,
            CredentialRow.account_id,
            func.coalesce(AccountRow.identity_id, owner.identity_id),
            _manager(AccountRow),
            and_(SYSTEMS.c.credentials, CredentialRow.active.is_not(False), _in_department(department, AccountRow)),
        )
        .join(SYSTEMS, SYSTEMS.c.system_id == CredentialRow.system_id)
        .outerjoin(AccountRow, AccountRow.id == CredentialRow.account_id)
        .outerjoin(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        .outerjoin(IntegrationRow, IntegrationRow.id == CredentialRow.integration_id)
        .outerjoin(owner, owner.id == IntegrationRow.owner_account_id)
        .where(CredentialRow.ended.is_(None))
    )


def _last() -> Any:
    """A subject is of one system, and each system has one last review: none comes twice.

    Which reviews those are is said beside, or SQLite goes through the items of every review there ever was.
    """
    key = case(
        (ItemRow.kind == str(ItemKind.GRANT), ItemRow.grant_id),
        (ItemRow.kind == str(ItemKind.ACCOUNT), ItemRow.account_id),
        (ItemRow.kind == str(ItemKind.INTEGRATION), ItemRow.integration_id),
        (ItemRow.kind == str(ItemKind.CREDENTIAL), ItemRow.credential_id),
        else_=ItemRow.entitlement_id,
    )
    return (
        select(key, ItemRow.kind, ItemRow.outcome, ItemRow.settled)
        .join(SYSTEMS, and_(SYSTEMS.c.previous_id == ItemRow.campaign_id, SYSTEMS.c.system_id == ItemRow.system_id))
        .where(ItemRow.outcome.is_not(None), ItemRow.campaign_id.in_(bindparam("previous", expanding=True)))
    )


def _findings() -> Select[Any]:
    """What is wrong with what may be an item. Its subject ("account:12") comes apart, so that items find it by number."""
    told = obj(rule=FindingRow.rule, severity=FindingRow.severity, because=FindingRow.because)
    kind: Any = case(*((FindingRow.subject.like(f"{each}:%"), str(each)) for each in ItemKind))
    tail = func.substr(FindingRow.subject, func.length(kind) + 2)
    # Nothing that is no number finds an item: PostgreSQL would refuse it, SQLite would take the digits that it begins with.
    counts = and_(tail != "", func.length(tail) < 19, func.ltrim(tail, "0123456789") == "")
    number: Any = case((counts, cast(tail, Big)))
    moment = bindparam("of_moment", type_=Moment)
    rows = (
        select(number.label("row_id"), kind.label("kind"), FindingRow.rule, FindingRow.severity, told.label("told"))
        .join(SYSTEMS, SYSTEMS.c.system_id == FindingRow.system_id)
        .where(
            FindingRow.status == "open",
            FindingRow.opened_at <= moment,
            number.is_not(None),
        )
        .order_by(number, kind, FindingRow.rule)
        .subquery()
    )
    worst = func.max(shown.finding_risk(rows.c.severity))
    listed = array(embed(rows.c.told), rows.c.rule)
    rules = literal(BAR) + func.aggregate_strings(rows.c.rule, BAR) + literal(BAR)
    return select(rows.c.row_id, rows.c.kind, listed, rules, worst).group_by(rows.c.row_id, rows.c.kind)


def _people(today: date) -> Select[Any]:
    """Every account that may be shown, inactive ones too: their tokens may live."""
    tokens = (
        select(CredentialRow.account_id, func.max(CredentialRow.last_used).label("last"))
        .where(CredentialRow.ended.is_(None))
        .group_by(CredentialRow.account_id)
        .subquery()
    )
    rows = select(PrivilegeRow.account_id, PrivilegeRow.privilege).distinct().subquery()
    held = (
        select(
            rows.c.account_id,
            array(rows.c.privilege, rows.c.privilege).label("names"),
            (literal(BAR) + func.aggregate_strings(rows.c.privilege, BAR) + literal(BAR)).label("flags"),
        )
        .group_by(rows.c.account_id)
        .subquery()
    )
    login = AccountRow.last_login
    last = case((or_(login.is_(None), tokens.c.last > login), tokens.c.last), else_=login)
    band = shown.used(last, AccountRow.logins_known_since, AccountRow.created)
    risk = case((AccountRow.identity_id.is_(None), advice.NOBODYS), else_=0)
    return (
        select(
            AccountRow.id,
            AccountRow.system_id,
            AccountRow.active.is_not(False),
            *shown.weighing(today, band, risk),
            shown.job(),
            MODELS.c.version_id,
            func.coalesce(IdentityRow.department, AccountRow.department),
            func.coalesce(IdentityRow.title, AccountRow.title),
            AccountRow.kind,
            func.coalesce(held.c.flags, BAR),
            func.coalesce(FINDINGS.c.rules, BAR),
            shown.who(today),
            band,
            members(
                use=plain(band),
                account_findings=embed(func.coalesce(FINDINGS.c.told, shown.EMPTY)),
                model=embed(VERSIONS.c.told),
            ),
            held.c.names,
            risk,
            FINDINGS.c.told,
            func.coalesce(FINDINGS.c.risk, 0),
        )
        .join(SYSTEMS, SYSTEMS.c.system_id == AccountRow.system_id)
        .outerjoin(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        .outerjoin(shown.Manager, shown.Manager.id == IdentityRow.manager_id)
        .outerjoin(MODELS, MODELS.c.identity_id == AccountRow.identity_id)
        .outerjoin(VERSIONS, VERSIONS.c.version_id == MODELS.c.version_id)
        .outerjoin(tokens, tokens.c.account_id == AccountRow.id)
        .outerjoin(held, held.c.account_id == AccountRow.id)
        .outerjoin(FINDINGS, and_(FINDINGS.c.row_id == AccountRow.id, FINDINGS.c.kind == str(ItemKind.ACCOUNT)))
        .where(AccountRow.ended.is_(None))
    )
