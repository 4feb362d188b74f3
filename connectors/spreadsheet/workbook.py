"""Read one sheet of an XLSX workbook into the same table that a CSV file gives, or refuse it whole.

Cells come out as the text a person would type: formulas as their computed values, dates as ISO, numbers without a
needless fraction. A workbook that is cut, damaged, or unreasonably large when unpacked is a Misread.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from connectors.delimited import Row, Table
from connectors.errors import Misread

UNPACKED = 1024 * 1024 * 1024  # bytes
NEVER_COMPUTED = "#FORMULA!"
BROKEN = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", NEVER_COMPUTED})


def is_workbook(raw: bytes) -> bool:
    """Whether the bytes begin as a ZIP archive, which every XLSX is."""
    return raw[:4] == b"PK\x03\x04"


def read(name: str, raw: bytes, sheet: str | None = None) -> Table:
    """The sheet called `sheet`, or the only sheet that has cells.

    Raises Misread for a damaged workbook, an unknown sheet, several sheets with cells and none named, or a row with
    cells beyond the header.
    """
    has_formulas = _checked(name, raw)
    try:
        grid = _grid(name, raw, sheet)
        formulas = _formulas(raw, grid[0]) if has_formulas else frozenset()
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, EOFError) as error:
        raise Misread(f"{name}: the workbook is damaged ({type(error).__name__}); export it again") from error
    lines = [(at, _filled(cells, at, formulas)) for at, cells in grid[1]]
    lines = [(at, cells) for at, cells in lines if any(cells)]
    if not lines:
        raise Misread(f"{name}: the sheet is empty")
    (_, header), *body = lines
    header = _trimmed(header)
    rows = tuple(Row(at, _fitted(name, at, cells, len(header))) for at, cells in body)
    return Table(tuple(header), rows, hashlib.sha256(raw).hexdigest())


def _checked(name: str, raw: bytes) -> bool:
    """Refuse a damaged or bomb-like archive; say whether any sheet holds a formula."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(part.file_size for part in archive.infolist()) > UNPACKED:
                raise Misread(f"{name}: unpacks to more than {UNPACKED // 1024 // 1024} MB")
            formulas = False
            for part in archive.infolist():
                content = archive.read(part)  # also proves the checksum
                if b"<!DOCTYPE" in content[:1024] or b"<!ENTITY" in content[:1024]:
                    raise Misread(f"{name}: declares XML entities, which no export does")
                formulas |= part.filename.startswith("xl/worksheets/") and b"<f" in content
            return formulas
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise Misread(f"{name}: the workbook is cut off or damaged; export it again") from error


def _grid(name: str, raw: bytes, sheet: str | None) -> tuple[str, list[tuple[int, list[str]]]]:
    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    try:
        wanted = sheet or _only_sheet(name, book)
        if wanted not in book.sheetnames:
            raise Misread(f"{name}: no sheet is called {wanted!r}; there are: {', '.join(book.sheetnames)}")
        return wanted, list(_cells(book[wanted]))
    finally:
        book.close()


def _only_sheet(name: str, book: Any) -> str:
    filled = [str(each.title) for each in book.worksheets if any(any(cells) for _, cells in _cells(each))]
    if len(filled) > 1:
        raise Misread(f'{name}: several sheets hold cells: {", ".join(filled)}; name one with "sheet"')
    return filled[0] if filled else str(book.sheetnames[0])


def _cells(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # the size a writer declared may be smaller than what is there
    for at, row in enumerate(sheet.iter_rows(), start=1):
        yield at, [_text(cell.value) for cell in row]


def _formulas(raw: bytes, sheet: str) -> frozenset[tuple[int, int]]:
    """Places (row from 1, column from 0) that hold a formula."""
    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=False)
    try:
        book[sheet].reset_dimensions()
        rows = enumerate(book[sheet].iter_rows(), start=1)
        return frozenset((at, place) for at, row in rows for place, cell in enumerate(row) if cell.data_type == "f")
    finally:
        book.close()


def _filled(cells: Sequence[str], at: int, formulas: frozenset[tuple[int, int]]) -> list[str]:
    """A formula without a value was never computed: that is not the same as an empty cell."""
    return [cell or (NEVER_COMPUTED if (at, place) in formulas else "") for place, cell in enumerate(cells)]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value.replace(microsecond=0)).isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value).strip()


def _trimmed(cells: Sequence[str]) -> list[str]:
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _fitted(name: str, at: int, cells: Sequence[str], width: int) -> tuple[str, ...]:
    if any(cells[width:]):
        raise Misread(
            f"{name}, row {at}: cells to the right of the header's last column; the first row must be the header"
        )
    return tuple(cells[:width]) + ("",) * (width - len(cells))
