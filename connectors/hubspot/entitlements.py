"""What an account can hold in HubSpot: roles (permission sets), teams, and super admin.

A role's permissions are not readable by any API, so its privileges are None. On plans without roles or teams HubSpot
refuses the list: that is a fact about the plan, kept in the receipt. A role or team that a user holds but no list names
still gets a record, so that the grant can be reviewed. A seat is a licence: it stands with the account, and is counted in
`usage`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from connectors.connector import Page
from connectors.errors import Denied
from connectors.hubspot import accounts, refusals, turns
from connectors.hubspot.client import Client
from connectors.hubspot.lists import Batch, Row, Shelf, folded, receipt, text, texts, walk
from connectors.hubspot.paths import Place
from connectors.records import EntitlementRecord, Privilege, Stream

KINDS = ("super_admin", "role", "team")
SUPER_ADMIN = EntitlementRecord(
    key="super_admin",
    kind="super_admin",
    name="Super admin",
    description="Everything in the account, whatever the role says. Given and taken away in HubSpot's own pages only.",
    privileges=tuple(privilege for privilege in Privilege if privilege is not Privilege.BYPASS_SIGN_IN),
    native=("superAdmin",),
)


def pull(client: Client, shelf: Shelf, resume: str | None) -> Iterator[Page]:
    """Roles, teams, and then what only the users show."""
    sheets: list[turns.Sheet] = []
    missing: list[str] = []
    named: dict[str, EntitlementRecord] = {}
    for place, record in ((Place.ROLES, role), (Place.TEAMS, team)):
        try:
            batches = list(listed(client, shelf, place, Stream.ENTITLEMENTS))
        except Denied as error:
            missing.append(f"{place}: {refusals.closed(error)}")
            continue
        for batch in batches:
            found = {each.key: each for row in batch.rows if (each := record(row))}
            nameless = sum(1 for row in batch.rows if text(row, "id") is None)
            dropped = [f"{nameless} {place} without an id"] if nameless else []
            sheets.append((tuple(found.values()), receipt(batch, str(place), dropped=dropped)))
            named |= found
    users = list(accounts.kept(client, shelf, Stream.ENTITLEMENTS))
    rows = [row for batch in users for row in batch.rows]
    of_users = [SUPER_ADMIN, *_unnamed(rows, named)]
    sheets.append((of_users, replace(folded(users, "users"), missing=tuple(missing))))
    return turns.numbered(Stream.ENTITLEMENTS, sheets, resume)


def listed(client: Client, shelf: Shelf, place: Place, stream: Stream) -> Iterator[Batch]:
    """Roles or teams: short lists without paging, fetched once."""
    return shelf.batches(place, stream, lambda: walk(client, place))


def role(row: Row) -> EntitlementRecord | None:
    """A role: an id and a name; HubSpot says no more about it than whether giving it touches the bill."""
    key = text(row, "id")
    if key is None:
        return None
    billing = ("requiresBillingWrite",) if row.get("requiresBillingWrite") is True else ()
    return EntitlementRecord(f"role:{key}", "role", text(row, "name") or f"role {key}", native=billing)


def team(row: Row) -> EntitlementRecord | None:
    """A team: it widens whose records a role shows, and allows nothing by itself."""
    key = text(row, "id")
    return EntitlementRecord(f"team:{key}", "team", text(row, "name") or f"team {key}", privileges=()) if key else None


def held(user: Row) -> tuple[str, ...]:
    """The keys of everything that a user's own row says it holds."""
    roles = dict.fromkeys(each for each in (text(user, "roleId"), *texts(user, "roleIds")) if each)
    teams = dict.fromkeys(each for each in (text(user, "primaryTeamId"), *texts(user, "secondaryTeamIds")) if each)
    return (
        *([SUPER_ADMIN.key] if user.get("superAdmin") is True else []),
        *(f"role:{each}" for each in roles),
        *(f"team:{each}" for each in teams),
    )


def _unnamed(users: Sequence[Row], named: Mapping[str, EntitlementRecord]) -> list[EntitlementRecord]:
    keys = dict.fromkeys(key for user in users for key in held(user) if key.startswith(("role:", "team:")))
    return [_bare(key) for key in keys if key not in named]


def _bare(key: str) -> EntitlementRecord:
    kind, _, number = key.partition(":")
    name = f"{kind} {number}"
    return EntitlementRecord(key, kind, name, description="held, but its name could not be read", privileges=None)
