"""Who holds what, directly: profiles and roles from `User`, sets and groups of them from their assignments, memberships,
licences and territories.

Every user also has an assignment of the hidden set that a profile owns and of the one that sums up a set group: the
first is the profile grant once more, the second is the group's. Assignments of inactive users are read like all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from connectors.errors import Denied, Misread
from connectors.records import Authority, GrantRecord, Record
from connectors.salesforce import licences
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.soql import Row, insist_id, quote, text, truth, when

ASSIGNMENT_WISH = (
    *("Id", "AssigneeId", "PermissionSetId", "PermissionSetGroupId", "ExpirationDate", "IsActive", "IsRevoked"),
    "LastCreatedByChangeId",
)
# What an assignment's meaning rests on. Asked of each set once: with every assignment it was half of a large reading.
SET_WISH = ("Id", "IsOwnedByProfile", "Type", "HasActivationRequired", "PermissionSetGroupId")
ACTIVATIONS = "SessionPermSetActivation"
TERRITORY_WISH = ("Id", "UserId", "Territory2Id", "IsActive")
ACTIVE_MODEL = "Territory2.Territory2Model.State = 'Active'"
WINDOW_PAGES, MARK_EVERY = 3, 10
FULL = 95  # percent; how much of a window's pages is filled on purpose, as people do not hold equally much
ENOUGH = 95  # percent; a few may be new since the first count, or of a kind that we do not know
BY_HAND, BY_POLICY = Authority.CRM, Authority.POLICY  # looked up once, not for each of a million
# Only orgs with User Access Policies have these; their absence is not worth a word in every receipt.
OF_POLICIES = ("IsRevoked", "LastCreatedByChangeId")


def parts(client: Client, gathered: Gathered) -> list[Part]:
    """The places where grants stand; before them, which session-based sets are switched on at this moment."""
    _insist_on_all(client)
    there = client.columns("PermissionSetAssignment")
    wish = tuple(column for column in ASSIGNMENT_WISH if column not in OF_POLICIES or column in there)
    return [
        Part(
            ACTIVATIONS, ACTIVATIONS, ("Id", "UserId", "PermissionSetId", "PermissionSetGroupId"), note_activation,
            counted=False, optional=True, gathers=True, lookup=True,
        ),
        Part("PermissionSet (kinds)", "PermissionSet", SET_WISH, note_set, counted=False, gathers=True, lookup=True),
        Part("User (profile and role)", "User", ("Id", "ProfileId", "UserRoleId"), profile_and_role, gathers=True),
        Part(
            "GroupMember",
            "GroupMember",
            ("Id", "GroupId", "UserOrGroupId", "Group.Type"),
            membership,
        ),
        *licences.grant_parts(),
        Part("UserTerritory2Association", "UserTerritory2Association", TERRITORY_WISH, in_territory, where=ACTIVE_MODEL,
             optional=True),
        # Last, because it is asked side by side: what came after it would be asked one by one, when all else has ended.
        Part(
            "PermissionSetAssignment", "PermissionSetAssignment", wish, assignment,
            windows=partial(by_account, gathered), apart=True,
        ),
    ]  # fmt: skip


def _insist_on_all(client: Client) -> None:
    """Refuse assignments that are too few to be all: every active person has one of the set that the profile owns."""
    people = client.count("User", "IsActive = true AND UserType = 'Standard'")
    whose = "Assignee.IsActive = true AND Assignee.UserType = 'Standard'"
    assigned = client.count("PermissionSetAssignment", f"PermissionSet.IsOwnedByProfile = true AND {whose}")
    if assigned * 100 < people * ENOUGH:
        raise Denied(
            f"grants: {people} active people but only {assigned} assignments of their profiles, so others are hidden too; "
            "our user needs View Setup and Configuration and View All Users",
            missing="all of PermissionSetAssignment",
        )


def note_activation(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember who has switched on which session-based set, or group of sets, at this moment."""
    for column in ("PermissionSetId", "PermissionSetGroupId"):
        if (account := text(row, "UserId")) and (held := text(row, column)):
            gathered.group("activated").add(f"{account} {held}")
    return iter(())


@dataclass(frozen=True, slots=True)
class Kind:
    """What a set's assignments mean. Of a set that is newer than our list nothing is known."""

    hidden: bool = False  # the one that a profile owns: the profile's grant once more
    of_group: bool = True  # or of none that we know
    group: str | None = None  # that it sums up
    asleep: bool = False  # until it is switched on for a session


NEW = Kind()


