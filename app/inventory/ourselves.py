"""Rolecall seen as a system: who may do what here is reviewed like access anywhere else.

Actors are accounts and roles entitlements; tokens and hooks are credentials, and so is what Rolecall enters the other
systems with, each of which is an integration. A sign-in at the console is a sign-in. It is read by the ordinary way, so
that rules, reviews and evidence apply; what has ended or expired opens nothing any more and is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.actors import policy as rights
from app.actors.actor import SCHEDULER, Role
from app.actors.tables import ActorRoleRow, ActorRow, HookRow, SessionRow, TokenRow
from app.inventory.tables import SnapshotRow, SystemRow
from app.kit.db import Database
from connectors.connector import Coverage, Page, StreamCoverage
from connectors.receipt import PageReceipt
from connectors.records import (
    AccountKind,
    AccountRecord,
    Authority,
    CredentialRecord,
    EntitlementRecord,
    GrantRecord,
    IntegrationRecord,
    LoginRecord,
    Privilege,
    Record,
    SessionRecord,
    Stream,
)

Clock = Callable[[], datetime]
PAGE = 1_000
TOKEN, HOOK, CREDENTIAL = "token", "hook", "system"
# What a role makes dangerous, in the words that every system is judged by.
PRIVILEGES: Mapping[Role, tuple[Privilege, ...]] = {
    Role.ADMIN: (
        Privilege.ADMINISTER, Privilege.SEE_ALL, Privilege.MANAGE_PEOPLE, Privilege.MANAGE_ACCESS, Privilege.CUSTOMIZE,
        Privilege.EXPORT, Privilege.MANAGE_INTEGRATIONS, Privilege.MANAGE_SECURITY,
    ),
    Role.IT_SECURITY: (Privilege.SEE_ALL, Privilege.MANAGE_ACCESS),
    Role.REVIEWER: (),
    Role.AUDITOR: (Privilege.SEE_ALL, Privilege.EXPORT),
    Role.SERVICE: (),
}  # fmt: skip


class Reader:
    """Reads this installation's own tables, each stream in one view of its own."""

    def __init__(self, database: Database, key: str, clock: Clock | None) -> None:
        self.database, self.key, self.clock = database, key, clock

    def check(self) -> Coverage:
        """Everything that is ours to tell can be read."""
        return Coverage(
            system_key=self.key,
            system_name="Rolecall",
            principal=SCHEDULER.id,
            streams={stream: StreamCoverage(True) for stream in _READ},
        )

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        """The whole stream, in pages of what is there at this moment; `resume` is how many rows came before."""
        if self.clock is None:
            raise ValueError("what somebody may do here ends by the clock, and none was given")
        at = self.clock()
        with self.database.frozen() as session:
            said, records = _READ[stream](session, at)
        for start in range(int(resume or 0), max(1, len(records)), PAGE):
            some = records[start : start + PAGE]
            last = start + PAGE >= len(records)
            digest = hashlib.sha256("\n".join(map(str, some)).encode()).hexdigest()  # each with its fields' names
            receipt = PageReceipt(
                str(stream), f"rolecall: {stream}", len(some), digest, at=at, said=said, said_after=said, last=last
            )
            yield Page(stream, some, receipt, None if last else str(start + PAGE))

    def close(self) -> None:
        """There is no connection to let go of."""


def _accounts(session: Session, at: datetime) -> tuple[int, Sequence[Record]]:
    held: dict[str, set[str]] = {}
    for role in session.scalars(select(ActorRoleRow).where(_lasts(at))):
        held.setdefault(role.actor_id, set()).add(role.role)
    used = _last_used(session)
    rows = session.scalars(select(ActorRow).order_by(ActorRow.id)).all()
    return len(rows), [
        AccountRecord(
            key=row.id,
            username=row.email or row.name,
            email=row.email,
            name=row.name,
            active=row.ended is None or row.ended > at,
            frozen=False,
            kind=AccountKind.SERVICE if held.get(row.id) == {Role.SERVICE} else AccountKind.PERSON,
            employee_number=row.person_key,
            created=row.created,
            last_login=used.get(row.id),
            logins_known_since=row.created,
        )
        for row in rows
    ]


def _last_used(session: Session) -> dict[str, datetime]:
    seen: dict[str, datetime] = {}
    for column, of in ((SessionRow.seen, SessionRow.actor_id), (TokenRow.last_used, TokenRow.actor_id)):
        for actor, at in session.execute(select(of, func.max(column)).where(column.is_not(None)).group_by(of)):
            if at is not None:
                seen[actor] = max(at, seen.get(actor, at))
    return seen


def _entitlements(session: Session, at: datetime) -> tuple[int, Sequence[Record]]:
    return len(Role), [
        EntitlementRecord(
            key=role,
            kind="role",
            name=role,
            label=role.replace("_", " "),
            description="; ".join(sorted(str(act) for act in rights.MAY[role])),
            privileges=PRIVILEGES[role],
            native=tuple(sorted(rights.named(act) for act in rights.MAY[role])),
        )
        for role in Role
    ]


