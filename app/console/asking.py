"""Who a review asks about what, as somebody writes it in a form: one rule a line, each with its chain.

    privilege = export -> owner, Grace Kim
    department = "Sales" -> manager, above, Ada Lovelace + Max Much
    -> people (department = "IT" and title = "Owner"), manager

Before the arrow stands what the rule is for (nothing: everything), after it who is asked, one after the other. People are
named by name, roster id or e-mail address; several with a plus share the work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.kit.refusal import Refusal, Refused

ARROW = "->"
_BARE = ("manager", "above", "owner")
_PEOPLE = re.compile(r"people\s*\((?P<match>.*)\)", re.DOTALL)


def read(typed: str, key_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """The rules of a text; `key_of` gives the roster id of somebody who is named. Refuses (422) a line that asks nobody."""
    return [_rule(line.strip(), key_of) for line in typed.splitlines() if line.strip()]


def written(rules: Sequence[Mapping[str, Any]], called: Callable[[str], str] = str) -> str | None:
    """Rules as a form shows them, people as they are `called`; None if somebody's roster id cannot be written that way."""
    try:
        told = [
            f"{rule.get('where') or ''} {ARROW} {', '.join(_said(step, called) for step in rule['ask'])}"
            for rule in rules
        ]
    except _Unwritable:
        return None
    return "\n".join(line.strip() for line in told)


class _Unwritable(Exception):
    """A roster id that would be read as something else."""


def _rule(line: str, key_of: Callable[[str], str]) -> dict[str, Any]:
    where, arrow, asked = line.rpartition(ARROW)
    steps = [step.strip() for step in _split(asked, ",")]
    if not arrow or not all(steps):
        raise Refused(
            Refusal(
                "bad_scope",
                f"This line does not say who is asked: {line!r}.",
                f"Write it so: privileged {ARROW} owner, manager. Or, for everything: {ARROW} manager, owner.",
                status=422,
            )
        )
    named = {"where": where.strip()} if where.strip() else {}
    return named | {"ask": [_step(step, key_of) for step in steps]}


def _step(typed: str, key_of: Callable[[str], str]) -> Any:
    if typed.lower() in _BARE:
        return typed.lower()
    people = _PEOPLE.fullmatch(typed)
    if people is not None:
        return {"people": people["match"].strip()}
    group = [each.strip() for each in typed.split(" + ")]
    return {"group": [key_of(each) for each in group]} if len(group) > 1 else {"person": key_of(typed)}


def _split(typed: str, at: str) -> list[str]:
    """Parts between commas that stand in no quotation and no bracket."""
    parts, depth, quoted = [""], 0, False
    for letter in typed:
        quoted ^= letter == '"'
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if letter == at and not quoted and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _said(step: Any, called: Callable[[str], str]) -> str:
    if isinstance(step, str):
        return step
    if "people" in step:
        return f"people ({step['people']})"
    keys = [step["person"]] if "person" in step else step["group"]
    if not all(map(_writable, keys)) or (len(keys) == 1 and "group" in step):
        raise _Unwritable
    return " + ".join(name if _writable(name := called(key)) else key for key in keys)


def _writable(name: str) -> bool:
    """Whether it would be read as whom it names and as nothing else."""
    return not re.search(r"[,()\"\n]|->| \+ ", name) and name.lower() not in _BARE and name == name.strip()
