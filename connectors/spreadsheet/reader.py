"""Read an export and hand over its accounts, entitlements and grants, saying what such a file cannot tell.

The whole file is read and translated once per stream; the receipt names the file, its digest, whose export it was taken
for, and which heading was taken for which field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors import delimited
from connectors.connector import Config, Coverage, Page, StreamCoverage
from connectors.errors import ConnectorError, Denied, Misread
from connectors.receipt import PageReceipt
from connectors.records import Record, Stream
from connectors.spreadsheet import accounts, columns, grants, workbook
from connectors.spreadsheet.dates import Order

PAGE = 2_000  # records
CANNOT: Mapping[Stream, str] = {
    Stream.LOGINS: "a user export holds at most the last sign-in, on the account",
    Stream.INTEGRATIONS: "a user export does not name integrations or their tokens",
    Stream.SETTINGS: "a user export does not hold the system's settings",
    Stream.CHANGES: "a user export does not hold the history of changes",
}
OF_RIGHTS = (Stream.ENTITLEMENTS, Stream.GRANTS)


class SpreadsheetReader:
    """Sees one export file. Opens nothing before it is asked.

    config: "path"; "preset" (auto, salesforce, hubspot, plain); "dates" (dmy, mdy); "time_zone" (of times without one,
    default UTC); "sheet" (XLSX); "column.<field>" = heading; "system_key", "system_name".
    """

    def __init__(self, config: Config) -> None:
        if not config.get("path"):
            raise ValueError('the spreadsheet needs "path", the CSV or XLSX file to read')
        self._path = Path(config["path"])
        self._preset = _preset(config.get("preset") or "auto")
        self._order = _order(config.get("dates"))
        self._zone = _zone(config.get("time_zone") or "UTC")
        self._sheet = config.get("sheet")
        self._mapping = _mapping(config)
        self._named = (config.get("system_key") or "spreadsheet", config.get("system_name") or self._path.stem)

    def check(self) -> Coverage:
        """Read the file once; a file that is refused makes every stream unreadable, with the reason."""
        streams = {stream: StreamCoverage(readable=False, missing=why) for stream, why in CANNOT.items()}
        notes: tuple[str, ...] = ()
        try:
            table, found = self._open()
            streams[Stream.ACCOUNTS] = StreamCoverage(
                readable=True, note=f"{len(table.rows)} rows; {_recognised(found)}"
            )
            streams |= dict.fromkeys(OF_RIGHTS, _of_rights(found))
            notes = _notes(found, self._zone)
        except ConnectorError as error:
            refused = StreamCoverage(readable=False, missing=str(error))
            streams |= dict.fromkeys((Stream.ACCOUNTS, *OF_RIGHTS), refused)
        key, name = self._named
        return Coverage(system_key=key, system_name=name, principal=None, streams=streams, notes=notes)

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        """Hand a stream over by the thousand; `resume` is "digest:offset" and is refused once the file has changed."""
        if stream not in (Stream.ACCOUNTS, *OF_RIGHTS):
            raise Denied(
                f"{self._path.name} has no {stream}", missing=CANNOT.get(stream, "a user export is about accounts")
            )
        table, found = self._open()
        of_rights = _of_rights(found)
        if stream in OF_RIGHTS and not of_rights.readable:
            raise Denied(f"{self._path.name} has no {stream}", missing=of_rights.missing or "")
        export = accounts.translate(found, table.rows, self._zone, self._order)
        records: Sequence[Record] = (
            export.accounts
            if stream is Stream.ACCOUNTS
            else grants.grants(export)
            if stream is Stream.GRANTS
            else grants.entitlements(export, found.preset)
        )
        start = _offset(resume, table.digest)
        asked = self._asked(table, found, export)
        for at in range(start, max(len(records), start + 1), PAGE):
            yield _page(stream, records, at, asked, table, found, export)

    def close(self) -> None:
        """Nothing is held open."""

    def _open(self) -> tuple[delimited.Table, columns.Columns]:
        name, raw = self._path.name, delimited.bytes_of(self._path)
        if workbook.is_workbook(raw):
            table = workbook.read(name, raw, self._sheet)
        else:
            table = delimited.read(name, raw, is_footer=is_salesforce_footer)
        if not table.rows:
            raise Misread(f"{name}: a header and nobody below it")
        return table, columns.recognise(table.header, self._preset, self._mapping, name)

    def _asked(self, table: delimited.Table, found: columns.Columns, export: accounts.Export) -> str:
        orders = [f"dates of {field}: {order}" for field, order in export.orders.items()]
        footer = [f"footer: {' / '.join(table.footer)}"] if table.footer else []
        ignored = [f"columns ignored: {', '.join(found.ignored)}"] if found.ignored else []
        told = [f"file {self._path.name}, sha256 {table.digest}", f"preset {found.preset}", _recognised(found)]
        return "; ".join([*told, *ignored, *orders, f"times without a zone: {self._zone.key}", *footer])


def is_salesforce_footer(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the last lines are those that Salesforce puts below a report's rows (which prove that it is whole)."""
    lines = [cells[0].casefold() for cells in rows if len([cell for cell in cells if cell.strip()]) == 1]
    return len(lines) == len(rows) and any(line.startswith("copyright (c)") and "salesforce" in line for line in lines)


