"""Translate the rows of a roster into people, and say why each row that cannot be trusted is refused.

Pure. It never guesses: a row whose identity or dates are broken is refused; a link or an e-mail address that cannot be
right for everybody who claims it is taken away from all of them, and said, because dropping the people instead would
make leavers of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from connectors.delimited import Row
from connectors.errors import Misread
from connectors.records import AccountKind, PersonRecord

HEADER = "id,emails,name,manager,department,title,start,end,away_from,away_until,kind"
COLUMNS = tuple(HEADER.split(","))
NEEDED = ("id", "emails", "name", "manager", "start", "end")
KINDS: Mapping[str, AccountKind] = {
    "employee": AccountKind.PERSON,
    "contractor": AccountKind.PERSON,
    "service": AccountKind.SERVICE,
}


@dataclass(frozen=True, slots=True)
class Header:
    """Where each known column stands, which known ones are absent, and which other columns were passed over."""

    place: Mapping[str, int]
    absent: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody the file names, in its order, and what was refused or taken away, each with its line."""

    people: tuple[PersonRecord, ...]
    dropped: tuple[str, ...]


class _Refused(Exception):
    """A row cannot be trusted; the message is the reason."""


def header_of(cells: Sequence[str], name: str = "the roster") -> Header:
    """Find the columns, in any order and case. Raises Misread naming what is missing and the header line wanted."""
    names = [cell.strip().casefold() for cell in cells]
    wanted = f"The header line wanted is: {HEADER}"
    if missing := [column for column in NEEDED if column not in names]:
        raise Misread(f"{name}: missing columns: {', '.join(missing)}. {wanted}")
    if twice := [column for column in COLUMNS if names.count(column) > 1]:
        raise Misread(f"{name}: columns given twice: {', '.join(twice)}. {wanted}")
    return Header(
        place={column: names.index(column) for column in COLUMNS if column in names},
        absent=tuple(column for column in COLUMNS if column not in names),
        ignored=tuple(cell for cell, known in zip(cells, names, strict=True) if known not in COLUMNS),
    )


def translate(header: Header, rows: Sequence[Row]) -> Roster:
    """Turn rows into people. `dropped` is in the order of the file's lines."""
    said: list[tuple[int, str]] = []
    taken: list[tuple[int, PersonRecord]] = []
    ids = Counter(row.cells[header.place["id"]] for row in rows)
    for row in rows:
        cells = {column: row.cells[at] for column, at in header.place.items()}
        try:
            taken.append((row.line, _person(row.line, cells, ids, said)))
        except _Refused as refusal:
            said.append((row.line, f"refused: {refusal}"))
    taken = _without_shared_emails(taken, said)
    taken = _without_unknown_managers(taken, said)
    taken = _without_cycles(taken, said)
    dropped = tuple(f"line {line}: {text}" for line, text in sorted(said, key=lambda each: each[0]))
    return Roster(tuple(person for _, person in taken), dropped)


def _person(line: int, cells: Mapping[str, str], ids: Counter[str], said: list[tuple[int, str]]) -> PersonRecord:
    key = cells["id"]
    if not key:
        raise _Refused("no id")
    if ids[key] > 1:
        raise _Refused(f"id {key} stands {ids[key]} times; none of these rows is taken")
    kind = cells.get("kind", "").casefold() or None
    if kind is not None and kind not in KINDS:
        raise _Refused(f"kind {cells['kind']!r} is none of {', '.join(KINDS)}")
    start, end = _span(cells, "start", "end")
    away_from, away_until = _span(cells, "away_from", "away_until")
    if not cells["name"]:
        said.append((line, f"kept: no name; {key} is shown by its id"))
    return PersonRecord(
        key=key,
        name=cells["name"] or key,
        emails=_emails(line, cells["emails"], said),
        kind=KINDS[kind] if kind else AccountKind.PERSON,
        engagement=kind,
        manager_key=cells["manager"] or None,
        department=cells.get("department") or None,
        title=cells.get("title") or None,
        start=start,
        end=end,
        away_from=away_from,
        away_until=away_until,
    )


def _emails(line: int, text: str, said: list[tuple[int, str]]) -> tuple[str, ...]:
    given = dict.fromkeys(each.strip().lower() for each in text.split(";") if each.strip())
    broken = [each for each in given if not _is_email(each)]
    if broken:
        said.append((line, f"kept without what is no e-mail address: {', '.join(broken)}"))
    return tuple(each for each in given if each not in broken)


def _is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(each.isspace() or each == "," for each in text)


def _span(cells: Mapping[str, str], first: str, last: str) -> tuple[date | None, date | None]:
    begins, ends = _date(cells, first), _date(cells, last)
    if begins and ends and ends < begins:
        raise _Refused(f"{last} {ends} is before {first} {begins}")
    return begins, ends


def _date(cells: Mapping[str, str], column: str) -> date | None:
    text = cells.get(column, "")
    if not text:
        return None
    try:
        when = date.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.isoformat() != text:  # fromisoformat also takes 20260304 and week dates
        raise _Refused(f"{column} {text!r} is no date of the form 2026-03-04")
    return when


People = list[tuple[int, PersonRecord]]


def _without_shared_emails(taken: People, said: list[tuple[int, str]]) -> People:
    claims: dict[str, list[int]] = defaultdict(list)
    for line, person in taken:
        for email in person.emails:
            claims[email].append(line)
    shared = {email: lines for email, lines in claims.items() if len(lines) > 1}
    for email, lines in shared.items():
        named = ", ".join(map(str, lines))
        said += [(line, f"kept without {email}: lines {named} all claim it") for line in lines]
    return [
        (line, replace(person, emails=tuple(each for each in person.emails if each not in shared)))
        for line, person in taken
    ]


def _without_unknown_managers(taken: People, said: list[tuple[int, str]]) -> People:
    known = {person.key for _, person in taken}
    result: People = []
    for line, person in taken:
        if person.manager_key is not None and person.manager_key not in known:
            said.append((line, f"kept without a manager: {person.manager_key} is nobody in this file"))
            person = replace(person, manager_key=None)
        result.append((line, person))
    return result


def _without_cycles(taken: People, said: list[tuple[int, str]]) -> People:
    """Take the manager away from everybody on a circle; those below a circle keep theirs."""
    manager = {person.key: person.manager_key for _, person in taken}
    circular = _on_circles(manager)
    result: People = []
    for line, person in taken:
        if person.key in circular:
            said.append((line, f"kept without a manager: {circular[person.key]} is a circle"))
            person = replace(person, manager_key=None)
        result.append((line, person))
    return result


def _on_circles(manager: Mapping[str, str | None]) -> dict[str, str]:
    """Who stands on a circle of managers, with the circle as text. Every person is visited once."""
    found: dict[str, str] = {}
    done: set[str] = set()
    for begin in manager:
        path: dict[str, None] = {}
        here: str | None = begin
        while here is not None and here not in done and here not in path:
            path[here] = None
            here = manager[here]
        if here is not None and here in path:
            chain = list(path)
            circle = chain[chain.index(here) :]
            found |= dict.fromkeys(circle, " > ".join([*circle, here]) if len(circle) < 6 else f"{len(circle)} people")
        done |= path.keys()
    return found
