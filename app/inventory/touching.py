"""Whom a reading touched, and of whom time alone may have turned something: the accounts that are worth another look.

Everything here errs on the side of too many. An account that is named for nothing costs a look; one that is left out would
keep a wrong answer until the night's pass over all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from app.inventory.around import JOB, members
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    ChangeRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    LoginRow,
    ObservationRow,
    PrivilegeRow,
    ReturnRow,
    SnapshotRow,
    SystemRow,
)
from connectors import registry
from connectors.records import Privilege

T = TypeVar("T", datetime, date)
_STANDING = ("active", "ended", "kind")  # fields of an account by which it is counted among peers and holders, or not
# What changes at one place and tells of everybody who holds it.
_SHARED = {
    "entitlements": ("changed", "returned", "ended"), "entitlement_edges": ("began", "changed", "ended"),
    "object_rights": ("began", "changed", "ended"), "logins": ("changed",), "system_changes": ("changed",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Since:
    """What the last pass had seen: its moment, the beginning of the reading behind it, and the last rows of what grows."""

    pass_: datetime
    reading: datetime
    logins: int
    changes: int
    grants: int


@dataclass(frozen=True, slots=True)
class Written:
    """Accounts of which a reading wrote something, those among them that came, went or hold something else, and tokens.

    `entitlements`: those that are new, or that others hold than before.
    """

    accounts: frozenset[int]
    moved: frozenset[int]
    credentials: frozenset[int]
    entitlements: frozenset[int]


def last_rows(session: Session, system_id: int) -> dict[str, int]:
    """The number of the system's last sign-in, logged change and grant; a reading adds only higher ones."""
    grows: dict[str, Any] = {"logins": LoginRow, "changes": ChangeRow, "grants": GrantRow}
    last = {name: select(func.max(row.id)).where(row.system_id == system_id) for name, row in grows.items()}
    return {name: session.scalar(asked) or 0 for name, asked in last.items()}


def rosters(session: Session) -> list[int]:
    """Of each roster, the latest sealed reading in which anything was other than before."""
    read = select(SnapshotRow.system_id, SnapshotRow.id, SnapshotRow.counts).join(SystemRow)
    last: dict[int, int] = {}
    for system, number, counts in session.execute(
        read.where(SystemRow.kind == "roster", SnapshotRow.status == "sealed").order_by(SnapshotRow.id)
    ):
        if counts.get("identities") or counts.get("identity_emails"):
            last[system] = number
    return sorted(last.values())


