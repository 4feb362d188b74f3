"""A CRM that outlives whoever asks it: what it was asked and what it did stand in a file, as they would at a vendor's."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.connector import Act, ActKind, Executor, Look, Target
from connectors.receipt import ActReceipt
from tests.app.remediation.crm import name_of
from tests.lives.crm import Ending


@dataclass
class Book(Ending):
    """`present` is what was there at first; whoever opens it reads what has happened since."""

    file: Path = Path()
    keeps_ends: bool = True

    @contextmanager
    def open(self) -> Iterator[Executor]:
        """Signed in by a process that knows nothing yet."""
        now = Book(present=set(self.present), file=self.file, clock=self.clock)
        now.before_look, now.before_effect, now.after_effect = self.before_look, self.before_effect, self.after_effect
        for line in self.lines():
            if (effect := line.get("effect")) is not None:
                now.apply(effect, line["name"], line["until"])
        yield now

    def look(self, target: Target) -> Look:
        """A question, of which the CRM knows that it was asked."""
        self._write(asked=f"look:{name_of(target)}")
        return super().look(target)

    def perform(self, act: Act) -> ActReceipt:
        """A call, and what it changed: that is there whatever becomes of whoever called."""
        name = str(act.arguments["name"])
        self._write(asked=f"do:{name}")
        self.before_effect(name)
        until = act.arguments.get("until") if act.kind is ActKind.TIME_BOX else None
        self._write(effect=str(act.kind), name=name, until=until)
        self.apply(str(act.kind), name, until)
        self.after_effect(name)
        return ActReceipt(act.request, 204, "d" * 64)

    def apply(self, kind: str, name: str, until: str | None) -> None:
        """Let something be as it is after that."""
        if kind == ActKind.TIME_BOX:
            self.ends[name] = str(until)
        elif kind == ActKind.RESTORE:
            self.present.add(name)
            self.ends.pop(name, None)
        else:
            self.present.discard(name)

    def lines(self) -> list[dict[str, str | None]]:
        """Everything so far."""
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def calls(self) -> list[str]:
        """What it was asked, in order: "look:x" and "do:x"."""
        return [str(line["asked"]) for line in self.lines() if "asked" in line]

    def changes(self, name: str) -> Counter[str]:
        """What really happened to one thing, and how often."""
        return Counter(str(line["effect"]) for line in self.lines() if line.get("name") == name)

    def _write(self, **line: str | None) -> None:
        with self.file.open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")
            os.fsync(file.fileno())
