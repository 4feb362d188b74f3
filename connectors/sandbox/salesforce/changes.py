"""The writes the pretend org takes, with what it refuses and what each brings along."""

import json
from collections.abc import Callable
from typing import Any

from connectors.sandbox.salesforce import cast, ids, moments, schema
from connectors.sandbox.salesforce.accounts import COUNT_LICENCES
from connectors.sandbox.salesforce.errors import Refusal, bad, denied
from connectors.sandbox.salesforce.rest import missing, visible, wanted_id
from connectors.sandbox.salesforce.schema import Entity
from connectors.sandbox.salesforce.world import Call
from connectors.sandbox.wire import Answer

Row = dict[str, Any]
NEEDED = {  # who may write what
    ("PATCH", "User"): ("ManageUsers", "ManageInternalUsers"),
    ("POST", "User"): ("ManageUsers", "ManageInternalUsers"),
    ("PATCH", "UserLogin"): ("ManageUsers", "FreezeUsers"),
    ("PATCH", "PermissionSetAssignment"): ("AssignPermissionSets",),
    ("POST", "PermissionSetAssignment"): ("AssignPermissionSets",),
    ("DELETE", "PermissionSetAssignment"): ("AssignPermissionSets",),
    ("POST", "GroupMember"): ("ManageUsers",),
    ("DELETE", "GroupMember"): ("ManageUsers",),
    ("DELETE", "AuthSession"): ("ManageUsers",),
    ("DELETE", "SetupEntityAccess"): ("ManageProfilesPermissionsets", "AssignPermissionSets"),
}
ALLOWED = {"PATCH": "u", "POST": "c", "DELETE": "d"}
ADMINS_LEFT = """
    SELECT COUNT(DISTINCT u."Id") FROM "User" u JOIN "PermissionSetAssignment" a ON a."AssigneeId" = u."Id"
    JOIN "PermissionSet" s ON s."Id" = a."PermissionSetId"
    WHERE u."IsActive" = 1 AND u."UserType" = 'Standard' AND u."Id" != ? AND s."IsOwnedByProfile" = 1
    AND s."PermissionsManageUsers" = 1 AND s."PermissionsModifyAllData" = 1
"""


def update(call: Call, name: str, id: str) -> Answer:
    """`PATCH /sobjects/X/{id}` → 204."""
    entity = _allowed(call, "PATCH", name)
    row = _row(call, entity, wanted_id(entity, id))
    wish = _wish(call, entity)
    with call.store.change():
        RULES[entity.name](call, row, wish)
        _save(call, entity, row["Id"], wish)
    return Answer(204)


def delete(call: Call, name: str, id: str) -> Answer:
    """`DELETE /sobjects/X/{id}` → 204. What is gone stays gone: setup rows have no recycle bin."""
    entity = _allowed(call, "DELETE", name)
    row = _row(call, entity, wanted_id(entity, id))
    with call.store.change():
        also = DELETIONS[entity.name](call, row)
        for gone in [row["Id"], *also]:
            call.store.db.execute(f'DELETE FROM "{entity.name}" WHERE "Id" = ?', [gone])
            call.store.db.execute("INSERT OR IGNORE INTO _gone VALUES (?, ?)", [gone, call.world.now()])
    return Answer(204)


