"""What to do about the roster: nothing by machine. The HR system behind the file is changed by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.connector import Act, ByHand, Config, Coverage, Look, State, Target
from connectors.errors import Declined
from connectors.receipt import ActReceipt
from connectors.roster.reader import RosterReader

BECAUSE = "the roster is a file; only the system that it was exported from can be changed"


class RosterExecutor:
    """An executor without acts."""

    def __init__(self, config: Config) -> None:
        self._reader = RosterReader(config)

    def check(self) -> Coverage:
        """What the reader says, and no acts."""
        return replace(self._reader.check(), acts=frozenset())

    def look(self, target: Target) -> Look:
        """UNKNOWN: a file shows the past."""
        return Look(State.UNKNOWN, {}, asked="nothing was asked", digest="", because=BECAUSE)

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        """Steps for a person."""
        who = target.email or target.account_key or "the person"
        return ByHand(BECAUSE, (f"Correct {who} in the HR system.", "Export the roster again and upload it."))

    def perform(self, act: Act) -> ActReceipt:
        """Declines: there is nothing to call."""
        raise Declined("a roster cannot be changed from here; correct the HR system", said=BECAUSE)

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        """Steps for a person."""
        return ByHand(BECAUSE, ("Correct the HR system, export the roster again and upload it.",))

    def close(self) -> None:
        """Nothing is held open."""
        self._reader.close()
