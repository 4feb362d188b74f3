"""Who holds what in HubSpot: super admin, roles and teams, from the users' own rows.

A team's own list of members is the second witness: whom it names besides is granted the team as well, and each
contradiction between the two is said in the receipt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.connector import Page
from connectors.errors import Denied
from connectors.hubspot import accounts, entitlements, refusals, turns
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Row, Shelf, folded, receipt, text, texts
from connectors.hubspot.paths import Place
from connectors.records import GrantRecord, Stream


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """The grants, a page of users at a time; the teams' own lists first."""
    sheets: list[turns.Sheet] = []
    missing: list[str] = []
    users = list(accounts.kept(client, shelf, Stream.GRANTS))
    rows = [row for batch in users for row in batch.rows]
    members: dict[str, list[str]] = {}
    try:
        live = list(accounts.owners(client, shelf, Stream.GRANTS))
        accounts.insist_complete(client, rows, dict.fromkeys(accounts.by_user(live), "owners"))
        sheets.append(((), folded(live, "owners")))
    except Denied as error:
        missing.append(f"owners, as witnesses: {refusals.closed(error)}")
    try:
        teams = list(entitlements.listed(client, shelf, Place.TEAMS, Stream.GRANTS))
        members, said = compared(rows, [row for batch in teams for row in batch.rows])
        sheets.append(((), folded(teams, "teams", said)))
    except Denied as error:
        missing.append(f"teams: {refusals.closed(error)}")
    for batch in users:
        records = translate(batch.rows, members)
        sheets.append((records, receipt(batch, "users", missing=missing if batch.after is None else ())))
    return turns.numbered(Stream.GRANTS, sheets, resume)


def translate(users: Sequence[Row], members: Mapping[str, Sequence[str]]) -> tuple[GrantRecord, ...]:
    """User rows into grants. `members`: account key -> teams that name it besides."""
    return tuple(
        GrantRecord(key, entitlement)
        for user in users
        if (key := text(user, "id"))
        for entitlement in dict.fromkeys((*entitlements.held(user), *members.get(key, ())))
    )


def compared(users: Sequence[Row], teams: Sequence[Row]) -> tuple[dict[str, list[str]], list[str]]:
    """Teams that name a user whose own row does not, by user; and every contradiction in words."""
    own = {key: set(entitlements.held(user)) for user in users if (key := text(user, "id"))}
    named: dict[str, set[str]] = {}
    for team in teams:
        of_team = {*texts(team, "userIds"), *texts(team, "secondaryUserIds")}
        named[f"team:{text(team, 'id')}"] = of_team
    members: dict[str, list[str]] = {}
    said: list[str] = []
    for team_key, of_team in named.items():
        for key in sorted(of_team):
            if key not in own:
                said.append(f"{team_key} names user {key}, who is not in the user list")
            elif team_key not in own[key]:
                said.append(f"{team_key} names user {key}, whose own row does not name it; counted as a member")
                members.setdefault(key, []).append(team_key)
        absent = sorted(key for key, held in own.items() if team_key in held and key not in of_team)
        said += [f"user {key} names {team_key}, which does not name the user; counted as a member" for key in absent]
    return members, said
