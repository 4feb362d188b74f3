"""What lies around an account, for rules: second factors, ways in, deeds, ends, peers; each read once and merged in order.

Every read gives rows in order of account, so that one pass holds one account at a time. `only` narrows all of them to the
accounts that a reading touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, tuple_
from sqlalchemy.orm import Session

from app.inventory.facts import AccountFacts, Around, Posture, Seen
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    ChangeRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    LoginRow,
    ObservationRow,
    PrivilegeRow,
    SnapshotRow,
)
from connectors import registry
from connectors.meaning import Meanings
from connectors.records import Stream

AT_A_TIME = 1_000
JOB = ("department", "title", "manager_key")  # fields of an account whose change is a change of job
MOST_NAMED = 20  # entitlements named for one account


@dataclass(frozen=True, slots=True)
class Window:
    """How far back things count as being of late, and what makes a peer group."""

    at: datetime
    recent: timedelta
    moves: timedelta
    peers: int  # people of one department and title from which on they have a custom
    rare_percent: int


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over a system: what its words mean, since when it is read, and which accounts are of concern."""

    session: Session
    system_id: int
    kind: str
    first_read: datetime | None
    posture: Posture
    window: Window
    only: Collection[int] | None = None

    @property
    def meanings(self) -> Meanings | None:
        """What the system's words mean."""
        return registry.meanings(self.kind)

    def chosen(self, column: Any) -> list[ColumnElement[bool]]:
        """The condition that narrows a read to the accounts of concern; none when all are."""
        return [] if self.only is None else [column.in_(sorted(self.only))]

    def within(self, row: Any) -> ColumnElement[bool]:
        """Rows of the accounts of concern: of all by their system, else by account alone, which has an index."""
        every: ColumnElement[bool] = row.system_id == self.system_id
        return every if self.only is None else row.account_id.in_(sorted(self.only))


def around(accounts: Iterable[AccountFacts], of: Pass) -> Iterator[AccountFacts]:
    """The accounts, which come in order of id, each with what lies around it."""
    homes, means = _homes(of.session), of.meanings
    beside = {name: _Beside(read(of)) for name, read in _READS.items()}
    for account in accounts:
        told: dict[str, Any] = {}
        for each in beside.values():
            told |= each.of(account.account_id)
        if means is not None:
            known = means.known(account.native)
            told |= {"password_changed": known.password_changed, "outside": known.outside}
        yield replace(account, around=Around(home=_home(account.email, homes), posture=of.posture, **told))


class _Beside:
    """A read that runs beside the accounts: rows (account id, what it adds), in the same order."""

    def __init__(self, rows: Iterator[tuple[int, dict[str, Any]]]) -> None:
        self.rows = rows
        self.next = next(rows, None)

    def of(self, account_id: int) -> dict[str, Any]:
        while self.next is not None and self.next[0] < account_id:
            self.next = next(self.rows, None)
        return self.next[1] if self.next is not None and self.next[0] == account_id else {}


def _homes(session: Session) -> frozenset[str]:
    """The domains of the addresses of whoever is employed here."""
    theirs = (
        select(IdentityEmailRow.email)
        .join(IdentityRow, IdentityRow.id == IdentityEmailRow.identity_id)
        .where(func.coalesce(IdentityRow.engagement, "employee") == "employee", IdentityRow.ended.is_(None))
    )
    rows = session.scalars(theirs.execution_options(yield_per=AT_A_TIME))
    return frozenset(email.rpartition("@")[2] for email in rows)


def _home(email: str | None, homes: frozenset[str]) -> bool | None:
    if not email or "@" not in email or not homes:
        return None
    return email.lower().rpartition("@")[2] in homes


def _grouped(of: Pass, statement: Any) -> Iterator[tuple[int, list[Any]]]:
    """Rows of a statement that is in order of its first column, account by account."""
    rows = of.session.execute(statement.execution_options(yield_per=AT_A_TIME))
    for account_id, some in groupby(rows, key=lambda row: row[0]):
        yield account_id, list(some)


