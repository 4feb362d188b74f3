"""Whoever acts here, as every verb receives it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an actor may do here. Rights per role are the route × role table of `actors.policy`."""

    ADMIN = "admin"  # systems, campaigns, actors
    IT_SECURITY = "it_security"  # findings, remediations
    REVIEWER = "reviewer"  # decides on the items given to it
    AUDITOR = "auditor"  # reads everything, changes nothing
    SERVICE = "service"  # a program with the rights of its token


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is text and goes into ledger entries as author. `identity_id` is the person behind it, where one is known.

    `way` is how this actor came in ("oidc", "invitation", "link", "token", "cli", "schedule", "hook"), recorded with each
    decision. `campaign_id` is the one review that this way in is good for, and `scope` the acts (by name) that a token
    was cut down to; None is no such limit.
    """

    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    identity_id: int | None = None
    way: str = "cli"
    campaign_id: int | None = None
    scope: frozenset[str] | None = None

    def has(self, *roles: Role) -> bool:
        """Whether it holds at least one of the roles."""
        return not self.roles.isdisjoint(roles)


SCHEDULER = Actor("scheduler", "the scheduler", frozenset({Role.ADMIN, Role.IT_SECURITY}), way="schedule")
