"""Tables for people: the same rows as CSV and as sheets of one workbook, written as they come, in little memory.

Names and reasons come from elsewhere, so no cell may turn into a formula: text that a spreadsheet would calculate gets an
apostrophe in CSV, and is written as text in the workbook. Numbers are written as numbers.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import IO, Any

import xlsxwriter

from app.evidence.archive import Archive

MOST_ROWS = 1_048_576  # in one sheet, with the heading
_LONGEST = 32_767  # characters in one cell
_CALCULATES = re.compile(r"^[\s\x00-\x1f\u200b\ufeff]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")


class Sheets:
    """Tables being written. `put` adds a row to one of them; `add_to` moves everything into the packet."""

    def __init__(self, stack: ExitStack, columns: Mapping[str, Sequence[str]], at: datetime, most: int) -> None:
        self._columns, self._most = columns, most
        self._book_file: IO[bytes] = stack.enter_context(_scratch())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        self._book: Any = xlsxwriter.Workbook(
            self._book_file,
            {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False,
             "strings_to_numbers": False},
        )  # fmt: skip
        self._book.set_properties({"created": at.replace(tzinfo=None)})
        self._bold = self._book.add_format({"bold": True})
        self._csv_files: dict[str, IO[bytes]] = {}
        self._csv: dict[str, Any] = {}
        self._sheets: dict[str, Any] = {}
        self._rows: dict[str, int] = {}
        self._parts: dict[str, int] = {}
        for name, heads in columns.items():
            self._csv_files[name] = stack.enter_context(_scratch())
            text = io.TextIOWrapper(self._csv_files[name], encoding="utf-8-sig", newline="", write_through=True)
            stack.callback(text.detach)
            self._csv[name] = csv.writer(text)
            self._csv[name].writerow(heads)
            self._begin(name)

    def put(self, name: str, values: Mapping[str, Any]) -> None:
        """Add one row; columns that are not given stay empty."""
        cells = [_cell(values.get(head)) for head in self._columns[name]]
        self._csv[name].writerow([neutral(cell) for cell in cells])
        if self._rows[name] == self._most:
            self._begin(name)
        sheet, row = self._sheets[name], self._rows[name]
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, column, cell)
            elif cell:
                sheet.write_string(row, column, cell if len(cell) <= _LONGEST else f"{cell[: _LONGEST - 1]}…")
        self._rows[name] = row + 1

    def add_to(self, archive: Archive) -> None:
        """Put the tables and the workbook into the packet."""
        self._book.close()
        for name in sorted(self._csv_files):
            archive.copy(f"tables/{name}.csv", self._csv_files[name])
        archive.copy("review.xlsx", self._book_file)

    def _begin(self, name: str) -> None:
        part = self._parts[name] = self._parts.get(name, 0) + 1
        sheet = self._book.add_worksheet(name if part == 1 else f"{name} {part}")
        sheet.freeze_panes(1, 0)
        for column, head in enumerate(self._columns[name]):
            sheet.write_string(0, column, head, self._bold)
        self._sheets[name], self._rows[name] = sheet, 1


@contextmanager
def writing(columns: Mapping[str, Sequence[str]], at: datetime, *, most: int = MOST_ROWS) -> Iterator[Sheets]:
    """Tables with these columns, kept in temporary files until the block ends. `most` rows to a sheet."""
    with ExitStack() as stack:
        yield Sheets(stack, columns, at, most)


def _scratch() -> IO[bytes]:
    return tempfile.TemporaryFile()


def neutral(cell: str | int) -> str | int:
    """A cell that no spreadsheet calculates when it opens the CSV."""
    return f"'{cell}" if isinstance(cell, str) and _CALCULATES.search(cell) else cell


def _cell(value: Any) -> str | int:
    """Yes, no and nothing in words; lists with commas; times as they are written elsewhere in the packet."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value if abs(value) < 10**15 else str(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(value)
