"""What is really in the org: the counts of all rows, and by category who a good review finds.

Read from the rows as they are now, not as they were made.
"""

from datetime import timedelta
from typing import Any

from connectors.sandbox.salesforce import flags, moments, schema
from connectors.sandbox.salesforce.world import KNOBS, World

INACTIVE_AFTER, DORMANT_AFTER = timedelta(days=90), timedelta(days=200)
PEOPLE = """u."IsActive" = 1 AND u."UserType" = 'Standard' """
HOLDERS = """"User" u JOIN "PermissionSetAssignment" a ON a."AssigneeId" = u."Id"
    JOIN "PermissionSet" s ON s."Id" = a."PermissionSetId" """
IN_FORCE = """a."IsActive" = 1 AND s."HasActivationRequired" = 0
    AND (a."ExpirationDate" IS NULL OR a."ExpirationDate" > :now)"""
DORMANT = """SELECT "DeleteToken" FROM "OauthToken"
    WHERE "LastUsedDate" < :dormant OR ("LastUsedDate" IS NULL AND "CreatedDate" < :dormant)"""


def told(world: World) -> dict[str, Any]:
    """Counts, categories with ids, what was planted, and how many hold each permission."""
    planted = world.store.kept("planted")
    categories = _categories(world, planted)
    return {
        "kind": "salesforce",
        "now": world.clock.now().isoformat(),
        "counts": {e.name: world.store.scalar(f'SELECT COUNT(*) FROM "{e.name}"') for e in schema.ENTITIES.values()},
        "categories": categories,
        "category_counts": {name: len(found) for name, found in categories.items()},
        "planted": planted,
        "holders": _holders(world),
        "accounts_by_roster_id": world.store.kept("accounts"),
        "knobs": world.knobs | {k: v for k, v in KNOBS.items() if k not in world.knobs},
    }


# What was planted and counts for as long as the account is active; several parts may make one category.
WHILE_ACTIVE = {
    "leavers_active": ("departed_admin", "leavers_salesforce"),
    **{
        part: (part,)
        for part in (
            *(
                "departed_admin",
                "nobody",
                "shared_email",
                "second_account",
                "away",
                "movers",
                "newcomers",
                "contractors",
            ),
            *("machines", "guests", "platform_accounts", "cannot_be_deactivated"),
        )
    },
}


def _categories(world: World, planted: dict[str, list[str]]) -> dict[str, list[str]]:
    active = set(_ids(world, 'SELECT "Id" FROM "User" WHERE "IsActive" = 1'))
    assigned = set(_ids(world, 'SELECT "Id" FROM "PermissionSetAssignment"'))
    found = {
        name: [id for part in parts for id in planted.get(part, []) if id in active]
        for name, parts in WHILE_ACTIVE.items()
    }
    return (
        found
        | _judged(world, set(planted["machines"]), set(planted.get("away", [])))
        | {
            "departed_admin_tokens": [t for t in planted["departed_admin_tokens"] if _token_lives(world, t)],
            "stale_assignments": [i for i in planted["stale_assignments"] if i in assigned],
            "frozen": _ids(world, 'SELECT "UserId" FROM "UserLogin" WHERE "IsFrozen" = 1'),
            "without_login_row": _ids(
                world, 'SELECT "Id" FROM "User" WHERE "Id" NOT IN (SELECT "UserId" FROM "UserLogin")'
            ),
            "dormant_tokens": _ids(world, DORMANT),
        }
    )


def _judged(world: World, machines: set[str], away: set[str]) -> dict[str, list[str]]:
    """What follows from the rows alone, whoever planted them."""
    people = f'SELECT u."Id" FROM "User" u WHERE {PEOPLE}'
    unused = f'{people} AND u."LastLoginDate" IS NULL AND u."CreatedDate" < :old'
    critical = " OR ".join(f's."Permissions{name}" = 1' for name in sorted(flags.CRITICAL))
    holding = f'SELECT DISTINCT u."Id" FROM {HOLDERS} WHERE {PEOPLE} AND {IN_FORCE} AND ({critical})'
    privileged = [i for i in _ids(world, holding) if i not in machines]
    accounts = world.store.kept("accounts")
    reasoned = {accounts.get(key) for key in world.store.kept("reasoned")}
    return {
        "inactive": [i for i in _ids(world, f'{people} AND u."LastLoginDate" < :old') if i not in machines | away],
        "never_used": [i for i in _ids(world, unused) if i not in machines],
        "privileged": privileged,
        "privileged_without_reason": [i for i in privileged if i not in reasoned],
    }


def _ids(world: World, sql: str) -> list[str]:
    """The ids a statement finds, with the moments it names: now, old (inactive since), dormant (unused since)."""
    now = world.clock.now()
    moment = {"now": now, "old": now - INACTIVE_AFTER, "dormant": now - DORMANT_AFTER}
    named = {name: moments.written(at) for name, at in moment.items() if f":{name}" in sql}
    return [row[0] for row in world.store.db.execute(sql, named)]


def _token_lives(world: World, token: str) -> bool:
    return bool(world.store.scalar('SELECT 1 FROM "OauthToken" WHERE "DeleteToken" = ?', [token]))


def _holders(world: World) -> dict[str, int]:
    """How many active accounts hold each permission, through whatever assignment is in force."""
    columns = ", ".join(f'COUNT(DISTINCT CASE WHEN s."{c}" = 1 THEN u."Id" END)' for c in flags.COLUMNS)
    sql = f'SELECT {columns} FROM {HOLDERS} WHERE u."IsActive" = 1 AND {IN_FORCE}'
    row = world.store.db.execute(sql, {"now": world.now()}).fetchone()
    return dict(zip(flags.NAMES, row, strict=True))
