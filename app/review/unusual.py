"""What makes an item unusual, so that it is decided on by itself; the ordinary ones of a person are kept with one answer.

Unusual is: it can do harm, something is wrong with it, nobody knows whose it is or what it allows, it came since the last
review, nobody like its holder has it, or it is not used. Unknown use alone is not: most systems do not tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PEERS = 5  # fewer people than this have no custom to depart from


class Why(StrEnum):
    """One way to be unusual."""

    PRIVILEGED = "privileged"
    FINDING = "finding"
    GONE = "gone"
    NOBODYS = "nobodys"
    CONTENTS = "contents"
    PROGRAM = "program"
    NEW = "new"
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
    if kind in ("integration", "credential"):
        told.append(Reason(Why.PROGRAM, "a program's way in"))
    if kind != "grant" or not beside.account_apart:
        told += _of_account(kind, shown)
    what = shown.get("what") or {}
    if kind == "grant" and what.get("privileges") is None:
        told.append(Reason(Why.CONTENTS, "the system does not say what it allows"))
    if beside.reviewed_before and not shown.get("last"):
        told.append(Reason(Why.NEW, "new since the last review"))
    if kind == "grant" and beside.holders == 1 and beside.people >= PEERS:
        told.append(Reason(Why.ALONE, f"the only one of {beside.people} people with it"))
    return tuple(told)


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