def why_all(session: Session, system_id: int, since: Since) -> str | None:
    """Why what was written since concerns everybody; None if it is of single accounts."""
    read = (SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed", SnapshotRow.began_at > since.reading)
    for counts in session.scalars(select(SnapshotRow.counts).where(*read)):
        for table, turns in _SHARED.items():
            if any((counts.get(table) or {}).get(turn) for turn in turns):
                return f"{table.replace('_', ' ')} were changed, which many hold"
    hands = (AccountRow.system_id == system_id, AccountRow.matched_at > since.pass_, AccountRow.began <= since.reading)
    if session.scalar(select(AccountRow.id).where(*hands).limit(1)) is not None:
        return "accounts changed hands, and the peers whom they leave are not known"
    return None


def written(session: Session, system_id: int, since: Since, at: datetime) -> Written:
    """What the readings since, and whoever matched accounts by hand, have written; and whose grants' end has come."""
    accounts, moved = _accounts(session, system_id, since)
    with_grants, held, what = _grants(session, system_id, since, at)
    tokens = session.execute(
        select(CredentialRow.id, CredentialRow.account_id).where(
            CredentialRow.system_id == system_id, _news(CredentialRow, since.reading)
        )
    ).all()
    factors = _ids(
        session,
        select(ObservationRow.account_id).where(
            ObservationRow.system_id == system_id, ObservationRow.account_id.is_not(None),
            or_(ObservationRow.began > since.reading, ObservationRow.ended > since.reading),
        ),
    )  # fmt: skip
    signed_in = (LoginRow.system_id == system_id, LoginRow.id > since.logins, LoginRow.account_id.is_not(None))
    logged = (ChangeRow.system_id == system_id, ChangeRow.id > since.changes)
    did = _doers(session, system_id, [*logged])
    used = _ids(session, select(LoginRow.account_id).where(*signed_in).distinct())
    of_tokens = {row.account_id for row in tokens if row.account_id is not None}
    return Written(
        frozenset(accounts | with_grants | of_tokens | factors | used | did), frozenset(moved | held),
        frozenset(row.id for row in tokens), frozenset(what | _held_anew(session, system_id, moved, since)),
    )  # fmt: skip


def giving(session: Session, system_id: int) -> set[int]:
    """The entitlements that are known to give a privilege."""
    live = (EntitlementRow.system_id == system_id, EntitlementRow.ended.is_(None))
    rows = session.execute(select(EntitlementRow.id, EntitlementRow.privileges).where(*live))
    return {number for number, privileges in rows if privileges}


def _news(row: Any, since: datetime) -> ColumnElement[bool]:
    return or_(row.began > since, row.ended > since, row.touched > since)


def _ids(session: Session, statement: Select[Any]) -> set[int]:
    return set(session.scalars(statement))


def _accounts(session: Session, system_id: int, since: Since) -> tuple[set[int], set[int]]:
    account = AccountRow
    news = session.execute(
        select(account.id, or_(account.began > since.reading, account.ended > since.reading).label("moved")).where(
            account.system_id == system_id, _news(account, since.reading)
        )
    ).all()
    lately = (SnapshotRow.system_id == system_id, SnapshotRow.began_at > since.reading)
    noted = session.execute(
        select(AccountChangeRow.account_id, AccountChangeRow.field)
        .join(SnapshotRow, SnapshotRow.id == AccountChangeRow.snapshot_id)
        .where(*lately)
    ).all()
    back = select(ReturnRow.subject_id).join(SnapshotRow, SnapshotRow.id == ReturnRow.snapshot_id)
    returned = _ids(session, back.where(*lately, ReturnRow.kind == "account"))
    every = {row.id for row in news} | {row.account_id for row in noted} | returned
    moved = {row.id for row in news if row.moved} | {row.account_id for row in noted if row.field in _STANDING}
    return every, moved | returned


def _grants(session: Session, system_id: int, since: Since, at: datetime) -> tuple[set[int], set[int], set[int]]:
    """Whose grants were written or have lapsed, who of them got or lost some, and of what: each way by its own index."""
    grant = GrantRow
    ours = grant.system_id + 0 == system_id  # SQLite would rather read all that the system has
    ways = (
        (True, grant.system_id == system_id, grant.id > since.grants),
        (True, ours, grant.ended > since.reading),
        (False, ours, grant.touched > since.reading),
        (False, ours, grant.until > since.pass_, grant.until <= at, grant.ended.is_(None)),
    )
    rows = union_all(
        *(select(grant.account_id, grant.entitlement_id, literal(turned)).where(*where) for turned, *where in ways)
    )
    every, moved, what = set(), set(), set()
    for account, entitlement, other in session.execute(rows):
        every.add(account)
        if other:
            moved.add(account)
            what.add(entitlement)
    return every, moved, what


def _held_anew(session: Session, system_id: int, moved: Collection[int], since: Since) -> set[int]:
    """Entitlements that are new, and all that those hold who came, went, or count otherwise than before."""
    fresh = select(EntitlementRow.id).where(EntitlementRow.system_id == system_id, EntitlementRow.began > since.reading)
    theirs = select(GrantRow.entitlement_id).where(GrantRow.account_id.in_(sorted(moved)), GrantRow.ended.is_(None))
    return _ids(session, fresh) | _ids(session, theirs.distinct())


def _doers(session: Session, system_id: int, where: Sequence[ColumnElement[bool]]) -> set[int]:
    """Who did it, and whom the log names without saying so."""
    found: set[int] = set()
    for name in (ChangeRow.actor_key, ChangeRow.named_key):
        same = and_(AccountRow.system_id == ChangeRow.system_id, AccountRow.key == name)
        found |= _ids(session, select(AccountRow.id).join(ChangeRow, same).where(*where).distinct())
    return found


def aged(
    session: Session, system_id: int, kind: str, spans: Iterable[timedelta], *, recent: timedelta, after: datetime,
    at: datetime,
) -> set[int]:  # fmt: skip
    """Accounts with a moment that became older than one of these spans in (after, at], or that left a window's far end."""
    every = sorted({timedelta(0), *spans})
    moments = _apart((after - span, at - span) for span in every)
    whole_days = _apart(_days(after - span, at - span) for span in every)

    def turns(column: Any) -> ColumnElement[bool]:
        return _within(column, moments)

    def days(column: Any) -> ColumnElement[bool]:
        return _within(column, whole_days)

    account, person, token, grant = AccountRow, IdentityRow, CredentialRow, GrantRow
    live = (account.system_id == system_id, account.ended.is_(None))
    old = or_(turns(account.created), turns(account.last_login), turns(account.logins_known_since))
    employed = or_(days(person.start), days(person.end), days(person.away_from), days(person.away_until))
    of_person = select(account.id).join(person, person.id == account.identity_id).where(*live, employed)
    tokens = or_(*(turns(c) for c in (token.created, token.last_used, token.uses_known_since, token.expires)))
    of_token = select(token.account_id).where(token.system_id == system_id, token.account_id.is_not(None), tokens)
    power = select(PrivilegeRow.account_id).where(
        PrivilegeRow.system_id == system_id, PrivilegeRow.privilege == Privilege.ADMINISTER
    )
    given = select(grant.account_id).where(
        grant.account_id.in_(power), grant.ended.is_(None), or_(turns(grant.granted), turns(grant.began))
    )
    found = _ids(session, select(account.id).where(*live, old))
    for each in (of_person, of_token, given):
        found |= _ids(session, each.distinct())
    left = (LoginRow.system_id == system_id, LoginRow.at >= after - recent, LoginRow.at <= at - recent)
    found |= _ids(session, select(LoginRow.account_id).where(*left, LoginRow.account_id.is_not(None)).distinct())
    gone = [ChangeRow.system_id == system_id, ChangeRow.at >= after - recent, ChangeRow.at <= at - recent]
    found |= _doers(session, system_id, gone)
    return found | _moved_long_ago(session, system_id, every, after, at) | _passwords(
        session, system_id, kind, every, after, at
    )  # fmt: skip


def _days(after: datetime, at: datetime) -> tuple[date, date]:
    """Whole days around an interval, since a day's end and a day's beginning both count somewhere: (before, last]."""
    return after.date() - timedelta(2), at.date() + timedelta(1)


def _apart(windows: Iterable[tuple[T, T]]) -> list[tuple[T, T]]:
    """The same times as windows (after, until] that rise and have a gap between each other."""
    found: list[tuple[T, T]] = []
    for after, until in sorted(windows):
        if found and after <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((after, until))
    return found


def _within(column: Any, windows: Sequence[tuple[Any, Any]]) -> ColumnElement[bool]:
    """Whether a value lies in one of these windows, sought by halves: every account is asked, and there are dozens."""
    if len(windows) == 1:
        ((after, until),) = windows
        return and_(column > after, column <= until)
    half = len(windows) // 2
    later, earlier = _within(column, windows[half:]), _within(column, windows[:half])
    return case((column > windows[half - 1][1], later), else_=earlier)


def _moved_long_ago(
    session: Session, system_id: int, spans: Iterable[timedelta], after: datetime, at: datetime
) -> set[int]:
    began = SnapshotRow.began_at
    turned = or_(*(and_(began >= after - span, began <= at - span) for span in spans))
    rows = select(AccountChangeRow.account_id).join(SnapshotRow, SnapshotRow.id == AccountChangeRow.snapshot_id)
    return _ids(session, rows.where(SnapshotRow.system_id == system_id, turned, AccountChangeRow.field.in_(JOB)))


def _passwords(
    session: Session, system_id: int, kind: str, spans: Sequence[timedelta], after: datetime, at: datetime
) -> set[int]:
    """First passwords that wait stand among the vendor's own words, so each is looked at; few accounts were never used."""
    means = registry.meanings(kind)
    if means is None:
        return set()
    waits = (AccountRow.system_id == system_id, AccountRow.ended.is_(None), AccountRow.last_login.is_(None))
    found = set()
    for number, native in session.execute(select(AccountRow.id, AccountRow.native).where(*waits)):
        changed = means.known(native or {}).password_changed
        if changed is not None and any(after < changed + span <= at for span in spans):
            found.add(number)
    return found


def siblings(session: Session, system_id: int, only: Collection[int]) -> set[int]:
    """These accounts, and the others that their people have in the same system."""
    of, other = aliased(AccountRow), aliased(AccountRow)
    ours = (of.id.in_(sorted(only)), other.system_id + 0 == system_id, other.ended.is_(None))
    return set(only) | _ids(session, select(other.id).join(of, of.identity_id == other.identity_id).where(*ours))


def tokens_of(session: Session, system_id: int, only: Collection[int]) -> set[int]:
    """The live credentials of these accounts, and those of none."""
    mine = or_(CredentialRow.account_id.in_(sorted(only)), CredentialRow.account_id.is_(None))
    return _ids(
        session,
        select(CredentialRow.id).where(CredentialRow.system_id == system_id, CredentialRow.ended.is_(None), mine),
    )


def unsettled_peers(
    session: Session, system_id: int, moved: Collection[int], *, peers_at_least: int, rare_percent: int
) -> set[int]:
    """Peers of accounts that moved for whom something may now be rare, or be so no longer.

    With `k` of a group moved, what `c` of `n` hold was held by c±k of n±k before: only where such a step reaches across the
    line can anybody else's answer have turned.
    """
    return _ids(session, _unsettled(system_id, moved, peers_at_least, rare_percent)) if moved else set()


def _unsettled(system_id: int, moved: Collection[int], least: int, percent: int) -> Select[Any]:
    job = (IdentityRow.title, IdentityRow.department)
    touched = (
        select(IdentityRow.title.label("job"), IdentityRow.department.label("department"), func.count().label("k"))
        .join(AccountRow, AccountRow.identity_id == IdentityRow.id)
        .where(AccountRow.id.in_(sorted(moved)), *(each.is_not(None) for each in job))
        .group_by(*job)
        .cte("touched")
    )
    everybody = members(system_id).subquery()
    same = and_(touched.c.job == everybody.c.job, touched.c.department == everybody.c.department)
    member = select(everybody, touched.c.k).join(touched, same).cte("member")
    group = (member.c.job, member.c.department, member.c.k)
    size = select(*group, func.count().label("people")).group_by(*group)
    large = size.having(func.count() + member.c.k >= least).cte("large")
    held = (
        select(member.c.account_id, *group, large.c.people, GrantRow.entitlement_id.label("what"))
        .join(large, and_(large.c.job == member.c.job, large.c.department == member.c.department))
        .join(GrantRow, and_(GrantRow.account_id == member.c.account_id, GrantRow.ended.is_(None)))
        .distinct()
        .cte("held")
    )
    line, step = held.c.people * percent, held.c.k * (100 + percent)
    across = and_(func.count() * 100 < line + step, func.count() * 100 >= line - step)
    was_small = and_(held.c.people - held.c.k < least, func.count() * 100 < line + step)
    few = (
        select(held.c.job, held.c.department, held.c.what)
        .group_by(held.c.job, held.c.department, held.c.what, held.c.people, held.c.k)
        .having(or_(across, was_small))
        .cte("few")
    )
    rare = tuple_(held.c.job, held.c.department, held.c.what).in_(select(few.c.job, few.c.department, few.c.what))
    return select(held.c.account_id).where(rare).distinct()
