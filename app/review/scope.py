"""What a review is about, as a small readable expression: systems, kinds, a department, and who decides.

    {"systems": ["Sales org", "Marketing portal"],   or "all"
     "kinds": ["grant", "account", "integration", "credential"],      and "group", "definition": what access contains
     "definitions": "all",                                            optional: not only those that can do harm
     "department": "Sales",                                           optional
     "without": [{"system": "Marketing portal", "kind": "integration", "reason": "read by hand, ticket 12"}],
     "where": "privileged or finding",                                optional, an expression over `FACTS`
     "exclude": [{"where": "low_risk and reviewed_this_year", "reason": "once a year is enough"}],
     "approver": "p-102",                                             who approves what is left out: a roster key
     "control_owner": "p-104",                                        who accepts the population and signs the outcome
     "security_owner": "p-103", "reviewers": [{"ask": ["manager", …]}],  optional, who is asked about what: see `chain`
     "granters": "bar",                                               optional: who can grant what they would decide on
     "holders": "bar",                                                optional: who holds the definition, is in the group
     "fallback": "p-100", "second_fallback": "p-101",                 roster keys of people
     "many_answers": "the first review; no role models yet",          why somebody has more answers to give than usual
     "silence": {"answer": "remove"},                                 optional, what no answer comes to: see `silence`
     "then": [{"name": …, "ask": [...]}], "outcome": "last",          optional, further rounds: see `turns`
     "attention": {"percent": 10, "ask": ["owner"]},                  optional, a second look: see `attention`
     "roster": "required"}                                            or "none", while no roster is connected

A word that is not known is refused, so that a slip of the pen never makes a review smaller than its author believes. For
the same reason `where` takes in what it holds for, and what cannot be told is counted as left out by itself, while
`exclude` leaves out only what it surely holds for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.kit.refusal import Refusal, Refused
from app.review import attention, chain, expression, silence, turns
from app.review.attention import Attention
from app.review.chain import Rule
from app.review.expression import Sort
from app.review.independence import Leaners
from app.review.silence import Silence
from app.review.turns import Outcome, Turn
from app.ways import Way


class ItemKind(StrEnum):
    """What can be decided on."""

    GRANT = "grant"
    ACCOUNT = "account"
    INTEGRATION = "integration"
    CREDENTIAL = "credential"
    GROUP = "group"  # who is in a group, queue or team, and what it opens
    DEFINITION = "definition"  # what a profile, role or permission set allows and includes


# Which streams of a reading each kind rests on.
NEEDS: Mapping[ItemKind, tuple[str, ...]] = {
    ItemKind.GRANT: ("accounts", "entitlements", "grants"),
    ItemKind.ACCOUNT: ("accounts",),
    ItemKind.INTEGRATION: ("accounts", "integrations"),  # accounts: whose it is
    ItemKind.CREDENTIAL: ("accounts", "integrations"),
    ItemKind.GROUP: ("accounts", "entitlements", "grants"),
    ItemKind.DEFINITION: ("accounts", "entitlements", "grants"),
}
CONTENTS = (ItemKind.GROUP, ItemKind.DEFINITION)  # what is held, and not that somebody holds it
HELD = tuple(kind for kind in ItemKind if kind not in CONTENTS)  # what a scope is about that names no kinds
ALL = "all"
# Roster keys, and what holds them, which enter the ledger as commitments only.
PEOPLE = (
    "fallback",
    "second_fallback",
    "approver",
    "control_owner",
    "security_owner",
    "reviewers",
    "then",
    "attention",
)
_WORDS = {
    "systems",
    "kinds",
    "definitions",
    "department",
    "without",
    "where",
    "exclude",
    "roster",
    "many_answers",
    "silence",
    "outcome",
    "granters",
    "holders",
    *PEOPLE,
}
# What `where` and `exclude` may ask for; "system" and "kind" are of the item, the rest of its holder and what it allows.
FACTS: Mapping[str, Sort] = {
    "system": Sort.TEXT,
    "kind": Sort.TEXT,
    "entitlement": Sort.TEXT,  # its key
    "privileged": Sort.FLAG,
    "privilege": Sort.MANY,
    "department": Sort.TEXT,
    "title": Sort.TEXT,
    "owner": Sort.TEXT,  # roster key of whose it is; "no owner": nobody's, as far as is known
    "account_kind": Sort.TEXT,
    "use": Sort.TEXT,  # "within 30 days", "within 90 days", "longer", "never", "unknown"
    "finding": Sort.MANY,  # the rules that it, or its account, fails
    "new": Sort.FLAG,  # not in the last closed review of its system; false where there was none
    "temporary": Sort.FLAG,
    "integration": Sort.TEXT,  # the program's name
    "low_risk": Sort.FLAG,  # brings no privilege, and nothing on sensitive kinds of record
    "subject": Sort.TEXT,  # "grant:12": for the small reviews that one cause opens
    "changed": Sort.FLAG,  # of a group or definition: its contents differ from when it was last decided on
    "reviewed_this_year": Sort.FLAG,  # kept or acknowledged in a review that closed within 365 days
}


@dataclass(frozen=True, slots=True)
class Without:
    """A kind left out of one system, with the reason that is printed in the evidence."""

    system: str
    kind: ItemKind
    reason: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What is left out although it would be in scope, with the reason that is printed in the evidence."""

    where: expression.Expression
    reason: str


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope that was read and found sound. `systems` None means every CRM that is connected."""

    systems: tuple[str, ...] | None
    kinds: tuple[ItemKind, ...]
    fallback: str
    second_fallback: str | None = None
    department: str | None = None
    without: tuple[Without, ...] = ()
    where: expression.Expression | None = None
    exclude: tuple[Exclusion, ...] = ()
    approver: str | None = None
    control_owner: str | None = None  # accepts the population before it opens, and signs the outcome
    many_answers: str | None = None  # why somebody is asked for more answers than a review should ask for
    needs_roster: bool = True
    every_definition: bool = False  # not only those that bring a privilege or do not tell what they allow
    silence: Silence | None = None  # what no answer comes to; None: whoever closes says it
    then: tuple[Turn, ...] = ()  # the rounds after the first
    outcome: Outcome = Outcome.LAST  # what several answers come to
    attention: Attention | None = None  # a sample of what was decided without attention is looked at again
    security_owner: str | None = None  # decides on administrators
    granters: Leaners = Leaners.FLAG  # what is made of reviewers who can grant what they decide on
    holders: Leaners = Leaners.FLAG  # and of those who hold the definition they decide on, or are in the group
    reviewers: tuple[Rule, ...] = ()  # who is asked about what, before the usual ones

    def kinds_of(self, system: str) -> tuple[ItemKind, ...]:
        """Which kinds are reviewed in a system."""
        out = {w.kind for w in self.without if w.system == system}
        return tuple(kind for kind in self.kinds if kind not in out)

    def needs_of(self, system: str) -> tuple[str, ...]:
        """Which streams of a system's reading the review rests on, in reading order."""
        needed = {stream for kind in self.kinds_of(system) for stream in NEEDS[kind]}
        return tuple(s for s in ("accounts", "entitlements", "grants", "integrations") if s in needed)

    def written(self) -> dict[str, Any]:
        """The expression as it is kept with the campaign, with every default spelled out."""
        return {
            "systems": list(self.systems) if self.systems is not None else ALL,
            "kinds": [str(kind) for kind in self.kinds],
            "department": self.department,
            "without": [{"system": w.system, "kind": str(w.kind), "reason": w.reason} for w in self.without],
            "where": expression.written(self.where) if self.where is not None else None,
            "exclude": [{"where": expression.written(e.where), "reason": e.reason} for e in self.exclude],
            "approver": self.approver,
            "many_answers": self.many_answers,
            "fallback": self.fallback,
            "second_fallback": self.second_fallback,
            "security_owner": self.security_owner,
            "reviewers": [rule.written() for rule in self.reviewers] or None,
            "roster": "required" if self.needs_roster else "none",
        } | self._course()

    def _course(self) -> dict[str, Any]:
        """How it goes on, where something is said about it."""
        told: dict[str, Any] = {"silence": self.silence.written()} if self.silence is not None else {}
        if self.control_owner is not None:
            told["control_owner"] = self.control_owner
        if self.every_definition:
            told["definitions"] = ALL
        if self.granters is not Leaners.FLAG:
            told["granters"] = str(self.granters)
        if self.holders is not Leaners.FLAG:
            told["holders"] = str(self.holders)
        if self.then:
            told["then"] = [turn.written() for turn in self.then]
        if self.attention is not None:
            told["attention"] = self.attention.written()
        if self.then or self.attention is not None:
            told["outcome"] = str(self.outcome)
        return told


