"""What a system logs or sets: sign-ins, changes and settings. What scrolls out of a log still happened, so nothing ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, Integer, Select, Subquery, Table, and_, case, delete, func, literal, select, update

from app.inventory.merges import differences
from app.inventory.merges.sealing import (
    Page,
    Sealing,
    ids_of,
    insert_early,
    pages,
    stage_pages,
    stage_rows,
    told_repeats,
)
from app.inventory.packing import FIELDS
from app.inventory.tables import AccountRow, ChangeRow, LoginRow, SettingRow
from app.kit import bulk, postgres
from connectors.records import Stream

LOGINS: Table = LoginRow.__table__  # type: ignore[assignment]
CHANGES: Table = ChangeRow.__table__  # type: ignore[assignment]
SETTINGS: Table = SettingRow.__table__  # type: ignore[assignment]
ACCOUNTS: Table = AccountRow.__table__  # type: ignore[assignment]


def merge_logins(sealing: Sealing) -> None:
    """Merge the LOGINS stream, and move each account's first and last sign-in by the ones that succeeded."""
    session, strangers = sealing.session, set[str]()
    names = ["account_id" if name == "account_key" else name for name in FIELDS["LoginRecord"]]
    put = ["system_id", *names]
    if (began := insert_early(sealing, Stream.LOGINS, LOGINS, put, partial(_named, sealing))) is not None:
        sealing.count(LOGINS.name, began=began)
        if sealing.use is not None:  # else it went into the accounts with these
            named = select(ACCOUNTS.c.id.label("account_id"), sealing.use.c["first"], sealing.use.c["last"])
            same = and_(ACCOUNTS.c.system_id == sealing.system_id, ACCOUNTS.c["key"] == sealing.use.c.account_key)
            _move_use(sealing, named.join(ACCOUNTS, same).subquery())
        differences.settle(sealing, Stream.LOGINS, as_they_came=not _of_strangers(sealing))
        return
    ids = ids_of(sealing, AccountRow)

    def fill(staged: Table, found: Iterable[Page]) -> bool:
        for part, kinds in found:
            strangers.update(stage_rows(sealing, staged, part, kinds.get("LoginRecord", ()), resolved, ids))
        return True

    staged, ours = _stage(sealing, LOGINS, names), [LOGINS.c.system_id == sealing.system_id]
    gone = differences.stage(sealing, Stream.LOGINS, staged, fill, target=LOGINS, key=["key"], live=ours)
    if gone is None:
        staged = _stage(sealing, LOGINS, names)
        for told in stage_pages(sealing, Stream.LOGINS, "LoginRecord", staged, resolved, ids):
            strangers |= told
        told_repeats(sealing, Stream.LOGINS, bulk.ready(session, staged, ["key"]), str(Stream.LOGINS))
    _merge_staged(sealing, LOGINS, staged, names, order=("account_id", "at"))
    _move_use(sealing, _use_in(staged))
    differences.settle(sealing, Stream.LOGINS, as_they_came=not strangers)  # whom a later reading may tell us
    bulk.drop(session, staged)


def _named(sealing: Sealing, staged: Table) -> Select[Any]:
    """Sign-ins that name accounts by the CRM's keys, with our ids of those that we know."""
    known = and_(ACCOUNTS.c.system_id == sealing.system_id, ACCOUNTS.c["key"] == staged.c.account_key)
    values = (ACCOUNTS.c.id if name == "account_key" else staged.c[name] for name in FIELDS["LoginRecord"])
    return (
        select(literal(sealing.system_id), *values)
        .select_from(staged.outerjoin(ACCOUNTS, known))
        .order_by(ACCOUNTS.c.id)  # as the larger index has it, but for the few of one account
    )


def _of_strangers(sealing: Sealing) -> bool:
    """Whether sign-ins name accounts that we do not know."""
    nobodys = select(func.count()).where(LOGINS.c.system_id == sealing.system_id, LOGINS.c.account_id.is_(None))
    return sealing.session.scalar(nobodys) != sealing.early[Stream.LOGINS].nameless


def resolved(rows: Sequence[Sequence[Any]], ids: Mapping[str, int]) -> tuple[list[Sequence[Any]], set[str]]:
    """Sign-ins as columns with our ids of accounts, and keys of accounts that we do not know."""
    if not rows:
        return [], set()
    columns, place = list[Sequence[Any]](zip(*rows, strict=True)), FIELDS["LoginRecord"].index("account_key")
    whose = columns[place]
    columns[place] = [ids.get(key) for key in whose]  # of an account that is gone it is still a sign-in
    return columns, {key for key in set(whose) if key is not None and key not in ids}


