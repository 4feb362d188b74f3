"""How much a finding matters beside the others: its severity, times what the account can do, times what the system holds.

A product, so that a grave matter about an ordinary account may stand behind a lesser one about somebody who can export
everything. The three factors are kept with the finding, and its page shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DataClass(StrEnum):
    """What a system holds, as its owner classed it; a CRM nobody classed holds personal data of customers."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


_SEVERITY = {"critical": 12, "high": 6, "medium": 3, "low": 1}
_PRIVILEGED, _ORDINARY = 3, 2
_HELD = {DataClass.PUBLIC: 1, DataClass.INTERNAL: 2, DataClass.CONFIDENTIAL: 3, DataClass.RESTRICTED: 4}


@dataclass(frozen=True, slots=True)
class Factor:
    """One of the three: what it is about, what was found there, and what it counts."""

    about: str
    found: str
    counts: int


def factors(severity: str, *, privileged: bool, held: str) -> tuple[Factor, Factor, Factor]:
    """What a finding's priority is made of."""
    known = DataClass(held)
    return (
        Factor("severity", str(severity), _SEVERITY[str(severity)]),
        Factor("account", "privileged" if privileged else "ordinary", _PRIVILEGED if privileged else _ORDINARY),
        Factor("system", str(known), _HELD[known]),
    )


def priority(severity: str, *, privileged: bool, held: str) -> int:
    """From 2 (low, ordinary, public) to 144 (critical, privileged, restricted)."""
    of_severity, of_account, of_system = factors(severity, privileged=privileged, held=held)
    return of_severity.counts * of_account.counts * of_system.counts
