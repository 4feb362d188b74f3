"""What is there, as a reading finds it: rows end and begin as things went and came in the CRM."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.detection.terms import Terms
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, SystemRow
from app.remediation import comebacks, verify
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
        _apply(world, session, whole=whole)
        made = make.snapshot(session, system, at=at, streams=STREAMS | ({} if whole else {"grants": "incomplete"}))
        told = verify.verify(session, made.id, by=SCHEDULER, at=at)
        back = comebacks.notice(session, made.id, by=SCHEDULER, at=at)
        comebacks.tell(session, system.id, made.id, terms=Terms(), by=SCHEDULER, at=at)
    return f"{'complete' if whole else 'incomplete'}, {told}, {back} returned"


def _apply(world: World, session: Session, *, whole: bool) -> None:
    """What is said to have been read whole is as it is: the accounts in any case, and the grants if they were."""
    world.crm.pass_time()
    accounts = {
        row.key: row for row in session.scalars(select(AccountRow).where(AccountRow.system_id == world.system_id))
    }
    rights = {
        row.key: row
        for row in session.scalars(select(EntitlementRow).where(EntitlementRow.system_id == world.system_id))
    }
    for row in accounts.values():
        row.active = row.key in world.crm.present
    if not whole:
        return
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
            live[name] = make.grant(session, accounts[account], rights[right], began=world.now)
    for name, grant in live.items():
        ends = world.crm.ends.get(name)
        grant.until = datetime.fromisoformat(ends) if ends is not None and name in world.crm.present else None
    session.flush()


def begin(world: World, team: Team) -> str:
    """Somebody gives access in the CRM's own pages; the next reading sees it."""
    right = team.random.choice(("role:boss", "role:more"))
    world.crm.present.add(f"{team.account}/{right}")
    return f"{team.account} is given {right}"


def come_back(world: World, team: Team) -> str:
    """Something that was taken away is given again."""
    gone = [*world.crm.effects, *sorted(world.crm.ended)]
    mine = [name for name in gone if name.partition("/")[0] == team.account]
    taken = [name for name in dict.fromkeys(mine) if name not in world.crm.present]
    if not taken:
        return "nothing was taken away"
    world.crm.present.add(team.random.choice(taken))
    return f"one of {len(taken)} is back"


def move_end(world: World, team: Team) -> str:
    """Somebody takes the end of something away in the CRM's own pages, or moves it out."""
    mine = sorted(name for name in world.crm.ends if name.partition("/")[0] == team.account)
    if not mine:
        return "nothing has an end"
    name = team.random.choice(mine)
    if team.random.random() < 0.5:
        del world.crm.ends[name]
        return f"{name} has no end any more"
    world.crm.ends[name] = (datetime.fromisoformat(world.crm.ends[name]) + timedelta(days=30)).isoformat()
    return f"{name} ends later"


def by_a_person(world: World, row: RemediationRow) -> None:
    """Somebody does by hand in the CRM what a removal asks for."""
    target = row.target
    name = target["account_key"] + (f"/{target['entitlement_key']}" if row.kind == "grant" else "")
    if row.wish == "restore":
        world.crm.present.add(name)
        world.crm.ends.pop(name, None)
        return
    world.crm.present.discard(name)
    if row.wish == "change":
        world.crm.present.add(f"{target['account_key']}/{row.change_to}")
