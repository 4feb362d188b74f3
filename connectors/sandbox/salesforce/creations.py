"""The rows the pretend org lets be created: accounts, assignments, group members."""

from collections.abc import Callable
from typing import Any

from connectors.sandbox.salesforce import changes
from connectors.sandbox.salesforce.accounts import COUNT_LICENCES
from connectors.sandbox.salesforce.changes import Row
from connectors.sandbox.salesforce.errors import bad
from connectors.sandbox.salesforce.world import Call
from connectors.sandbox.wire import Answer

REQUIRED = (
    "Username",
    "LastName",
    "Email",
    "Alias",
    "ProfileId",
    "TimeZoneSidKey",
    "LocaleSidKey",
    "EmailEncodingKey",
    "LanguageLocaleKey",
)


def create(call: Call, name: str) -> Answer:
    """`POST /sobjects/X` → 201 with the new id."""
    entity = changes.allowed(call, "POST", name)
    wish = changes.wished(call, entity, creating=True)
    with call.store.change():
        id = CREATIONS[entity.name](call, wish)
    return Answer(201, {"id": id, "success": True, "errors": []})


def _require(wish: Row, names: tuple[str, ...]) -> None:
    lacking = [name for name in names if wish.get(name) in (None, "")]
    if lacking:
        raise bad("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(lacking)}]", lacking)


def account(call: Call, wish: dict[str, Any]) -> str:
    """A new account with its login row and the assignment that mirrors its profile."""
    _require(wish, REQUIRED)
    if call.store.scalar('SELECT 1 FROM "User" WHERE "Username" = ?', [wish["Username"]]):
        raise bad("DUPLICATE_USERNAME", f"Duplicate Username: {wish['Username']} is already in use", ["Username"])
    now, id = call.world.now(), call.world.next_id("User")
    stamps = {
        "CreatedDate": now,
        "CreatedById": call.caller.id,
        "LastModifiedDate": now,
        "LastModifiedById": call.caller.id,
        "SystemModstamp": now,
    }
    name = " ".join(part for part in (wish.get("FirstName"), wish["LastName"]) if part)
    kind = call.store.scalar('SELECT "UserType" FROM "Profile" WHERE "Id" = ?', [wish["ProfileId"]])
    call.store.add(
        "User", {"Id": id, "Name": name, "IsActive": 1, "UserType": kind, "NumberOfFailedLogins": 0} | wish | stamps
    )
    login = {"Id": call.world.next_id("UserLogin"), "UserId": id, "IsFrozen": 0, "IsPasswordLocked": 0}
    call.store.add("UserLogin", login | {"LastModifiedDate": now, "LastModifiedById": call.caller.id})
    mirrored = call.store.scalar('SELECT "Id" FROM "PermissionSet" WHERE "ProfileId" = ?', [wish["ProfileId"]])
    changes.add_assignment(call, {"AssigneeId": id, "PermissionSetId": mirrored})
    call.store.db.execute(COUNT_LICENCES)
    call.world.audit(call.caller.id, "createduser", "Manage Users", f"Created new user {name} ({wish['Username']})")
    return id


def assignment(call: Call, wish: Row) -> str:
    """A new assignment of a permission set or of a group of them. Refuses a second one of the same."""
    if wish.get("PermissionSetGroupId") and not wish.get("PermissionSetId"):
        found = call.store.scalar(
            'SELECT "Id" FROM "PermissionSet" WHERE "PermissionSetGroupId" = ?', [wish["PermissionSetGroupId"]]
        )
        wish = wish | {"PermissionSetId": found}
    _require(wish, ("AssigneeId", "PermissionSetId"))
    held = call.store.scalar(
        'SELECT "Id" FROM "PermissionSetAssignment" WHERE "AssigneeId" = ? AND "PermissionSetId" = ?',
        [wish["AssigneeId"], wish["PermissionSetId"]],
    )
    if held:
        raise bad("DUPLICATE_VALUE", f"duplicate value found: duplicates value on record with id: {held}", [])
    id = changes.add_assignment(call, wish)
    call.world.audit(
        call.caller.id, "PermSetAssign", "Manage Users", changes.assignment_said(call, wish, "assigned to")
    )
    return id


def member(call: Call, wish: Row) -> str:
    """A new direct member of a public group or queue."""
    _require(wish, ("GroupId", "UserOrGroupId"))
    held = call.store.scalar(
        'SELECT "Id" FROM "GroupMember" WHERE "GroupId" = ? AND "UserOrGroupId" = ?',
        [wish["GroupId"], wish["UserOrGroupId"]],
    )
    if held:
        raise bad("DUPLICATE_VALUE", f"duplicate value found: duplicates value on record with id: {held}", [])
    id = call.world.next_id("GroupMember")
    call.store.add("GroupMember", {"Id": id, "SystemModstamp": call.world.now()} | wish)
    call.world.audit(
        call.caller.id, "groupMembership", "Manage Users", f"Added {wish['UserOrGroupId']} to group {wish['GroupId']}"
    )
    return id


CREATIONS: dict[str, Callable[[Call, Row], str]] = {
    "User": account,
    "PermissionSetAssignment": assignment,
    "GroupMember": member,
}