def _page(
    stream: Stream,
    records: Sequence[Record],
    at: int,
    asked: str,
    table: delimited.Table,
    found: columns.Columns,
    export: accounts.Export,
) -> Page:
    last = at + PAGE >= len(records)
    here = records[at : at + PAGE]
    receipt = PageReceipt(
        part=str(stream),
        asked=asked,
        rows=len(here),
        digest=table.digest,
        last=last,
        dropped=export.dropped if last else (),
        missing=tuple(f"column {field}" for field in found.absent) if last else (),
        calls=1 if at == 0 else 0,
    )
    return Page(stream, here, receipt, None if last else f"{table.digest}:{at + PAGE}")


def _recognised(found: columns.Columns) -> str:
    return "columns: " + ", ".join(f"{field} = {heading}" for field, heading in found.heading.items())


def _of_rights(found: columns.Columns) -> StreamCoverage:
    if not found.rights:
        return StreamCoverage(readable=False, missing="no column names a profile, role, permission set or team")
    named = ", ".join(found.heading[field] for field in found.rights)
    return StreamCoverage(readable=True, note=f"only what these columns name: {named}")


def _notes(found: columns.Columns, zone: ZoneInfo) -> tuple[str, ...]:
    notes = [
        f"taken for a {found.preset} export",
        "a CSV file cannot prove where it ends; compare its count with the system",
    ]
    if not found.place.keys() & {"active", "status", "deactivated"}:
        notes.append("no column says whether an account is active")
    if not found.place.keys() & {"last_login", "last_active"}:
        notes.append("no column says when an account last signed in")
    elif "last_login" not in found.place:
        notes.append(f"{found.heading['last_active']} is taken for the last sign-in")
    if found.preset is columns.Preset.SALESFORCE and "permission_set" not in found.place:
        notes.append("permission sets and groups are not in this file; export them by a report of their own")
    return (*notes, f"times without a zone are read as {zone.key}; a date alone as its day's beginning")


def _preset(text: str) -> columns.Preset | None:
    if text == "auto":
        return None
    try:
        return columns.Preset(text)
    except ValueError:
        raise ValueError(f'"preset" must be auto, {", ".join(columns.Preset)}, not {text!r}') from None


def _order(text: str | None) -> Order | None:
    try:
        return Order(text) if text else None
    except ValueError:
        raise ValueError(f'"dates" must be dmy or mdy, not {text!r}') from None


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f'"time_zone" must be a name such as Europe/Berlin, not {text!r}') from None


def _mapping(config: Config) -> dict[str, str]:
    found = {name.removeprefix("column."): heading for name, heading in config.items() if name.startswith("column.")}
    if unknown := sorted(found.keys() - set(columns.FIELDS)):
        raise ValueError(f'there is no field {", ".join(unknown)}; "column.<field>" takes: {", ".join(columns.FIELDS)}')
    return found


def _offset(resume: str | None, digest: str) -> int:
    if resume is None:
        return 0
    of, _, at = resume.partition(":")
    if of != digest or not at.isdigit():
        raise Misread("the file has changed since its reading began; begin again", restart=True)
    return int(at)