def partial(written: Mapping[str, Any]) -> bool:
    """Whether a scope asks about a part of its systems only. What it leaves out with a reason is no part that it lacks."""
    kinds = written.get("kinds")
    lacks = kinds is not None and not {str(kind) for kind in HELD} <= set(kinds)
    return lacks or bool(written.get("where")) or bool(written.get("department"))


def read(written: Mapping[str, Any]) -> Scope:
    """Read an expression, or raise Refused (422) naming the first thing in it that is not understood."""
    strange = sorted(set(written) - _WORDS)
    if strange:
        raise _no(f'"{strange[0]}" is not known', f"Known are {', '.join(sorted(_WORDS))}.")
    scope = Scope(
        systems=_systems(written.get("systems")),
        kinds=_kinds(written.get("kinds", list(HELD))),
        every_definition=_definitions(written.get("definitions") or _HARMFUL),
        department=_name(written, "department"),
        without=tuple(_without(entry) for entry in _entries(written.get("without") or [])),
        where=_where(written.get("where")),
        exclude=tuple(_exclusion(entry) for entry in _entries(written.get("exclude") or [])),
        approver=_name(written, "approver"),
        control_owner=_name(written, "control_owner"),
        many_answers=_name(written, "many_answers"),
        fallback=_name(written, "fallback") or "",
        second_fallback=_name(written, "second_fallback"),
        needs_roster=_roster(written.get("roster", "required")),
        silence=silence.read(written.get("silence")),
        then=turns.read(written.get("then")),
        outcome=turns.read_outcome(written.get("outcome")),
        attention=attention.read(written.get("attention")),
        security_owner=_name(written, "security_owner"),
        granters=_leaners(written, "granters"),
        holders=_leaners(written, "holders"),
        reviewers=chain.read(written.get("reviewers") or [], FACTS),
    )
    if not scope.fallback:
        raise _no("it names no fallback reviewer", "Name somebody.", Way.NAME_FALLBACK)
    if scope.fallback == scope.second_fallback:
        raise _no("both fallback reviewers are the same person", "Name two people, or only one.")
    left_out = bool(scope.exclude or scope.without)
    if (scope.exclude and scope.approver is None) or (scope.approver is not None and not left_out):
        raise _no("what is excluded needs an approver, and nothing else does", "Name somebody.", Way.NAME_APPROVER)
    strays = next((w for w in scope.without if scope.systems is not None and w.system not in scope.systems), None)
    if strays:
        raise _no(f'it leaves something out of "{strays.system}", which is not in scope', "Correct the name.")
    if scope.outcome is not Outcome.LAST and not scope.then and scope.attention is None:
        raise _no('"outcome" is for several rounds, and there is one', 'Say which follow: "then": […].')
    if scope.outcome is Outcome.FIRST and scope.attention is not None:
        raise _no(
            "where the first answer decides, a second look decides nothing", 'Leave out "attention", or "outcome".'
        )
    return scope


