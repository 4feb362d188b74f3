"""What the inventory holds about one person: giving it to them, and erasing it.

Erasure takes away what names the person and keeps what counts: that an account existed, what it held and when. A roster may
bring the person back with its next reading; whoever erases somebody takes them off the roster first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.naming import GONE, Named
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    LoginRow,
    MoveRow,
    ObservationRow,
    ReplayRow,
    SnapshotRow,
    SpoolRow,
    SystemRow,
)
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from connectors.records import Stream


def export(session: Session, person: IdentityRow) -> dict[str, Any]:
    """Everything held about a person: what the roster said, accounts, what they held, sign-ins, factors, sessions."""
    accounts = session.execute(
        select(AccountRow, SystemRow.name)
        .join(SystemRow, SystemRow.id == AccountRow.system_id)
        .where(AccountRow.identity_id == person.id)
        .order_by(AccountRow.id)
    )
    emails = select(IdentityEmailRow.email).where(IdentityEmailRow.identity_id == person.id)
    moves = session.execute(
        select(MoveRow.field, SnapshotRow.began_at)
        .join(SnapshotRow, SnapshotRow.id == MoveRow.snapshot_id)
        .where(MoveRow.identity_id == person.id)
        .order_by(MoveRow.id)
    )
    fields = ("key", "name", "kind", "engagement", "department", "title", "start", "end", "away_from", "away_until")
    return {
        "roster": {name: getattr(person, name) for name in fields} | {"emails": list(session.scalars(emails))},
        "moves": [{"what": field, "seen": at} for field, at in moves],
        "accounts": [_account(session, account, system) for account, system in accounts.all()],
    }


def named(session: Session, person: IdentityRow) -> Named:
    """What names a person, gathered before it is erased."""
    emails = set(session.scalars(select(IdentityEmailRow.email).where(IdentityEmailRow.identity_id == person.id)))
    rows = session.scalars(select(AccountRow).where(AccountRow.identity_id == person.id)).all()
    own = emails | {word for row in rows for word in (row.username, row.email) if word}
    called = {person.name, *(row.name for row in rows if row.name)}
    return Named(person.id, frozenset(row.id for row in rows), frozenset(own | called), frozenset(own))


def erase(session: Session, person: IdentityRow, *, reason: str, by: Actor, at: datetime) -> None:
    """Take a person's name, addresses, sign-ins and sessions out of the inventory, and the names on their accounts."""
    theirs = select(AccountRow.id).where(AccountRow.identity_id == person.id)
    session.execute(delete(LoginRow).where(LoginRow.account_id.in_(theirs)))
    of = select(SnapshotRow.id).join(AccountRow, AccountRow.system_id == SnapshotRow.system_id)
    # Pages kept to compare the next reading with, of grants too: some CRMs name an account by its address.
    kept = of.where(AccountRow.identity_id == person.id, SnapshotRow.status == "sealed")
    session.execute(delete(SpoolRow).where(SpoolRow.snapshot_id.in_(kept)))
    sessions = (ObservationRow.account_id.in_(theirs), ObservationRow.stream == Stream.SESSIONS)
    session.execute(delete(ObservationRow).where(*sessions))
    _erase_from_replays(session, person)
    session.execute(delete(AccountChangeRow).where(AccountChangeRow.account_id.in_(theirs)))
    session.execute(delete(MoveRow).where(MoveRow.identity_id == person.id))
    session.execute(delete(IdentityEmailRow).where(IdentityEmailRow.identity_id == person.id))
    session.execute(
        update(AccountRow)
        .where(AccountRow.identity_id == person.id)
        .values(username=GONE, email=None, name=None, title=None, department=None, native={}, touched=at)
    )
    person.name, person.title, person.department = GONE, None, None
    person.away_from = person.away_until = None
    person.erased = at
    session.flush()
    entry = Entry(Kind.PERSON_ERASED, f"identity:{person.id}", {"where": "inventory"}, {"reason": reason})
    entries.record(session, entry, by=by.id, at=at)


def _erase_from_replays(session: Session, person: IdentityRow) -> None:
    """What a sample showed of their accounts is theirs too; that something differed, and in which field, stays."""
    theirs = session.execute(
        select(AccountRow.system_id, AccountRow.key).where(AccountRow.identity_id == person.id)
    ).all()
    keys = {(system_id, key) for system_id, key in theirs}
    of = ReplayRow.system_id.in_({system_id for system_id, _ in keys})
    for row in session.scalars(select(ReplayRow).where(of)):
        row.differences = [
            each | {"before": GONE, "now": GONE, "because": each["because"] and GONE}
            if (row.system_id, each["account"]) in keys
            else each
            for each in row.differences
        ]


def _account(session: Session, account: AccountRow, system: str) -> dict[str, Any]:
    held = session.execute(
        select(EntitlementRow.kind, EntitlementRow.name, GrantRow.began, GrantRow.ended)
        .join(GrantRow, GrantRow.entitlement_id == EntitlementRow.id)
        .where(GrantRow.account_id == account.id)
        .order_by(GrantRow.began)
    )
    theirs = (ObservationRow.account_id == account.id, ObservationRow.stream.in_((Stream.FACTORS, Stream.SESSIONS)))
    others = session.scalars(select(ObservationRow).where(*theirs).order_by(ObservationRow.began, ObservationRow.id))
    logins = select(LoginRow.at).where(LoginRow.account_id == account.id).order_by(LoginRow.at)
    return {
        "system": system,
        "username": account.username,
        "email": account.email,
        "name": account.name,
        "active": account.active,
        "last_login": account.last_login,
        "held": [{"kind": kind, "name": name, "from": began, "until": ended} for kind, name, began, ended in held],
        "sign_ins": list(session.scalars(logins)),
        "others": [
            {"what": row.stream, "kind": row.kind, "facts": row.facts, "from": row.began, "until": row.ended}
            for row in others
        ],
    }
