"""Read a delimited text file (CSV) whole, or refuse it whole: shared by the connectors that read files.

A cut file looks like a small company. So an unterminated quote, a row with another number of fields than the header, or
bytes that are not UTF-8 refuse the file, with the line; nothing is shortened and no encoding is guessed.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import Misread, Unreachable

DELIMITERS = (",", ";", "\t")
LARGEST = 512 * 1024 * 1024  # bytes; a million people fit in a quarter of it


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: the line it begins on (from 1) and its cells, as many as the header has."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file: trimmed header cells, data rows, and SHA-256 of its bytes."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    digest: str
    footer: tuple[str, ...] = ()


def bytes_of(path: Path) -> bytes:
    """The file's bytes. Raises Unreachable when it cannot be opened, Misread when it is empty or far too large."""
    try:
        if path.stat().st_size > LARGEST:
            raise Misread(f"{path.name}: larger than {LARGEST // 1024 // 1024} MB; split it by system or by department")
        raw = path.read_bytes()
    except OSError as error:
        raise Unreachable(f"{path.name}: cannot be read ({error.strerror}); check the path and its rights") from error
    if not raw.strip():
        raise Misread(f"{path.name}: the file is empty")
    return raw


def read(name: str, raw: bytes, is_footer: Callable[[Sequence[Sequence[str]]], bool] | None = None) -> Table:
    """Parse the bytes of the file called `name`.

    The delimiter (comma, semicolon or tab) is the one that splits the header into most cells. Rows that are wholly
    blank are passed over. `is_footer` may recognise the lines after the last data row (given every row from the first
    one with another width on) as the exporting system's own footer.
    """
    text = _decoded(name, raw)
    parsed = list(_parsed(name, text, _delimiter(text)))
    if not parsed:
        raise Misread(f"{name}: the file has no header line")
    (_, first), *rest = parsed
    header = tuple(cell.strip() for cell in first)
    body, tail = _split(rest, len(header))
    if tail and not (is_footer and is_footer([cells for _, cells in tail])):
        line, cells = tail[0]
        raise Misread(
            f"{name}, line {line}: {len(cells)} fields where the header has {len(header)}; the file is cut off or a "
            "field with a delimiter lacks its quotes. Export it again"
        )
    rows = tuple(Row(line, tuple(cell.strip() for cell in cells)) for line, cells in body)
    return Table(header, rows, hashlib.sha256(raw).hexdigest(), tuple(cells[0].strip() for _, cells in tail))


def repeated(header: Sequence[str]) -> tuple[str, ...]:
    """Column names that stand more than once, compared without regard to case."""
    names = [cell.casefold() for cell in header if cell]
    return tuple(dict.fromkeys(name for name in names if names.count(name) > 1))


def _decoded(name: str, raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Misread(f"{name}: the file is UTF-16; save it as CSV UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Misread(f"{name}, line {line}: not UTF-8; export or save the file as CSV UTF-8") from error
    if "\0" in text:
        raise Misread(f"{name}: holds NUL bytes, so it is no text file or it was cut while being written")
    return text


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    widths = {each: len(next(csv.reader([first], delimiter=each), [])) for each in DELIMITERS}
    return max(DELIMITERS, key=lambda each: widths[each])


def _parsed(name: str, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Misread(
            f"{name}: from line {begins} on: {error} (an open quote?); the file is cut off or damaged"
        ) from error


def _split(
    rows: Sequence[tuple[int, list[str]]], width: int
) -> tuple[Sequence[tuple[int, list[str]]], Sequence[tuple[int, list[str]]]]:
    """Rows of the right width, and everything from the first one of another width on."""
    cut = next((at for at, (_, cells) in enumerate(rows) if len(cells) != width), len(rows))
    return rows[:cut], rows[cut:]
