"""Changes to access and configuration, as the setup audit trail keeps them for at least 180 days.

`Action` is a stable word to match on; `Display` is a sentence in the language of whoever did it, for people only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from connectors.records import ChangeRecord, Record
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, moment, text, when

WISH = ("Id", "Action", "Section", "Display", "CreatedById", "CreatedDate", "DelegateUser")


def parts(client: Client, gathered: Gathered) -> list[Part]:
    """One part: the last `change_days` days."""
    since = gathered.at.replace(hour=0, minute=0, second=0) - timedelta(days=client.access.change_days)
    where = f"CreatedDate >= {moment(since)}"
    return [Part("SetupAuditTrail", "SetupAuditTrail", WISH, translate, where=where, windows=_same, anchor=where)]


def _same(_client: Client, anchor: str, _said: int) -> tuple[str, Sequence[str]]:
    """One window, whose beginning stays the same when a reading goes on after midnight."""
    return anchor, [anchor]


def translate(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """One logged change."""
    key, at, action = text(row, "Id"), when(row.get("CreatedDate")), text(row, "Action")
    if key is None or at is None or action is None:
        raise Odd("a change without Id, time or action")
    said = [found for column in ("Section", "Display") if (found := text(row, column))]
    if delegate := text(row, "DelegateUser"):
        said.append(f"on behalf of {delegate}")
    yield ChangeRecord(key, at, action, actor_key=text(row, "CreatedById"), text=": ".join(said) or None)
