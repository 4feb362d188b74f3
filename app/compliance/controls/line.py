"""What a line of the checklist is made of, and what it can come out as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a line came out as, the weakest first; an auditor's words, so they are written as auditors write them."""

    FAIL = "FAIL"  # something was looked at, and is not as promised
    EXPIRED = "EXPIRED"  # somebody's word was on file, and its end has passed
    NOT_EVALUABLE = "NOT_EVALUABLE"  # we cannot know, and say why
    ATTESTED = "ATTESTED"  # somebody gave their word, and another approved it
    PASS = "PASS"  # noqa: S105  everything it rests on was looked at, and is as promised
    NOT_APPLICABLE = "NOT_APPLICABLE"  # justified, approved, and with an end


class Mode(StrEnum):
    """How a line is judged; a line may need several."""

    TESTED = "tested"  # rules over what the CRM says, or the completeness of what it says
    COMPUTED = "computed"  # from our own records: reviews, removals, findings, the log, other lines
    JOINED = "joined"  # a register held against the people or the programs that are really there
    ATTESTED = "attested"  # a person's word, with a paper and an end


CHIEF, MANAGEMENT = "CISO", "management"
# Who approves by default what a function answers for; the CISO unless said: nobody approves their own, and what binds
# people or the company (HR, legal, the CISO's own) is the management's to say yes to.
APPROVERS: Mapping[str, str] = dict.fromkeys(("HR", "legal", "data protection officer", CHIEF), MANAGEMENT)


@dataclass(frozen=True, slots=True)
class Paper:
    """What is to be on file. `required`: the line is no better than it. `stands_in`: for what a system cannot tell."""

    title: str
    owner: str  # who answers for it by default, as a function: "CISO"
    days: int  # for how long it is good at most
    required: bool
    stands_in: bool = False

    @property
    def approver(self) -> str:
        """Who says yes to it by default, as a function: never the one that answers for it."""
        return APPROVERS.get(self.owner, CHIEF)


@dataclass(frozen=True, slots=True)
class Line:
    """One promise of the checklist. `awaits` names rules that nobody asks yet: until they are there, it cannot pass."""

    id: str
    section: str
    title: str
    iso2022: tuple[str, ...]
    iso2013: tuple[str, ...]
    soc2: tuple[str, ...]
    clauses: tuple[str, ...] = ()  # of the standard's main part, where Annex A has no control
    rules: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()  # must have been read completely, whatever the rules need
    computed: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()  # other lines that it is no better than
    paper: Paper | None = None

    @property
    def modes(self) -> tuple[Mode, ...]:
        """How it is judged, from what it names."""
        named = {
            Mode.TESTED: self.rules or self.awaits or self.streams,
            Mode.COMPUTED: self.computed or self.follows,
            Mode.JOINED: self.joined,
            Mode.ATTESTED: self.paper is not None and (self.paper.required or self.paper.stands_in),
        }
        return tuple(mode for mode, there in named.items() if there)


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together."""

    key: str
    name: str
