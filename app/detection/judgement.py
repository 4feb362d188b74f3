"""One rule's answer about one subject, as `findings.reconcile` takes it from any stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.detection.rule import Answer, CannotTell, Holds, Severity


@dataclass(frozen=True, slots=True)
class Judgement:
    """`subject` is stable from run to run ("account:12"). `facts` are what the answer rests on, shown with a finding.

    `cause` is the key of the story that it belongs to; empty: it is a story of its own.
    """

    rule: str
    subject: str
    severity: Severity
    answer: Answer
    account_id: int | None = None
    identity_id: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """Answers of one rule that need no judgement each: how many subjects held, or that it was asked of none, and why."""

    rule: str
    answer: Holds | CannotTell
    times: int


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom a narrowed pass asks about: these accounts, credentials and entitlements, and all there are few of."""

    accounts: frozenset[int]
    credentials: frozenset[int]
    entitlements: frozenset[int] = frozenset()

    def covers(self, subject: str) -> bool:
        """Whether the pass says everything there is to say about a subject ("account:12"), that it is gone included."""
        kind, _, number = subject.partition(":")
        named = {"account": self.accounts, "credential": self.credentials, "entitlement": self.entitlements}
        of = named.get(kind)
        return of is None or int(number) in of
