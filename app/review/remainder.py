"""What a review leaves out, with counts and reasons, so that nobody takes a part for the whole.

Counted while the scratch tables stand, in the words that are printed on the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, select
from sqlalchemy.orm import Session

from app.inventory.composition import GATHERS
from app.inventory.policy import OURSELVES
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    IntegrationRow,
    SystemRow,
)
from app.review import asking, population, scoping
from app.review.expression import Expression
from app.review.frozen import CONTENTS, SYSTEMS
from app.review.scope import FACTS, ItemKind, Scope
from app.review.scoping import Wanted

_ROWS = {
    ItemKind.GRANT: GrantRow,
    ItemKind.ACCOUNT: AccountRow,
    ItemKind.INTEGRATION: IntegrationRow,
    ItemKind.CREDENTIAL: CredentialRow,
    ItemKind.GROUP: EntitlementRow,
    ItemKind.DEFINITION: EntitlementRow,
}


def counted(session: Session, scope: Scope) -> list[dict[str, Any]]:
    """Everything live that is no item, as {what, count, because}; what has no rows is not mentioned."""
    told = [
        {"what": what, "count": count, "because": because}
        for what, because, question in _questions(scope)
        if (count := session.scalars(question).one())
    ]
    told += _of_contents(session)
    told += [_without(session, entry.system, entry.kind, entry.reason) for entry in scope.without]
    return told + [each for kind in scope.kinds for each in _by_expression(session, scope, kind)]


def _by_expression(session: Session, scope: Scope, kind: ItemKind) -> list[dict[str, Any]]:
    """What `where` does not take in, what it cannot tell of, and what is excluded: each with its own count."""
    where, told = scope.where, []
    if where is not None:
        outside = population.count(session, kind, lambda facts: not_(asking.condition(where, facts, FACTS)))
        dark = population.count(session, kind, lambda facts: _neither(asking.condition(where, facts, FACTS)))
        told.append((f"{kind}s outside the scope's expression", outside, "they do not fit it"))
        told.append((f"{kind}s of which the scope's expression cannot be told", dark, "something it asks is not known"))
    for number, each in enumerate(scope.exclude):
        narrower = replace(scope, exclude=scope.exclude[:number])
        fits, sought = scoping.inside(narrower), each.where

        def excluded(facts: Mapping[str, Any], fits: Wanted | None = fits, sought: Expression = sought) -> Any:
            surely = asking.condition(sought, facts, FACTS)
            return and_(surely, fits(facts)) if fits is not None else surely

        count = population.count(session, kind, excluded)
        told.append((f"{kind}s that are excluded", count, each.reason))
    return [
        {"kind": str(kind), "what": what, "count": count, "because": because} for what, count, because in told if count
    ]


def _of_contents(session: Session) -> list[dict[str, Any]]:
    """What can be held and is neither asked for what it allows nor for who is in it, of each kind that is asked."""
    gathers, mine = EntitlementRow.kind.in_(GATHERS), exists().where(CONTENTS.c.entitlement_id == EntitlementRow.id)
    ours = exists().where(SystemRow.id == EntitlementRow.system_id, SystemRow.kind == OURSELVES)
    asked = [
        (ItemKind.GROUP, "things that are held and are no groups", "nobody is in them", SYSTEMS.c.groups, ~gathers),
        (ItemKind.GROUP, "groups that the system keeps by itself", "nobody can change who is in them", SYSTEMS.c.groups,
         and_(gathers, ~mine)),
        (ItemKind.DEFINITION, "groups, queues and teams", "they are asked for who is in them", SYSTEMS.c.definitions,
         gathers),
        (ItemKind.DEFINITION, "definitions that bring no privilege", "the scope asks about those that do harm",
         SYSTEMS.c.definitions, and_(~gathers, ~mine, ~ours)),
        (ItemKind.DEFINITION, "definitions of this installation's roles", "they are built in", SYSTEMS.c.definitions,
         and_(ours, ~gathers)),
    ]  # fmt: skip
    told = []
    for kind, what, because, there, which in asked:
        if count := session.scalars(_live(EntitlementRow).where(there, which)).one():
            told.append({"kind": str(kind), "what": what, "count": count, "because": because})
    return told


def _neither(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return case((condition, 1), (not_(condition), 1), else_=0) == 0


def _questions(scope: Scope) -> list[tuple[str, str, Select[tuple[int]]]]:
    accounts, grants = _live(AccountRow), _live(GrantRow).join(AccountRow, AccountRow.id == GrantRow.account_id)
    inactive, active = AccountRow.active.is_(False), AccountRow.active.is_not(False)
    fixed = grants.join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
    asked = [
        ("inactive accounts", "nobody can sign in to them", accounts.where(SYSTEMS.c.accounts, inactive)),
        ("grants of inactive accounts", "nobody can use them now", grants.where(SYSTEMS.c.grants, inactive)),
        (
            "grants that cannot be taken away by themselves",
            "they go with the account, or come with something else",
            fixed.where(SYSTEMS.c.grants, active, EntitlementRow.revocable.is_(False)),
        ),
        (
            "inactive integrations",
            "they are switched off",
            _live(IntegrationRow).where(SYSTEMS.c.integrations, IntegrationRow.active.is_(False)),
        ),
        (
            "inactive credentials",
            "nobody can enter by them",
            _live(CredentialRow).where(SYSTEMS.c.credentials, CredentialRow.active.is_(False)),
        ),
    ]
    if scope.department is not None:
        for kind, rows in _placed().items():
            asked += [
                (
                    f"{kind}s of other departments",
                    "the scope is one department",
                    rows.where(scope.department != PLACED),
                ),
                (f"{kind}s of no known department", "nobody says where they belong", rows.where(PLACED.is_(None))),
            ]
    return asked


PLACED = func.coalesce(IdentityRow.department, AccountRow.department)


def _placed() -> dict[ItemKind, Any]:
    """What would be asked about in any department, by kind, beside the person to whom it belongs."""
    active = AccountRow.active.is_not(False)
    held = _live(GrantRow).join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
    rows = {
        ItemKind.ACCOUNT: _live(AccountRow).where(SYSTEMS.c.accounts, active),
        ItemKind.GRANT: held.join(AccountRow, AccountRow.id == GrantRow.account_id).where(
            SYSTEMS.c.grants, active, EntitlementRow.revocable.is_not(False)
        ),
        ItemKind.INTEGRATION: _live(IntegrationRow)
        .outerjoin(AccountRow, AccountRow.id == IntegrationRow.owner_account_id)
        .where(SYSTEMS.c.integrations, IntegrationRow.active.is_not(False)),
        ItemKind.CREDENTIAL: _live(CredentialRow)
        .outerjoin(AccountRow, AccountRow.id == CredentialRow.account_id)
        .where(SYSTEMS.c.credentials, CredentialRow.active.is_not(False)),
    }
    return {kind: each.outerjoin(IdentityRow, IdentityRow.id == AccountRow.identity_id) for kind, each in rows.items()}


def _live(row: Any) -> Any:
    return (
        select(func.count())
        .select_from(row)
        .join(SYSTEMS, SYSTEMS.c.system_id == row.system_id)
        .where(row.ended.is_(None))
    )


def _without(session: Session, system: str, kind: ItemKind, reason: str) -> dict[str, Any]:
    row: Any = _ROWS[kind]
    count = session.scalars(_live(row).where(and_(SYSTEMS.c.name == system))).one()
    return {"what": f"{kind}s of {system}", "count": count, "because": reason}


def told(each: Mapping[str, Any]) -> str:
    """What a review leaves out, how much of it, and why: "1 grant that …: it goes …"; it is kept in the words for many."""
    what, because = str(each["what"]), str(each["because"])
    if each["count"] == 1:
        what = re.sub(
            r"\b(grant|account|integration|credential|group|definition|thing)s\b", r"\1", what, count=1
        ).replace("that are", "that is")
        what = (
            what.replace("by themselves", "by itself")
            .replace("are no groups", "is no group")
            .replace(", queues and teams", ", queue or team")
        )
    return f"{each['count']:,} {what}: {_OF_ONE.get(because, because) if each['count'] == 1 else because}"


_OF_ONE = {  # why, of one alone
    "nobody can sign in to them": "nobody can sign in to it",
    "nobody can use them now": "nobody can use it now",
    "they go with the account, or come with something else": "it goes with the account, or comes with something else",
    "they are switched off": "it is switched off",
    "nobody can enter by them": "nobody can enter by it",
    "they do not fit it": "it does not fit it",
    "nobody is in them": "nobody is in it",
    "they are asked for who is in them": "it is asked for who is in it",
    "they are built in": "it is built in",
}
