"""The parts of a stream: what each asks for, how its rows are understood, and what they know of each other.

A part is one object with one condition, or one condition cut into windows that are read one after the other. A part that
`gathers` is needed to understand later parts; after a crash it is read again, silently, before the reading goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.errors import Misread
from connectors.records import Record
from connectors.salesforce.client import Answer, Client
from connectors.salesforce.soql import Row


class Odd(ValueError):
    """A row that cannot be translated; the reading goes on without it and says so."""


@dataclass(slots=True)
class Gathered:
    """What the parts of one stream's reading know of each other, and of the moment of reading."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    rights: frozenset[str] | None = None
    sets: dict[str, set[str]] = field(default_factory=dict)
    maps: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)  # names of parts that could not be read
    passed: int = 0  # accounts that went by, and some of them in order
    marks: list[str] = field(default_factory=list)

    def group(self, name: str) -> set[str]:
        """The gathered set of that name."""
        return self.sets.setdefault(name, set())

    def table(self, name: str) -> dict[str, Any]:
        """The gathered mapping of that name."""
        return self.maps.setdefault(name, {})


Translate = Callable[[Row, Gathered], Iterable[Record]]
# The client, the anchor and the server's count give the anchor (made complete) and the conditions, in order.
Windows = Callable[[Client, str, int], tuple[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer that is no query's: its rows, what was asked, the answer they came in, and what was not in it."""

    rows: Sequence[Row]
    asked: str
    answer: Answer
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One object to read, and how to understand a row.

    `wish`: columns we would like, dotted ones included; those that do not exist are left out and named in the receipt.
    `optional`: the reading goes on where the object is not there or not for us. `lacking`: the right that may be the
    reason, so that its absence proves nothing and the stream stays incomplete; None: the feature is off. `lookup`: its
    rows only explain other rows, so without them nothing is lost but detail. `noted`: what is known to be missing
    before anything is asked. `counted=False`: the query's own totalSize has to do (tooling objects,
    and lookups whose rows are no records). `call`: asks something that is no query, and is not asked while `lacking`.
    `apart`: a row is understood by itself and by what was gathered before, so that this may be done where it was asked
    for, ahead of whoever listens.
    """

    name: str
    source: str
    wish: tuple[str, ...]
    translate: Translate
    where: str = ""
    order: str = "Id"
    tooling: bool = False
    counted: bool = True
    optional: bool = False
    lacking: str | None = None
    gathers: bool = False
    apart: bool = False
    lookup: bool = False
    noted: tuple[str, ...] = ()
    windows: Windows | None = None
    anchor: str = ""
    call: Callable[[Client], Iterable[Said]] | None = None


@dataclass(slots=True)
class Place:
    """Where in a stream a reading stands; becomes the opaque `resume` text."""

    part: int = 0
    window: int = 0
    next: str | None = None
    said: int | None = None
    anchor: str = ""

    def text(self) -> str:
        """As opaque text, for `resume`."""
        return json.dumps([1, self.part, self.window, self.next, self.said, self.anchor], separators=(",", ":"))

    @classmethod
    def of(cls, resume: str | None, parts: int) -> Place:
        """Read a `resume` text back; one that is not ours is a Misread, and the stream begins again."""
        if resume is None:
            return cls()
        try:
            edition, part, window, link, said, anchor = json.loads(resume)
        except (ValueError, TypeError):
            edition, part = None, 0
        if edition != 1 or not 0 <= part < parts:
            raise Misread("the place to go on from is not one of ours; begin this stream again", restart=True)
        return cls(part, window, link, said, anchor)
