"""How long findings may stay: due dates by severity, and a slower plan for what a system's first reading brings to light.

What was wrong for years before anybody looked is not late on the day it is first seen; it gets dates of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.detection.rule import Severity


@dataclass(frozen=True, slots=True)
class Terms:
    """Where they come from is `app.settings`. Days are in the order of severities, critical first.

    `security_owner` is the roster's key of whoever findings go to where the system has no owner who is there.
    """

    sla_days: Sequence[int] = (1, 7, 30, 90)
    baseline_days: Sequence[int] = (7, 30, 60, 120)
    waiver_most_days: int = 365
    escalate_hours: int = 24
    security_owner: str | None = None

    def due(self, severity: str, *, baseline: bool, at: datetime) -> datetime:
        """Until when a finding that opens now should be settled."""
        days = self.baseline_days if baseline else self.sla_days
        return at + timedelta(days=days[list(Severity).index(Severity(severity))])


def due_again(terms: Terms, due: datetime | None, *, was: str, now: str, at: datetime) -> datetime:
    """The due date of a finding that was seen again: sooner if it has become worse, never later than it was."""
    if due is None:
        return terms.due(now, baseline=False, at=at)
    order = list(Severity)
    worse = order.index(Severity(now)) < order.index(Severity(was))
    return min(due, terms.due(now, baseline=False, at=at)) if worse else due
