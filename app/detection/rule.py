"""What a rule is: one question asked of one subject, answered Holds, Fails or CannotTell.

A rule is pure. It gets facts, the moment and the limits; it never looks anything up. Not knowing is an answer of its own:
a rule that cannot tell neither opens a finding nor closes one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.detection.limits import Limits
from app.inventory.facts import AccountFacts, Act

__all__ = ["Limits"]


class Severity(StrEnum):
    """How much harm a failing subject can do, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Subject(StrEnum):
    """What kind of thing a rule asks about; the first word of a finding's subject (`account:12`)."""

    CHANNEL = "channel"  # by which people are told; asked in `notices`
    ACCOUNT = "account"
    CREDENTIAL = "credential"
    INTEGRATION = "integration"
    ENTITLEMENT = "entitlement"
    ENDPOINT = "endpoint"
    PACKAGE = "package"
    USAGE = "usage"
    SYSTEM = "system"


class Remedy(StrEnum):
    """What is taken away when somebody starts a revocation from a finding."""

    SUBJECT = "subject"  # the account or credential itself
    LISTED = "listed"  # the grants that the finding's facts list
    PRIVILEGES = "privileges"  # the grants through which the account holds a privilege


class About(StrEnum):
    """Whom one cause is about: findings of the same cause about the same one of these are one story."""

    SUBJECT = "subject"  # each finding is a story of its own
    PERSON = "person"
    ACCOUNT = "account"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Holds:
    """Nothing wrong here."""


@dataclass(frozen=True, slots=True)
class Fails:
    """Something is wrong. `because` is a sentence without a subject ("last signed in 120 days ago")."""

    because: str
    severity: Severity | None = None  # worse, or better, than the rule's own


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The facts do not reach. `because` names what is missing; equal reasons are counted together."""

    because: str


Answer = Holds | Fails | CannotTell


@dataclass(frozen=True, slots=True)
class Rule:
    """A question with its name, weight and needs.

    `needs` are the streams (of `connectors.records.Stream`) whose readings it rests on; if one of them was not read
    completely, the answer is CannotTell for every subject. `needs_of_programs` come on top for service identities, which
    are judged by their tokens' use too. `remedy` says what a revocation takes away.

    `iso` are the controls of ISO/IEC 27001:2022, Annex A, that a failure speaks against; `controls` our checklist's lines.
    `alerts`: people are told of a new finding unless they chose otherwise; other rules only report until switched on. Of a
    system's first reading only what is critical is told at once, and the rest as one digest with a plan. Findings of rules
    with the same `cause` about the same `about` are one story (a leaver with an account and three tokens). `steps` are what
    to do, step by step, by the kind of system; those under "" hold where a kind has none of its own.
    """

    name: str
    title: str
    subject: Subject
    severity: Severity
    needs: tuple[str, ...]
    controls: tuple[str, ...]
    todo: str  # what to do about it, in one sentence
    needs_of_programs: tuple[str, ...] = ()
    remedy: Remedy = Remedy.SUBJECT
    iso: tuple[str, ...] = ()
    alerts: bool = False
    cause: str = ""
    about: About = About.SUBJECT
    steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def steps_in(self, kind: str) -> tuple[str, ...]:
        """What to do in a system of this kind, step by step; the one sentence of `todo` where nothing is written down."""
        return self.steps.get(kind) or self.steps.get("") or (self.todo,)

    def cause_of(self, subject: str, *, system: int | None, account: int | None, person: int | None) -> str:
        """The key of the story that a finding belongs to. Whom nobody knows is told apart by account, then by subject."""
        name = self.cause or self.name
        known = {
            About.PERSON: ("person", person),
            About.ACCOUNT: ("account", account),
            About.SYSTEM: ("system", system),
        }
        word, number = known.get(self.about, ("", None))
        if word == "person" and number is None:
            word, number = "account", account
        return f"{name}:{word}:{number}" if number is not None else f"{name}:{subject}"


def times(count: int) -> str:
    """How often, in words."""
    return "once" if count == 1 else f"{count} times"


def days_ago(then: datetime, at: datetime) -> int:
    """Whole days between two moments."""
    return (at - then) // timedelta(days=1)


def ago(then: datetime, at: datetime) -> str:
    """The same in words."""
    days = days_ago(then, at)
    return "less than a day ago" if days < 1 else "a day ago" if days == 1 else f"{days} days ago"


def asleep(account: AccountFacts) -> Answer | None:
    """Holds for an account that nobody can sign in to, CannotTell where that is not said, None for one that is awake."""
    if account.active is None:
        return CannotTell("the system does not say whether the account is active")
    return Holds() if not account.active or account.frozen else None


def did_nothing(account: AccountFacts, *acts: Act, most: int = 0) -> Answer:
    """Holds for an account that was not seen doing one of these acts more often than `most`, unless it did what we have no
    word for, or the log does not say who did what would make it more."""
    around = account.around
    known = sum(each.times for each in around.deeds if each.what in acts)
    doubtful = sum(each.times for each in around.doubtful_deeds if each.what in ("", *acts))
    if doubtful and known + doubtful > most:
        return CannotTell("its log does not say of all that it tells who did it")
    strange = around.strange_deeds
    return CannotTell(f"words of its log are not understood: {listed(strange)}") if strange else Holds()


def came_otherwise(account: AccountFacts) -> Answer:
    """Holds for an account that was not seen coming in the way a rule asks about, unless it came by one unknown to us."""
    strange = account.around.strange_ways
    if not strange:
        return Holds()
    named = [each for each in strange if each]
    if not named:
        return CannotTell("it is not told how accounts are signed in to")
    return CannotTell(f"words for how accounts are signed in to are not understood: {listed(named)}")


def within(when: datetime | None, days: int, at: datetime) -> bool:
    """Whether a moment lies in the last so many days. One that is not known does not."""
    return when is not None and when > at - timedelta(days=days)


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names as a phrase: the first few, and how many more."""
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def words(name: str) -> str:
    """A privilege or an act as it is said ("see_all" → "see all")."""
    return name.replace("_", " ")


def away(account: AccountFacts, at: datetime) -> bool:
    """Whether the person behind the account is known to be absent at this moment. An open end counts as absent."""
    person = account.person
    if person is None or person.away_from is None:
        return False
    return person.away_from <= at.date() and (person.away_until is None or at.date() <= person.away_until)


def left(account: AccountFacts, at: datetime, limits: Limits) -> str | None:
    """Why the person behind the account no longer works here, or None if it does (or is nobody known)."""
    person = account.person
    if person is None:
        return None
    if not person.in_roster:
        return f"{person.name} is no longer in the roster"
    grace = timedelta(hours=limits.leaver_grace_hours)
    # The last working day belongs to the employment, so the clock starts at its end.
    if (
        person.end is not None
        and at >= datetime.combine(person.end, datetime.min.time(), at.tzinfo) + timedelta(1) + grace
    ):
        return f"{person.name} left on {person.end.isoformat()}"
    return None
