"""Read the roster file and hand its people over with a receipt of where it came from.

The receipt's `asked` names the file (never its folder), its digest, the source, when it was extracted, and who uploaded
and who approved it. A file that cannot be trusted as a whole is a Misread, so nobody leaves because of a cut file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from connectors import delimited
from connectors.connector import Config, Coverage, Page, StreamCoverage
from connectors.errors import ConnectorError, Denied, Misread
from connectors.receipt import PageReceipt
from connectors.records import Stream
from connectors.roster import people

PAGE = 1_000  # people
SAID = ("source", "extracted_at", "uploaded_by", "approved_by")


class RosterReader:
    """Sees one roster file. Opens nothing before it is asked."""

    def __init__(self, config: Config) -> None:
        if not config.get("path"):
            raise ValueError('the roster needs "path", the CSV file to read')
        self._path = Path(config["path"])
        self._said = {name: config[name] for name in SAID if config.get(name)}
        self._key = config.get("system_key") or "roster"
        self._extracted = _moment(config.get("extracted_at"))

    def check(self) -> Coverage:
        """Read the file once; a file that is refused makes PEOPLE unreadable, with the reason."""
        try:
            table = delimited.read(self._path.name, delimited.bytes_of(self._path))
            header = people.header_of(table.header, self._path.name)
            of_people = StreamCoverage(readable=True, note=_note(header, len(table.rows)))
        except ConnectorError as error:
            of_people = StreamCoverage(readable=False, missing=str(error))
        absent = tuple(f"not said: {name}" for name in SAID if name not in self._said)
        return Coverage(
            system_key=self._key,
            system_name=self._said.get("source", self._path.stem),
            principal=None,
            streams={Stream.PEOPLE: of_people},
            notes=absent,
        )

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        """Hand over PEOPLE by the thousand; `resume` is "digest:offset" and is refused once the file has changed."""
        if stream is not Stream.PEOPLE:
            raise Denied(f"a roster has no {stream}", missing="a roster names people only")
        table = delimited.read(self._path.name, delimited.bytes_of(self._path))
        header = people.header_of(table.header, self._path.name)
        if not table.rows:
            raise Misread(f"{self._path.name}: a header and nobody below it")
        roster = people.translate(header, table.rows)
        start = _offset(resume, table.digest)
        for at in range(start, max(len(roster.people), start + 1), PAGE):
            yield self._page(table, header, roster, at)

    def close(self) -> None:
        """Nothing is held open."""

    def _page(self, table: delimited.Table, header: people.Header, roster: people.Roster, at: int) -> Page:
        records = roster.people[at : at + PAGE]
        last = at + PAGE >= len(roster.people)
        refused = len(table.rows) - len(roster.people)
        receipt = PageReceipt(
            part="people",
            asked=self._asked(table.digest, header),
            rows=len(records) + (refused if last else 0),  # rows received: a refused one was received as well
            digest=table.digest,
            at=self._extracted,
            last=last,
            dropped=roster.dropped if last else (),
            missing=tuple(f"column {column}" for column in header.absent),
            calls=1 if at == 0 else 0,
        )
        return Page(Stream.PEOPLE, records, receipt, None if last else f"{table.digest}:{at + PAGE}")

    def _asked(self, digest: str, header: people.Header) -> str:
        told = [f"{name.replace('_', ' ')}: {self._said.get(name, 'not said')}" for name in SAID]
        ignored = [f"columns ignored: {', '.join(header.ignored)}"] if header.ignored else []
        return "; ".join([f"file {self._path.name}, sha256 {digest}", *told, *ignored])


def _note(header: people.Header, rows: int) -> str:
    absent = f"; columns absent: {', '.join(header.absent)}" if header.absent else ""
    ignored = f"; columns ignored: {', '.join(header.ignored)}" if header.ignored else ""
    return f"{rows} rows{absent}{ignored}"


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise ValueError(f'"extracted_at" must be a time with its zone, such as 2026-03-04T06:00:00Z, not {text!r}')
    return when.astimezone(UTC)


def _offset(resume: str | None, digest: str) -> int:
    if resume is None:
        return 0
    of, _, at = resume.partition(":")
    if of != digest or not at.isdigit():
        raise Misread("the roster file has changed since its reading began; begin again", restart=True)
    return int(at)
