"""One call, answered with whatever goes wrong with it: the part of a sandbox that needs no network.

`web` carries it over a socket, and so may anything else that can hand over an `Ask`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from connectors.sandbox import faults as faulty
from connectors.sandbox.calls import Calls
from connectors.sandbox.clock import Clock
from connectors.sandbox.faults import Fault, Faults
from connectors.sandbox.wire import Answer, Ask, Pretender


@dataclass(frozen=True)
class Outcome:
    """What the caller gets: after `wait` seconds the whole answer, the first half of it, or a closed connection."""

    answer: Answer | None
    fault: str | None = None
    wait: float = 0.0
    delivered: Literal["whole", "half", "nothing"] = "whole"


@dataclass
class Exchange:
    """A pretender with its faults, its clock and the list of the calls it answered."""

    pretender: Pretender
    faults: Faults
    clock: Clock
    calls: Calls

    def hear(self, ask: Ask) -> Outcome:
        """Answer one call, and write it down."""
        principal = self.pretender.principal(ask)
        outcome = self._outcome(ask, principal)
        latency = self.faults.latency()
        self.calls.note(ask, outcome.answer, principal, outcome.fault)
        return replace(outcome, wait=outcome.wait + latency) if latency else outcome

    def _outcome(self, ask: Ask, principal: str | None) -> Outcome:
        refused = self._refused(ask, principal)
        if refused is not None:
            return refused
        answer = self.pretender.answer(ask)
        distorted = self._distorted(ask, principal, answer) if answer.status == 200 else None
        if distorted is not None:
            return distorted
        after = self.faults.due(faulty.AFTER, ask, principal)
        if after is None:
            return Outcome(answer)
        if after.fault == "cut_body" and answer.content():
            return Outcome(answer, after.fault, delivered="half")
        return Outcome(None, after.fault, delivered="nothing")

    def _refused(self, ask: Ask, principal: str | None) -> Outcome | None:
        found: list[Answer] = []

        def applies(candidate: Fault) -> bool:
            if candidate.fault == "timeout":
                return True
            refusal = self.pretender.refusal(candidate.fault, ask, candidate.options)
            found.extend([] if refusal is None else [refusal])
            return refusal is not None

        fault = self.faults.due(faulty.BEFORE, ask, principal, applies)
        if fault is None:
            return None
        if fault.fault == "timeout":
            return Outcome(None, fault.fault, float(fault.options.get("seconds", 30)), "nothing")
        self.pretender.suffer(fault.fault, ask)
        return Outcome(found[-1], fault.fault)

    def _distorted(self, ask: Ask, principal: str | None, answer: Answer) -> Outcome | None:
        found: list[Answer] = []

        def applies(candidate: Fault) -> bool:
            distorted = self.pretender.distort(candidate.fault, ask, answer, candidate.options)
            found.extend([] if distorted is None else [distorted])
            return distorted is not None

        fault = self.faults.due(faulty.PAGES, ask, principal, applies)
        return Outcome(found[-1], fault.fault) if fault is not None and found else None

    def date(self) -> str:
        """What the Date header says: the real time, unless the server's clock is made to be off."""
        return self.clock.header(self.faults.skew())

    def told(self) -> Mapping[str, object]:
        """The calls so far."""
        return self.calls.told()