def _factors(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    seen = ObservationRow
    live = (of.within(seen), seen.stream == str(Stream.FACTORS), seen.ended.is_(None))
    rows = select(seen.account_id, seen.name, seen.facts).where(*live)
    for account_id, some in _grouped(of, rows.order_by(seen.account_id, seen.id)):
        told = [row.facts.get("phishing_resistant") for row in some]
        strong = True if any(told) else None if None in told else False
        yield account_id, {"factors": tuple(row.name for row in some), "strong_factor": strong}


def _sign_ins(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    login, means = LoginRow, of.meanings
    recent = (
        login.system_id == of.system_id,
        login.at >= of.window.at - of.window.recent,
        login.account_id.is_not(None),
    )
    columns = (login.account_id, login.way, login.application, login.succeeded)
    rows = (
        select(*columns, func.count().label("times"), func.max(login.at).label("last"))
        .where(*recent, *of.chosen(login.account_id))
        .group_by(*columns)
        .order_by(login.account_id)
    )
    words = select(login.way, login.application, func.count()).where(*recent, login.succeeded.is_(True))
    used = of.session.execute(words.group_by(login.way, login.application)).all()
    meant = {(way, by): means.way(way, by) if means is not None else None for way, by, _ in used}
    strange = _commonest((way or "", times) for way, by, times in used if meant[way, by] is None)
    for account_id, some in _grouped(of, rows):
        ways = [(meant[row.way, row.application], row) for row in some if row.succeeded]
        failures = sum(row.times for row in some if row.succeeded is False)
        unclear = strange if any(what is None for what, _ in ways) else ()
        yield account_id, {"ways": _summed(ways), "failures": failures, "strange_ways": unclear}


def _deeds(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    change, means = ChangeRow, of.meanings
    used = of.session.execute(_logged(of, change.actor_key, change.action)).all()
    meant = {row.action: means.act(row.action, None) if means is not None else None for row in used}
    strange = _commonest((row.action, row.times) for row in used if meant[row.action] is None)
    rows = _logged(of, change.actor_key, AccountRow.id, change.action).where(*of.chosen(AccountRow.id))
    for account_id, some in _grouped(of, rows):
        deeds = [(meant[row.action], row) for row in some]
        unclear = strange if any(what is None for what, _ in deeds) else ()
        yield account_id, {"deeds": _summed(deeds), "strange_deeds": unclear}


def _doubtful(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the log does not say who did, by whom it names; "" is what nobody knows the meaning of."""
    change, means = ChangeRow, of.meanings
    rows = _logged(of, change.named_key, AccountRow.id, change.action).where(*of.chosen(AccountRow.id))
    for account_id, some in _grouped(of, rows.where(change.actor_key.is_(None))):
        told = [(means.act(row.action, None) or "" if means is not None else "", row) for row in some]
        yield account_id, {"doubtful_deeds": _summed(told)}


def _logged(of: Pass, name: Any, *by: Any) -> Any:
    """How often what was logged of late, of accounts that an entry has under this name; in order of the first column."""
    late = ChangeRow.at >= of.window.at - of.window.recent
    whose = and_(AccountRow.system_id == ChangeRow.system_id, AccountRow.key == name)
    told = select(*by, func.count().label("times"), func.max(ChangeRow.at).label("last")).join(AccountRow, whose)
    return told.where(ChangeRow.system_id == of.system_id, late).group_by(*by).order_by(by[0])


def _commonest(words: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Words, each once, the most frequent first."""
    times: Counter[str] = Counter()
    for word, count in words:
        times[word] += count
    return tuple(sorted(times, key=lambda word: (-times[word], word)))


def _summed(rows: list[tuple[Any, Any]]) -> tuple[Seen, ...]:
    """Rows with a meaning, those of the same meaning added up."""
    found: dict[str, Seen] = {}
    for what, row in rows:
        if what is not None:
            before = found.get(what)
            times, last = (before.times, before.last) if before else (0, row.last)
            found[what] = Seen(str(what), times + row.times, max(last, row.last))
    return tuple(found.values())


def _held(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    grant = GrantRow
    live = (of.within(grant), grant.ended.is_(None))
    rows = select(grant.account_id, func.count().label("times")).where(*live).group_by(grant.account_id)
    for row in of.session.execute(rows.order_by(grant.account_id).execution_options(yield_per=AT_A_TIME)):
        yield row.account_id, {"grants": row.times}


def _lapsed(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    grant = GrantRow
    past = (grant.until.is_not(None), grant.until <= of.window.at, grant.effective.is_not(False))
    rows = (
        select(grant.account_id, func.coalesce(EntitlementRow.label, EntitlementRow.name).label("name"))
        .join(EntitlementRow, EntitlementRow.id == grant.entitlement_id)
        .where(of.within(grant), grant.ended.is_(None), *past)
        .order_by(grant.account_id, EntitlementRow.id)
    )
    for account_id, some in _grouped(of, rows):
        yield account_id, {"lapsed": tuple(dict.fromkeys(row.name for row in some))[:MOST_NAMED]}


def _administering(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    """Since when each administers, by the CRM's own word, or by when a reading first showed it after the first one."""
    power, grant = PrivilegeRow, GrantRow
    same = and_(
        grant.account_id == power.account_id, grant.entitlement_id == power.entitlement_id, grant.ended.is_(None)
    )
    rows = (
        select(power.account_id, grant.granted, grant.began)
        .join(grant, same)
        .where(of.within(power), power.privilege == "administer")
        .order_by(power.account_id)
    )
    for account_id, some in _grouped(of, rows):
        said = [row.granted or (row.began if of.first_read and row.began > of.first_read else None) for row in some]
        if None not in said:  # an older way to the same power makes none of it new
            yield account_id, {"admin_since": min(when for when in said if when is not None)}


def _detours(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    power = PrivilegeRow
    nested = func.min(case((power.path.contains(">"), 1), else_=0)) == 1
    rows = (
        select(power.account_id, power.privilege)
        .where(of.within(power))
        .group_by(power.account_id, power.privilege)
        .having(nested)
        .order_by(power.account_id, power.privilege)
    )
    for account_id, some in _grouped(of, rows):
        yield account_id, {"detours": tuple(row.privilege for row in some)}


def _moved(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    change = AccountChangeRow
    lately = (SnapshotRow.system_id == of.system_id, SnapshotRow.began_at >= of.window.at - of.window.moves)
    # From nothing to something is a field that was filled in, and no new job.
    told = (change.field.in_(JOB), change.before.is_not(None), *of.chosen(change.account_id))
    moves = (
        select(change.account_id, func.max(SnapshotRow.began_at).label("at"))
        .join(SnapshotRow, SnapshotRow.id == change.snapshot_id)
        .where(*lately, *told)
        .group_by(change.account_id)
        .subquery()
    )
    older = and_(GrantRow.account_id == moves.c.account_id, GrantRow.ended.is_(None), GrantRow.began < moves.c.at)
    rows = (
        select(moves.c.account_id, moves.c.at, func.count(GrantRow.id).label("kept"))
        .outerjoin(GrantRow, older)
        .group_by(moves.c.account_id, moves.c.at)
        .order_by(moves.c.account_id)
    )
    for row in of.session.execute(rows.execution_options(yield_per=AT_A_TIME)):
        yield row.account_id, {"moved": row.at, "kept": row.kept}


def _siblings(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    account = AccountRow
    ours: Any = account.system_id  # narrowed, accounts are sought by whose they are: SQLite would rather read all
    able = (
        (ours if of.only is None else ours + 0) == of.system_id,
        account.ended.is_(None),
        account.active.is_not(False),
    )
    person = (account.kind != "service", account.identity_id.is_not(None))
    of_theirs = [] if of.only is None else [account.identity_id.in_(_people(of.only))]
    several = (
        select(account.identity_id, func.count().label("times"))
        .where(*able, *person, *of_theirs)
        .group_by(account.identity_id)
        .having(func.count() > 1)
        .subquery()
    )
    rows = (
        select(account.id, several.c.times)
        .join(several, several.c.identity_id == account.identity_id)
        .where(*able, *person, *of.chosen(account.id))
        .order_by(account.id)
    )
    for row in of.session.execute(rows.execution_options(yield_per=AT_A_TIME)):
        yield row.id, {"siblings": row.times - 1}


def _people(only: Collection[int]) -> Any:
    return select(AccountRow.identity_id).where(AccountRow.id.in_(sorted(only)), AccountRow.identity_id.is_not(None))


def _peers(of: Pass) -> Iterator[tuple[int, dict[str, Any]]]:
    """Entitlements that hardly anybody of the same department and title holds, in groups large enough to have a custom."""
    member = _members(of).cte("member")
    size = select(member.c.job, member.c.department, func.count().label("people")).group_by(
        member.c.job, member.c.department
    )
    large = size.having(func.count() >= of.window.peers).cte("large")
    same = and_(large.c.job == member.c.job, large.c.department == member.c.department)
    held = (
        select(
            member.c.account_id,
            member.c.job,
            member.c.department,
            large.c.people,
            GrantRow.entitlement_id.label("what"),
        )
        .join(large, same)
        .join(GrantRow, and_(GrantRow.account_id == member.c.account_id, GrantRow.ended.is_(None)))
        .distinct()
        .cte("held")
    )
    few = (
        select(held.c.job, held.c.department, held.c.what)
        .group_by(held.c.job, held.c.department, held.c.what, held.c.people)
        .having(func.count() * 100 < held.c.people * of.window.rare_percent)
        .cte("few")
    )
    rare = tuple_(held.c.job, held.c.department, held.c.what).in_(select(few.c.job, few.c.department, few.c.what))
    rows = (
        select(held.c.account_id, held.c.people, func.coalesce(EntitlementRow.label, EntitlementRow.name).label("name"))
        .join(EntitlementRow, EntitlementRow.id == held.c.what)
        .where(rare, *of.chosen(held.c.account_id))
        .order_by(held.c.account_id, EntitlementRow.id)
    )
    for account_id, some in _grouped(of, rows):
        yield account_id, {"rare": tuple(row.name for row in some)[:MOST_NAMED], "peers": some[0].people}


def members(system_id: int) -> Any:
    """The active accounts of people with a department and a title: account_id, job, department."""
    account, person = AccountRow, IdentityRow
    return (
        select(account.id.label("account_id"), person.title.label("job"), person.department.label("department"))
        .join(person, person.id == account.identity_id)
        .where(account.system_id == system_id, account.ended.is_(None), account.active.is_not(False))
        .where(
            person.kind == "person", person.title.is_not(None), person.department.is_not(None), person.ended.is_(None)
        )
    )


def _members(of: Pass) -> Any:
    """The members of all groups; of a narrowed pass, of those that it touches."""
    account, person = AccountRow, IdentityRow
    if of.only is None:
        return members(of.system_id)
    touched = (
        select(person.title, person.department)
        .join(account, account.identity_id == person.id)
        .where(account.id.in_(sorted(of.only)))
    )
    return members(of.system_id).where(tuple_(person.title, person.department).in_(touched))


_READS: dict[str, Callable[[Pass], Iterator[tuple[int, dict[str, Any]]]]] = {
    "factors": _factors,
    "sign_ins": _sign_ins,
    "deeds": _deeds,
    "doubtful": _doubtful,
    "held": _held,
    "lapsed": _lapsed,
    "administering": _administering,
    "detours": _detours,
    "moved": _moved,
    "siblings": _siblings,
    "peers": _peers,
}
