"""A table that somebody hands in, CSV or one sheet of an XLSX workbook: read whole, or refused whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.kit.refusal import Refusal, Refused
from connectors import delimited
from connectors.errors import ConnectorError
from connectors.spreadsheet import workbook


@dataclass(frozen=True, slots=True)
class Sheet:
    """The headings, each row with the line it begins on and its cells by heading, and SHA-256 of the file."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]
    digest: str


def read(name: str, content: bytes) -> Sheet:
    """Read the file called `name`. Headings count without regard to case. Refuses what is cut, damaged or ambiguous."""
    try:
        if not content.strip():
            raise Refused(Refusal("file_unreadable", f"{name}: the file is empty.", "Export it again.", 422))
        table = (workbook if workbook.is_workbook(content) else delimited).read(name, content)
    except ConnectorError as error:
        raise Refused(Refusal("file_unreadable", str(error), "Export it again.", 422)) from error
    twice = delimited.repeated(table.header)
    if twice:
        raise Refused(
            Refusal("file_unreadable", f"{name}: two columns are called {twice[0]!r}.", "Rename one of them.", 422)
        )
    headings = tuple(cell.casefold() for cell in table.header)
    rows = tuple((row.line, dict(zip(headings, row.cells, strict=True))) for row in table.rows)
    return Sheet(headings, rows, table.digest)
