"""How the command line tells things: sentences and progress for people, one JSON document for programs.

With `--json` everything meant for people goes to standard error, so that standard output is one document and nothing else.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

_WIDE = 200  # columns where there is no terminal to fit: a log or a pipe


def _console(stderr: bool) -> Console:
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=_WIDE)


_people = _console(False)
_aside = _console(True)


class Telling:
    """Where one command's words go."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out = _aside if as_json else _people

    def say(self, line: str = "", *, style: str | None = None) -> None:
        """One line for people."""
        self._out.print(line, style=style, markup=False, soft_wrap=True)

    def warn(self, line: str) -> None:
        """One line for people about what is not as it should be."""
        _aside.print(line, style="yellow", markup=False, soft_wrap=True)

    def answer(self, document: Any) -> None:
        """The command's answer for programs; said only with --json."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False, indent=2, default=_plain))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "Nothing.") -> None:
        """Rows for people, wrapped and never cut."""
        made = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            made.add_column(column, overflow="fold")  # wrapped, never cut: a cut name may be two people's
        count = 0
        for row in rows:
            made.add_row(*("" if cell is None else str(cell) for cell in row))
            count += 1
        self._out.print(made if count else empty)

    @contextmanager
    def step(self, what: str) -> Iterator[Progress]:
        """A timed step: what is being done, how far it is, and how long it took."""
        progress = Progress(self._out, what)
        yield progress
        progress.done()


class Progress:
    """A step's running line. On a terminal it moves; elsewhere only its end is printed."""

    def __init__(self, out: Console, what: str) -> None:
        self._out, self._what, self._began, self._note = out, what, time.monotonic(), ""
        self._moves = out.is_terminal
        if self._moves:
            out.print(f"  … {what}", end="\r", markup=False)

    def note(self, note: str) -> None:
        """How far it is; the last note stays on the finished line."""
        self._note = note
        if self._moves:
            self._out.print(f"  … {self._what}: {note}   ", end="\r", markup=False, overflow="crop")

    def done(self) -> None:
        """Print the finished line."""
        took = time.monotonic() - self._began
        note = f": {self._note}" if self._note else ""
        self._out.print(f"  ✓ {self._what}{note} ({took:.1f} s)      ", style="green", markup=False, soft_wrap=True)


def _plain(value: Any) -> Any:
    """What JSON has no word for: rows of a story as their fields, moments and ids as text."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def shown(values: Mapping[str, object]) -> str:
    """A few named values in one line."""
    return ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in values.items())


def fail(message: str, code: int = 1) -> None:
    """End the command with a message on standard error."""
    _aside.print(message, style="red", markup=False, soft_wrap=True)
    sys.exit(code)
