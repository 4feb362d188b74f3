"""What something that can be held is made of, part by part, and in which parts two moments differ. Pure.

A part that was not told at one of the moments is not compared: a reader that may see more by now has changed nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors import records

GATHERS = records.GATHERS  # kinds of entitlement that are asked for who is in them
# Parts of a definition, and of a group, in the order in which they are told.
# `brings` is what holding it brings, its own or not; it is among the parts only where somebody put it there.
PARTS = ("privileges", "native", "includes", "rights", "inside", "members", "brings")


@dataclass(frozen=True, slots=True)
class Contents:
    """One entitlement. `privileges` are its own and None where the system does not tell; `includes` are the keys of what
    whoever holds it holds as well, `inside` of what brings it; `rights` are rights on sensitive kinds of record, None
    where they were not read. `direct` accounts hold it by themselves, `reached` by whatever way; `people` is a digest over
    the former, of a group alone.
    """

    entitlement_id: int
    gathers: bool
    privileges: tuple[str, ...] | None
    native: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    rights: tuple[str, ...] | None = None
    inside: tuple[str, ...] = ()
    direct: int = 0
    reached: int = 0
    people: str | None = None


def parts(of: Contents) -> dict[str, str | None]:
    """A digest (SHA-256) of each part; None: the system did not tell it. What a definition is does not depend on who holds
    it, and what a group is does."""
    told: dict[str, Sequence[str] | None] = {
        "privileges": of.privileges,
        "native": of.native,
        "includes": of.includes,
        "rights": of.rights,
    }
    if of.gathers:
        told["inside"] = of.inside
    digests = {name: None if values is None else digest(values) for name, values in told.items()}
    return digests | ({"members": of.people} if of.gathers else {})


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The parts that were told both times and are not the same."""
    return [
        name
        for name in PARTS
        if before.get(name) is not None and now.get(name) is not None and before[name] != now[name]
    ]


def digest(values: Sequence[str]) -> str:
    """SHA-256 over some words, one a line, in their order of letters."""
    hashed = hashlib.sha256()
    for each in sorted(values):
        hashed.update(f"{each}\n".encode())
    return hashed.hexdigest()
