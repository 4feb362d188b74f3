"""Privileges: what each account can do, and through which chain, derived from live grants and nesting.

A grant that the system says has no effect now (`effective` False: an expired date, a session-based set that is not open)
brings no privilege; where the system does not say, it counts. The grant itself is reviewed either way.
"""

from __future__ import annotations

from sqlalchemy import Column, String, Table, delete, insert, literal, select

from app.inventory import contents
from app.inventory.merges.sealing import Sealing
from app.inventory.tables import AccountRow, GrantRow, PrivilegeRow
from app.kit import bulk, postgres

PRIVILEGES: Table = PrivilegeRow.__table__  # type: ignore[assignment]
KEY = ["account_id", "privilege", "path"]


def derive(sealing: Sealing) -> None:
    """Bring the system's privileges to what its live grants now say, writing only what differs."""
    session = sealing.session
    reach = _staged_reach(sealing)
    derived = _staged_derived(sealing, reach)
    ours = PRIVILEGES.c.system_id == sealing.system_id
    ended = bulk.written(session, delete(PRIVILEGES).where(ours, bulk.absent(PRIVILEGES, derived, KEY)))
    with postgres.parents_known(session):  # as live grants name them
        began = bulk.insert_new(
            session, PRIVILEGES, derived, on=KEY, columns=[*KEY, "entitlement_id"],
            constants={"system_id": sealing.system_id},
        )  # fmt: skip
    sealing.count(PRIVILEGES.name, began=began, ended=ended)
    bulk.drop(session, derived)
    bulk.drop(session, reach)


def _staged_reach(sealing: Sealing) -> Table:
    """(entitlement, privilege, path) for everything that holding an entitlement brings."""
    session = sealing.session
    rows = [list(row) for row in contents.reach(session, sealing.system_id)]
    staged = bulk.stage(
        session,
        "stage_reach",
        [
            Column("entitlement_id", PRIVILEGES.c.entitlement_id.type),
            Column("privilege", String),
            Column("path", String),
        ],
    )
    bulk.fill(session, staged, rows)
    bulk.ready(session, staged, ["entitlement_id", "privilege", "path"])
    return staged


def _staged_derived(sealing: Sealing, reach: Table) -> Table:
    """The privileges that the system's accounts have now."""
    session = sealing.session
    staged = bulk.stage(
        session, "stage_privileges", [bulk.like(PRIVILEGES.c[name]) for name in (*KEY, "entitlement_id")]
    )
    rows = (
        select(GrantRow.account_id, reach.c.privilege, reach.c.path, GrantRow.entitlement_id)
        .join(reach, reach.c.entitlement_id == GrantRow.entitlement_id)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .where(
            GrantRow.system_id == sealing.system_id,
            GrantRow.ended.is_(None),
            GrantRow.effective.is_distinct_from(literal(False)),
            AccountRow.ended.is_(None),
        )
        .distinct()
    )
    session.connection().execute(insert(staged).from_select([*KEY, "entitlement_id"], rows))
    bulk.ready(session, staged, KEY)
    return staged
