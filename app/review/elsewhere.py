"""What was decided elsewhere, before Rolecall: a table of past answers, read into rows or refused with every line named.

It is history that somebody tells us. It stands beside an item as "imported, not made here"; it is no decision of ours,
counts for no advice, and is part of no evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.kit.refusal import Refusal

NEEDED = ("account", "decision", "decided_by", "decided_on")
COLUMNS = (*NEEDED, "access", "reason")
# What other tools call the answers that we know.
ANSWERS: Mapping[str, str] = {
    **dict.fromkeys(("keep", "kept", "approve", "approved", "certify", "certified", "maintain"), "keep"),
    **dict.fromkeys(("remove", "removed", "revoke", "revoked", "deny", "denied", "reject", "rejected"), "remove"),
    **dict.fromkeys(("change", "changed", "modify", "modified"), "change"),
}
MOST_TOLD = 50  # bad rows in one refusal
MOST = 200_000  # rows in one file


@dataclass(frozen=True, slots=True)
class Past:
    """One answer of the past. `access` None: the account itself was asked about."""

    line: int
    account: str
    access: str | None
    answer: str
    decided_by: str
    decided_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be taken: where, why, and the way out."""

    line: int
    because: str
    way_out: str


def read(rows: Sequence[tuple[int, Mapping[str, str]]], today: date) -> tuple[list[Past], list[Bad]]:
    """Every row as what it says, and every row that says nothing we can take. `today` in UTC: nothing is of tomorrow."""
    past, bad = [], []
    first: dict[tuple[str, str], int] = {}
    for line, cells in rows:
        told = _row(line, cells, today)
        if isinstance(told, Bad):
            bad.append(told)
            continue
        key = (told.account.casefold(), (told.access or "").casefold())
        if key in first:
            bad.append(Bad(line, f"line {first[key]} is about the same access", "Leave the answer that counted."))
            continue
        first[key] = line
        past.append(told)
    return past, bad


def _row(line: int, cells: Mapping[str, str], today: date) -> Past | Bad:
    for name in NEEDED:
        if not cells.get(name):
            return Bad(line, f"{name} is empty", "Fill it in, or take the row out.")
    answer = ANSWERS.get(cells["decision"].casefold())
    if answer is None:
        return Bad(line, f'"{cells["decision"]}" is no answer', f"Say one of {', '.join(sorted(ANSWERS))}.")
    try:
        day = date.fromisoformat(cells["decided_on"][:10])
    except ValueError:
        return Bad(line, f'"{cells["decided_on"]}" is no day', "Write it as 2026-09-30.")
    if day > today:
        return Bad(line, f"{day} has not come yet", "Give the day of the decision.")
    return Past(
        line, cells["account"], cells.get("access") or None, answer, cells["decided_by"], day, cells.get("reason") or ""
    )


# --- why not ---


def why_not_these(headings: Sequence[str], rows: int) -> Refusal | None:
    """Why a table cannot be past answers at all: a column lacks, or there is nothing in it, or too much."""
    lacks = [name for name in NEEDED if name not in headings]
    if lacks:
        return _no(f"it has no column {', '.join(lacks)}", f"The columns are {', '.join(COLUMNS)}.")
    if not rows:
        return _no("it has no rows", "Export it again.")
    if rows > MOST:
        return _no(f"it has {rows} rows, and {MOST} go into one file", "Import it in parts.")
    return None


def why_not_rows(bad: Sequence[Bad]) -> Refusal | None:
    """Why nothing of a table is taken: some rows cannot be, and half a history is none. Names them, fifty at most."""
    if not bad:
        return None
    told = sorted(bad, key=lambda each: each.line)
    lines = "; ".join(f"line {each.line}: {each.because}" for each in told[:3])
    more = f"; and {len(told) - 3} more" if len(told) > 3 else ""
    return Refusal(
        "bad_rows",
        f"{len(told)} {'row' if len(told) == 1 else 'rows'} cannot be taken, so none was: {lines}{more}.",
        told[0].way_out,
        422,
        {
            "bad": len(told),
            "rows": [
                {"line": each.line, "because": each.because, "way_out": each.way_out} for each in told[:MOST_TOLD]
            ],
        },
    )


def why_not_name(name: str, taken: bool, same_file: str | None) -> Refusal | None:
    """Why an import may not be called so, or not be taken a second time. `same_file`: what it was called then."""
    if not name.strip():
        return _no("it needs a name", 'Say which review it was: "Q3 in the old tool".')
    if same_file is not None:
        return Refusal("imported_already", f'This file was imported as "{same_file}".', "There is nothing to do.")
    return Refusal("name_taken", f'There is an import called "{name}" already.', "Choose another.") if taken else None


def _no(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_import", f"This is no table of past answers: {reason}.", way_out, 422)
