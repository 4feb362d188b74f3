"""The CRM's own records of its people: owners of records, and the object type of users with its search."""

import re
from collections.abc import Callable
from typing import Any

from connectors.sandbox.hubspot import paging
from connectors.sandbox.hubspot.accounts import body
from connectors.sandbox.hubspot.errors import Refusal, invalid, not_found
from connectors.sandbox.hubspot.world import Call
from connectors.sandbox.wire import Answer

PROPERTIES: dict[str, Callable[[Any], Any]] = {
    "hs_object_id": lambda r: r["record_id"],
    "hs_createdate": lambda r: r["created_at"],
    "hs_lastmodifieddate": lambda r: r["updated_at"],
    "hs_internal_user_id": lambda r: r["id"],
    "hs_email": lambda r: r["email"],
    "hs_given_name": lambda r: r["first_name"],
    "hs_family_name": lambda r: r["last_name"],
    "hs_job_title": lambda r: r["title"],
    "hs_main_phone": lambda r: r["phone"],
    "hubspot_owner_id": lambda r: r["owner_id"],
    "hs_availability_status": lambda r: "away" if r["state"] == "deactivated" else "available",
    "hs_searchable_calculated_name": lambda r: " ".join(n for n in (r["first_name"], r["last_name"]) if n),
    "hs_standard_time_zone": lambda r: "Europe/Amsterdam",
    "hs_working_hours": lambda r: None,
    "hs_deactivated": lambda r: "true" if r["state"] == "deactivated" else None,
}
ALWAYS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
CHANGEABLE = {"hs_job_title": "title", "hs_main_phone": "phone"}
MOST_FOUND = 10_000


def owners(call: Call) -> Answer:
    """Owners of records; the former ones only with `archived=true`, and then without e-mail."""
    archived = call.ask.one("archived", "false").lower() == "true"
    size, start = paging.limit(call, 100, 500), paging.after(call, "owners") or 0
    states = "('removed', 'deactivated')" if archived else "('active', 'invited')"
    email = call.ask.one("email")
    rows = call.store.rows(
        f"SELECT * FROM account WHERE state IN {states} AND seq > ? AND (? = '' OR email = ?) ORDER BY seq LIMIT ?",
        [start, email, email, size + 1],
    )
    shown = [_owner(call, row) for row in rows[:size]]
    return Answer(200, paging.page(call, "owners", shown, size, rows[size - 1]["seq"] if len(rows) > size else None))


def _owner(call: Call, row: Any) -> dict[str, Any]:
    archived = row["state"] in {"removed", "deactivated"}
    said = {
        "id": row["owner_id"],
        "type": "PERSON",
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "archived": archived,
    }
    said |= {"userIdIncludingInactive": int(row["id"]), "createdAt": row["created_at"], "updatedAt": row["updated_at"]}
    if not archived:
        name = call.store.scalar("SELECT name FROM team WHERE id = ?", [row["primary_team_id"]])
        teams = [{"id": row["primary_team_id"], "name": name, "primary": True}] if name else None
        said |= {"email": row["email"], "userId": int(row["id"]), "teams": teams}
    return {k: v for k, v in said.items() if v is not None}


def owner(call: Call, id: str) -> Answer:
    """One owner, by owner id or by `idProperty=userId`."""
    column = {"id": "owner_id", "userId": "id"}.get(call.ask.one("idProperty", "id"))
    if column is None:
        raise invalid("idProperty must be id or userId")
    row = call.store.row(f"SELECT * FROM account WHERE {column} = ?", [id])
    archived = call.ask.one("archived", "false").lower() == "true"
    if row is None or (row["state"] in {"removed", "deactivated"}) != archived:
        raise not_found(f"Owner {id} was not found")
    return Answer(200, _owner(call, row))


def _names(values: list[str]) -> list[str]:
    return [name for value in values for name in value.split(",") if name]


def _record(row: Any, names: list[str]) -> dict[str, Any]:
    known = {name: PROPERTIES[name](row) for name in (*ALWAYS, *names) if name in PROPERTIES}
    return {
        "id": row["record_id"],
        "properties": known,
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "archived": False,
    }


def listed(call: Call) -> Answer:
    """The records of those who have signed in at least once."""
    if call.ask.one("archived", "false").lower() == "true":
        raise invalid("Paging through deleted objects is not supported for type 0-115")
    size, start = paging.limit(call, 10, 100), paging.after(call, "objects") or 0
    rows = call.store.rows(
        "SELECT * FROM account WHERE record_id IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?", [start, size + 1]
    )
    names = _names(call.ask.query.get("properties", []))
    shown = [_record(row, names) for row in rows[:size]]
    return Answer(200, paging.page(call, "objects", shown, size, rows[size - 1]["seq"] if len(rows) > size else None))