def _grants(session: Session, at: datetime) -> tuple[int, Sequence[Record]]:
    rows = session.scalars(
        select(ActorRoleRow)
        .join(ActorRow, ActorRow.id == ActorRoleRow.actor_id)
        .where(_lasts(at), _present(at))
        .order_by(ActorRoleRow.actor_id, ActorRoleRow.role)
    ).all()
    return len(rows), [
        GrantRecord(
            row.actor_id,
            row.role,
            authority=Authority.IDP if row.from_group else Authority.CRM,
            until=row.until,
            effective=True,
        )
        for row in rows
    ]


def _sign_ins(session: Session, at: datetime) -> tuple[int, Sequence[Record]]:
    rows = session.scalars(select(SessionRow).order_by(SessionRow.id)).all()
    return len(rows), [LoginRecord(row.id, row.actor_id, row.began, True, row.way, "console") for row in rows]


def _sessions(session: Session, at: datetime) -> tuple[int, Sequence[Record]]:
    live = select(SessionRow).where(SessionRow.ended.is_(None), SessionRow.expires > at).order_by(SessionRow.id)
    rows = session.scalars(live).all()
    return len(rows), [
        SessionRecord(
            hashlib.sha256(row.id.encode()).hexdigest(), row.actor_id, row.way, row.began, row.expires, "console"
        )
        for row in rows
    ]


def _integrations(session: Session, at: datetime) -> tuple[int, Sequence[Record]]:
    """The systems that Rolecall enters, and what it may do in each; the credentials it enters by; tokens and hooks."""
    read = dict(
        session.execute(
            select(SnapshotRow.system_id, func.max(SnapshotRow.sealed_at))
            .where(SnapshotRow.sealed_at.is_not(None))
            .group_by(SnapshotRow.system_id)
        ).all()
    )
    systems = session.scalars(select(SystemRow).where(SystemRow.removed.is_(None)).order_by(SystemRow.id)).all()
    entered = [row for row in systems if row.reader_secret is not None or row.executor_secret is not None]
    connected: list[Record] = [
        IntegrationRecord(
            key=f"{CREDENTIAL}:{row.id}",
            kind="connected_system",
            name=row.name,
            publisher=row.kind,
            scopes=("read", *row.writing),
            active=True,
            created=row.added,
            last_used=read.get(row.id),
        )
        for row in entered
    ]
    connected += [credential for row in entered for credential in _held(row, read.get(row.id))]
    own = _tokens(session, at) + _hooks(session, at)
    return len(connected) + len(own), [*connected, *own]


def _held(row: SystemRow, read: datetime | None) -> Iterator[CredentialRecord]:
    for role, sealed, used in (("reader", row.reader_secret, read), ("executor", row.executor_secret, None)):
        if sealed is not None:
            yield CredentialRecord(
                key=f"{CREDENTIAL}:{row.id}:{role}",
                kind="crm_credential",
                label=f"{row.name}: {role}",
                integration_key=f"{CREDENTIAL}:{row.id}",
                scopes=("read",) if role == "reader" else tuple(row.writing),
                active=True,
                created=row.added,
                last_used=used,
            )


def _tokens(session: Session, at: datetime) -> list[Record]:
    rows = session.execute(
        select(TokenRow, ActorRow.name)
        .join(ActorRow, ActorRow.id == TokenRow.actor_id)
        .where(TokenRow.revoked.is_(None), TokenRow.expires > at, _present(at))
        .order_by(TokenRow.id)
    )
    return [
        CredentialRecord(
            key=f"{TOKEN}:{row.id}",
            kind="api_token",
            label=f"{row.label} ({name})",
            account_key=row.actor_id,
            scopes=tuple(row.scope) if row.scope is not None else None,
            active=True,
            created=row.created,
            last_used=row.last_used,
            uses_known_since=row.created,
            expires=row.expires,
        )
        for row, name in rows
    ]


def _hooks(session: Session, at: datetime) -> list[Record]:
    rows = session.execute(
        select(HookRow, ActorRow.name)
        .join(ActorRow, ActorRow.id == HookRow.actor_id)
        .where(HookRow.ended.is_(None), HookRow.expires > at, _present(at))
        .order_by(HookRow.id)
    )
    return [
        CredentialRecord(
            key=f"{HOOK}:{row.id}",
            kind="signing_secret",
            label=f"{row.label} ({name})",
            account_key=row.actor_id,
            scopes=(rights.named(rights.May.DECIDE),),
            active=True,
            created=row.made,
            last_used=row.last_used,
            uses_known_since=row.made,
            expires=row.expires,
        )
        for row, name in rows
    ]


def _lasts(at: datetime) -> ColumnElement[bool]:
    return or_(ActorRoleRow.until.is_(None), ActorRoleRow.until > at)


def _present(at: datetime) -> ColumnElement[bool]:
    return or_(ActorRow.ended.is_(None), ActorRow.ended > at)


_READ: Mapping[Stream, Callable[[Session, datetime], tuple[int, Sequence[Record]]]] = {
    Stream.ACCOUNTS: _accounts,
    Stream.ENTITLEMENTS: _entitlements,
    Stream.GRANTS: _grants,
    Stream.LOGINS: _sign_ins,
    Stream.INTEGRATIONS: _integrations,
    Stream.SESSIONS: _sessions,
}
