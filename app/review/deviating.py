"""An account holds what its person's job is not meant to have.

The measure is the job's role model, once its owner has approved it and for as long as that approval counts. Privileged
access stands in no role model and is asked about by rules of its own, and so is what ends by itself: neither is told here.
Where no role model speaks of the person's job and of this CRM, nobody has said what the job needs, and we cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.detection import steps
from app.detection.rule import About, Answer, CannotTell, Fails, Holds, Remedy, Rule, Severity, Subject, listed

RULE = Rule(
    "bundle_deviation",
    "Holds what the job is not meant to have",
    Subject.ACCOUNT,
    Severity.MEDIUM,
    needs=("accounts", "entitlements", "grants", "people"),
    controls=("CRM-9.2.2",),
    iso=("5.15", "5.18"),
    about=About.ACCOUNT,
    remedy=Remedy.LISTED,
    todo="Take it away, or put it into the role model and have its owner approve that.",
    steps=steps.TAKE_AWAY,
)


@dataclass(frozen=True, slots=True)
class Held:
    """One account of a person, beside the role model of the person's job.

    `person` None: the account is nobody's. `model` None: no role model in force speaks of the job. `outside`: what the
    account holds beside it.
    """

    active: bool | None
    person: str | None
    model: str | None
    outside: tuple[str, ...] = ()


def ask(held: Held) -> Answer:
    """Judge one account by the role model of its person's job."""
    if held.active is None:
        return CannotTell("the system does not say whether the account is active")
    if not held.active:
        return Holds()
    if held.person is None:
        return CannotTell("it is nobody's, so that nobody knows what its job needs")
    if held.model is None:
        return CannotTell("no approved role model says what the job needs here")
    return Fails(f"holds {listed(held.outside)} beside the role model {held.model}") if held.outside else Holds()
