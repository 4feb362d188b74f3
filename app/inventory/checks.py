"""Asking a system who we are there and what can be read, before its credential is kept and whenever somebody doubts it.

Everything here talks to the system; no transaction is open meanwhile. What goes wrong becomes a refusal with the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from app.inventory import policy, readers, systems
from app.kit.db import Database
from app.kit.refusal import Refusal, Refused, insist
from app.kit.secrets import Keys, SecretsError
from connectors import registry
from connectors.connector import Coverage
from connectors.errors import ConnectorError, Denied
from connectors.guide import Guide

__all__ = ["Guide"]  # how to connect, as its connector tells it


class _Side(Protocol):
    def check(self) -> Coverage: ...

    def close(self) -> None: ...


_OPEN: Mapping[str, Callable[..., _Side]] = {
    systems.READER: registry.open_reader,
    systems.EXECUTOR: registry.open_executor,
}


@dataclass(frozen=True, slots=True)
class Readable:
    """Whether one stream can be read now; `missing` is the right, scope or plan, in the vendor's words."""

    stream: str
    readable: bool
    missing: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a credential can do, in plain values. `secret` is what to keep: one good for one use was exchanged."""

    system_key: str
    system_name: str
    principal: str | None
    streams: tuple[Readable, ...]
    acts: tuple[str, ...]
    notes: tuple[str, ...]
    secret: Mapping[str, str] = field(repr=False)

    @property
    def lacking(self) -> list[Readable]:
        """The streams that cannot be read."""
        return [each for each in self.streams if not each.readable]


def kinds() -> list[str]:
    """The kinds of system that can be connected by typing things in: those whose connector brings a guide."""
    return [kind for kind in registry.kinds() if registry.guide(kind) is not None]


def names() -> dict[str, str]:
    """What the kinds of system are called, as far as their connectors say."""
    return {kind: found.name for kind in registry.kinds() if (found := registry.guide(kind)) is not None}


def guide(kind: str) -> Guide:
    """How to connect a kind of system. Refuses (404) a kind that brings no guide."""
    found = registry.guide(kind) if kind in registry.kinds() else None
    if found is None:
        way_out = "Systems that are read from files are added at the command line: rolecall system add."
        raise Refused(Refusal("no_guide", f"There is no guide for {kind}.", way_out, 404))
    return found


def check(
    kind: str,
    config: Mapping[str, str],
    secret: Mapping[str, str],
    *,
    role: str = systems.READER,
    pinned: str | None = None,
    name: str = "This system",
) -> Checked:
    """Enter with a credential and ask what it can do. Nothing is kept.

    Refuses (422) a configuration with mistakes, a credential that may read nothing, one that enters another org than the
    one `pinned`, and (502) a system that does not answer.
    """
    insist(policy.why_not_kind(kind, registry.kinds()))
    kept = dict(secret)
    with answering():
        side = _OPEN[role](kind, dict(config), dict(secret), kept.update)
        try:
            coverage = side.check()
        finally:
            side.close()
    insist(policy.why_not_pin(pinned, coverage.system_key, name=name))
    return told(coverage, kept)


def check_reader(database: Database, system_id: int, *, keys: Keys) -> Checked:
    """Ask a connected system what its reader can do now. Opens a transaction only where a credential is exchanged by being
    used. Refuses as `check` does."""
    with answering(), readers.open_reader(database, system_id, keys) as reader:
        return told(reader.check(), {})


@contextmanager
def answering() -> Iterator[None]:
    """What a connector raises, as a refusal with the way out."""
    try:
        yield
    except Denied as no:
        told = f"{no} It lacks: {no.missing}." if no.missing not in str(no) else str(no)
        raise Refused(Refusal("may_nothing", told, "Give the account that right, then check again.", 422)) from no
    except ConnectorError as error:
        way_out = "Check the address, and whether this machine may reach it; then check again."
        raise Refused(Refusal("no_answer", str(error), way_out, 502)) from error
    except (ValueError, SecretsError, registry.UnknownKind) as error:
        raise Refused(Refusal("mistaken", str(error), "Correct it, then check again.", 422)) from error


def told(coverage: Coverage, secret: Mapping[str, str]) -> Checked:
    """What a connector said of itself, in plain values."""
    return Checked(
        coverage.system_key,
        coverage.system_name,
        coverage.principal,
        tuple(
            Readable(str(stream), each.readable, each.missing, each.note)
            for stream, each in sorted(coverage.streams.items())
        ),
        tuple(sorted(str(act) for act in coverage.acts)),
        coverage.notes,
        secret,
    )
