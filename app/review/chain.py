"""Whom a review asks about what, and whom next: rules of a scope, each with a chain of any length.

    "security_owner": "p-103",                     decides on administrators, before any other rule
    "reviewers": [
      {"where": "privilege = export", "ask": ["owner", {"person": "p-7"}]},
      {"where": "department = \\"Sales\\"", "ask": ["manager", "above", {"group": ["p-8", "p-9"]}]},
      {"ask": [{"people": "department = \\"IT\\" and title = \\"Owner\\""}, "manager"]}
    ]

The first rule that surely holds for an item counts. For what fits none, the usual ones do: privileges, programs, keys and
what access contains are the system owner's to decide, all else the manager's. Every chain ends with the fallback reviewers.
A step asks for the manager, the line of managers `above`, the system's owner, one person, or a group, whose members share
the work evenly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.kit.refusal import Refusal, Refused
from app.review import expression
from app.review.expression import Expression, OneOf, Sort

MOST = 20  # rules of one scope
GROUP = 50  # people of one group
MIGHTY = ("administer", "manage_access", "manage_security")  # who has one of these can give themselves the rest

# What a group may be told by: facts of the roster.
PERSON: Mapping[str, Sort] = {
    "department": Sort.TEXT,
    "title": Sort.TEXT,
    "engagement": Sort.TEXT,
    "person": Sort.TEXT,  # the roster key of one person
}


class Ask(StrEnum):
    """Who a step asks for."""

    MANAGER = "manager"
    ABOVE = "above"  # the manager's manager, and so on up
    OWNER = "owner"  # of the system
    SECURITY = "security_owner"
    PERSON = "person"  # named, by roster key
    GROUP = "group"  # several, by roster keys
    PEOPLE = "people"  # whoever fits an expression over the roster


_BARE = (Ask.MANAGER, Ask.ABOVE, Ask.OWNER)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain. `keys` are roster keys of the people named; `match` is what people have to fit."""

    ask: Ask
    keys: tuple[str, ...] = ()
    match: Expression | None = None

    def written(self) -> Any:
        """The step as it is kept."""
        if self.ask in _BARE:
            return str(self.ask)
        if self.match is not None:
            return {"people": expression.written(self.match)}
        return {"person": self.keys[0]} if self.ask is Ask.PERSON else {"group": list(self.keys)}


@dataclass(frozen=True, slots=True)
class Rule:
    """What it is for (None: everything), and the chain that is asked."""

    where: Expression | None
    ask: tuple[Step, ...]

    @property
    def kinds(self) -> frozenset[str] | None:
        """The kinds of item that it can hold for, where it says so in the plainest way; None: any."""
        parts = self.where.of if isinstance(self.where, expression.Both) else (self.where,)
        named = [frozenset(part.values) for part in parts if isinstance(part, OneOf) and part.word == "kind"]
        return frozenset.intersection(*named) if named else None

    def written(self) -> dict[str, Any]:
        """The rule as it is kept."""
        named = {"where": expression.written(self.where)} if self.where is not None else {}
        return named | {"ask": [step.written() for step in self.ask]}


def rules(own: Iterable[Rule], security_owner: str | None) -> tuple[Rule, ...]:
    """All rules of a scope in their order: administrators, what it says itself, what is usual. The last always holds."""
    administers = expression.Both((OneOf("kind", ("grant", "account")), OneOf("privilege", MIGHTY)))
    privileges = expression.Both((OneOf("kind", ("grant",)), expression.Flag("privileged")))
    owner, manager = Step(Ask.OWNER), Step(Ask.MANAGER)
    named = (Rule(administers, (Step(Ask.SECURITY, (security_owner,)),)),) if security_owner else ()
    usual = (
        Rule(privileges, (owner, manager)),
        Rule(OneOf("kind", ("integration", "credential", "group", "definition")), (owner, manager)),
        Rule(None, (manager, owner)),
    )
    every = (*named, *own, *usual)
    last = next(number for number, rule in enumerate(every) if rule.where is None)
    return every[: last + 1]


def read(written: Any, facts: Mapping[str, Sort]) -> tuple[Rule, ...]:
    """Read the rules of a scope, or raise Refused (422) naming the first thing that is not understood."""
    if not isinstance(written, list):
        raise _no("its reviewers are not a list", 'Write one: "reviewers": [{"ask": ["manager", "owner"]}].')
    if len(written) > MOST:
        raise _no(f"it has more than {MOST} rules for reviewers", "Write fewer.")
    return tuple(_rule(each, facts) for each in written)


def _rule(entry: Any, facts: Mapping[str, Sort]) -> Rule:
    if not isinstance(entry, Mapping) or not {"ask"} <= set(entry) <= {"where", "ask"}:
        raise _no('each rule for reviewers has "ask", may have "where", and nothing else', "Correct it.")
    where, steps = entry.get("where"), entry["ask"]
    if where is not None and not isinstance(where, str):
        raise _no('"where" is not an expression', 'Write one in quotation marks: "privileged".')
    if not isinstance(steps, list) or not steps:
        raise _no("a rule for reviewers asks nobody", 'Say whom: "ask": ["manager", "owner"].')
    if len(steps) > MOST:
        raise _no(f"a rule for reviewers has more than {MOST} steps", "Write fewer.")
    return Rule(expression.read(where, facts) if where is not None else None, tuple(_step(each) for each in steps))


def _step(entry: Any) -> Step:
    if isinstance(entry, str) and entry in _BARE:
        return Step(Ask(entry))
    if isinstance(entry, Mapping) and len(entry) == 1:
        (word, value), *_ = entry.items()
        if word == Ask.PERSON and isinstance(value, str) and value.strip():
            return Step(Ask.PERSON, (value.strip(),))
        if word == Ask.GROUP and _keys(value):
            return Step(Ask.GROUP, tuple(dict.fromkeys(key.strip() for key in value)))
        if word == Ask.PEOPLE and isinstance(value, str):
            return Step(Ask.PEOPLE, match=expression.read(value, PERSON))
    raise _no(
        f"nobody is asked by {entry!r}",
        'Ask "manager", "above", "owner", {"person": key}, {"group": [keys]} or {"people": "department = …"}.',
    )


def _keys(value: Any) -> bool:
    if not isinstance(value, list) or not all(isinstance(key, str) and key.strip() for key in value):
        return False
    return 1 <= len(value) <= GROUP


def _no(reason: str, way_out: str) -> Refused:
    return Refused(Refusal("bad_scope", f"This scope is not understood: {reason}.", way_out, status=422))
