"""Where one can go: the rooms, in the order of the navigation, each with the right that opens it and what it lies beside.

A room adds its line when it is built. What somebody may not open is not shown to them.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May


@dataclass(frozen=True, slots=True)
class Place:
    """One room of the navigation."""

    path: str
    name: str
    may: May
    group: str = "Access"


PLACES = (
    Place("/", "Home", May.SEE_SELF, ""),
    Place("/reviews", "My reviews", May.SEE_OWN_ITEMS, ""),
    Place("/campaigns", "Reviews", May.SEE_CAMPAIGNS, "Reviews"),
    Place("/bundles", "Role models", May.SEE_CAMPAIGNS, "Reviews"),
    Place("/schedules", "Schedules", May.SEE_CAMPAIGNS, "Reviews"),
    Place("/findings", "Findings", May.SEE_FINDINGS, "Access"),
    Place("/removals", "Removals", May.SEE_REMEDIATIONS, "Access"),
    Place("/people", "People", May.SEE_ACCESS, "Access"),
    Place("/integrations", "Integrations", May.SEE_ACCESS, "Access"),
    Place("/posture", "Posture", May.SEE_CHECKLIST, "Proof"),
    Place("/checklist", "Checklist", May.SEE_CHECKLIST, "Proof"),
    Place("/scope", "Scope", May.SEE_CHECKLIST, "Proof"),
    Place("/statements", "Applicability", May.SEE_CHECKLIST, "Proof"),
    Place("/evidence", "Evidence", May.SEE_LEDGER, "Proof"),
    Place("/activity", "Activity", May.SEE_LEDGER, "Proof"),
    Place("/systems", "Systems", May.SEE_SYSTEMS, "Setup"),
    Place("/settings", "Settings", May.SEE_SELF, "Setup"),
)  # fmt: skip


def open_to(actor: Actor) -> list[Place]:
    """The rooms that this actor may enter."""
    return [place for place in PLACES if policy.why_not(actor, place.may) is None]


def grouped(actor: Actor) -> list[tuple[str, list[Place]]]:
    """The same, as the navigation shows them: what lies beside each other under one word."""
    groups: dict[str, list[Place]] = {}
    for place in open_to(actor):
        groups.setdefault(place.group, []).append(place)
    return list(groups.items())


def here(path: str) -> str:
    """The room that a path lies in: the longest one that it begins with."""
    inside = [place.path for place in PLACES if path == place.path or path.startswith(f"{place.path.rstrip('/')}/")]
    return max(inside, key=len, default="")
