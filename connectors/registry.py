"""Which kinds of system there are, and how to open one.

Our own connectors are named here; other people's come through the entry-point group `rolecall.connectors`, each entry
naming a module with the same two functions: `open_reader` and `open_executor`. Modules are imported when first used,
because the vendors' clients are slow to import. What is installed is looked up once in a process: whoever installs a
connector starts the service anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module, metadata
from types import ModuleType
from typing import cast

from connectors import guide as guides
from connectors.connector import Config, Executor, Keep, Reader, Secret
from connectors.guide import Guide
from connectors.meaning import Meanings

OURS: Mapping[str, str] = {
    "salesforce": "connectors.salesforce",
    "hubspot": "connectors.hubspot",
    "bottlecrm": "connectors.bottlecrm",
    "spreadsheet": "connectors.spreadsheet",
    "roster": "connectors.roster",
}
GROUP = "rolecall.connectors"
_added: dict[str, ModuleType] = {}


class UnknownKind(LookupError):
    """There is no connector of that kind; the message lists those there are."""


def kinds() -> list[str]:
    """Every kind that can be opened, ours first."""
    theirs = {entry.name for entry in _installed()} | set(_added)
    return [*OURS, *sorted(theirs - set(OURS))]


def add(kind: str, module: ModuleType) -> None:
    """Make a connector known for the life of this process (tests, notebooks)."""
    _added[kind] = module


def open_reader(kind: str, config: Config, secret: Secret, keep: Keep) -> Reader:
    """Open the reading side. Raises UnknownKind; the module raises ValueError for a config that names its mistake."""
    return cast(Reader, _module(kind).open_reader(config, secret, keep))


def open_executor(kind: str, config: Config, secret: Secret, keep: Keep) -> Executor:
    """Open the acting side, with the executor's own credential."""
    return cast(Executor, _module(kind).open_executor(config, secret, keep))


def guide(kind: str) -> Guide | None:
    """How to connect a kind of system, where its connector says so in a file of its own."""
    return guides.read(_module(kind))


def meanings(kind: str) -> Meanings | None:
    """What the words of a kind of system mean, where its connector says so in a module of its own; else None."""
    try:
        module = _module(kind)
    except UnknownKind:
        return None
    try:
        return cast(Meanings, import_module(f"{module.__name__}.meanings"))
    except ModuleNotFoundError as error:
        if error.name == f"{module.__name__}.meanings":
            return None
        raise


@cache
def _installed() -> metadata.EntryPoints:
    """Other people's connectors. To find them, a file of every installed package is read, which takes milliseconds."""
    return metadata.entry_points(group=GROUP)


def _module(kind: str) -> ModuleType:
    if kind in _added:
        return _added[kind]
    if kind in OURS:
        return import_module(OURS[kind])
    for entry in _installed():
        if entry.name == kind:
            return cast(ModuleType, entry.load())
    raise UnknownKind(f"no connector of kind {kind!r}; there are: {', '.join(kinds())}")
