"""Who holds what: the role and the flags on each membership, and the members of each team. All are direct."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.bottlecrm import entitlements
from connectors.bottlecrm.accounts import login_of
from connectors.errors import Misread
from connectors.records import GrantRecord

Row = Mapping[str, Any]


def of_people(rows: Sequence[Row]) -> list[GrantRecord]:
    """One grant for each role, and one for each flag that is set, of active and inactive members alike."""
    return [grant for row in rows for grant in _of_person(row)]


def _of_person(row: Row) -> list[GrantRecord]:
    account = str(login_of(row)["id"])
    if not row.get("role"):
        raise Misread("BottleCRM, people: a row without a role")
    held = [entitlements.key(entitlements.ROLE, str(row["role"]))]
    for name, (native, _, _) in entitlements.FLAGS.items():
        if row.get(native) is True:
            held.append(entitlements.key(entitlements.FLAG, name))
        elif row.get(native) is not False:
            raise Misread(f"BottleCRM, people: a row that does not say {native}")
    return [GrantRecord(account_key=account, entitlement_key=each) for each in held]


def of_teams(rows: Sequence[Row]) -> list[GrantRecord]:
    """One grant for each member of each team."""
    return [_of_member(row, member) for row in rows for member in members(row)]


def _of_member(team: Row, member: Row) -> GrantRecord:
    held = entitlements.key(entitlements.TEAM, str(team["id"]))
    return GrantRecord(account_key=str(login_of(member)["id"]), entitlement_key=held)


def members(team: Row) -> Sequence[Row]:
    """The profile rows of a team's members."""
    listed = team.get("users")
    if not isinstance(listed, list):
        raise Misread("BottleCRM, teams: a team that does not say who is in it")
    return listed
