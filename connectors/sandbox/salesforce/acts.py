"""What people do in the org's own pages while a client is not looking; each act is done by the first administrator."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from connectors.sandbox.salesforce import cast, changes, creations, flags, moments, oauth
from connectors.sandbox.salesforce.accounts import COUNT_LICENCES
from connectors.sandbox.salesforce.activity import token_row
from connectors.sandbox.salesforce.furniture import FOUNDER
from connectors.sandbox.salesforce.rights import Caller
from connectors.sandbox.salesforce.world import PERMISSION_SET_OF, RIGHTS_OF, Call, World
from connectors.sandbox.wire import Ask

Options = Mapping[str, Any]


def act(world: World, name: str, options: Options) -> Any:
    """Do one act. Refuses an unknown one with `ValueError`."""
    if name not in ACTS:
        raise ValueError(f"unknown act {name!r}; there are {', '.join(ACTS)}")
    with world.store.change():
        return ACTS[name](world, options)


def _call(world: World) -> Call:
    return Call(world, Caller(FOUNDER, "admin", frozenset(flags.NAMES)), Ask("POST", ""), "/services/data/v67.0")


def account_id(world: World, who: str) -> str:
    """The User id for an id, a username or a roster id."""
    by_roster = world.store.kept("accounts", {}).get(who)
    found = by_roster or world.store.scalar('SELECT "Id" FROM "User" WHERE "Id" = ? OR "Username" = ?', [who, who])
    if found is None:
        raise ValueError(f"no account {who!r}")
    return str(found)


def _holder(world: World, name: str) -> dict[str, str]:
    group = world.store.scalar(
        'SELECT "Id" FROM "PermissionSetGroup" WHERE "DeveloperName" = ? OR "Id" = ?', [name, name]
    )
    if group:
        return {"PermissionSetGroupId": group}
    found = world.store.scalar('SELECT "Id" FROM "PermissionSet" WHERE "Name" = ? OR "Id" = ?', [name, name])
    if found is None:
        raise ValueError(f"no permission set {name!r}")
    return {"PermissionSetId": found}


def _grant(world: World, options: Options) -> Any:
    wish = {"AssigneeId": account_id(world, options["account"])} | _holder(world, options["permission_set"])
    return {"id": creations.assignment(_call(world), wish)}


def _ungrant(world: World, options: Options) -> Any:
    """Take back an assignment, as `grant` gave it."""
    holder = _holder(world, options["permission_set"])
    (column, id), account = next(iter(holder.items())), account_id(world, options["account"])
    found = world.store.column(
        f'SELECT "Id" FROM "PermissionSetAssignment" WHERE "AssigneeId" = ? AND "{column}" = ?', [account, id]
    )
    for gone in found:
        changes.delete(_call(world), "PermissionSetAssignment", gone)
    return {"ids": found}


def _switch(active: bool) -> Callable[[World, Options], Any]:
    def switch(world: World, options: Options) -> Any:
        id = account_id(world, options["account"])
        world.store.db.execute(
            'UPDATE "User" SET "IsActive" = ?, "SystemModstamp" = ? WHERE "Id" = ?', [int(active), world.now(), id]
        )
        world.store.db.execute(COUNT_LICENCES)
        username = world.store.scalar('SELECT "Username" FROM "User" WHERE "Id" = ?', [id])
        verb = "activated" if active else "deactivated"
        world.audit(FOUNDER, f"{verb}user", "Manage Users", f"{verb.title()} user {username}")
        return {"id": id}

    return switch


def _freeze(frozen: bool) -> Callable[[World, Options], Any]:
    def freeze(world: World, options: Options) -> Any:
        id = account_id(world, options["account"])
        values = [int(frozen), world.now(), FOUNDER, id]
        world.store.db.execute(
            'UPDATE "UserLogin" SET "IsFrozen" = ?, "LastModifiedDate" = ?, "LastModifiedById" = ? WHERE "UserId" = ?',
            values,
        )
        world.audit(FOUNDER, "frozeuser" if frozen else "unfrozeuser", "Manage Users", f"Frozen: {frozen}, user {id}")
        return {"id": id}

    return freeze


def _create_account(world: World, options: Options) -> Any:
    profile = world.store.scalar(
        'SELECT "Id" FROM "Profile" WHERE "Name" = ?', [options.get("profile", "Standard User")]
    )
    username = options["username"]
    row = {
        "Username": username,
        "Email": options.get("email", username),
        "LastName": options.get("last_name", "New"),
        "ProfileId": profile,
    }
    row |= {
        "FirstName": options.get("first_name"),
        "Alias": "new",
        "TimeZoneSidKey": "Europe/Amsterdam",
        "LocaleSidKey": "en_IE",
    }
    row |= {"EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US", "EmployeeNumber": options.get("employee_number")}
    return {"id": creations.account(_call(world), row)}


def _sign_in(world: World, options: Options) -> Any:
    id = account_id(world, options["account"])
    oauth.note_sign_in(world, id, options.get("kind", "browser"), options.get("status", "Success"))
    return {"id": id}


def _issue_tokens(world: World, options: Options) -> Any:
    """Some tokens, `count` of them, all of one account and app; `days_ago` tells when they were last used."""
    id = account_id(world, options["account"])
    count, app = int(options.get("count", 1)), options.get("app", "Spreadsheet Connector")
    rng = random.Random(f"{world.now()}:{id}")
    used = options.get("days_ago")
    at = None if used is None else moments.written(world.clock.now() - timedelta(days=float(used)))
    made = []
    for _ in range(count):
        row = token_row(world.next_id("OauthToken"), id, app, world.now(), at, 0 if at is None else 1, rng)
        world.store.add("OauthToken", row)
        made.append(row["DeleteToken"])
    return {"delete_tokens": made}


def _open_session(world: World, options: Options) -> Any:
    id, account = world.next_id("AuthSession"), account_id(world, options["account"])
    row: dict[str, Any] = {
        "Id": id,
        "UsersId": account,
        "ParentId": id,
        "SessionType": "UI",
        "LoginType": "Application",
        "SessionSecurityLevel": "STANDARD",
    }
    row |= {
        "NumSecondsValid": 43200,
        "UserType": "Standard",
        "IsCurrent": 0,
        "CreatedDate": world.now(),
        "LastModifiedDate": world.now(),
    }
    world.store.add("AuthSession", row)
    return {"id": id}


def _join_group(world: World, options: Options) -> Any:
    group = world.store.scalar(
        'SELECT "Id" FROM "Group" WHERE "Name" = ? OR "Id" = ?', [options["group"], options["group"]]
    )
    if group is None:
        raise ValueError(f"no group {options['group']!r}")
    return {
        "id": creations.member(_call(world), {"GroupId": group, "UserOrGroupId": account_id(world, options["account"])})
    }


def _set_blocker(world: World, options: Options) -> Any:
    """Make the org refuse to deactivate somebody (`blocker` one of the known reasons), or stop refusing (`null`)."""
    blockers, id = world.store.kept("blockers", {}), account_id(world, options["account"])
    reason = options.get("blocker")
    if reason is None:
        blockers.pop(id, None)
    elif reason in cast.BLOCKERS:
        blockers[id] = reason
    else:
        raise ValueError(f"unknown blocker {reason!r}; there are {', '.join(cast.BLOCKERS)}")
    world.store.keep("blockers", blockers)
    return blockers


def _forget_cursors(world: World, options: Options) -> Any:
    count = len(world.cursors)
    world.cursors.clear()
    return {"forgotten": count}


def _end_tokens(world: World, options: Options) -> Any:
    count = len(world.sessions)
    world.sessions.clear()
    return {"ended": count}


ACTS: dict[str, Callable[[World, Options], Any]] = {
    "grant": _grant,
    "ungrant": _ungrant,
    "activate": _switch(True),
    "deactivate": _switch(False),
    "freeze": _freeze(True),
    "unfreeze": _freeze(False),
    "create_account": _create_account,
    "sign_in": _sign_in,
    "issue_tokens": _issue_tokens,
    "open_session": _open_session,
    "join_group": _join_group,
    "set_blocker": _set_blocker,
    "forget_cursors": _forget_cursors,
    "end_access_tokens": _end_tokens,
}


def withhold(world: World, principal: str, without: list[str]) -> list[str]:
    """Take exactly these permissions from a principal's sets (its profile's too) and give back all others."""
    if principal not in PERMISSION_SET_OF:
        raise ValueError(f"unknown principal {principal!r}")
    unknown = sorted(set(without) - set(flags.NAMES))
    if unknown:
        raise ValueError(f"unknown permissions {unknown}")
    holds = RIGHTS_OF[principal] - set(without)
    set_id = world.store.scalar('SELECT "Id" FROM "PermissionSet" WHERE "Name" = ?', [PERMISSION_SET_OF[principal]])
    with world.store.change():
        assignments = ", ".join(
            f'"{column}" = {int(name in holds)}' for name, column in zip(flags.NAMES, flags.COLUMNS, strict=True)
        )
        world.store.db.execute(
            f'UPDATE "PermissionSet" SET {assignments}, "SystemModstamp" = ? WHERE "Id" = ?', [world.now(), set_id]
        )
        # The profile gives ApiEnabled as well; a right that is withheld must come from nowhere.
        lacking = [int("ApiEnabled" not in set(without))]
        profile = "Minimum Access - API Only Integrations"
        world.store.db.execute('UPDATE "Profile" SET "PermissionsApiEnabled" = ? WHERE "Name" = ?', [*lacking, profile])
        world.store.db.execute(
            'UPDATE "PermissionSet" SET "PermissionsApiEnabled" = ? WHERE "Label" = ? AND "IsOwnedByProfile" = 1',
            [*lacking, profile],
        )
    return sorted(holds)
