"""A company that keeps every promise, as facts: each test takes one thing away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.compliance.controls import catalogue
from app.compliance.controls.line import Line
from app.compliance.facts import (
    CardFacts,
    Facts,
    FindingFacts,
    LogFacts,
    PaperFacts,
    RegisterFacts,
    RemovalFacts,
    ReviewFacts,
    RunFacts,
    ScopeFacts,
    SystemFacts,
)
from tests.conftest import NOW

YEAR = timedelta(days=365)


def run(**given: Any) -> RunFacts:
    """Every rule was asked of five subjects an hour ago, and all held."""
    counts = {rule: {"holds": 5} for rule in catalogue.RULES}
    return replace(RunFacts("run-1", NOW - timedelta(hours=1), counts, {}), **given)


def system(**given: Any) -> SystemFacts:
    review = ReviewFacts(7, "Quarter", NOW - timedelta(days=30), True, 4, 0)
    kept = SystemFacts(
        1, "Sales", NOW - YEAR, 11, {}, run(), True, review, RemovalFacts(proved=3), {}, CardFacts(2, 0, 0, ()), 0
    )
    return replace(kept, **given)


def paper(**given: Any) -> PaperFacts:
    return replace(PaperFacts("paper-1", 1, True, NOW + timedelta(days=60), "d" * 64, True), **given)


def facts(**given: Any) -> Facts:
    """Everything is as promised."""
    registers = {
        kind: RegisterFacts(f"register-{kind}", NOW - timedelta(days=5), 9, 0, 0)
        for line in catalogue.LINES.values()
        for kind in line.joined
    }
    kept = Facts(
        at=NOW,
        systems=(system(),),
        papers={(line.id, None): paper() for line in catalogue.LINES.values() if line.paper is not None},
        registers=registers,
        findings=FindingFacts(closed=4),
        log=LogFacts(1000, NOW - timedelta(minutes=5), True),
        alerts=(NOW - timedelta(days=3), True),
        scope={
            kind: ScopeFacts(3, 0, NOW + timedelta(days=90))
            for kind in ("systems", "integrations", "classes", "groups", "places")
        },
        statement=("1", NOW + timedelta(days=90)),
    )
    return replace(kept, **given)


def fully_asked(lines: Iterable[Line] = catalogue.LINES.values()) -> list[Line]:
    """The lines as they will be once no rule is awaited any more; one that is there takes the place of those."""
    there = ("nobodys_account",)
    return [replace(line, awaits=(), rules=line.rules or there) if line.awaits else line for line in lines]
