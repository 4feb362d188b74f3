"""What is really in the portal: the counts of all rows, and by category who a good review finds.

Read from the rows as they are now, not as they were made.
"""

from datetime import timedelta
from typing import Any

from connectors.sandbox.hubspot import moments
from connectors.sandbox.hubspot.world import World

INACTIVE_AFTER = timedelta(days=90)


def told(world: World) -> dict[str, Any]:
    """Counts, categories with account ids, and what was planted."""
    categories = _categories(world)
    tables = ("account", "role", "team", "login", "security", "audit", "smtp_token")
    counts = {name: world.store.scalar(f"SELECT COUNT(*) FROM {name}") for name in tables}
    since = moments.written(world.clock.now() - INACTIVE_AFTER)
    states = {row[0]: row[1] for row in world.store.rows("SELECT state, COUNT(*) FROM account GROUP BY state")}
    return {
        "kind": "hubspot",
        "now": world.clock.now().isoformat(),
        "counts": counts | {"login_served": world.store.scalar("SELECT COUNT(*) FROM login WHERE at >= ?", [since])},
        "states": states,
        "categories": categories,
        "category_counts": {name: len(found) for name, found in categories.items()},
        "planted": world.store.kept("planted"),
        "accounts_by_roster_id": world.store.kept("accounts"),
        "owners_of_tokens": {p: world.owner(p) for p in ("reader", "executor")},
        "knobs": world.knobs,
    }


def _categories(world: World) -> dict[str, list[str]]:
    planted = world.store.kept("planted")
    accounts = world.store.kept("accounts")
    active = set(world.store.column("SELECT id FROM account WHERE state = 'active'"))
    present = active | set(world.store.column("SELECT id FROM account WHERE state = 'invited'"))
    machines, away = set(planted["machines"]), {accounts.get(key) for key in world.store.kept("away")}
    edge = world.clock.now() - INACTIVE_AFTER
    seen = set(
        world.store.column("SELECT DISTINCT account_id FROM login WHERE ok = 1 AND at >= ?", [moments.written(edge)])
    )
    ever = set(world.store.column("SELECT DISTINCT account_id FROM login WHERE ok = 1"))
    old = set(world.store.column("SELECT id FROM account WHERE created_at < ?", [moments.written(edge)]))
    admins = world.store.column("SELECT id FROM account WHERE super_admin = 1 AND state = 'active' ORDER BY seq")
    reasoned = {accounts.get(key) for key in world.store.kept("reasoned")}

    def still(*parts: str, among: set[str] = active) -> list[str]:
        return [id for part in parts for id in planted.get(part, []) if id in among]

    return {
        "leavers_active": still("departed_admin", "leavers_hubspot"),
        "departed_admin": still("departed_admin"),
        "inactive": sorted(
            (active & old & ever) - seen - machines - away
        ),  # the API itself cannot tell these from the never used
        "never_used": sorted((present & old) - ever - machines),
        "nobody": still("nobody"),
        "away": still("away"),
        "movers": still("movers"),
        "machines": still("machines"),
        "privileged": admins,
        "privileged_without_reason": [id for id in admins if id not in reasoned],
        "deactivated": world.store.column("SELECT id FROM account WHERE state = 'deactivated' ORDER BY seq"),
        "removed": world.store.column("SELECT id FROM account WHERE state = 'removed' ORDER BY seq"),
        "invited": world.store.column("SELECT id FROM account WHERE state = 'invited' ORDER BY seq"),
        "smtp_tokens": world.store.column("SELECT id FROM smtp_token ORDER BY id"),
    }
