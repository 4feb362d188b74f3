"""What each profile, permission set and group of sets allows on the kinds of record that matter.

Only kinds of record that are named (see `objects` in the configuration); no row stands where nothing is allowed. A group's
rows, like its flags, are those of the hidden set that sums it up, muting applied.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.records import ObjectRightRecord, Record
from connectors.salesforce.client import Client
from connectors.salesforce.entitlements import PARENT_WISH, entitlement_behind
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, quote, text, truth

SOURCE = "ObjectPermissions"
RIGHTS = {
    "read": "PermissionsRead",
    "create": "PermissionsCreate",
    "edit": "PermissionsEdit",
    "delete": "PermissionsDelete",
    "view_all": "PermissionsViewAllRecords",
    "change_all": "PermissionsModifyAllRecords",
}
WISH = ("Id", "ParentId", "SobjectType", *RIGHTS.values(), *PARENT_WISH)


def parts(client: Client, _gathered: Gathered) -> list[Part]:
    """One part. A kind of record that this org does not know by that name is told, for it may be misspelt."""
    wanted, known = client.access.objects, client.choices(SOURCE, "SobjectType")
    noted = tuple(f"{SOURCE}: this org has no {name}" for name in wanted if known and name not in known)
    names = ", ".join(quote(name) for name in wanted)
    return [Part(SOURCE, SOURCE, WISH, translate, where=f"SobjectType IN ({names})", noted=noted)]


def translate(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """What one entitlement allows on one kind of record."""
    holder, name = entitlement_behind(row, "Parent"), text(row, "SobjectType")
    if holder is None or name is None:
        raise Odd("an object right without holder or kind of record")
    said = {right: truth(row, column) for right, column in RIGHTS.items()}
    yield ObjectRightRecord(f"{holder}:{name}", holder, name, **said)
