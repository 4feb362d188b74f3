"""What a member can hold: a role, one of two access flags, a place in a team. Nothing nests.

What a role allows is not in the API; it is documented with BottleCRM: ADMIN may do everything, USER works on records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import Misread
from connectors.records import EntitlementRecord, Privilege

ADMIN, MEMBER = "ADMIN", "USER"
ROLE, FLAG, TEAM = "role", "access", "team"
FLAGS = {
    "sales": ("has_sales_access", "Sales access", "may import records in bulk"),
    "marketing": (
        "has_marketing_access",
        "Marketing access",
        "marks people for marketing; BottleCRM asks it of nobody",
    ),
}
_ALLOWS: Mapping[str, tuple[Privilege, ...]] = {
    ADMIN: (
        Privilege.ADMINISTER, Privilege.SEE_ALL, Privilege.CHANGE_ALL, Privilege.MANAGE_PEOPLE, Privilege.MANAGE_ACCESS,
        Privilege.CUSTOMIZE, Privilege.EXPORT, Privilege.MANAGE_INTEGRATIONS, Privilege.MANAGE_SECURITY,
    ),
    MEMBER: (),
}  # fmt: skip


def key(kind: str, name: str) -> str:
    """`role:ADMIN`, `access:sales`, `team:<id>`."""
    return f"{kind}:{name}"


def split(entitlement: str) -> tuple[str, str]:
    """The kind and the name in a key. ValueError for a key that is not ours."""
    kind, _, name = entitlement.partition(":")
    if kind not in (ROLE, FLAG, TEAM) or not name or (kind == FLAG and name not in FLAGS):
        raise ValueError(f"{entitlement!r} is not a BottleCRM entitlement")
    return kind, name


def roles(people: Any) -> list[EntitlementRecord]:
    """The roles that the people list's answer offers, as BottleCRM names them, and the two flags."""
    try:
        names = [str(pair[0]) for pair in people["roles"]]
    except (KeyError, TypeError, IndexError) as error:
        raise Misread("BottleCRM, people: the answer does not name the roles") from error
    return [*map(_role, names), *(_flag(name) for name in FLAGS)]


def _role(name: str) -> EntitlementRecord:
    return EntitlementRecord(
        key=key(ROLE, name),
        kind=ROLE,
        name=name,
        privileges=_ALLOWS.get(name),  # a role that we do not know: not said
        native=(f"role={name}",),
        revocable=name != MEMBER,  # every member has a role; below USER there is only leaving
    )


def _flag(name: str) -> EntitlementRecord:
    native, label, meaning = FLAGS[name]
    return EntitlementRecord(
        key=key(FLAG, name), kind=FLAG, name=label, description=meaning, privileges=(), native=(native,)
    )


def teams(rows: Sequence[Mapping[str, Any]]) -> list[EntitlementRecord]:
    """Teams: they share records among their members and give no rights of their own."""
    return [
        EntitlementRecord(
            key=key(TEAM, str(row["id"])),
            kind=TEAM,
            name=str(row.get("name") or row["id"]),
            description=row.get("description") or None,
            privileges=(),
        )
        for row in rows
    ]
