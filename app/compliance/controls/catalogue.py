"""Every line there is, from `lines.toml`, with the rules that say of themselves that they test it.

A line names its rules; a rule may name lines as well (`Rule.controls`). Both count. A rule that a line awaits is live as
soon as a stage asks it.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.compliance.controls.line import Line, Paper, Section
from app.detection import rulebook
from app.detection.rule import Rule
from app.review import deviating

# Every rule that is asked of systems, the worst first: the book's, and those of stages that see more.
RULES: dict[str, Rule] = rulebook.and_beside(deviating.RULE)
_FILE = Path(__file__).with_name("lines.toml")


def _line(told: dict[str, Any]) -> Line:
    paper = Paper(**told["paper"]) if "paper" in told else None
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return _with_rules(Line(**{**given, "paper": paper}))


def _with_rules(line: Line) -> Line:
    """The line with every rule that tests it, and only those awaited that are not there yet."""
    told = {name for name, rule in RULES.items() if line.id in rule.controls}
    there = {name for name in line.awaits if name in RULES}
    rules = dict.fromkeys((*line.rules, *sorted(told | there)))
    awaits = tuple(name for name in line.awaits if name not in there)
    return replace(line, rules=tuple(rules), awaits=awaits)


_TOLD = tomllib.loads(_FILE.read_text(encoding="utf-8"))
VERSION: str = _TOLD["version"]
SECTIONS: tuple[Section, ...] = tuple(Section(**each) for each in _TOLD["section"])
LINES: dict[str, Line] = {each["id"]: _line(each) for each in _TOLD["line"]}


def of_section(key: str) -> list[Line]:
    """A section's lines, in order."""
    return [line for line in LINES.values() if line.section == key]
