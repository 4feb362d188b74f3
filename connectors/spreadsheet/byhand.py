"""What to do about an account in an export: nothing by machine, so every plan is a person's steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.connector import Act, ByHand, Config, Coverage, Look, State, Target, TargetKind
from connectors.errors import Declined
from connectors.receipt import ActReceipt
from connectors.spreadsheet.reader import SpreadsheetReader

BECAUSE = "an uploaded file has no way back into the system it came from"
AGAIN = "Export the users again and upload the file: that reading proves the change."


class SpreadsheetExecutor:
    """An executor without acts."""

    def __init__(self, config: Config) -> None:
        self._reader = SpreadsheetReader(config)

    def check(self) -> Coverage:
        """What the reader says, and no acts."""
        return replace(self._reader.check(), acts=frozenset())

    def look(self, target: Target) -> Look:
        """UNKNOWN: a file shows the past."""
        return Look(State.UNKNOWN, {}, asked="nothing was asked", digest="", because=BECAUSE)

    def plan(self, target: Target, before: Look) -> Sequence[Act] | ByHand:
        """Steps for a person."""
        who = target.username or target.email or target.account_key or "the account"
        if target.kind is TargetKind.GRANT:
            _, _, name = (target.entitlement_key or "").partition(":")
            what = f"Take {target.entitlement_kind or 'the right'} {name or target.entitlement_key} away from {who}."
        elif target.kind is TargetKind.ACCOUNT:
            what = f"Deactivate or remove {who}."
        else:
            what = f"Revoke {target.credential_key or target.integration_key}."
        return ByHand(BECAUSE, ("Open the system's administration as an administrator.", what, AGAIN))

    def perform(self, act: Act) -> ActReceipt:
        """Declines: there is nothing to call."""
        raise Declined("a file cannot be changed from here; change the system it came from", said=BECAUSE)

    def restore(self, before: Look) -> Sequence[Act] | ByHand:
        """Steps for a person."""
        return ByHand(BECAUSE, ("Give back in the system what was taken away.", AGAIN))

    def close(self) -> None:
        """Nothing is held open."""
        self._reader.close()