def _allowed(call: Call, method: str, name: str) -> Entity:
    entity = visible(call, name)
    if ALLOWED[method] not in entity.verbs:
        raise Refusal(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are HEAD,GET")
    needed = NEEDED.get((method, entity.name))
    if needed is None:
        raise bad(
            "INSUFFICIENT_ACCESS_OR_READONLY",
            f"insufficient access rights on {entity.name}: this org takes no such change by API",
        )
    if not call.caller.holds_any(needed):
        raise denied(" or ".join(needed))
    return entity


def _row(call: Call, entity: Entity, id: str) -> Row:
    row = call.store.row(f'SELECT * FROM "{entity.name}" WHERE "Id" = ?', [id])
    if row is None:
        raise missing(call, id)
    return dict(row)


def body(call: Call) -> Row:
    """The JSON object sent. Refuses anything else."""
    try:
        sent = call.ask.json()
    except json.JSONDecodeError as wrong:
        raise bad("JSON_PARSER_ERROR", f"Unexpected character at [line:{wrong.lineno}, column:{wrong.colno}]") from None
    if not isinstance(sent, dict):
        raise bad("JSON_PARSER_ERROR", "Unexpected character: an object is expected")
    return {k: v for k, v in sent.items() if k != "attributes"}


def with_body(call: Call, sent: Row) -> Call:
    """The same call, with another body."""
    return call.another("POST", call.ask.path, call.ask.query, json.dumps(sent).encode())


def _wish(call: Call, entity: Entity, creating: bool = False) -> Row:
    """What was sent, spelled and typed as the columns are. One field that may not be written refuses the whole."""
    wish: Row = {}
    for name, value in body(call).items():
        column = entity.column(name)
        if column is None:
            raise bad("INVALID_FIELD", f"No such column '{name}' on sobject of type {entity.name}", [])
        if not column.updateable and not (creating and column.to):
            said = (
                f"Unable to create/update fields: {column.name}. Please check the security settings of this field and "
            )
            said += "verify that it is read/write for your profile or permission set."
            raise bad("INVALID_FIELD_FOR_INSERT_UPDATE", said, [column.name])
        wish[column.name] = _typed(call, column, value)
    return wish


def _typed(call: Call, column: schema.Column, value: Any) -> Any:
    if column.type == "boolean":
        if not isinstance(value, bool):
            raise bad("JSON_PARSER_ERROR", f"Cannot deserialize instance of boolean from {value!r}")
        return int(value)
    if value in (None, ""):
        return None
    if column.type == "reference":
        id = ids.normal(str(value))
        if id is None:
            raise bad("MALFORMED_ID", f"{column.name}: id value of incorrect type: {value}", [column.name])
        table = schema.target(column).name
        if not call.store.scalar(f'SELECT 1 FROM "{table}" WHERE "Id" = ?', [id]):
            raise bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        return id
    if column.type == "datetime":
        try:
            return moments.written(moments.read(str(value)))
        except ValueError:
            raise bad("JSON_PARSER_ERROR", f"Cannot deserialize instance of datetime from {value!r}") from None
    return value


def _save(call: Call, entity: Entity, id: str, wish: Row) -> None:
    stamps = {
        "LastModifiedDate": call.world.now(),
        "LastModifiedById": call.caller.id,
        "SystemModstamp": call.world.now(),
    }
    values = wish | {k: v for k, v in stamps.items() if k.lower() in entity.columns}
    assignments = ", ".join(f'"{name}" = ?' for name in values)
    call.store.db.execute(f'UPDATE "{entity.name}" SET {assignments} WHERE "Id" = ?', [*values.values(), id])
    if entity.name == "User":
        call.store.db.execute(COUNT_LICENCES)


def _change_account(call: Call, row: Row, wish: Row) -> None:
    if "IsActive" in wish and bool(wish["IsActive"]) != bool(row["IsActive"]):
        (_activate if wish["IsActive"] else _deactivate)(call, row)
    if wish.get("ProfileId", row["ProfileId"]) != row["ProfileId"]:
        _change_profile(call, row, wish["ProfileId"])
    if "UserRoleId" in wish and wish["UserRoleId"] != row["UserRoleId"]:
        call.world.audit(
            call.caller.id, "changedroleforuser", "Manage Users", f"Changed role for user {row['Username']}"
        )
    if {"FirstName", "LastName"} & set(wish):
        both = (wish.get("FirstName", row["FirstName"]), wish.get("LastName", row["LastName"]))
        wish["Name"] = " ".join(part for part in both if part)


def _deactivate(call: Call, row: Row) -> None:
    if row["Id"] == call.caller.id:
        raise bad("INSUFFICIENT_ACCESS_OR_READONLY", "You cannot deactivate yourself")
    if row["UserType"] in {"Guest", "AutomatedProcess", "CloudIntegrationUser", None}:
        raise bad("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    _keep_an_admin(call, row)
    reason = call.store.kept("blockers", {}).get(row["Id"])
    if reason:
        raise bad(*cast.BLOCKERS[reason])
    call.world.audit(
        call.caller.id, "deactivateduser", "Manage Users", f"Deactivated user {row['Name']} ({row['Username']})"
    )


def _keep_an_admin(call: Call, row: Row) -> None:
    is_admin = call.store.scalar(
        'SELECT "PermissionsManageUsers" AND "PermissionsModifyAllData" FROM "Profile" WHERE "Id" = ?',
        [row["ProfileId"]],
    )
    if is_admin and not call.store.scalar(ADMINS_LEFT, [row["Id"]]):
        raise bad(
            "CANNOT_DISABLE_LAST_ADMIN",
            "You cannot deactivate or change the profile of the last active system administrator",
        )


def _activate(call: Call, row: Row) -> None:
    _seat(call, row["ProfileId"])
    call.world.audit(
        call.caller.id, "activateduser", "Manage Users", f"Activated user {row['Name']} ({row['Username']})"
    )


def _seat(call: Call, profile: str | None) -> None:
    full = call.store.row(
        'SELECT l."Name" FROM "Profile" p JOIN "UserLicense" l ON l."Id" = p."UserLicenseId" WHERE p."Id" = ? '
        'AND l."UsedLicenses" >= l."TotalLicenses"',
        [profile],
    )
    if full is not None:
        raise bad("LICENSE_LIMIT_EXCEEDED", f"License Limit Exceeded: {full[0]}")


def _change_profile(call: Call, row: Row, profile: str | None) -> None:
    """The assignment that mirrors the old profile goes, the one that mirrors the new comes."""
    found = call.store.row('SELECT "Name", "UserType", "UserLicenseId" FROM "Profile" WHERE "Id" = ?', [profile])
    if found is None or found["UserType"] != (row["UserType"] or "Standard"):
        raise bad(
            "FIELD_INTEGRITY_EXCEPTION",
            "Profile: the profile's user type does not match that of the user",
            ["ProfileId"],
        )
    if row["ProfileId"]:
        _keep_an_admin(call, row)
        old = call.store.scalar('SELECT "UserLicenseId" FROM "Profile" WHERE "Id" = ?', [row["ProfileId"]])
        if old != found["UserLicenseId"] and row["IsActive"]:
            _seat(call, profile)
    mirrored = 'SELECT "Id" FROM "PermissionSet" WHERE "ProfileId" = ?'
    call.store.db.execute(
        f'DELETE FROM "PermissionSetAssignment" WHERE "AssigneeId" = ? AND "PermissionSetId" IN ({mirrored})',
        [row["Id"], row["ProfileId"]],
    )
    add_assignment(call, {"AssigneeId": row["Id"], "PermissionSetId": call.store.scalar(mirrored, [profile])})
    call.world.audit(
        call.caller.id,
        "changedprofileforuser",
        "Manage Users",
        f"Changed profile for user {row['Username']} to {found['Name']}",
    )


def add_assignment(call: Call, row: Row) -> str:
    """Write one assignment, as it is when it is new."""
    id = call.world.next_id("PermissionSetAssignment")
    call.store.add("PermissionSetAssignment", {"Id": id, "IsActive": 1, "SystemModstamp": call.world.now()} | row)
    return id


def _change_login(call: Call, row: Row, wish: Row) -> None:
    if wish.get("IsFrozen") and row["UserId"] == call.caller.id:
        raise bad("INSUFFICIENT_ACCESS_OR_READONLY", "You cannot freeze your own user account")
    if wish.get("IsPasswordLocked"):
        raise bad("FIELD_INTEGRITY_EXCEPTION", "IsPasswordLocked can only be set to false", ["IsPasswordLocked"])
    if "IsFrozen" in wish and bool(wish["IsFrozen"]) != bool(row["IsFrozen"]):
        username = call.store.scalar('SELECT "Username" FROM "User" WHERE "Id" = ?', [row["UserId"]])
        verb = "froze" if wish["IsFrozen"] else "unfroze"
        call.world.audit(call.caller.id, f"{verb}user", "Manage Users", f"{verb.title()} user {username}")


def _profile_owned(call: Call, row: Row) -> bool:
    return bool(
        call.store.scalar('SELECT "IsOwnedByProfile" FROM "PermissionSet" WHERE "Id" = ?', [row["PermissionSetId"]])
    )


def _change_assignment(call: Call, row: Row, wish: Row) -> None:
    if _profile_owned(call, row):
        raise bad(
            "FIELD_INTEGRITY_EXCEPTION",
            "You cannot change an assignment of a permission set that is owned by a profile",
        )
    if wish.get("ExpirationDate") and wish["ExpirationDate"] <= call.world.now():
        raise bad("FIELD_INTEGRITY_EXCEPTION", "Expiration Date: must be in the future", ["ExpirationDate"])
    call.world.audit(
        call.caller.id,
        "PermSetAssignExpiration",
        "Manage Users",
        f"Permission set assignment {row['Id']}: expiration changed",
    )


def _assignment_said(call: Call, row: Row, verb: str) -> str:
    label = call.store.scalar('SELECT "Label" FROM "PermissionSet" WHERE "Id" = ?', [row["PermissionSetId"]])
    username = call.store.scalar('SELECT "Username" FROM "User" WHERE "Id" = ?', [row["AssigneeId"]])
    return f"Permission set {label}: {verb} user {username}"


def _drop_assignment(call: Call, row: Row) -> list[str]:
    if _profile_owned(call, row):
        raise bad(
            "FIELD_INTEGRITY_EXCEPTION",
            "You cannot delete an assignment of a permission set that is owned by a profile",
        )
    call.world.audit(call.caller.id, "PermSetUnassign", "Manage Users", _assignment_said(call, row, "unassigned from"))
    return []


def _drop_member(call: Call, row: Row) -> list[str]:
    group = call.store.row('SELECT "Name", "Type" FROM "Group" WHERE "Id" = ?', [row["GroupId"]])
    if group is None or group["Type"] not in {"Regular", "Queue"}:
        raise bad("INSUFFICIENT_ACCESS_OR_READONLY", "members of this group are derived and cannot be removed")
    action = "queueMembership" if group["Type"] == "Queue" else "groupMembership"
    call.world.audit(call.caller.id, action, "Manage Users", f"Removed a member from {group['Name']}")
    return []


def _drop_session(call: Call, row: Row) -> list[str]:
    children = call.store.column(
        'SELECT "Id" FROM "AuthSession" WHERE "ParentId" = ? AND "Id" != ?', [row["Id"], row["Id"]]
    )
    call.world.audit(call.caller.id, "endedSession", "Session Management", f"Ended session {row['Id']}")
    return [str(child) for child in children]


def _drop_access(call: Call, row: Row) -> list[str]:
    call.world.audit(
        call.caller.id, "PermSetEntityPermChanged", "Manage Users", f"Removed access to {row['SetupEntityId']}"
    )
    return []


RULES: dict[str, Callable[[Call, Row, Row], None]] = {
    "User": _change_account,
    "UserLogin": _change_login,
    "PermissionSetAssignment": _change_assignment,
}
DELETIONS: dict[str, Callable[[Call, Row], list[str]]] = {
    "PermissionSetAssignment": _drop_assignment,
    "GroupMember": _drop_member,
    "AuthSession": _drop_session,
    "SetupEntityAccess": _drop_access,
}
allowed, wished, assignment_said = _allowed, _wish, _assignment_said
