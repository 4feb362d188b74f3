"""What somebody has to know and to give to connect a system, as a small file beside each connector.

`guide.toml` names the rights with their reasons, what may be seen of the configuration, and the ways to prove who we are.
The page of documentation it names says the same at length; a test holds one against the other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

FILE = "guide.toml"


@dataclass(frozen=True, slots=True)
class Right:
    """One right, scope or permission to give to the reader's account. `without`: what is not known then."""

    name: str
    why: str
    without: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to type in. `secret` ones are never shown again; `lines` > 1 where a key is pasted."""

    name: str
    label: str
    hint: str = ""
    given: str = ""  # what it is if left empty
    needed: bool = False
    secret: bool = False
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Way:
    """One way for the credential to enter."""

    name: str
    says: str
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True)
class Guide:
    """How to connect one kind of system. `page` is its page of documentation."""

    name: str
    page: str
    says: str
    steps: Sequence[str]
    rights: Sequence[Right]
    config: Sequence[Field]
    ways: Sequence[Way]

    def fields(self) -> list[Field]:
        """Everything that can be typed in, the ways' fields included."""
        return [*self.config, *(field for way in self.ways for field in way.fields)]


def read(module: ModuleType) -> Guide | None:
    """The guide of a connector; None if it brings none."""
    if not hasattr(module, "__path__"):  # a connector in a single file has nothing beside it
        return None
    file = resources.files(module).joinpath(FILE)
    if not file.is_file():
        return None
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    return Guide(
        name=told["name"],
        page=told["page"],
        says=told["says"],
        steps=tuple(told.get("steps", ())),
        rights=tuple(Right(**right) for right in told.get("rights", ())),
        config=_fields(told.get("config", ())),
        ways=tuple(Way(way["name"], way["says"], _fields(way.get("fields", ()), secret=True)) for way in told["ways"]),
    )


def _fields(told: Sequence[Mapping[str, Any]], *, secret: bool = False) -> tuple[Field, ...]:
    return tuple(Field(**{"secret": secret, **each}) for each in told)
