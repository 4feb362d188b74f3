"""What is there, as a reading finds it: rows end and begin as things went and came in the CRM."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, SystemRow
from app.remediation import verify
from app.remediation.tables import RemediationRow
from tests import make
from tests.lives.world import Team, World

STREAMS = dict.fromkeys(("accounts", "entitlements", "grants", "logins", "integrations"), "complete")


def read(world: World) -> str:
    """A reading of the CRM, complete or not, and what it proves."""
    return read_all(world, whole=world.random.random() < 0.75)


def read_all(world: World, *, whole: bool = True) -> str:
    """A reading of everything, or one that lacks the grants."""
    with world.database.transaction() as session:
        at = world.later()
        system = session.get_one(SystemRow, world.system_id)
        if whole:
            _apply(world, session)
        made = make.snapshot(session, system, at=at, streams=STREAMS | ({} if whole else {"grants": "incomplete"}))
        told = verify.verify(session, made.id, by=SCHEDULER, at=at)
    return f"{'complete' if whole else 'incomplete'}, {told}"


def _apply(world: World, session: Session) -> None:
    accounts = {
        row.key: row for row in session.scalars(select(AccountRow).where(AccountRow.system_id == world.system_id))
    }
    rights = {
        row.key: row
        for row in session.scalars(select(EntitlementRow).where(EntitlementRow.system_id == world.system_id))
    }
    for row in accounts.values():
        row.active = row.key in world.crm.present
    live = {}
    for grant, account, right in session.execute(
        select(GrantRow, AccountRow.key, EntitlementRow.key)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.system_id == world.system_id, GrantRow.ended.is_(None))
    ):
        live[f"{account}/{right}"] = grant
    for name, grant in live.items():
        if name not in world.crm.present:
            grant.ended = world.now
    for name in sorted(world.crm.present - live.keys()):
        account, _, right = name.partition("/")
        if right in rights:
            make.grant(session, accounts[account], rights[right], began=world.now)
    session.flush()


def begin(world: World, team: Team) -> str:
    """Somebody gives access in the CRM's own pages; the next reading sees it."""
    right = team.random.choice(("role:boss", "role:more"))
    world.crm.present.add(f"{team.account}/{right}")
    return f"{team.account} is given {right}"


def come_back(world: World, team: Team) -> str:
    """Something that was taken away is given again."""
    mine = [name for name in world.crm.effects if name.partition("/")[0] == team.account]
    taken = [name for name in dict.fromkeys(mine) if name not in world.crm.present]
    if not taken:
        return "nothing was taken away"
    world.crm.present.add(team.random.choice(taken))
    return f"one of {len(taken)} is back"


def by_a_person(world: World, row: RemediationRow) -> None:
    """Somebody does by hand in the CRM what a removal asks for."""
    target = row.target
    if row.kind == "account":
        world.crm.present.discard(target["account_key"])
        return
    world.crm.present.discard(f"{target['account_key']}/{target['entitlement_key']}")
    if row.wish == "change":
        world.crm.present.add(f"{target['account_key']}/{row.change_to}")
