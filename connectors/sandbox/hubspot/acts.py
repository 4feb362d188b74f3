"""What super admins do in the portal's own pages while a client is not looking; deactivation is possible only there."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.hubspot import accounts
from connectors.sandbox.hubspot.world import SCOPES, WRITING, Call, Grantee, World
from connectors.sandbox.wire import Ask

Options = Mapping[str, Any]


def act(world: World, name: str, options: Options) -> Any:
    """Do one act. Refuses an unknown one with `ValueError`."""
    if name not in ACTS:
        raise ValueError(f"unknown act {name!r}; there are {', '.join(ACTS)}")
    with world.store.change():
        return ACTS[name](world, options)


def _admin(world: World) -> Any:
    return world.store.row("SELECT id, email FROM account WHERE super_admin = 1 AND state = 'active' ORDER BY seq DESC")


def _find(world: World, who: str) -> Any:
    id = world.store.kept("accounts").get(who, who)
    row = world.store.row("SELECT * FROM account WHERE id = ? OR email = ?", [id, who])
    if row is None:
        raise ValueError(f"no account {who!r}")
    return row


def _state(state: str, event: str) -> Callable[[World, Options], Any]:
    def change(world: World, options: Options) -> Any:
        row = _find(world, options["account"])
        world.store.db.execute(
            "UPDATE account SET state = ?, updated_at = ? WHERE id = ?", [state, world.now(), row["id"]]
        )
        world.event(event, row["id"], _admin(world)["email"])
        return {"id": row["id"]}

    return change


def _remove(world: World, options: Options) -> Any:
    row, admin = _find(world, options["account"]), _admin(world)
    call = Call(world, Grantee("admin", admin["id"], frozenset(WRITING), oauth=False), Ask("DELETE", ""), "v3")
    accounts.remove(call, row["id"])
    return {"id": row["id"]}


def _grant(world: World, options: Options) -> Any:
    """Give a role (by name or id) or, with `super_admin`, everything."""
    row = _find(world, options["account"])
    if "super_admin" in options:
        on = bool(options["super_admin"])
        world.store.db.execute("UPDATE account SET super_admin = ? WHERE id = ?", [int(on), row["id"]])
        world.event("ADD_ADMIN_USER" if on else "REMOVE_ADMIN_USER", row["id"], _admin(world)["email"])
        return {"id": row["id"]}
    role = world.store.scalar("SELECT id FROM role WHERE id = ? OR name = ?", [options["role"], options["role"]])
    if role is None:
        raise ValueError(f"no role {options['role']!r}")
    world.store.db.execute(
        "UPDATE account SET role_id = ?, updated_at = ? WHERE id = ?", [role, world.now(), row["id"]]
    )
    world.event("ADD_ADMIN_PERMISSIONS", row["id"], _admin(world)["email"])
    return {"id": row["id"], "role": role}


def _create_account(world: World, options: Options) -> Any:
    """Somebody new; whoever was removed comes back under the number that they had, as HubSpot does it."""
    now = world.now()
    old = world.store.row("SELECT * FROM account WHERE email = ?", [options["email"]])
    if old is not None:
        return _back(world, old)
    id = world.next_number("account")
    row = {
        "id": id,
        "email": options["email"],
        "first_name": options.get("first_name"),
        "last_name": options.get("last_name", "New"),
    }
    row |= {
        "state": "active",
        "record_id": world.next_number("record"),
        "owner_id": world.next_number("owner"),
        "seat": "Core Seat",
    }
    world.store.add("account", row | {"created_at": now, "updated_at": now})
    world.event("ADD_USER", id, _admin(world)["email"])
    return {"id": id}


def _back(world: World, old: Any) -> Any:
    if old["state"] != "removed":
        raise ValueError(f"{old['email']} has an account")
    world.store.db.execute(
        "UPDATE account SET state = 'active', removed_at = NULL, record_id = ?, updated_at = ? WHERE id = ?",
        [world.next_number("record"), world.now(), old["id"]],
    )
    world.event("ADD_USER", old["id"], _admin(world)["email"])
    return {"id": old["id"]}


def _sign_in(world: World, options: Options) -> Any:
    """Somebody signs in; who was only invited is activated by it and gets a record."""
    row = _find(world, options["account"])
    ok = bool(options.get("succeeded", True))
    if row["state"] == "invited" and ok:
        world.store.db.execute(
            "UPDATE account SET state = 'active', record_id = ? WHERE id = ?", [world.next_number("record"), row["id"]]
        )
    world.sign_in(row["id"], ok)
    return {"id": row["id"]}


def _event(world: World, options: Options) -> Any:
    """Any security event, e.g. that an integration was uninstalled."""
    row = _find(world, options["account"]) if "account" in options else _admin(world)
    world.event(str(options["type"]), row["id"], row["email"], options.get("object_id"))
    return {"type": options["type"]}


ACTS: dict[str, Callable[[World, Options], Any]] = {
    "deactivate": _state("deactivated", "DEACTIVATE_USER"),
    "reactivate": _state("active", "REACTIVATE_USER"),
    "remove": _remove,
    "grant": _grant,
    "create_account": _create_account,
    "sign_in": _sign_in,
    "security_event": _event,
}


def withhold(world: World, principal: str, without: list[str]) -> list[str]:
    """Take exactly these scopes from a principal's token and give back all others."""
    if principal not in SCOPES:
        raise ValueError(f"unknown principal {principal!r}")
    unknown = sorted(set(without) - WRITING)
    if unknown:
        raise ValueError(f"unknown scopes {unknown}")
    world.store.keep(f"withheld:{principal}", without)
    return sorted(world.scopes(principal))
