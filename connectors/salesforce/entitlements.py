"""What an account can hold: profiles, permission sets, groups of them, licences, roles, public groups, queues, territories.

A profile's permissions stand in the hidden permission set that it owns, a permission set group's (muting already
applied) in the hidden set of type `Group`: so one object, `PermissionSet`, tells all flags in one shape. What nests in
what is told with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from connectors.records import SUMS_UP, EntitlementRecord, NestingRecord, Privilege, Record
from connectors.salesforce import flags, licences
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, text, truth

FLAG_COLUMNS = tuple(flags.column(flag) for flag in flags.FLAGS)
SET_WISH = (
    *("Id", "Name", "Label", "Description", "Type", "IsOwnedByProfile", "ProfileId", "PermissionSetGroupId"),
    *("HasActivationRequired", "Profile.Name", *FLAG_COLUMNS),
)
MUTING = "0QM"  # key prefix of muting permission sets: parts of a group that take away instead of give
TERRITORY_WISH = ("Id", "DeveloperName", "Name", "Description", "ParentTerritory2Id")
ACTIVE_MODEL = "Territory2Model.State = 'Active'"
KINDS = {"Regular": "group", "Queue": "queue"}
WITH_SUBORDINATES = {"RoleAndSubordinates", "RoleAndSubordinatesInternal"}


# What leads from a row with a permission set as its parent to the entitlement that people know.
PARENT_WISH = ("Parent.IsOwnedByProfile", "Parent.ProfileId", "Parent.PermissionSetGroupId")


def entitlement_behind(row: Row, relation: str) -> str | None:
    """The key of the entitlement that a permission set stands for: the profile that owns it, its group, or itself."""
    if truth(row, f"{relation}.IsOwnedByProfile"):
        return text(row, f"{relation}.ProfileId")
    return text(row, f"{relation}.PermissionSetGroupId") or text(row, f"{relation}Id")


def parts(_client: Client, _gathered: Gathered) -> list[Part]:
    """Flags and muting before the groups they add up to, roles and members before the groups that stand for roles."""
    group_wish = ("Id", "Name", "DeveloperName", "Type", "RelatedId", "Description", "DoesIncludeBosses")
    component_wish = ("Id", "PermissionSetGroupId", "PermissionSetId")
    set_group_wish = ("Id", "DeveloperName", "MasterLabel", "Description", "Status", "HasActivationRequired")
    role_wish = ("Id", "Name", "DeveloperName", "ParentRoleId")
    member_wish = ("Id", "GroupId", "UserOrGroupId")
    return [
        Part("PermissionSet", "PermissionSet", SET_WISH, permission_set, gathers=True),
        _lookup("MutingPermissionSet", ("Id", "DeveloperName", "MasterLabel"), muting_set),
        Part("PermissionSetGroupComponent", "PermissionSetGroupComponent", component_wish, component, gathers=True),
        Part("PermissionSetGroup", "PermissionSetGroup", set_group_wish, set_group),
        Part("UserRole", "UserRole", role_wish, role, gathers=True),
        Part("GroupMember (nesting)", "GroupMember", member_wish, member, gathers=True),
        _lookup("QueueSobject", ("Id", "QueueId", "SobjectType"), queue_object),
        Part("Group", "Group", group_wish, group, where="Type IN ('Regular', 'Queue')"),
        Part("Group (derived)", "Group", group_wish, derived_group, where="Type NOT IN ('Regular', 'Queue')"),
        *licences.entitlement_parts(),
        Part("Territory2", "Territory2", TERRITORY_WISH, territory, where=ACTIVE_MODEL, optional=True),
    ]


def _lookup(source: str, wish: tuple[str, ...], note: Callable[[Row, Gathered], Iterator[Record]]) -> Part:
    return Part(source, source, wish, note, counted=False, optional=True, gathers=True, lookup=True)


def held_flags(row: Row) -> tuple[str, ...] | None:
    """The names of the permissions that a set gives; None where not one permission column could be read."""
    if not any(column in row for column in FLAG_COLUMNS):
        return None
    return tuple(flag for flag in flags.FLAGS if row.get(flags.column(flag)) is True)


def _meaning(held: tuple[str, ...] | None) -> tuple[Privilege, ...] | None:
    return None if held is None else flags.privileges(held)


def permission_set(row: Row, gathered: Gathered) -> Iterator[Record]:
    """A permission set, or the profile whose permissions it holds; a group's sum is kept for the group itself."""
    key, held = text(row, "Id"), held_flags(row)
    if key is None:
        raise Odd("a permission set without Id")
    if text(row, "Type") == "Group" or text(row, "PermissionSetGroupId"):
        gathered.table("sums")[text(row, "PermissionSetGroupId") or key] = held
        return
    profile = text(row, "ProfileId") if truth(row, "IsOwnedByProfile") else None
    if truth(row, "IsOwnedByProfile") and profile is None:
        raise Odd("a set that a profile owns, without the profile's Id")
    name = text(row, "Profile.Name") if profile else text(row, "Name")
    yield EntitlementRecord(
        key=profile or key,
        kind="profile" if profile else "permission_set",
        name=name or text(row, "Label") or key,
        label=name if profile else text(row, "Label"),
        description=text(row, "Description"),
        privileges=_meaning(held),
        native=held or (),
        revocable=profile is None,
    )


