"""Some accounts read again, now: the same questions as a whole reading's, narrowed to a few people.

What belongs to no account (lookups such as which sets make an account API-only) is read as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.connector import Page
from connectors.records import Stream
from connectors.salesforce import accounts, grants, rights
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Part
from connectors.salesforce.reading import read_stream

AT_A_TIME = 200  # keys in one question; a query may be 100,000 characters long
# The column of each object that names the account.
WHOSE = {
    "User": "Id",
    "UserLogin": "UserId",
    "PermissionSetAssignment": "AssigneeId",
    "PermissionSetLicenseAssign": "AssigneeId",
    "GroupMember": "UserOrGroupId",
    "UserPackageLicense": "UserId",
    "UserTerritory2Association": "UserId",
    "SessionPermSetActivation": "UserId",
}


def again(client: Client, keys: Sequence[str]) -> Iterator[Page]:
    """Pages of accounts and of grants, about these accounts alone."""
    line = client.line()
    try:
        held = line.connection.kept("rights", lambda: rights.own(line))
        for begin in range(0, len(keys), AT_A_TIME):
            some = keys[begin : begin + AT_A_TIME]
            for stream, parts in ((Stream.ACCOUNTS, accounts.parts), (Stream.GRANTS, grants.parts)):
                gathered = Gathered(at=line.now(), rights=held)
                narrow = [narrowed(part, some) for part in parts(line, gathered)]
                yield from read_stream(line, stream, narrow, gathered, None)
    finally:
        line.hang_up()


def narrowed(part: Part, keys: Sequence[str]) -> Part:
    """The part, about these accounts alone where its object names an account."""
    column = WHOSE.get(part.source)
    if column is None:
        return part
    listed = ", ".join("'" + key.replace("\\", "").replace("'", "") + "'" for key in keys)
    where = f"{column} IN ({listed})"
    return replace(part, where=f"({part.where}) AND {where}" if part.where else where, windows=None)
