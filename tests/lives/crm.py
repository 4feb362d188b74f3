"""The CRM of the lives: it may keep ends, and then takes away by itself what has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.connector import Act, ActKind, ByHand, Coverage, Look, State, Target
from tests.app.remediation.crm import Crm, name_of
from tests.make import NOW


@dataclass
class Ending(Crm):
    """Gives a grant an end where it keeps ends; what an end took away is in `ended`, and is nobody's call."""

    keeps_ends: bool = False
    clock: Callable[[], datetime] = lambda: NOW
    ended: set[str] = field(default_factory=set)

    def check(self) -> Coverage:
        """Every kind of act, but an end only where it keeps them."""
        self.acts = frozenset(ActKind) if self.keeps_ends else frozenset(ActKind) - {ActKind.TIME_BOX}
        return super().check()

    def look(self, target: Target) -> Look:
        """As it is by now."""
        self.pass_time()
        return super().look(target)

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        """An end, where one is wanted and it has none, or a later one."""
        if target.until is None or before.state is State.ABSENT:
            return super().plan(target, before)
        has = before.facts.get("until")
        if has is not None and datetime.fromisoformat(has) <= datetime.fromisoformat(target.until):
            return ()
        name = name_of(target)
        arguments = {"name": name, "until": target.until}
        return (Act(ActKind.TIME_BOX, target, f"End {name}", f"PATCH {name}", arguments),)

    def pass_time(self) -> None:
        """What has come to its end is gone."""
        for name, until in list(self.ends.items()):
            if datetime.fromisoformat(until) <= self.clock():
                del self.ends[name]
                self.present.discard(name)
                self.ended.add(name)
