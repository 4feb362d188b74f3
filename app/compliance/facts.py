"""What lines are judged by, as plain values: what readings, rules, reviews, removals and papers say at one moment.

Queries fill these, `judging` and `computing` read them. What nobody knows is `None` or missing, and never "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.compliance.controls.line import Outcome

Place = tuple[str, int | None]  # a line's id with a system, or None for all of them
Proof = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """The organisation's own policy: how often, how fresh, how long. Where the numbers come from is `app.settings`."""

    review_every: timedelta = timedelta(days=92)
    judged_within: timedelta = timedelta(hours=36)
    alerts_tested_within: timedelta = timedelta(days=35)
    checkpoint_within: timedelta = timedelta(hours=24)
    training_good_for: timedelta = timedelta(days=365)
    screening_good_for: timedelta = timedelta(days=1095)
    register_good_for: timedelta = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The latest pass of the rules over a system: {rule: {"holds": n, …}} and {rule: {because: n}}."""

    id: str
    at: datetime
    counts: Mapping[str, Mapping[str, int]]
    cannot_tell: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """The review of a system that ended last. `whole`: every reading it rested on could be trusted."""

    campaign_id: int
    name: str
    closed_at: datetime
    whole: bool
    shares: int  # reviewers' shares, and how many of them were never submitted
    unsubmitted: int


@dataclass(frozen=True, slots=True)
class RemovalFacts:
    """What became of a system's removals."""

    late: int = 0
    returned: int = 0
    waiting: int = 0  # not proved yet, and not late
    proved: int = 0


@dataclass(frozen=True, slots=True)
class WrongFacts:
    """Findings of one rule in one system that are not closed; `waived` ones were accepted by somebody until a day."""

    open: int
    waived: int
    some: tuple[int, ...]  # the numbers of the first open ones


@dataclass(frozen=True, slots=True)
class CardFacts:
    """The integrations of a system that are there, and how many lack what a card must say."""

    live: int
    blank: int
    unassessed: int
    some: tuple[int, ...]  # integrations with something missing


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """One CRM. `owner_here` None: nobody is named; False: who is named works here no longer."""

    id: int
    name: str
    added: datetime
    snapshot_id: int | None = None
    untrusted: Mapping[str, str] = field(default_factory=dict)  # stream -> why it does not count
    run: RunFacts | None = None
    owner_here: bool | None = None
    review: ReviewFacts | None = None
    removals: RemovalFacts = RemovalFacts()
    wrong: Mapping[str, WrongFacts] = field(default_factory=dict)  # by rule
    cards: CardFacts = CardFacts(0, 0, 0, ())
    nobodys: int = 0  # live accounts of people that are matched to nobody


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """What is on file for a line: the latest revision that was approved, or, where there is none, the latest that waits."""

    id: str
    revision: int
    approved: bool
    until: datetime
    digest: str | None
    owner_here: bool


@dataclass(frozen=True, slots=True)
class ExemptFacts:
    """Why a line does not apply, approved by somebody else, until when."""

    id: str
    justification: str
    until: datetime


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """The latest register of a kind held against who, or what, is really there."""

    id: str
    extracted_at: datetime
    population: int
    missing: int
    lapsed: int


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """All findings that are not closed, and how those that are were closed."""

    open: int = 0
    unowned: int = 0
    unowned_late: int = 0  # of these, past their date
    late: int = 0
    late_and_grave: int = 0  # critical or high, past their date, while something lighter was closed since
    closed: int = 0
    closed_without_proof: int = 0


@dataclass(frozen=True, slots=True)
class LogFacts:
    """The newest checkpoint of the log, and whether the log still is what was signed."""

    size: int
    at: datetime
    holds: bool


@dataclass(frozen=True, slots=True)
class ScopeFacts:
    """One kind of thing in the register of scope: how many were confirmed, and what readings show that was not."""

    confirmed: int
    drifted: int
    confirmed_until: datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything, at one moment."""

    at: datetime
    limits: Limits = Limits()
    systems: tuple[SystemFacts, ...] = ()
    papers: Mapping[Place, PaperFacts] = field(default_factory=dict)
    exempt: Mapping[Place, ExemptFacts] = field(default_factory=dict)
    registers: Mapping[str, RegisterFacts] = field(default_factory=dict)
    findings: FindingFacts = FindingFacts()
    log: LogFacts | None = None
    alerts: tuple[datetime, bool] | None = None  # when a channel was last tested, and whether it went well
    scope: Mapping[str, ScopeFacts] = field(default_factory=dict)
    statement: tuple[str, datetime] | None = None  # the approved Statement of Applicability, and until when it is good


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a line rests on. `system` None: it is not of one system."""

    outcome: Outcome
    because: str
    proof: tuple[Proof, ...] = ()
    system: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a line came out as in one system, or over all."""

    line: str
    system: int | None
    outcome: Outcome
    because: str
    proof: tuple[Proof, ...]