def note_set(row: Row, gathered: Gathered) -> Iterator[Record]:
    """Remember what kind of set this is."""
    kind = text(row, "Type")
    if key := text(row, "Id"):
        gathered.table("kinds")[key] = Kind(
            hidden=truth(row, "IsOwnedByProfile") is True or kind == "Profile",
            of_group=kind in (None, "Group"),
            group=text(row, "PermissionSetGroupId"),
            asleep=truth(row, "HasActivationRequired") is True or kind == "Session",
        )
    return iter(())


def by_account(gathered: Gathered, client: Client, anchor: str, said: int) -> tuple[str, Sequence[str]]:
    """Windows of a few pages each, over accounts in the order of their Ids; one for an org that has few assignments.

    The anchor holds where they are cut. The first has no beginning and the last no end, so no assignment is left out. That
    a reference may be compared by order is not documented, so it is tried first.
    """
    if not anchor:
        size = WINDOW_PAGES * client.access.page_size * FULL // 100
        marks, number = gathered.marks, -(-said // size) if said > 2 * size else 1
        cuts = [marks[len(marks) * each // number] for each in range(1, number)] if len(marks) > 1 else []
        cuts = list(dict.fromkeys(cut for cut in cuts if cut != marks[0]))
        anchor = ",".join(cuts) if cuts and _comparable(client, cuts[0]) else "all"
    if anchor == "all":
        return anchor, [""]
    cuts = anchor.split(",")
    edges = [(None, cuts[0]), *pairwise(cuts), (cuts[-1], None)]
    return anchor, [" AND ".join(_edges(low, high)) for low, high in edges]


def _edges(low: str | None, high: str | None) -> Iterator[str]:
    if low:
        yield f"AssigneeId >= {quote(insist_id(low))}"
    if high:
        yield f"AssigneeId < {quote(insist_id(high))}"


def _comparable(client: Client, cut: str) -> bool:
    try:
        client.count("PermissionSetAssignment", f"AssigneeId < {quote(insist_id(cut))}")
    except Misread:
        return False
    return True


def profile_and_role(row: Row, gathered: Gathered) -> Iterator[Record]:
    """An account's profile, and its role if it has one. Every so many accounts one is marked, to divide assignments by."""
    account = text(row, "Id")
    if account is None:
        raise Odd("a user without Id")
    if gathered.passed % MARK_EVERY == 0:
        gathered.marks.append(account)
    gathered.passed += 1
    for column in ("ProfileId", "UserRoleId"):
        if held := text(row, column):
            yield GrantRecord(account, held)


def assignment(row: Row, gathered: Gathered) -> Iterable[Record]:
    """A permission set or a permission set group, assigned."""
    get = row.get  # there are ten of these for each account: no detours
    account, held_set = get("AssigneeId"), get("PermissionSetId")
    kind = gathered.table("kinds").get(held_set or "", NEW)
    group = get("PermissionSetGroupId") or kind.group
    if not account or not (held_set or group):
        raise Odd("an assignment without assignee or set")
    if kind.hidden or (group and not kind.of_group):  # the latter: nesting, not a grant of its own
        return ()
    until, active, revoked = get("ExpirationDate"), get("IsActive"), get("IsRevoked") is True
    active = active if active is True or active is False else None
    until = when(until) if until is not None else None
    over = until is not None and until <= gathered.at
    effective = False if revoked or over else active
    if kind.asleep and effective is not False:
        awake = f"{account} {group or held_set}" in gathered.group("activated")
        effective = None if ACTIVATIONS in gathered.unknown else active if awake else False
    authority = BY_POLICY if revoked or get("LastCreatedByChangeId") else BY_HAND
    held = group or held_set or ""
    return (GrantRecord(account, held, "direct", authority, get("Id") or None, None, None, until, effective),)


def in_territory(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A user in a territory of the active model."""
    account, held = text(row, "UserId"), text(row, "Territory2Id")
    if account is None or held is None:
        raise Odd("a territory's member without account or territory")
    yield GrantRecord(account, held, key=text(row, "Id"), effective=truth(row, "IsActive"))


def membership(row: Row, _gathered: Gathered) -> Iterator[Record]:
    """A user in a public group or queue. A group in a group is nesting; groups that keep themselves are no grants."""
    group, who = text(row, "GroupId"), text(row, "UserOrGroupId")
    if group is None or who is None:
        raise Odd("a membership without member or group")
    if who.startswith("005") and text(row, "Group.Type") in (None, "Regular", "Queue"):
        yield GrantRecord(who, group, key=text(row, "Id"))