def set_group(row: Row, gathered: Gathered) -> Iterator[Record]:
    """A permission set group. Its sum can be trusted only when Salesforce says that it is up to date; until then the
    last known flags are kept by name, and what they amount to is not said."""
    key, status = text(row, "Id"), text(row, "Status")
    if key is None:
        raise Odd("a permission set group without Id")
    held, fresh = gathered.table("sums").get(key), status in ("Updated", None)
    description = text(row, "Description")
    if muted := gathered.table("muted").get(key):
        description = f"[muted by {', '.join(sorted(muted))}] {description or ''}".strip()
    if not fresh:
        description = f"[recalculation: {status}] {description or ''}".strip()
    yield EntitlementRecord(
        key=key,
        kind="permission_set_group",
        name=text(row, "DeveloperName") or key,
        label=text(row, "MasterLabel"),
        description=description,
        privileges=_meaning(held) if fresh else None,
        native=held or (),
    )


def muting_set(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember what a muting permission set is called."""
    if (key := text(row, "Id")) and (name := text(row, "MasterLabel") or text(row, "DeveloperName")):
        gathered.table("muting names")[key] = name
    return iter(())


def component(row: Row, gathered: Gathered) -> Iterator[Record]:
    """A set that a group includes. A muting set takes away, so it is no nesting (the group's sum has it applied)."""
    holder, held = text(row, "PermissionSetGroupId"), text(row, "PermissionSetId")
    if holder is None or held is None:
        raise Odd("a group component without group or set")
    if held.startswith(MUTING):
        gathered.table("muted").setdefault(holder, []).append(gathered.table("muting names").get(held, held))
    else:
        yield NestingRecord(holder, held, SUMS_UP)


def role(row: Row, gathered: Gathered) -> Iterator[Record]:
    """A role; whoever has a role also reaches what the roles below it reach."""
    key, parent = text(row, "Id"), text(row, "ParentRoleId")
    if key is None:
        raise Odd("a role without Id")
    gathered.table("parents")[key] = parent
    yield EntitlementRecord(key, "role", text(row, "DeveloperName") or key, text(row, "Name"), privileges=())
    if parent:
        yield NestingRecord(parent, key, "role_hierarchy")


def member(row: Row, gathered: Gathered) -> Iterator[Record]:
    """A group that is a member of a group. Members that are users are grants, not nesting."""
    holder, held = text(row, "UserOrGroupId"), text(row, "GroupId")
    if holder is None or held is None:
        raise Odd("a membership without member or group")
    if holder.startswith("00G"):
        gathered.group("nested").add(holder)
        yield NestingRecord(holder, held, "group_in_group")


def queue_object(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember which kind of record a queue holds."""
    if (queue := text(row, "QueueId")) and (held := text(row, "SobjectType")):
        gathered.table("queues").setdefault(queue, set()).add(held)
    return iter(())


def group(row: Row, gathered: Gathered) -> Iterator[Record]:
    """A public group, or a queue with what waits in it."""
    record = _group_record(row, KINDS.get(text(row, "Type") or "", "group"), revocable=True)
    if held := gathered.table("queues").get(record.key):
        record = replace(record, description=f"[for {', '.join(sorted(held))}] {record.description or ''}".strip())
    yield record


def territory(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A territory of the active model; whoever has one also reaches what lies below it."""
    key, parent = text(row, "Id"), text(row, "ParentTerritory2Id")
    if key is None:
        raise Odd("a territory without Id")
    name = text(row, "DeveloperName") or key
    yield EntitlementRecord(key, "territory", name, text(row, "Name"), text(row, "Description"), privileges=())
    if parent:
        yield NestingRecord(parent, key, "territory_hierarchy")


def derived_group(row: Row, gathered: Gathered) -> Iterator[Record]:
    """A group that Salesforce keeps by itself (a role's people, everybody): told only where it is a member somewhere.

    Whoever has the role holds such a group; with subordinates, so does whoever has a role below.
    """
    key, group_type, related = text(row, "Id"), text(row, "Type") or "", text(row, "RelatedId")
    if key is None:
        raise Odd("a group without Id")
    if key not in gathered.group("nested"):
        return
    yield _group_record(row, "derived_group", revocable=False)
    if related is None or not related.startswith("00E"):
        return
    yield NestingRecord(related, key, "role_to_group")
    if group_type in WITH_SUBORDINATES:
        for below in subordinates(related, gathered.table("parents")):
            yield NestingRecord(below, key, "role_to_group")


def _group_record(row: Row, group_kind: str, *, revocable: bool) -> EntitlementRecord:
    key = text(row, "Id")
    if key is None:
        raise Odd("a group without Id")
    # Groups that stand for a role have an empty name.
    name = text(row, "DeveloperName") or text(row, "Name") or f"{text(row, 'Type')} {text(row, 'RelatedId') or key}"
    label, description = text(row, "Name"), text(row, "Description")
    return EntitlementRecord(key, group_kind, name, label, description, privileges=(), revocable=revocable)


def subordinates(top: str, parents: dict[str, str | None]) -> list[str]:
    """Every role below `top`, in the order of the reading; a circle in the data does not trap us."""
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        if parent:
            children.setdefault(parent, []).append(child)
    found: dict[str, None] = {}
    waiting = list(children.get(top, ()))
    while waiting:
        each = waiting.pop(0)
        if each not in found and each != top:
            found[each] = None
            waiting += children.get(each, ())
    return list(found)
