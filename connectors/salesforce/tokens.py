"""OAuth tokens: how to read them all although Salesforce stops at 2,500, and what tells one from another.

Some objects silently end at 2,500 rows. They are counted first, and past that read by groups of accounts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial

from connectors.errors import Denied
from connectors.records import CredentialRecord, IntegrationRecord, Record
from connectors.salesforce import ahead
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Windows
from connectors.salesforce.soql import Row, among, quote, text, when

CEILING = 2500
USERS_AT_ONCE = 200
# Never the columns that hold a token's value, and never the handle that revokes it.
WISH = ("AppName", "AppMenuItemId", "AppMenuItem.ApplicationId", "UserId", "UseCount", "LastUsedDate", "CreatedDate")
TOKENS = "OauthToken"
SEES_ALL = "Customize Application"
HIDDEN = 5  # percent of holders; a few may be accounts of Salesforce's own that no query shows


def under_ceiling(source: str) -> Windows:
    """Windows for an object that ends at 2,500 rows and has a `UserId`: one, or one for every group of accounts."""

    def windows(client: Client, anchor: str, said: int) -> tuple[str, Sequence[str]]:
        if not (anchor or ("all" if said < CEILING else "split")).startswith("split"):
            return "all", [""]
        return "split", list(_divided(client, source, _everybody(client)))

    return windows


def _everybody(client: Client) -> list[str]:
    soql = "SELECT Id FROM User ORDER BY Id"
    page = client.query(soql)
    users = [found for row in page.rows if (found := text(row, "Id"))]
    while page.next:
        page = client.more(page.next, soql)
        users += [found for row in page.rows if (found := text(row, "Id"))]
    return users


def _divided(client: Client, source: str, users: list[str]) -> Iterator[str]:
    """Conditions that divide the rows of `users` into groups below the ceiling; users without rows cost a count."""
    groups = [users[begin : begin + USERS_AT_ONCE] for begin in range(0, len(users), USERS_AT_ONCE)]
    asks = [partial(_counted, source, among("UserId", some)) for some in groups]
    for number, there in ahead.in_order(client, asks):
        if there >= CEILING and len(groups[number]) > 1:
            yield from _halved(client, source, groups[number])
        elif there:
            yield among("UserId", groups[number])


def _counted(source: str, where: str, line: Client) -> Iterator[int]:
    yield line.count(source, where)


def _halved(client: Client, source: str, users: list[str]) -> Iterator[str]:
    waiting = [users[len(users) // 2 :], users[: len(users) // 2]]
    while waiting:
        some = waiting.pop()
        there = client.count(source, among("UserId", some))
        if there >= CEILING and len(some) > 1:
            waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
        elif there:
            yield among("UserId", some)


def insist_on_all(client: Client, *, sure: bool) -> None:
    """Refuse to read tokens where what we see contradicts itself.

    Without the right Salesforce shows our own tokens and calls them all; and a token whose account we do not see means
    that accounts are hidden from us. Denied names the right. `sure`: we know that we hold it, so none at all are none.
    """
    principal = client.token.principal
    everybody = client.count(TOKENS)
    ours = client.count(TOKENS, f"UserId = {quote(principal)}") if principal else everybody
    if everybody <= ours and (ours or not sure):
        raise Denied(f"integrations: only our own tokens are visible; our user needs {SEES_ALL}", missing=SEES_ALL)
    page = client.query(f"SELECT UserId FROM {TOKENS}")
    holders = sorted({found for row in page.rows if (found := text(row, "UserId"))})[:USERS_AT_ONCE]
    lost = len(holders) - client.count("User", among("Id", holders)) if holders else 0
    if lost * 100 > len(holders) * HIDDEN:
        raise Denied(
            f"integrations: {lost} of {len(holders)} accounts that hold tokens are hidden from us; "
            "our user needs View All Users",
            missing="View All Users",
        )


def app_key(name: str) -> str:
    """The key of an app that no list names: its label is all there is."""
    return f"app:{name}"


def token_key(user: str, app: str, created: str | None) -> str:
    """A token's stable key, made from what does not change; a token's Id is always null."""
    return hashlib.sha256("\x1f".join(("oauth", user, app, created or "")).encode()).hexdigest()[:32]


def token(row: Row, gathered: Gathered) -> Iterator[Record]:
    """One token as a credential; before it, once, the app that nobody listed."""
    user, name = text(row, "UserId"), text(row, "AppName")
    if user is None or name is None:
        raise Odd("a token without user or app")
    # The app menu's entry knows the app by Id; where there is none, the label is all there is, and may be an old one.
    app = text(row, "AppMenuItem.ApplicationId")
    integration = app if app in gathered.group("listed") else gathered.table("apps").get(name)
    if integration is None:
        integration = app_key(name)
        if integration not in gathered.group("derived"):
            gathered.group("derived").add(integration)
            yield IntegrationRecord(integration, kind="uninstalled_app", name=name, derived=True)
    base = token_key(user, name, text(row, "CreatedDate"))
    times = gathered.table("tokens")
    times[base] = times.get(base, 0) + 1
    yield CredentialRecord(
        key=base if times[base] == 1 else f"{base}#{times[base]}",
        kind="oauth_token",
        label=name,
        integration_key=integration,
        account_key=user,
        created=when(row.get("CreatedDate")),
        last_used=when(row.get("LastUsedDate")),
        uses_known_since=when(row.get("CreatedDate")),
    )
