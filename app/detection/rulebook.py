"""Every rule there is, the worst first. A new rule is one file in `rules/`: this book finds it by itself."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Any

from app.detection import rules
from app.detection.limits import NAMES
from app.detection.rule import Answer, Limits, Rule, Severity, Subject

Asked = tuple[Rule, Callable[[Any, datetime, Limits], Answer]]
_ORDER = list(Severity)


def _found() -> dict[str, ModuleType]:
    names = sorted(each.name for each in pkgutil.iter_modules(rules.__path__))
    found = [import_module(f"{rules.__name__}.{name}") for name in names]
    return {each.RULE.name: each for each in sorted(found, key=lambda each: _ORDER.index(each.RULE.severity))}


_FILES = _found()
RULES: dict[str, Rule] = {name: file.RULE for name, file in _FILES.items()}
ASKED: dict[Subject, tuple[Asked, ...]] = {
    subject: tuple((file.RULE, file.ask) for file in _FILES.values() if file.RULE.subject == subject)
    for subject in Subject
}


def and_beside(*rules: Rule) -> dict[str, Rule]:
    """The rules of this book with some that later stages ask, the worst first."""
    every = [*RULES.values(), *rules]
    return {rule.name: rule for rule in sorted(every, key=lambda rule: _ORDER.index(rule.severity))}


def limits_in(name: str) -> tuple[str, ...]:
    """The limits that a rule judges by, as its code names them."""
    named = _FILES[name].ask.__code__.co_names if name in _FILES else ()
    return tuple(each for each in NAMES if each in named)


def manual(name: str) -> str | None:
    """A rule's manual page: the docstring of its file. None for a rule that is not in this book."""
    return inspect.getdoc(_FILES[name]) if name in _FILES else None
