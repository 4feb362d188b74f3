"""Every rule whose findings are shown, with its manual page: those of the rulebook, and those that later stages ask."""

from __future__ import annotations

import inspect

from app.compliance import promised
from app.compliance.controls import catalogue
from app.detection import rulebook
from app.detection.rule import Rule
from app.notices import soundness
from app.remediation import comebacks
from app.review import deviating

_LATER = {module.RULE.name: module for module in (deviating, soundness, comebacks)}
OF_SYSTEMS = catalogue.RULES
RULES: dict[str, Rule] = rulebook.RULES | promised.RULES | {name: module.RULE for name, module in _LATER.items()}


def title(name: str) -> str:
    """What a rule is called; one that is not of this version by its name."""
    return RULES[name].title if name in RULES else name.replace("_", " ")


def manual(name: str) -> str | None:
    """A rule's manual page: the docstring of its file."""
    return inspect.getdoc(_LATER[name]) if name in _LATER else rulebook.manual(name)
