"""Settings users: listed, read, created, changed, removed, with the behaviour that live probes have shown."""

import json
import re
import time
from sqlite3 import Row
from typing import Any

from connectors.sandbox.hubspot import paging
from connectors.sandbox.hubspot.errors import Refusal, invalid, lacks, not_found
from connectors.sandbox.hubspot.world import Call
from connectors.sandbox.wire import Answer

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
WITHOUT_SEATS = frozenset({"2026-03"})
BILLING = ("settings.billing.write",)
WRITEABLE = {
    "firstName": "first_name",
    "lastName": "last_name",
    "roleId": "role_id",
    "primaryTeamId": "primary_team_id",
}


def shown(call: Call, row: Row, welcome: bool = False) -> dict[str, Any]:
    """One account as this path's version shows it; what is empty is left out."""
    teams = call.store.column("SELECT team_id FROM secondary_team WHERE account_id = ? ORDER BY team_id", [row["id"]])
    said = {
        "id": row["id"],
        "email": row["email"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "roleId": row["role_id"],
        "roleIds": [row["role_id"]] if row["role_id"] else [],
        "primaryTeamId": row["primary_team_id"],
        "secondaryTeamIds": teams or None,
        "superAdmin": bool(row["super_admin"]),
        "sendWelcomeEmail": welcome,
        "seatNames": None if call.family in WITHOUT_SEATS or not row["seat"] else [row["seat"]],
    }
    return {name: value for name, value in said.items() if value is not None}


def body(call: Call) -> dict[str, Any]:
    """The JSON object sent. Refuses anything else."""
    try:
        sent = call.ask.json()
    except json.JSONDecodeError as wrong:
        raise invalid(f"Invalid input JSON on line {wrong.lineno}, column {wrong.colno}") from None
    if not isinstance(sent, dict):
        raise invalid("Invalid input JSON: an object is expected")
    return sent


def there(call: Call) -> str:
    """The SQL condition for being in the list; with a lag, what was just removed still is."""
    lag = float(call.world.knobs["list_lag_seconds"])
    states = (
        "('active', 'invited', 'deactivated')" if call.world.knobs["deactivated_in_list"] else "('active', 'invited')"
    )
    since = time.time() - lag
    return f"(state IN {states} OR (state = 'removed' AND removed_at > {since}))" if lag else f"state IN {states}"


def listed(call: Call) -> Answer:
    """All accounts, by page."""
    size, start = paging.limit(call, 100, 100, strict=False), paging.after(call, "users") or 0
    rows = call.store.rows(
        f"SELECT * FROM account WHERE seq > ? AND {there(call)} ORDER BY seq LIMIT ?", [start, size + 1]
    )
    last = rows[size - 1]["seq"] if len(rows) > size else None
    return Answer(200, paging.page(call, "users", [shown(call, row) for row in rows[:size]], size, last))


def find(call: Call, wanted: str) -> Row:
    """One account by id or, with `idProperty=EMAIL`, by e-mail. Removed ones are not found, whatever the list says."""
    by = call.ask.one("idProperty", "USER_ID")
    if by not in {"USER_ID", "EMAIL"}:
        raise invalid(f"idProperty must be USER_ID or EMAIL, not {by}")
    column = "email" if by == "EMAIL" else "id"
    row = call.store.row(f"SELECT * FROM account WHERE {column} = ? AND state != 'removed'", [wanted])
    if row is None:
        raise not_found(f"User with {by} {wanted} was not found")
    return row


def get(call: Call, id: str) -> Answer:
    """One account."""
    return Answer(200, shown(call, find(call, id)))


def create(call: Call) -> Answer:
    """Invite somebody. The id is HubSpot's own, so who was here before comes back under the same one."""
    sent = body(call)
    email = str(sent.get("email") or "")
    if not EMAIL.match(email) or "sendWelcomeEmail" not in sent:
        raise invalid("email and sendWelcomeEmail are required")
    old = call.store.row("SELECT * FROM account WHERE email = ?", [email])
    if old is not None and old["state"] != "removed":
        raise Refusal(
            409, "CONFLICT", f"User {email} already exists in this account", subCategory="OBJECT_ALREADY_EXISTS"
        )
    _check(call, sent, None)
    now = call.world.now()
    values = {column: sent.get(name) for name, column in WRITEABLE.items()} | {
        "updated_at": now,
        "state": "invited",
        "removed_at": None,
    }
    with call.store.change():
        if old is not None:
            id = str(old["id"])
            _set(call, id, values | {"super_admin": 0, "record_id": None})
        else:
            id = call.world.next_number("account")
            row = {
                "id": id,
                "email": email,
                "created_at": now,
                "seat": "Core Seat",
                "owner_id": call.world.next_number("owner"),
            }
            call.store.add("account", row | values)
        _set_secondary(call, id, sent.get("secondaryTeamIds") or [])
        call.world.event("ADD_USER", id, call.acting)
    return Answer(
        201, shown(call, _row(call, id), welcome=bool(sent["sendWelcomeEmail"])), {"Location": f"{call.ask.path}/{id}"}
    )


def update(call: Call, id: str) -> Answer:
    """Change names, role and teams. What an omitted field means is a knob, because nobody has said."""
    row, sent = find(call, id), body(call)
    mode = call.world.knobs["put_mode"]
    if row["state"] == "invited" and {"firstName", "lastName"} & set(sent):
        raise invalid("User is not on any hubs", "USER_NOT_ON_ANY_HUBS")
    _check(call, sent, row)
    wanted = {
        n: c for n, c in WRITEABLE.items() if n in sent or (mode == "replace" and n in {"roleId", "primaryTeamId"})
    }
    values = {column: sent.get(name) or None for name, column in wanted.items()}
    if mode == "ignores-role":
        values.pop("role_id", None)
    with call.store.change():
        if values.get("role_id", row["role_id"]) != row["role_id"]:
            call.world.event(
                "REMOVE_ADMIN_PERMISSIONS" if values["role_id"] is None else "ADD_ADMIN_PERMISSIONS",
                row["id"],
                call.acting,
            )
        _set(call, row["id"], values | {"updated_at": call.world.now()})
        if "secondaryTeamIds" in sent or mode == "replace":
            _set_secondary(call, row["id"], sent.get("secondaryTeamIds") or [])
        if {"primaryTeamId", "secondaryTeamIds"} & set(sent):
            call.world.event(
                "TEAM_USER_ADDED" if sent.get("primaryTeamId") or sent.get("secondaryTeamIds") else "TEAM_USER_DELETED",
                row["id"],
                call.acting,
            )
    return Answer(200, shown(call, _row(call, row["id"])))


def _row(call: Call, id: str) -> Row:
    return call.store.rows("SELECT * FROM account WHERE id = ?", [id])[0]


def _check(call: Call, sent: dict[str, Any], row: Row | None) -> None:
    """Roles and teams must exist; a role that costs money needs its scope, to give it and to take it."""
    for read_only in ("superAdmin", "roleIds"):
        if read_only in sent:
            raise invalid(f"{read_only} is read-only")
    if call.world.knobs["no_seat"] and sent.get("roleId"):
        raise invalid("No seat is available for this role", "AppUserErrors.NO_SEAT_AVAILABLE_FOR_ROLE_COMBINATION")
    role = sent.get("roleId") or None
    if role and call.store.scalar("SELECT 1 FROM role WHERE id = ?", [role]) is None:
        raise invalid(f"Role {role} does not exist")
    touched = [role] if role else []
    if row is not None and "roleId" in sent and row["role_id"] != role:
        touched.append(row["role_id"])
    paid = [r for r in touched if call.store.scalar("SELECT billing FROM role WHERE id = ?", [r])]
    if paid and not set(BILLING) & call.who.scopes:
        raise lacks(BILLING)
    for team in [sent.get("primaryTeamId"), *(sent.get("secondaryTeamIds") or [])]:
        if team and call.store.scalar("SELECT 1 FROM team WHERE id = ?", [str(team)]) is None:
            raise invalid(f"Team {team} does not exist")


def _set(call: Call, id: str, values: dict[str, Any]) -> None:
    assignments = ", ".join(f"{column} = ?" for column in values)
    call.store.db.execute(f"UPDATE account SET {assignments} WHERE id = ?", [*values.values(), id])


def _set_secondary(call: Call, id: str, teams: list[Any]) -> None:
    call.store.db.execute("DELETE FROM secondary_team WHERE account_id = ?", [id])
    call.store.fill("secondary_team", ("account_id", "team_id"), [(id, str(team)) for team in dict.fromkeys(teams)])


def remove(call: Call, id: str) -> Answer:
    """Remove from the portal. 204, and 204 again: what is not there needs no removing."""
    try:
        row = find(call, id)
    except Refusal as no:
        if no.status == 404:
            return Answer(204)
        raise
    if row["super_admin"] and call.world.knobs["refuse_super_admin_delete"]:
        raise invalid("Super admins cannot be removed", "CANNOT_REMOVE_SUPER_ADMIN")
    with call.store.change():
        values = {
            "state": "removed",
            "removed_at": time.time(),
            "record_id": None,
            "role_id": None,
            "primary_team_id": None,
            "super_admin": 0,
        }
        _set(call, row["id"], values | {"updated_at": call.world.now()})
        _set_secondary(call, row["id"], [])
        call.world.event("REMOVE_USER", row["id"], call.acting)
    return Answer(204)


def roles(call: Call) -> Answer:
    """All roles, unpaged; what they allow is never told. Without Enterprise the account has none."""
    if call.world.knobs["plan"] != "enterprise":
        raise invalid("Account doesn't have access to roles.")
    rows = call.store.rows("SELECT * FROM role ORDER BY id")
    return Answer(
        200, {"results": [{"id": r["id"], "name": r["name"], "requiresBillingWrite": bool(r["billing"])} for r in rows]}
    )


def seats(call: Call) -> Answer:
    """The kinds of seats and how many are left."""
    rows = call.store.rows("SELECT seat, COUNT(*) FROM account WHERE state != 'removed' GROUP BY seat")
    used = {row[0]: row[1] for row in rows}
    total = len(call.store.column("SELECT 1 FROM account")) + 20
    return Answer(
        200,
        {
            "results": [
                {"name": n, "description": n, "remainingSeats": total - used.get(n, 0)}
                for n in ("Core Seat", "Sales Seat")
            ]
        },
    )
