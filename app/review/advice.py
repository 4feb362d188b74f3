"""What a reviewer is told beside an item: its use, in bands, how much it deserves a second look, and what is advised.

Times of use never reach a manager, only bands (within 30 days, within 90 days, longer, never, unknown). The set-wise
twins are in `shown`; a property test proves that both agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Use(StrEnum):
    """How long ago something was last used, as seen at freezing."""

    RECENT = "within 30 days"
    QUARTER = "within 90 days"
    LONGER = "longer"
    NEVER = "never"
    UNKNOWN = "unknown"


RECENT_DAYS = 30
QUARTER_DAYS = 90

# What makes an item come first in a reviewer's list. The worst finding counts once; the rest adds up.
PRIVILEGED = 40
CONTENTS_UNKNOWN = 10
CONTENTS_CHANGED = 20
NOBODYS = 15
USE_RISK: Mapping[Use, int] = {Use.RECENT: 0, Use.QUARTER: 5, Use.UNKNOWN: 5, Use.LONGER: 15, Use.NEVER: 20}
FINDING_RISK: Mapping[str, int] = {"critical": 40, "high": 30, "medium": 15, "low": 5}


def use(last: datetime | None, known_since: datetime | None, created: datetime | None, at: datetime) -> Use:
    """The band of a last use, seen at `at`.

    Without any use, `known_since` says how far back that silence is known: from the beginning means never; for longer than
    the last band, longer; less than that tells nothing.
    """
    if last is not None:
        if last > at - timedelta(days=RECENT_DAYS):
            return Use.RECENT
        return Use.QUARTER if last > at - timedelta(days=QUARTER_DAYS) else Use.LONGER
    if known_since is None:
        return Use.UNKNOWN
    if created is not None and known_since <= created:
        return Use.NEVER
    return Use.LONGER if known_since <= at - timedelta(days=QUARTER_DAYS) else Use.UNKNOWN


def risk(*, privileged: bool, contents_known: bool, nobodys: bool, used: Use, worst: str | None) -> int:
    """How much an item deserves a second look. `worst` is the severity of its worst open finding."""
    return (
        (PRIVILEGED if privileged else 0)
        + (0 if contents_known else CONTENTS_UNKNOWN)
        + (NOBODYS if nobodys else 0)
        + USE_RISK[used]
        + (FINDING_RISK[worst] if worst else 0)
    )


# --- advice ---

PEERS = 5  # fewer people than this have no custom
REMOVE = {  # what speaks against, each enough by itself
    "gone": "its holder no longer works here",
    "unused": "not used for over 90 days, or never",
    "over": "it should have ended by now",
    "alone": "nobody else of the job has it",
    "finding": "something serious was found wrong with it",
}
KEEP = {  # what speaks for it; two together are advice
    "model": "the role model of the job has it",
    "used": "used within 90 days",
    "usual": "at least half of the job have it",
    "last": "it stayed last time",
}
DOUBT = {"account": "something serious was found wrong with its account"}  # no ground to remove it, and none to keep it
SERIOUS = ("critical", "high")
# Of what access contains. The first is advice to remove it; the last, where it stands alone, to keep it.
CONTENTS = {
    "unheld": "nobody has it",
    "changed": "it changed since it was last decided on",
    "finding": REMOVE["finding"],
    "last": KEEP["last"],
}
BITS: Mapping[str, int] = {code: 2**place for place, code in enumerate((*REMOVE, *DOUBT, *KEEP, "privileged"))}


def codes(kind: str, shown: Mapping[str, Any], seen: str) -> tuple[str, ...]:
    """What speaks against an item and for it, by the words of `REMOVE`, `DOUBT` and `KEEP`. `seen` is its reading's day."""
    who, peers = shown.get("who") or {}, shown.get("peers") or {}
    until = (shown.get("how") or {}).get("until")
    held, of = peers.get("held"), peers.get("of") or 0
    used, last = shown.get("use"), shown.get("last") or {}
    told = {
        "gone": who.get("employed") is False,
        "unused": used in (Use.NEVER, Use.LONGER),
        "over": until is not None and until < seen,
        "alone": of >= PEERS and held == 1,
        "finding": any(each["severity"] in SERIOUS for each in shown.get("findings") or ()),
        "account": any(each["severity"] in SERIOUS for each in shown.get("account_findings") or ()),
        "model": bool(shown.get("covered")),
        "used": used in (Use.RECENT, Use.QUARTER),
        "usual": of >= PEERS and held is not None and held * 2 >= of,
        "last": last.get("answer") in ("keep", "acknowledge") and not (last.get("silent") or last.get("imported")),
    }
    return tuple(code for code, so in told.items() if so)


def says(told: tuple[str, ...], *, privileged: bool) -> str | None:
    """The advice that follows: remove, keep, or none. Privileged access is kept only if it is used and stayed last time,
    nothing while something serious is open on its account: who took out a mass of data uses what they did it by."""
    if any(code in REMOVE for code in told):
        return "remove"
    if any(code in DOUBT for code in told):
        return None
    if privileged:
        return "keep" if {"used", "last"} <= set(told) else None
    return "keep" if "model" in told or sum(code in KEEP for code in told) >= 2 else None


def of_contents(*, held: bool, changed: bool, serious: bool, stayed: bool) -> dict[str, str | None]:
    """What is advised about a group or a definition, as it is frozen."""
    told = [
        code for code, so in (("unheld", not held), ("changed", changed), ("finding", serious), ("last", stayed)) if so
    ]
    advised = "remove" if not held else "keep" if told == ["last"] else None
    return {"says": advised, "because": " ".join(told)}


def every() -> Iterator[tuple[int, dict[str, str | None]]]:
    """All the advice there can be, as it is frozen, each under the sum of its `BITS`."""
    for number in range(2 ** len(BITS)):
        told = tuple(code for code in (*REMOVE, *DOUBT, *KEEP) if number & BITS[code])
        yield number, {"says": says(told, privileged=bool(number & BITS["privileged"])), "because": " ".join(told)}


def because(advice: Mapping[str, Any]) -> list[str]:
    """The reasons of an advice as it was frozen, in words; those that the advice rests on only."""
    resting = {"remove": REMOVE | {"unheld": CONTENTS["unheld"]}, "keep": KEEP}
    words = resting.get(str(advice.get("says")), CONTENTS | REMOVE | DOUBT | KEEP)
    return [words[code] for code in str(advice.get("because") or "").split() if code in words]