def _find(call: Call, id: str) -> Any:
    column = {"": "record_id", "hs_object_id": "record_id", "hs_internal_user_id": "id", "hs_email": "email"}.get(
        call.ask.one("idProperty")
    )
    if column is None:
        raise invalid(f"{call.ask.one('idProperty')} is not a unique property")
    row = call.store.row(f"SELECT * FROM account WHERE {column} = ? AND record_id IS NOT NULL", [id])
    if row is None:
        raise not_found(f"Object not found. objectId is {id}")
    return row


def get(call: Call, id: str) -> Answer:
    """One record."""
    return Answer(200, _record(_find(call, id), _names(call.ask.query.get("properties", []))))


def update(call: Call, id: str) -> Answer:
    """Change the few properties that people themselves may."""
    row, sent = _find(call, id), body(call).get("properties") or {}
    wrong = [name for name in sent if name not in CHANGEABLE]
    if wrong:
        raise Refusal(
            400,
            "VALIDATION_ERROR",
            f"Property values were not valid: {wrong[0]} is read only",
            subCategory="READ_ONLY_VALUE",
        )
    with call.store.change():
        for name, value in sent.items():
            call.store.db.execute(
                f"UPDATE account SET {CHANGEABLE[name]} = ?, updated_at = ? WHERE id = ?",
                [value, call.world.now(), row["id"]],
            )
    return Answer(200, _record(_find(call, id), list(sent)))


def search(call: Call) -> Answer:
    """Search: filters within a group all hold, one group is enough; never more than ten thousand."""
    sent = body(call)
    size, start = int(sent.get("limit") or 10), int(sent.get("after") or 0)
    if not 1 <= size <= 200:
        raise invalid("limit must be between 1 and 200")
    if start + size > MOST_FOUND:
        raise invalid("Paging beyond 10,000 results is not supported")
    groups = [g.get("filters") or [] for g in sent.get("filterGroups") or []]
    rows = call.store.rows("SELECT * FROM account WHERE record_id IS NOT NULL ORDER BY seq")
    text = str(sent.get("query") or "").casefold()
    found = [
        row
        for row in rows
        if _matches(row, groups)
        and (not text or text in f"{row['email']} {row['first_name']} {row['last_name']}".casefold())
    ]
    for sort in reversed(sent.get("sorts") or []):
        _sort(found, sort)
    said: dict[str, Any] = {
        "total": len(found),
        "results": [_record(r, sent.get("properties") or []) for r in found[start : start + size]],
    }
    if start + size < len(found):
        said["paging"] = {"next": {"after": str(start + size)}}
    return Answer(200, said)


def _sort(found: list[Any], sort: Any) -> None:
    """Sort by one property: `{"propertyName": …, "direction": …}`, or its name with a minus for descending."""
    if isinstance(sort, dict):
        name, down = str(sort["propertyName"]), sort.get("direction") == "DESCENDING"
    else:
        name, down = str(sort).lstrip("-"), str(sort).startswith("-")
    found.sort(key=lambda row: str(_property(row, name) or ""), reverse=down)


def _property(row: Any, name: str) -> Any:
    if name not in PROPERTIES:
        raise invalid(f"There was a problem with the request: property {name} does not exist")
    return PROPERTIES[name](row)


def _matches(row: Any, groups: list[list[dict[str, Any]]]) -> bool:
    return not groups or any(all(_holds(row, f) for f in group) for group in groups)


def _holds(row: Any, wish: dict[str, Any]) -> bool:
    value = _property(row, str(wish.get("propertyName")))
    text, wanted, operator = str(value or "").lower(), str(wish.get("value", "")).lower(), wish.get("operator")
    values = [str(v).lower() for v in wish.get("values") or []]
    if operator == "CONTAINS_TOKEN":
        return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), text) is not None
    tests = {
        "EQ": value is not None and text == wanted,
        "NEQ": text != wanted,
        "IN": value is not None and text in values,
        "NOT_IN": text not in values,
        "HAS_PROPERTY": value is not None,
        "NOT_HAS_PROPERTY": value is None,
        "GT": text > wanted,
        "GTE": text >= wanted,
        "LT": text < wanted,
        "LTE": text <= wanted,
    }
    if operator not in tests:
        raise invalid(f"operator {operator} is not supported")
    return tests[operator]
