"""Finding a person, or an account that is nobody's, by name, address or sign-in name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, exists, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, IdentityEmailRow, IdentityRow, PrivilegeRow, SystemRow
from app.kit.refusal import insist


@dataclass(frozen=True, slots=True)
class Person:
    """One person in a list, with how much there is to see about them."""

    id: int
    key: str
    name: str
    title: str | None
    department: str | None
    left: bool  # no longer in the roster
    accounts: int
    privileged: int  # of those, how many hold a privilege
    findings: int


@dataclass(frozen=True, slots=True)
class Nobodys:
    """A live account that no person of the roster matches."""

    id: int
    username: str
    name: str | None
    system: str
    system_id: int
    kind: str
    active: bool | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some people, by name. `after` continues; None at the end."""

    people: Sequence[Person]
    after: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class NobodysPage:
    """Some accounts of nobody, in the order in which they were first seen."""

    accounts: Sequence[Nobodys]
    after: int | None


def search(session: Session, text: str, *, by: Actor, after: Sequence[Any] | None = None, limit: int = 50) -> Page:
    """People whose name, address, or sign-in name in any system contains the text; without one, everybody."""
    insist(policy.why_not(by, May.SEE_ACCESS))
    found = select(IdentityRow).where(IdentityRow.erased.is_(None))
    if text.strip():
        whole = _addressed(session, text)
        found = found.where(IdentityRow.id.in_(whole) if whole else or_(*_matches(text)))
    if after is not None:
        name, number = str(after[0]), int(after[1])
        found = found.where(IdentityRow.name >= name, or_(IdentityRow.name > name, IdentityRow.id > number))
    rows = session.scalars(found.order_by(IdentityRow.name, IdentityRow.id).limit(limit + 1)).all()
    page = rows[:limit]
    last = (page[-1].name, page[-1].id) if len(rows) > limit else None
    return Page(_people(session, page), last)


def nobodys(session: Session, text: str, *, by: Actor, after: int | None = None, limit: int = 50) -> NobodysPage:
    """Live accounts that are nobody's and whose sign-in name, address or name contains the text."""
    insist(policy.why_not(by, May.SEE_ACCESS))
    found = (
        select(AccountRow, SystemRow.name)
        .join(SystemRow, SystemRow.id == AccountRow.system_id)
        .where(AccountRow.identity_id.is_(None), AccountRow.ended.is_(None), AccountRow.id > (after or 0))
    )
    if text.strip():
        found = found.where(_contains(_ACCOUNT, text))
    rows = session.execute(found.order_by(AccountRow.id).limit(limit + 1)).all()
    told = [
        Nobodys(row.id, row.username, row.name, system, row.system_id, row.kind, row.active)
        for row, system in rows[:limit]
    ]
    return NobodysPage(told, told[-1].id if len(rows) > limit else None)


_ACCOUNT = (AccountRow.username, AccountRow.email, AccountRow.name)


def _contains(columns: Sequence[Any], text: str) -> ColumnElement[bool]:
    """Whether any of the columns contains the text. One look at all of them, with a line's end between: three looks at
    100,000 accounts take three times as long."""
    whole = columns[0] if len(columns) == 1 else func.coalesce(columns[0], "")
    for column in columns[1:]:
        whole = whole + "\n" + func.coalesce(column, "")
    return _Place(func.lower(whole), text.strip().lower()) > 0


class _Place(FunctionElement[int]):
    """Where a text begins in another, from 1; 0 if it is not there. Nothing in the text is a pattern."""

    type = Integer()
    inherit_cache = True


@compiles(_Place, "sqlite")
def _place_sqlite(element: _Place, compiler: Any, **more: Any) -> str:
    return f"instr({compiler.process(element.clauses, **more)})"


@compiles(_Place, "postgresql")
def _place_postgresql(element: _Place, compiler: Any, **more: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **more)})"


def _addressed(session: Session, text: str) -> list[int]:
    """Whose the text is as a whole address: found by index, so that who has an address at hand waits for no search."""
    address = text.strip()
    if "@" not in address:
        return []
    theirs = select(IdentityEmailRow.identity_id).where(IdentityEmailRow.email == address.lower())
    accounts = select(AccountRow.identity_id).where(
        AccountRow.identity_id.is_not(None), AccountRow.email.in_((address, address.lower()))
    )
    return [number for number in session.scalars(theirs.union(accounts)) if number is not None]


def _matches(text: str) -> list[ColumnElement[bool]]:
    addresses = select(IdentityEmailRow.identity_id).where(_contains([IdentityEmailRow.email], text))
    theirs = select(AccountRow.identity_id).where(AccountRow.identity_id.is_not(None), _contains(_ACCOUNT, text))
    key = IdentityRow.key == text.strip()
    return [_contains([IdentityRow.name], text), key, IdentityRow.id.in_(addresses), IdentityRow.id.in_(theirs)]


def _people(session: Session, rows: Sequence[IdentityRow]) -> list[Person]:
    numbers = [row.id for row in rows]
    live = and_(AccountRow.identity_id.in_(numbers), AccountRow.ended.is_(None))
    holds = exists().where(PrivilegeRow.account_id == AccountRow.id)
    accounts = _counted(session, select(AccountRow.identity_id, func.count()).where(live), AccountRow.identity_id)
    mighty = _counted(session, select(AccountRow.identity_id, func.count()).where(live, holds), AccountRow.identity_id)
    wrong = and_(FindingRow.identity_id.in_(numbers), FindingRow.status == "open")
    findings = _counted(session, select(FindingRow.identity_id, func.count()).where(wrong), FindingRow.identity_id)
    return [
        Person(
            row.id, row.key, row.name, row.title, row.department, row.ended is not None,
            accounts.get(row.id, 0), mighty.get(row.id, 0), findings.get(row.id, 0),
        )
        for row in rows
    ]  # fmt: skip


def _counted(session: Session, statement: Any, column: Any) -> dict[int, int]:
    return dict(session.execute(statement.group_by(column)).all())