def merge_changes(sealing: Sealing) -> None:
    """Merge the CHANGES stream. Who acted stays known, when a later reading cannot tell any more."""
    names = list(FIELDS["ChangeRecord"])
    staged = _stage(sealing, CHANGES, names)
    for part, rows in pages(sealing, Stream.CHANGES, times=False):
        bulk.fill(sealing.session, staged, [[part, *row] for row in rows.get("ChangeRecord", ())])
    told_repeats(sealing, Stream.CHANGES, bulk.ready(sealing.session, staged, ["key"]), str(Stream.CHANGES))
    known = (
        CHANGES.c.system_id == sealing.system_id,
        CHANGES.c["key"] == staged.c["key"],
        CHANGES.c.actor_key.is_not(None),
    )
    told = {name: CHANGES.c[name] for name in ("actor_key", "subject_key", "named_key")}
    sealing.session.execute(update(staged).values(told).where(staged.c.named_key.is_not(None), *known))
    _merge_staged(sealing, CHANGES, staged, names)
    bulk.drop(sealing.session, staged)


def merge_settings(sealing: Sealing) -> None:
    """Merge the SETTINGS stream. A setting keeps the snapshot in which it took its value."""
    session = sealing.session
    staged = _stage(sealing, SETTINGS, ["key", "value", "snapshot_id"])
    for part, rows in pages(sealing, Stream.SETTINGS):
        found = [[part, *row, sealing.snapshot_id] for row in rows.get("SettingRecord", ())]
        bulk.fill(session, staged, found)
    told_repeats(sealing, Stream.SETTINGS, bulk.ready(session, staged, ["key"]), "settings")
    ours = [SETTINGS.c.system_id == sealing.system_id]
    moved = update(SETTINGS).values(value=staged.c.value, snapshot_id=staged.c.snapshot_id)
    same = SETTINGS.c["key"] == staged.c["key"]
    changed = bulk.written(session, moved.where(*ours, same, bulk.differs(SETTINGS, staged, ["value"])))
    began = bulk.insert_new(
        session, SETTINGS, staged, on=["key"], columns=["key", "value", "snapshot_id"],
        constants={"system_id": sealing.system_id}, where=ours,
    )  # fmt: skip
    ended = 0
    if sealing.ends(Stream.SETTINGS):
        ended = bulk.written(session, delete(SETTINGS).where(*ours, bulk.absent(SETTINGS, staged, ["key"])))
    sealing.count(SETTINGS.name, began=began, changed=changed, ended=ended)
    bulk.drop(session, staged)


def _stage(sealing: Sealing, target: Table, names: list[str]) -> Table:
    columns: list[Column[Any]] = [Column(bulk.PART, Integer), *(bulk.like(target.c[name]) for name in names)]
    return bulk.stage(sealing.session, f"stage_{target.name}", columns)


def _merge_staged(sealing: Sealing, target: Table, staged: Table, names: list[str], order: Sequence[str] = ()) -> None:
    session = sealing.session
    ours = [target.c.system_id == sealing.system_id]
    columns = [name for name in names if name != "key"]
    changed = bulk.update_changed(session, target, staged, on=["key"], columns=columns, where=ours)
    constants = {"system_id": sealing.system_id}
    with postgres.parents_known(session):  # of changes there are none, and of sign-ins the accounts that were found
        began = bulk.insert_new(
            session, target, staged, on=["key"], columns=names, constants=constants, where=ours, order=order
        )
    sealing.count(target.name, began=began, changed=changed)


def _use_in(staged: Table) -> Subquery:
    """First and last use of each account. A sign-in counts as use only if it is known to have succeeded."""
    return (
        select(staged.c.account_id, func.max(staged.c.at).label("last"), func.min(staged.c.at).label("first"))
        .where(staged.c.succeeded.is_(True), staged.c.account_id.is_not(None))
        .group_by(staged.c.account_id)
        .subquery()
    )


def _move_use(sealing: Sealing, seen: Subquery) -> None:
    """Let accounts' first use begin sooner, and their last one be later, where that was seen."""
    last, first = ACCOUNTS.c.last_login, ACCOUNTS.c.first_login
    later = last.is_(None) | (last < seen.c.last)
    sooner = first.is_(None) | (first > seen.c.first)
    moved = {
        last: case((later, seen.c.last), else_=last), first: case((sooner, seen.c.first), else_=first),
        ACCOUNTS.c.touched: sealing.moment,
    }  # fmt: skip
    sealing.session.connection().execute(
        update(ACCOUNTS).values(moved).where(ACCOUNTS.c.id == seen.c.account_id, later | sooner)
    )
