"""Saying a command and hearing its answer, in this process, the way `rolecall` at a terminal ends."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import cli
from app.cli import stage
from app.cli.installation import opened
from app.means import Means
from connectors.sandbox.company import Company
from connectors.sandbox.serve import Running


@dataclass(frozen=True)
class Said:
    """What a command gave: its exit code and both outputs."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything it said, in one line of words, however it was wrapped."""
        return " ".join(f"{self.out} {self.err}".split())

    def json(self) -> Any:
        """The one document on standard output; nothing else may be there."""
        self.well()
        return json.loads(self.out)

    def well(self) -> Said:
        """It went well."""
        assert self.code == 0, self.all
        return self

    def refused(self, *words: str, code: int = 1) -> Said:
        """It was refused in words, among them these, without a traceback and without an answer."""
        assert self.code == code, self.all
        assert "Traceback" not in self.err
        for each in words:
            assert each in self.all
        return self


@dataclass
class Place:
    """An installation with its sandboxes, and the company in them."""

    home: Path
    sandboxes: Mapping[str, Running]
    company: Company | None

    def rolecall(self, *words: str, **environ: str) -> Said:
        """Say a command here."""
        with self.entered(**environ):
            return said(*words)

    @contextmanager
    def entered(self, **environ: str) -> Iterator[None]:
        """This installation's environment, and no other `ROLECALL_…`."""
        before = dict(os.environ)
        for name in [name for name in os.environ if name.startswith("ROLECALL_")]:
            del os.environ[name]
        os.environ.update({"ROLECALL_HOME": str(self.home), "ROLECALL_CONTROL_OWNER_REQUIRED": "no"} | environ)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    @contextmanager
    def means(self) -> Iterator[Means]:
        """The installation from inside, for what no command tells."""
        with self.entered(), opened() as means:
            yield means

    @property
    def fallback(self) -> str:
        """The head of IT."""
        assert self.company is not None
        people = self.company.people.values()
        return next(p.key for p in people if p.department == "IT" and p.manager == self.second and p.end is None)

    @property
    def second(self) -> str:
        """Who stands above everybody."""
        assert self.company is not None
        return next(person.key for person in self.company.people.values() if person.manager is None)


def said(*words: str) -> Said:
    """Run `rolecall` with these words."""
    out, err = io.StringIO(), io.StringIO()
    given, sys.argv = sys.argv, ["rolecall", *words]
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        if isinstance(end.code, str):  # as the interpreter does at its end
            err.write(end.code + "\n")
            code = 1
        else:
            code = end.code or 0
    finally:
        sys.argv = given
    return Said(code, out.getvalue(), err.getvalue())


def written(place: Place, kind: str) -> list[str]:
    """Options that connect a sandbox, with its credentials in files."""
    given = place.sandboxes[kind].credentials
    options: list[str] = []
    for name, value in given.items():
        if not isinstance(value, dict):
            options += ["--set", f"{name}={value}"]
    for role in ("reader", "executor"):
        file = place.home / f"{kind}-{role}.json"
        file.write_text(json.dumps(secret(place, kind, role)))
        options += [f"--{role}", str(file)]
    return options


def secret(place: Place, kind: str, role: str) -> dict[str, str]:
    """A credential of a sandbox: a signed assertion before a shared secret, where it offers both."""
    given: dict[str, str] = place.sandboxes[kind].credentials[role]
    return stage.way_in(given)
