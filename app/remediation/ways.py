"""Through what access that was taken away is there again: its own edge, another source, a nesting, another account or key.

Only what began after the removal was promised counts as another way; what was there before, whoever decided could see.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.inventory import nesting
from app.inventory.tables import AccountRow, CredentialRow, EdgeRow, EntitlementRow, GrantRow, IntegrationRow
from app.remediation import contained
from app.remediation.tables import RemediationRow

CHUNK = 500
_WHERE = {"crm": "in the CRM itself", "idp": "by a group of the identity provider", "policy": "by an access policy"}


@dataclass(frozen=True, slots=True)
class Way:
    """One way by which access is there again. `kind`: itself, source, nesting, account, credential; `says` in words."""

    kind: str
    says: str
    elsewhere: bool = False  # its authority is not the CRM: taken away there, it would come back once more


def found(session: Session, removals: Sequence[RemediationRow]) -> dict[UUID, list[Way]]:
    """Every way back of each of these removals of one system; those without one are left out."""
    told: dict[UUID, list[Way]] = defaultdict(list)
    for kind, asked in _ASKED.items():
        mine = [row.id for row in removals if row.kind == kind]
        for begin in range(0, len(mine), CHUNK):
            some = RemediationRow.id.in_(mine[begin : begin + CHUNK])
            for ask in asked:
                for removal, way in ask(session, some):
                    if way.says not in {each.says for each in told[removal]}:
                        told[removal].append(way)
    return dict(told)


Found = Iterator[tuple[UUID, Way]]
Some = ColumnElement[bool]


# --- grants ---


def _granted(session: Session, some: Some) -> Found:
    """The same entitlement again, on the account itself or on another one of the same person."""
    gone, now, holder, other = aliased(GrantRow), aliased(GrantRow), aliased(AccountRow), aliased(AccountRow)
    persons = and_(holder.identity_id.is_not(None), other.identity_id == holder.identity_id)
    rows = session.execute(
        select(RemediationRow.id, now, gone, other.username, RemediationRow.wish)
        .join(gone, gone.id == RemediationRow.grant_id)
        .join(holder, holder.id == gone.account_id)
        .join(now, and_(now.entitlement_id == gone.entitlement_id, now.ended.is_(None)))
        .join(other, other.id == now.account_id)
        .where(some, or_(other.id == holder.id, persons), now.system_id == RemediationRow.system_id)
        .where(or_(_same_edge(now, gone), now.began > RemediationRow.opened_at), _lasts(now))
        .order_by(RemediationRow.id, now.id)
    )
    for removal, grant, was, username, wish in rows:
        elsewhere = grant.authority != "crm"
        where = _WHERE.get(grant.authority, "elsewhere") + _given(grant)
        if wish == "time_box" and grant.id == was.id:
            yield removal, Way("itself", _extended(grant.until), elsewhere)
        elif grant.account_id != was.account_id:
            yield removal, Way("account", f"through another account of the same person, {username}, {where}", elsewhere)
        elif grant.source == was.source:
            yield removal, Way("itself", f"given again {where}", elsewhere)
        else:
            yield removal, Way("source", f"through {grant.source}, {where}", elsewhere)


def _lasts(now: Any) -> ColumnElement[bool]:
    """Of access that was to end on a day, only what lasts longer is a way back."""
    return or_(RemediationRow.wish != "time_box", now.until.is_(None), now.until > RemediationRow.until)


def _extended(until: datetime | None) -> str:
    return "it has no end any more" if until is None else f"its end was put off until {until.date()}"


def _same_edge(now: Any, gone: Any) -> ColumnElement[bool]:
    return and_(now.account_id == gone.account_id, now.source == gone.source)


def _given(grant: GrantRow) -> str:
    when = f" on {grant.granted.date()}" if grant.granted else ""
    return f"{when} by {grant.granted_by}" if grant.granted_by else when


def _nested(session: Session, some: Some) -> Found:
    """Something else that the account holds and that includes it; the grant or one of the links came after the promise."""
    wanted = session.execute(
        select(RemediationRow.id, RemediationRow.system_id, RemediationRow.opened_at, RemediationRow.until, GrantRow)
        .join(GrantRow, GrantRow.id == RemediationRow.grant_id)
        .where(some)
        .order_by(RemediationRow.id)
    ).all()
    edges, born = _edges(session, {row.system_id for row in wanted})
    if not edges:
        return
    accounts = {row.GrantRow.account_id for row in wanted}
    held: dict[int, list[tuple[GrantRow, str]]] = defaultdict(list)
    live = GrantRow.ended.is_(None)
    for grant, name in session.execute(
        select(GrantRow, func.coalesce(EntitlementRow.label, EntitlementRow.name))
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.account_id.in_(accounts), live, GrantRow.entitlement_id.in_(sorted(edges)))
        .order_by(GrantRow.id)
    ):
        held[grant.account_id].append((grant, name))
    reached = {number: dict(nesting.chains(number, edges)) for number in {g.entitlement_id for g, _ in _flat(held)}}
    for removal, _, opened_at, until, gone in wanted:
        for grant, name in held[gone.account_id]:
            path = reached[grant.entitlement_id].get(gone.entitlement_id)
            if path is None or grant.entitlement_id == gone.entitlement_id:
                continue
            if until is not None and grant.until is not None and grant.until <= until:
                continue
            steps = [int(each) for each in path.split(">")]
            links = (born[link] for link in itertools.pairwise(steps))
            if max(grant.began, *links) > opened_at:
                yield removal, Way("nesting", f"through {name}, which includes it", grant.authority != "crm")


def _edges(session: Session, systems: set[int]) -> tuple[Mapping[int, Sequence[int]], Mapping[tuple[int, int], Any]]:
    """What whoever holds an entitlement holds as well, and since when each link is there."""
    edges: dict[int, list[int]] = defaultdict(list)
    born: dict[tuple[int, int], Any] = {}
    found = select(EdgeRow.holder_id, EdgeRow.held_id, EdgeRow.began)
    for holder, held, began in session.execute(found.where(EdgeRow.system_id.in_(systems), EdgeRow.ended.is_(None))):
        edges[holder].append(held)
        born[holder, held] = began
    return edges, born


def _flat(held: Mapping[int, Sequence[tuple[GrantRow, str]]]) -> Iterator[tuple[GrantRow, str]]:
    for each in held.values():
        yield from each


# --- accounts, keys and programs ---


def _active(session: Session, some: Some) -> Found:
    """The account itself, or another one of the same person that is new."""
    gone, now = aliased(AccountRow), aliased(AccountRow)
    another = and_(
        gone.identity_id.is_not(None), now.identity_id == gone.identity_id, now.system_id == gone.system_id,
        now.began > RemediationRow.opened_at,
    )  # fmt: skip
    rows = (
        select(RemediationRow.id, now.id == gone.id, now.username)
        .join(gone, gone.id == RemediationRow.account_id)
        .join(now, or_(now.id == gone.id, another))
        .where(some, now.ended.is_(None), now.active.is_(True))
        .order_by(RemediationRow.id, now.id)
    )
    for removal, itself, username in session.execute(rows):
        says = "the account is active again" if itself else f"through another account of the same person, {username}"
        yield removal, Way("itself" if itself else "account", says)


def _opening(session: Session, some: Some) -> Found:
    """The key itself, or a new one of the same integration for the same account."""
    gone, now = aliased(CredentialRow), aliased(CredentialRow)
    another = and_(
        now.system_id == gone.system_id, now.integration_id.is_not_distinct_from(gone.integration_id),
        now.account_id == gone.account_id, now.kind == gone.kind, now.began > RemediationRow.opened_at,
    )  # fmt: skip
    rows = (
        select(RemediationRow.id, now.id == gone.id, now.label)
        .join(gone, gone.id == RemediationRow.credential_id)
        .join(now, or_(now.id == gone.id, another))
        .where(some, now.ended.is_(None), now.active.is_not(False))
        .order_by(RemediationRow.id, now.id)
    )
    for removal, itself, label in session.execute(rows):
        says = "it opens again" if itself else f"through a new one of the same kind and account, {label}"
        yield removal, Way("itself" if itself else "credential", says)


def _running(session: Session, some: Some) -> Found:
    """The integration itself."""
    rows = (
        select(RemediationRow.id)
        .join(IntegrationRow, IntegrationRow.id == RemediationRow.integration_id)
        .where(some, IntegrationRow.ended.is_(None), IntegrationRow.active.is_not(False))
    )
    for removal in session.scalars(rows):
        yield removal, Way("itself", "the integration is there again")


def _containing(session: Session, some: Some) -> Found:
    """The group or definition itself, or that it contains again what was to be changed."""
    rows = session.scalars(select(RemediationRow).where(some).order_by(RemediationRow.id)).all()
    true = contained.true(session, rows)
    for row in rows:
        if row.id not in true:
            yield (
                row.id,
                Way("itself", "it is there again" if row.wish == "remove" else "it is again as it was reviewed"),
            )


_ASKED: Mapping[str, Any] = {
    "grant": (_granted, _nested),
    "account": (_active,),
    "credential": (_opening,),
    "integration": (_running,),
    "group": (_containing,),
    "definition": (_containing,),
}
