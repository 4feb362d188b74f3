"""Reads a register out of a CSV file, whole or not at all. Pure.

A cut file looks like a company where hardly anybody was trained; so a row that cannot be understood refuses the file, with
its line. Columns: `person` (an e-mail address or the roster's id) or `vendor`, `date`, and, if it ends, `until`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date

from app.kit.refusal import Refusal, Refused

OF_PEOPLE = ("training", "screening", "confidentiality")
OF_VENDORS = ("third_party_nda", "contracts", "vendors")
KINDS = (*OF_PEOPLE, *OF_VENDORS)
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: whose it is in lower case, since when, until when."""

    whose: str
    since: date
    until: date | None


def read(kind: str, content: bytes) -> list[Entry]:
    """The register's rows; of several about the same one the latest counts. Refuses (422) what it cannot understand."""
    if kind not in KINDS:
        raise Refused(_no(f"there is no register of {kind!r}", f"Hand in one of: {', '.join(KINDS)}."))
    first = "person" if kind in OF_PEOPLE else "vendor"
    found: dict[str, Entry] = {}
    for line, row in _rows(content, first):
        entry = _entry(line, row, first)
        known = found.get(entry.whose)
        if known is None or entry.since >= known.since:
            found[entry.whose] = entry
    if not found:
        raise Refused(_no("the register has no row", "Export it again."))
    return list(found.values())


def _rows(content: bytes, first: str) -> list[tuple[int, dict[str, str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(_no("the register is not UTF-8", "Save it as CSV in UTF-8.")) from error
    if "\x00" in text:
        raise Refused(_no("the register holds NUL", "Save it as CSV in UTF-8."))
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        names = [name.strip().lower() for name in next(reader, [])]
        if missing := [name for name in (first, "date") if name not in names]:
            raise Refused(_no(f"the register has no column {missing[0]!r}", "Columns: " + f"{first}, date, until."))
        told = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                raise Refused(_no(f"line {reader.line_num} has {len(cells)} cells, the head {len(names)}", "Mend it."))
            told.append((reader.line_num, dict(zip(names, (cell.strip() for cell in cells), strict=True))))
            if len(told) > _MOST:
                raise Refused(_no(f"the register has more than {_MOST:,} rows", "Split it."))
    except csv.Error as error:
        raise Refused(_no(f"the register is no CSV: {error}", "Export it again.")) from error
    return told


def _entry(line: int, row: dict[str, str], first: str) -> Entry:
    whose = row[first].lower()
    if not whose or len(whose) > 320:
        raise Refused(_no(f"line {line} does not say whose it is", "Fill it in."))
    since = _date(line, "date", row["date"])
    until = _date(line, "until", row["until"]) if row.get("until") else None
    if until is not None and until < since:
        raise Refused(_no(f"line {line} ends before it begins", "Mend it."))
    return Entry(whose, since, until)


def _date(line: int, column: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(_no(f"line {line}, {column}: {text!r} is not a date", "Write dates as 2026-11-27.")) from None


def _no(reason: str, way_out: str) -> Refusal:
    return Refusal("bad_register", f"This is refused: {reason}.", way_out, status=422)