def apart(written: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What of a written scope may enter a ledger entry as it is, and the roster keys, which enter it as commitments."""
    named = {
        word: value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
        for word in PEOPLE
        if (value := written.get(word))
    }
    return {word: value for word, value in written.items() if word not in PEOPLE}, named


def _systems(value: Any) -> tuple[str, ...] | None:
    if value == ALL:
        return None
    names = _names(value)
    if not names:
        raise _no("it names no system", 'Name systems, or say "all".')
    return names


def _kinds(value: Any) -> tuple[ItemKind, ...]:
    named = _names(value)
    strange = [name for name in named if name not in set(ItemKind)]
    if strange or not named:
        raise _no(
            f'"{strange[0]}" is not a kind of item' if strange else "it names no kind of item",
            f"Known are {', '.join(ItemKind)}.",
        )
    return tuple(kind for kind in ItemKind if kind in named)


def _without(entry: Any) -> Without:
    if not isinstance(entry, Mapping) or set(entry) != {"system", "kind", "reason"}:
        raise _no('each entry of "without" needs a system, a kind and a reason, and nothing else', "Complete it.")
    if not str(entry["reason"]).strip():
        raise _no(f'it leaves {entry["kind"]}s of "{entry["system"]}" out without a reason', "Say why.")
    return Without(str(entry["system"]), _kinds([entry["kind"]])[0], str(entry["reason"]).strip())


def _where(value: Any) -> expression.Expression | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _no('"where" is not an expression', 'Write one in quotation marks: "privileged or finding".')
    return expression.read(value, FACTS)


def _exclusion(entry: Any) -> Exclusion:
    if not isinstance(entry, Mapping) or set(entry) != {"where", "reason"} or not isinstance(entry["where"], str):
        raise _no(
            'each entry of "exclude" needs an expression, "where", and a reason, and nothing else', "Complete it."
        )
    if not str(entry["reason"]).strip():
        raise _no(f"it excludes {entry['where']} without a reason", "Say why.")
    return Exclusion(expression.read(entry["where"], FACTS), str(entry["reason"]).strip())


_HARMFUL = "privileged"


def _definitions(value: Any) -> bool:
    if value not in (_HARMFUL, ALL):
        raise _no(f'"definitions" cannot be {value!r}', f'Say "{_HARMFUL}" or "{ALL}".')
    return bool(value == ALL)


def _leaners(written: Mapping[str, Any], word: str) -> Leaners:
    value = written.get(word) or Leaners.FLAG
    if value not in list(Leaners):
        raise _no(f'"{word}" cannot be {value!r}', 'Say "flag" or "bar".')
    return Leaners(value)


def _roster(value: Any) -> bool:
    if value not in ("required", "none"):
        raise _no(f'"roster" cannot be {value!r}', 'Say "required" or "none".')
    return bool(value == "required")


def _entries(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _no("what it leaves out is not a list", "Write a list.")
    return value


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) and name.strip() for name in value):
        raise _no(f"{value!r} is not a list of names", 'Write a list such as ["grant"].')
    return tuple(dict.fromkeys(str(name) for name in value))


def _name(written: Mapping[str, Any], word: str) -> str | None:
    value = written.get(word)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _no(f'"{word}" is not a name', "Write it in quotation marks.")
    return value.strip()


def _no(reason: str, way_out: str, way: Way | None = None) -> Refused:
    return Refused(Refusal("bad_scope", f"This scope is not understood: {reason}.", way_out, status=422, way=way))
