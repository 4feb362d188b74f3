"""Asking what depends on a person's account, for `consequences` to tell.

Counts are of what the executor may see, so they are "at least"; what it may not ask about is left out, never taken for 0.
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.errors import Denied, Misread
from connectors.salesforce.client import Client
from connectors.salesforce.consequences import APPS, BREAKS, DEFAULTS, RUN_AS, RUNS, STAYS, STOPS
from connectors.salesforce.soql import Row, quote, same_id, text

Count = Callable[[str, str], int]  # an object and a condition, to the server's count
Rows = Callable[[str], list[Row]]
OF_THE_ORG = (
    *("WebToLeadDefaultOwnerId", "WebToLeadDefaultCreatorId"),
    *("WebToCaseDefaultOwnerId", "WebToCaseDefaultCreatorId"),
)


def seen(client: Client, count: Count, rows: Rows, key: str, username: str) -> dict[str, str | None]:
    """Everything that we can see to depend on the account, as facts of a look: counts as text, only where there are any."""
    found: dict[str, str | None] = {}
    for name, source, where in (*STOPS, *STAYS):
        _note(found, BREAKS + name, lambda s=source, w=where: str(count(s, w.format(quote(key)))))  # type: ignore[misc]
    for name, source, where in RUN_AS:
        asked = where.format(quote(key), quote(username))
        _note(found, RUNS + name, lambda s=source, w=asked: str(count(s, w)))  # type: ignore[misc]
    _note(found, BREAKS + APPS, lambda: _apps(rows, key))
    _note(found, BREAKS + DEFAULTS, lambda: _defaults(client, rows, key))
    _note(found, "manager", lambda: _manager(rows, key))
    return found


def _note(found: dict[str, str | None], name: str, ask: Callable[[], str | None]) -> None:
    try:
        said = ask()
    except (Denied, Misread):  # not ours to see, or not of this org
        return
    if said not in (None, "", "0"):
        found[name] = said


def _apps(rows: Rows, key: str) -> str:
    found = rows(f"SELECT AppName, LastUsedDate FROM OauthToken WHERE UserId = {quote(key)}")
    return ", ".join(sorted({name for row in found if (name := text(row, "AppName"))}))


def _defaults(client: Client, rows: Rows, key: str) -> str:
    there = [column for column in OF_THE_ORG if column in client.columns("Organization")]
    if not there:
        return ""
    (row,) = rows(f"SELECT {', '.join(there)} FROM Organization")[:1] or [{}]
    return ", ".join(column for column in there if same_id(text(row, column), key))


def _manager(rows: Rows, key: str) -> str | None:
    found = rows(f"SELECT Manager.Username FROM User WHERE Id = {quote(key)} AND Manager.IsActive = true")
    return text(found[0], "Manager.Username") if found else None
