"""What goes wrong on demand: each fault a CRM or the way to it can have, planned one by one or drawn from a seed.

Some faults replace the answer (`BEFORE`), some distort a page of rows (`PAGES`), and some happen to the connection
after everything is committed (`AFTER`). A fault that does not fit a call waits for one that it fits.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.wire import READING, Ask

BEFORE = {
    "unauthorized": "401 as for an expired session",
    "unauthorized_for_good": "401 that signing in again does not heal",
    "limit_daily": "the daily allowance is spent",
    "limit_concurrent": "too many calls at once",
    "too_many": "429; `retry_after` in seconds adds the header",
    "server_error": "`status` 500 or 503 (default 503)",
    "lock": "the row is locked by somebody else (Salesforce)",
    "nested_message": "an error whose message is itself JSON (HubSpot)",
    "stale_cursor": "the cursor is not known any more; fits only a call that brings one",
    "timeout": "no answer for `seconds` (default 30), then the connection closes; nothing was done",
}
PAGES = {
    "dropped_page": "the reading is said to be over although rows are missing; the total stays",
    "duplicates": "a page begins with the last row of the one before",
    "count_drift": "the count is off by `by` (default 1)",
    "short_page": "fewer rows than asked for, and the rest on the next page",
}
AFTER = {
    "cut_body": "half the body, then the connection closes",
    "lost_reply": "it was done, and the connection closes before a word of it; fits only a call that changes something",
}
ALWAYS = {
    "latency": "`ms` milliseconds before every answer",
    "clock_skew": "the Date header is off by `seconds` (default 3600)",
}
KNOWN = BEFORE | PAGES | AFTER | ALWAYS
# What a seed draws from: faults that a careful client survives without anybody's help.
DRAWN = (
    "unauthorized",
    "limit_concurrent",
    "too_many",
    "server_error",
    "cut_body",
    "lost_reply",
    "duplicates",
    "count_drift",
    "dropped_page",
    "short_page",
)


@dataclass
class Fault:
    """A planned fault: what, how many times (`None`: for ever), and which calls it fits."""

    fault: str
    times: int | None = 1
    after: int = 0
    method: str | None = None
    path: str | None = None
    principal: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def fits(self, ask: Ask, principal: str | None) -> bool:
        """Whether this call is one of those meant. `path` is a regular expression, searched in path and query."""
        if self.method and self.method.upper() != ask.method:
            return False
        if self.principal and self.principal != principal:
            return False
        if self.fault == "lost_reply" and ask.method in READING:
            return False
        text = ask.path + "?" + "&".join(f"{k}={v}" for k, vs in ask.query.items() for v in vs)
        return self.path is None or re.search(self.path, text, re.IGNORECASE) is not None


@dataclass
class Faults:
    """All that is planned, and what has happened of it."""

    planned: list[Fault] = field(default_factory=list)
    happened: list[dict[str, Any]] = field(default_factory=list)
    rng: random.Random | None = None
    rate: float = 0.0
    kinds: tuple[str, ...] = DRAWN

    def plan(self, wish: Mapping[str, Any]) -> None:
        """Take in a wish as JSON: `{"fault": …}`, `{"faults": [...]}`, `{"seed": 7, "rate": 0.03}` or `{"clear": true}`.

        With a seed, `kinds` says what is drawn from. Refuses an unknown fault with `ValueError`.
        """
        if wish.get("clear"):
            self.planned.clear()
            self.happened.clear()
            self.rng = None
        if "seed" in wish:
            self.rng, self.rate = random.Random(f"faults:{wish['seed']}"), float(wish.get("rate", 0.03))
            self.kinds = tuple(_known(kind) for kind in wish.get("kinds", DRAWN))
        wishes = [*wish.get("faults", []), *([wish] if "fault" in wish else [])]
        for one in wishes:
            self.planned.append(_read(one))

    def latency(self) -> float:
        """Seconds to wait before every answer."""
        return max((float(f.options.get("ms", 100)) / 1000 for f in self.planned if f.fault == "latency"), default=0.0)

    def skew(self) -> float:
        """Seconds by which the server's clock is off."""
        return next((float(f.options.get("seconds", 3600)) for f in self.planned if f.fault == "clock_skew"), 0.0)

    def due(
        self,
        among: Mapping[str, str],
        ask: Ask,
        principal: str | None,
        applies: Callable[[Fault], bool] = lambda _: True,
    ) -> Fault | None:
        """The next fault of these kinds that fits this call and can be applied to it; it is used up by that."""
        for fault in list(self.planned):
            if (
                fault.fault not in among
                or fault.fault in ALWAYS
                or not fault.fits(ask, principal)
                or not applies(fault)
            ):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.planned.remove(fault)
            return self._happens(fault, ask)
        return self._drawn(among, ask, principal, applies)

    def _drawn(
        self, among: Mapping[str, str], ask: Ask, principal: str | None, applies: Callable[[Fault], bool]
    ) -> Fault | None:
        kinds = [kind for kind in self.kinds if kind in among]
        if self.rng is None or not kinds or self.rng.random() >= self.rate:
            return None
        fault = Fault(self.rng.choice(kinds), options={"retry_after": 1} if self.rng.random() < 0.5 else {})
        return self._happens(fault, ask) if fault.fits(ask, principal) and applies(fault) else None

    def _happens(self, fault: Fault, ask: Ask) -> Fault:
        self.happened.append({"fault": fault.fault, "method": ask.method, "path": ask.path})
        return fault

    def told(self) -> dict[str, Any]:
        """What is planned, what happened, and what there is."""
        planned = [
            {"fault": f.fault, "times": f.times, "after": f.after, "path": f.path} | f.options for f in self.planned
        ]
        return {"planned": planned, "happened": self.happened[-1000:], "known": KNOWN}


def _known(name: Any) -> str:
    if name not in KNOWN:
        raise ValueError(f"unknown fault {name!r}; there are {', '.join(KNOWN)}")
    return str(name)


def _read(wish: Mapping[str, Any]) -> Fault:
    name = _known(wish.get("fault"))
    own = {"fault", "times", "after", "method", "path", "principal", "faults", "seed", "rate", "kinds", "clear"}
    options = {k: v for k, v in wish.items() if k not in own}
    times = wish.get("times", 1)
    return Fault(
        name, times, int(wish.get("after", 0)), wish.get("method"), wish.get("path"), wish.get("principal"), options
    )
