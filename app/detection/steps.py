"""Steps that several rules ask for, by kind of CRM: what a person clicks there, in order."""

from __future__ import annotations

from collections.abc import Mapping

TAKE_AWAY: Mapping[str, tuple[str, ...]] = {
    "salesforce": (
        "Open Setup, Users, and the account.",
        "Under Permission Set Assignments and Permission Set Group Assignments, delete what it should not hold.",
        "Where the profile itself allows it, choose another profile.",
    ),
    "hubspot": (
        "Open Settings, Users & Teams, and the user.",
        "Under Access, choose a permission set that allows less, or take super admin away.",
    ),
}
