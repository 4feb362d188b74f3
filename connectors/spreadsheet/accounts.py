"""Translate the rows of an export into accounts and the names of what each account holds.

Pure. One account may stand on several rows (a report by permission set does that); rows that contradict each other about
the account are all refused. A value that cannot be read is left out and said, and its account kept: an account that
vanished from the population would never be reviewed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.delimited import Row
from connectors.records import AccountKind, AccountRecord
from connectors.spreadsheet.columns import Columns, Preset
from connectors.spreadsheet.dates import Ambiguous, Order, moment, proven
from connectors.spreadsheet.workbook import BROKEN

YES = frozenset({"true", "yes", "y", "1", "checked", "x"})
NO = frozenset({"false", "no", "n", "0", "unchecked"})
ACTIVE = frozenset({"active", "enabled"})
INACTIVE = frozenset({"inactive", "deactivated", "disabled", "removed"})
UNDECIDED = frozenset({"pending", "invited", "invite sent", "invitation pending", "not activated"})
DATES = ("last_login", "last_active", "created")
Held = tuple[str, str]  # field, name: ("profile", "Standard User")


@dataclass(frozen=True, slots=True)
class Export:
    """What a file says: accounts in its order, what each holds, what was refused, and which orders of dates were used."""

    accounts: tuple[AccountRecord, ...]
    holds: Mapping[str, tuple[Held, ...]]  # account key -> what it holds
    dropped: tuple[str, ...]
    orders: Mapping[str, str]  # field -> "dmy (proven by the column)"


@dataclass(frozen=True, slots=True)
class _Reading:
    columns: Columns
    zone: ZoneInfo
    orders: Mapping[str, Order | None]
    said: list[tuple[int, str]]


def translate(columns: Columns, rows: Sequence[Row], zone: ZoneInfo, order: Order | None) -> Export:
    """Turn rows into accounts. `order`: how the config says numeric dates are written; None: the column must prove it."""
    orders = {
        field: order or proven(row.cells[at] for row in rows) for field, at in columns.place.items() if field in DATES
    }
    reading = _Reading(columns, zone, orders, [])
    by_key: dict[str, list[tuple[int, AccountRecord, tuple[Held, ...]]]] = defaultdict(list)
    for row in rows:
        cells = {field: row.cells[at] for field, at in columns.place.items()}
        if why := _why_not(cells):
            reading.said.append((row.line, f"refused: {why}"))
            continue
        account = _account(reading, row.line, cells)
        by_key[account.key].append((row.line, account, _held(reading, row.line, cells)))
    accounts, holds = _merged(by_key, reading.said)
    dropped = tuple(f"line {line}: {text}" for line, text in sorted(reading.said, key=lambda each: each[0]))
    how = "as configured" if order else "proven by the column"
    return Export(accounts, holds, dropped, {field: f"{each} ({how})" for field, each in orders.items() if each})


def _why_not(cells: Mapping[str, str]) -> str | None:
    broken = [f"{field} is {text}" for field, text in cells.items() if text in BROKEN]
    if broken:
        return f"{', '.join(broken)}: a formula without a usable value"
    if not any(cells.get(field) for field in ("key", "username", "email")):
        return "no id, no username and no e-mail"
    return None


def _account(reading: _Reading, line: int, cells: Mapping[str, str]) -> AccountRecord:
    email = cells.get("email", "").lower() or None
    username = cells.get("username") or email or cells["key"]
    created = _moment(reading, line, cells, "created")
    last_login = _moment(reading, line, cells, "last_login") or _moment(reading, line, cells, "last_active")
    # Salesforce keeps the last sign-in since an account's creation, so an empty cell of its column says "never".
    never = reading.columns.preset is Preset.SALESFORCE and cells.get("last_login") == ""
    parts = " ".join(part for part in (cells.get("first_name"), cells.get("last_name")) if part)
    return AccountRecord(
        key=cells.get("key") or username.lower(),
        username=username,
        email=email,
        name=cells.get("name") or parts or None,
        active=_active(reading, line, cells),
        kind=_KINDS.get(cells.get("user_type", "").replace(" ", "").casefold(), AccountKind.UNKNOWN),
        title=cells.get("title") or None,
        department=cells.get("department") or None,
        employee_number=cells.get("employee_number") or None,
        licence=cells.get("licence") or cells.get("seat") or None,
        created=created,
        last_login=last_login,
        logins_known_since=created if never else last_login,  # the file tells sign-ins as far back as the one it names
        native={field: cells[field] for field in ("status", "manager", "user_type") if cells.get(field)},
    )


_KINDS: Mapping[str, AccountKind] = {
    "standard": AccountKind.PERSON,
    "guest": AccountKind.GUEST,
    "automatedprocess": AccountKind.SERVICE,
    "cloudintegrationuser": AccountKind.SERVICE,
}


def _active(reading: _Reading, line: int, cells: Mapping[str, str]) -> bool | None:
    """What the columns about it say together; None when none does, or when they contradict each other."""
    deactivated = _flag(reading, line, cells, "deactivated")
    heard = {
        _flag(reading, line, cells, "active"),
        _flag(reading, line, cells, "status"),
        None if deactivated is None else not deactivated,
    } - {None}
    if len(heard) > 1:
        reading.said.append((line, "kept, but its columns contradict each other about whether it is active"))
    return heard.pop() if len(heard) == 1 else None


def _flag(reading: _Reading, line: int, cells: Mapping[str, str], field: str) -> bool | None:
    text = cells.get(field, "").casefold()
    of_deactivated = field == "deactivated"
    if text in YES or text in (INACTIVE if of_deactivated else ACTIVE):
        return True
    if text in NO or text in (ACTIVE if of_deactivated else INACTIVE):
        return False
    if text and text not in UNDECIDED:
        reading.said.append((line, f"kept without {field}: {cells[field]!r} is neither yes nor no"))
    return None


def _moment(reading: _Reading, line: int, cells: Mapping[str, str], field: str) -> datetime | None:
    text = cells.get(field, "")
    if not text or text.casefold() in ("-", "--", "never", "n/a"):
        return None
    try:
        return moment(text, reading.orders.get(field), reading.zone)
    except Ambiguous as error:
        reading.said.append((line, f"kept without {field}: {error}"))
        return None


def _held(reading: _Reading, line: int, cells: Mapping[str, str]) -> tuple[Held, ...]:
    held: list[Held] = []
    for field in reading.columns.rights:
        if field == "super_admin":
            if _flag(reading, line, cells, field):
                held.append((field, "Super admin"))
        else:
            kind = "team" if field == "teams" else field
            names = [name.strip() for name in cells[field].split(";")]
            held += [(kind, name) for name in names if name not in ("", "-", "--")]
    return tuple(dict.fromkeys(held))


def _merged(
    by_key: Mapping[str, Sequence[tuple[int, AccountRecord, tuple[Held, ...]]]], said: list[tuple[int, str]]
) -> tuple[tuple[AccountRecord, ...], dict[str, tuple[Held, ...]]]:
    accounts: list[AccountRecord] = []
    holds: dict[str, tuple[Held, ...]] = {}
    for key, rows in by_key.items():
        lines = ", ".join(str(line) for line, _, _ in rows)
        if any(account != rows[0][1] for _, account, _ in rows):
            said += [(line, f"refused: lines {lines} contradict each other about {key}") for line, _, _ in rows]
            continue
        for at, (line, _, held) in enumerate(rows[1:], start=1):
            if any(held == earlier for _, _, earlier in rows[:at]):
                said.append((line, f"repeats an earlier line about {key}"))
        accounts.append(rows[0][1])
        holds[key] = tuple(dict.fromkeys(each for _, _, held in rows for each in held))
    return tuple(accounts), holds
