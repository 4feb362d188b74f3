"""Accounts: what changed on each is written down, and what we know of its use never moves backwards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Integer,
    String,
    Table,
    case,
    cast,
    insert,
    literal,
    select,
    update,
)

from app.inventory import policy
from app.inventory.early import USE
from app.inventory.merges.sealing import Sealing, as_they_are, merge_keyed, say, stage_pages, told_repeats
from app.inventory.packing import FIELDS
from app.inventory.tables import AccountChangeRow, AccountRow, SystemRow
from app.kit import bulk, postgres
from connectors.receipt import Verdict
from connectors.records import Stream

ACCOUNTS: Table = AccountRow.__table__  # type: ignore[assignment]
CHANGES: Table = AccountChangeRow.__table__  # type: ignore[assignment]
COLUMNS = [name for name in FIELDS["AccountRecord"] if name != "key"]
# Fields whose every change is kept. Use is not among them (it has its own history), nor is what only a vendor names.
KEPT = (
    "username", "email", "name", "active", "frozen", "kind", "title", "department", "manager_key", "employee_number",
    "licence",
)  # fmt: skip


def merge(sealing: Sealing) -> None:
    """Merge the ACCOUNTS stream."""
    session = sealing.session
    staged, read, names = _staged(sealing)
    told_repeats(sealing, Stream.ACCOUNTS, bulk.ready(session, staged, ["key"]), "accounts")
    if not read and Stream.ACCOUNTS in sealing.streams:
        _distrust_nobody(sealing)
    if sealing.use is not None and Stream.ACCOUNTS in sealing.early:
        _note_use(sealing, staged, sealing.use)
        sealing.use = None
    _keep_what_we_know(sealing, staged)
    _note_changes(sealing, staged)
    _note_presence(sealing, staged, returned=True)
    with postgres.parents_known(session):  # the system alone, which this transaction holds
        merge_keyed(sealing, Stream.ACCOUNTS, ACCOUNTS, staged, names, kind="account")
    _note_presence(sealing, staged, returned=False)
    bulk.drop(session, staged)


def _staged(sealing: Sealing) -> tuple[Table, int, list[str]]:
    """Where accounts are staged, how many were read, and what there is to know of them but for their keys."""
    early = sealing.early.get(Stream.ACCOUNTS)
    if early is not None:  # and there is room for their use
        return early.table, early.rows, [*COLUMNS, *USE]
    columns = [bulk.like(ACCOUNTS.c[name]) for name in FIELDS["AccountRecord"]]
    staged = bulk.stage(sealing.session, "stage_accounts", [Column(bulk.PART, Integer), *columns])
    return staged, sum(stage_pages(sealing, Stream.ACCOUNTS, "AccountRecord", staged, as_they_are)), COLUMNS


def _note_use(sealing: Sealing, staged: Table, use: Table) -> None:
    """Give accounts that were never read before the use that their sign-ins tell of."""
    last = staged.c.last_login
    moved = {
        last: case((last.is_(None) | (last < use.c["last"]), use.c["last"]), else_=last),
        staged.c.first_login: use.c["first"],
        staged.c.touched: literal(sealing.moment, staged.c.touched.type),
    }
    sealing.session.connection().execute(update(staged).values(moved).where(staged.c["key"] == use.c.account_key))


def _distrust_nobody(sealing: Sealing) -> None:
    """No system is empty: the credential that reads it belongs to somebody. Here alone there may be nobody yet."""
    if sealing.session.scalar(select(SystemRow.kind).where(SystemRow.id == sealing.system_id)) == policy.OURSELVES:
        return
    row = sealing.streams[Stream.ACCOUNTS]
    if row.verdict in (Verdict.COMPLETE, Verdict.EXPLAINED):
        row.verdict, row.because = Verdict.INCOMPLETE, "the reading names no account at all, not even the reader's own"
        say(row, [])


def _ours(staged: Table) -> ColumnElement[bool]:
    return ACCOUNTS.c["key"] == staged.c["key"]


def _keep_what_we_know(sealing: Sealing, staged: Table) -> None:
    """Carry our own history into what is staged: a CRM forgets sign-ins after months, we need not.

    "Nobody since S" joins on to what we knew only where S is not after the last complete reading; else a time in between
    was seen by nobody.
    """
    connection = sealing.session.connection()
    mine = (ACCOUNTS.c.system_id == sealing.system_id, _ours(staged))
    later = staged.c.last_login.is_(None) | (staged.c.last_login < ACCOUNTS.c.last_login)
    connection.execute(
        update(staged).values(last_login=ACCOUNTS.c.last_login).where(*mine, ACCOUNTS.c.last_login.is_not(None), later)
    )
    if sealing.previous is not None:
        connection.execute(
            update(staged)
            .values(logins_known_since=ACCOUNTS.c.logins_known_since)
            .where(
                *mine,
                ACCOUNTS.c.ended.is_(None),
                ACCOUNTS.c.logins_known_since < staged.c.logins_known_since,
                staged.c.logins_known_since <= literal(sealing.previous, ACCOUNTS.c.began.type),
            )
        )


def _note_changes(sealing: Sealing, staged: Table) -> None:
    """Write down each kept field that differs from what the account had."""
    for name in KEPT:
        before, after = ACCOUNTS.c[name], staged.c[name]
        _note(sealing, name, _text(before), _text(after), [_ours(staged), before.is_distinct_from(after)], staged)


def _note_presence(sealing: Sealing, staged: Table, *, returned: bool) -> None:
    """Write down accounts that are back (before the merge) or gone (after it), as changes of `ended`."""
    now = literal(sealing.moment.isoformat())
    if returned:
        back = [_ours(staged), ACCOUNTS.c.ended.is_not(None)]
        _note(sealing, "ended", cast(ACCOUNTS.c.ended, String), literal(None, String()), back, staged)
    else:
        gone = [
            ACCOUNTS.c.ended == literal(sealing.moment, ACCOUNTS.c.ended.type),
            bulk.absent(ACCOUNTS, staged, ["key"]),
        ]
        _note(sealing, "ended", literal(None, String()), now, gone, None)


def _note(
    sealing: Sealing,
    name: str,
    before: ColumnElement[Any],
    after: ColumnElement[Any],
    where: list[ColumnElement[bool]],
    staged: Table | None,
) -> None:
    source = ACCOUNTS if staged is None else ACCOUNTS.join(staged, _ours(staged))
    rows = (
        select(ACCOUNTS.c.id, literal(sealing.snapshot_id), literal(name), before, after)
        .select_from(source)
        .where(ACCOUNTS.c.system_id == sealing.system_id, *where)
    )
    names = ["account_id", "snapshot_id", "field", "before", "after"]
    sealing.session.connection().execute(insert(CHANGES).from_select(names, rows))


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, Boolean):
        return case((column.is_(True), "true"), (column.is_(False), "false"))
    return column
