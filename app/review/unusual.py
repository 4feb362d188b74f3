"""What makes an item unusual, so that it is decided on by itself; the ordinary ones of a person are kept with one answer.

Unusual is: it is asked for itself, it can do harm, something is wrong with it, nobody knows whose it is or what it allows,
 it came since the last review, it ends by itself, the job is not meant to have it, nobody like its holder has it, or
it is not used. Unknown use alone is not: most systems do not tell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.review.advice import SERIOUS

PEERS = 5  # fewer people than this have no custom to depart from


class Why(StrEnum):
    """One way to be unusual."""

    PRIVILEGED = "privileged"
    FINDING = "finding"
    GONE = "gone"
    NOBODYS = "nobodys"
    CONTENTS = "contents"
    ITSELF = "itself"
    CHANGED = "changed"
    PROGRAM = "program"
    NEW = "new"
    TEMPORARY = "temporary"
    OUTSIDE = "outside"
    ALONE = "alone"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item stands alone, in words for its reviewer."""

    why: Why
    says: str
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known around an item: whether its system was reviewed before, and how many people of the same share hold it.

    `account_apart`: the account behind a grant is an item of the same share, so what is wrong with it is asked there.
    """

    reviewed_before: bool
    holders: int = 0
    people: int = 0
    account_apart: bool = False


def reasons(kind: str, *, privileged: bool, shown: Mapping[str, Any], beside: Beside) -> tuple[Reason, ...]:
    """Every way in which an item is unusual, the worst first; none means that it is ordinary."""
    told: list[Reason] = []
    if privileged:
        told.append(Reason(Why.PRIVILEGED, "privileged"))
    told += [_finding(each) for each in shown.get("findings") or ()]
    if kind in _CONTENTS:
        return (*told, *_of_contents(kind, shown))
    if kind in ("integration", "credential"):
        told.append(Reason(Why.PROGRAM, "a program's way in"))
    if kind != "grant" or not beside.account_apart:
        told += _of_account(kind, shown)
    what = shown.get("what") or {}
    if kind == "grant" and what.get("privileges") is None:
        told.append(Reason(Why.CONTENTS, "the system does not say what it allows"))
    if beside.reviewed_before and not shown.get("last"):
        told.append(Reason(Why.NEW, "new since the last review"))
    until = (shown.get("how") or {}).get("until")
    if kind == "grant" and until:
        told.append(Reason(Why.TEMPORARY, f"temporary, until {until}"))
    return (*told, *_among_peers(kind, shown, beside))


_CONTENTS = {"group": "who is in it, and what it opens", "definition": "what whoever has it may do"}


def against(reasons: Iterable[Reason]) -> str | None:
    """The worst severity of what is seriously wrong with it, against which nobody keeps it without a reason."""
    found = {each.severity for each in reasons if each.why is Why.FINDING}
    return next((severity for severity in SERIOUS if severity in found), None)


def _of_contents(kind: str, shown: Mapping[str, Any]) -> list[Reason]:
    """A group or definition is asked for itself, and so always alone."""
    told = [Reason(Why.ITSELF, _CONTENTS[kind])]
    if shown.get("changed"):
        told.insert(0, Reason(Why.CHANGED, "changed since it was last decided on"))
    if (shown.get("what") or {}).get("own") is None:
        told.append(Reason(Why.CONTENTS, "the system does not say what it allows"))
    if shown.get("new"):
        told.append(Reason(Why.NEW, "new since the last review"))
    if not (shown.get("what") or {}).get("reached"):
        told.append(Reason(Why.UNUSED, "nobody has it"))
    return told


def _among_peers(kind: str, shown: Mapping[str, Any], beside: Beside) -> list[Reason]:
    """Whether a grant is what its holder's job is meant to have, by the role model and by custom."""
    if kind != "grant":
        return []
    model, told = shown.get("model"), []
    if model and not shown.get("in_model"):
        told.append(Reason(Why.OUTSIDE, f"outside the role model {model['name']} v{model['number']}"))
    peers = shown.get("peers")
    holders, people = (peers["held"], peers["of"]) if peers else (beside.holders, beside.people)
    if holders == 1 and people >= PEERS:
        of = "of this job" if peers else "people"
        told.append(Reason(Why.ALONE, f"the only one of {people} {of} with it"))
    return told


def _of_account(kind: str, shown: Mapping[str, Any]) -> list[Reason]:
    told = [_finding(each) for each in shown.get("account_findings") or ()]
    who = shown.get("who") or {}
    if who.get("employed") is False:
        told.append(Reason(Why.GONE, "its holder no longer works here", "high"))
    if kind in ("grant", "account") and who.get("employed") is None:
        told.append(Reason(Why.NOBODYS, "nobody knows whose it is"))
    if shown.get("use") == "never":
        told.append(Reason(Why.UNUSED, "never used"))
    if shown.get("use") == "longer":
        told.append(Reason(Why.UNUSED, "not used for over 90 days"))
    return told


def _finding(found: Mapping[str, Any]) -> Reason:
    return Reason(Why.FINDING, str(found["because"]), str(found["severity"]))
