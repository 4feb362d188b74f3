"""The account's own facts: time zone, currency, where its data lie, and what kind of account it is.

HubSpot has no endpoint for its sign-in policy; changes of it stand in the security history (`changes`).
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.connector import Page
from connectors.hubspot import turns
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Row, Shelf, text, texts
from connectors.receipt import PageReceipt
from connectors.records import SettingRecord, Stream


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """One page."""
    answer = client.details()
    records = translate(answer.body())
    receipt = PageReceipt("account details", answer.asked, len(records), answer.digest, answer.at, last=True)
    return turns.numbered(Stream.SETTINGS, [(records, receipt)], resume)


def translate(details: Row) -> tuple[SettingRecord, ...]:
    """Every plain fact, sorted by name; a list becomes one text."""
    return tuple(
        SettingRecord(
            f"account.{name}", ", ".join(texts(details, name)) if isinstance(value, list) else text(details, name)
        )
        for name, value in sorted(details.items())
        if not isinstance(value, dict)
    )
