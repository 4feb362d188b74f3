"""What a caller may do: the permissions that all their assignments add up to, and what those let them see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.salesforce import flags, moments
from connectors.sandbox.salesforce.schema import Entity
from connectors.sandbox.store import Store


@dataclass(frozen=True)
class Caller:
    """Somebody with a valid session: their User id, which credential they came with, and their permissions."""

    id: str
    principal: str
    holds: frozenset[str]
    absent: frozenset[str] = frozenset()  # objects of features this org does not have
    readable: frozenset[str] = frozenset()  # objects whose records this caller may read

    def holds_any(self, names: Iterable[str]) -> bool:
        """Whether one of these is held; nothing asked is held by everybody."""
        wanted = list(names)
        return not wanted or any(name in self.holds for name in wanted)


def caller(store: Store, account: str, principal: str, now: datetime, absent: frozenset[str] = frozenset()) -> Caller:
    """Who is calling, with the permissions in force now: assignments active, not expired, in need of no activation."""
    sums = ", ".join(f'MAX(s."{column}")' for column in flags.COLUMNS)
    row = store.row(
        f'SELECT {sums} FROM "PermissionSetAssignment" a JOIN "PermissionSet" s ON s."Id" = a."PermissionSetId" '
        'WHERE a."AssigneeId" = ? AND a."IsActive" = 1 AND s."HasActivationRequired" = 0 '
        'AND (a."ExpirationDate" IS NULL OR a."ExpirationDate" > ?)',
        [account, moments.written(now)],
    )
    held = frozenset(name for name, on in zip(flags.NAMES, row or [], strict=False) if on)
    readable = store.column(
        'SELECT DISTINCT o."SobjectType" FROM "ObjectPermissions" o JOIN "PermissionSetAssignment" a '
        'ON a."PermissionSetId" = o."ParentId" WHERE a."AssigneeId" = ? AND a."IsActive" = 1 AND o."PermissionsRead" = 1',
        [account],
    )
    return Caller(account, principal, held, absent, frozenset(readable))


def may_see(entity: Entity, caller: Caller) -> bool:
    """Whether the object exists for this caller. What shows one's own rows only exists for everybody."""
    if entity.name in caller.absent:
        return False
    if entity.read:
        return entity.name in caller.readable or caller.holds_any(("ViewAllData", "ModifyAllData"))
    if entity.every:
        return all(need in caller.holds for need in entity.needs)
    return entity.own or caller.holds_any(entity.needs)
