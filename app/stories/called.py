"""What those are called whom the ledger names by their keys: whoever did something, and whatever it was done to.

A name is told only to those who may see what bears it; what has none, or is not there any more, is told as it stands.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import SCHEDULER, Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, IdentityRow, SnapshotRow, SystemRow
from app.notices.tables import ChannelRow
from app.remediation.tables import ActRow, RemediationRow
from app.review.tables import BundleRow, CampaignRow, ItemRow, ScheduleRow
from app.stories import removals, rules

Names = Mapping[str, str]  # by the key that stands behind the colon


def subjects(session: Session, wanted: Iterable[str], *, by: Actor) -> dict[str, str]:
    """Names of subjects ("item:12"), asked for once for each kind of subject."""
    keys: dict[str, set[str]] = {}
    for subject in wanted:
        kind, _, key = subject.partition(":")
        keys.setdefault(kind, set()).add(key)
    told: dict[str, str] = {}
    for kind, (needed, find) in _KINDS.items():
        if kind in keys and policy.why_not(by, needed) is None:
            told |= {f"{kind}:{key}": name for key, name in find(session, keys[kind]).items()}
    return told


def authors(session: Session, wanted: set[str], *, by: Actor) -> dict[str, str]:
    """Names of authors: actors, the scheduler, and people who were spoken for ("cli:ivo for person:P17")."""
    told = dict(session.execute(select(ActorRow.id, ActorRow.name).where(ActorRow.id.in_(wanted))).all())
    told[SCHEDULER.id] = SCHEDULER.name
    if policy.why_not(by, May.SEE_ACCESS) is not None:
        return told
    spoken = {each: each.rpartition(":")[2] for each in wanted - told.keys() if ":" in each}
    found = select(IdentityRow.key, IdentityRow.name).where(IdentityRow.key.in_(spoken.values()))
    people = dict(session.execute(found).all()) if spoken else {}
    for author, key in spoken.items():
        if key in people:
            through = author.partition(" for ")[0]
            told[author] = f"{people[key]}, through {through}" if through != author else people[key]
    return told


def _by(column: Any, name: Any) -> Callable[[Session, set[str]], Names]:
    """Names that stand in a column."""

    def find(session: Session, keys: set[str]) -> Names:
        given = keys if column is ActorRow.id else _numbers(keys)
        return {str(key): str(called) for key, called in session.execute(select(column, name).where(column.in_(given)))}

    return find


def _items(session: Session, keys: set[str]) -> Names:
    """Whose it is, and what."""
    shown = session.execute(select(ItemRow.id, ItemRow.shown).where(ItemRow.id.in_(_numbers(keys))))
    return {str(key): _of_whom(told.get("who") or {}, told["what"]["label"]) for key, told in shown}


def _of_whom(who: Mapping[str, Any], what: str) -> str:
    whose = who.get("name") or who.get("account")
    return f"{whose}: {what}" if whose and whose != what else what


def _readings(session: Session, keys: set[str]) -> Names:
    found = select(SnapshotRow.id, SystemRow.name).join(SystemRow, SystemRow.id == SnapshotRow.system_id)
    rows = session.execute(found.where(SnapshotRow.id.in_(_numbers(keys))))
    return {str(key): f"reading {key} of {system}" for key, system in rows}


def _findings(session: Session, keys: set[str]) -> Names:
    rows = session.execute(select(FindingRow.id, FindingRow.rule).where(FindingRow.id.in_(_numbers(keys))))
    return {str(key): rules.title(rule) for key, rule in rows}


def _removals(session: Session, keys: set[str]) -> Names:
    rows = session.scalars(select(RemediationRow).where(RemediationRow.id.in_(_uuids(keys)))).all()
    return {str(line.row.id): f"{line.person or line.whose or line.system}: {line.what}"
            for line in removals.lines(session, rows)}  # fmt: skip


def _acts(session: Session, keys: set[str]) -> Names:
    """The calls, by the removals that they are part of."""
    rows = session.execute(select(ActRow.id, ActRow.remediation_id).where(ActRow.id.in_(_uuids(keys)))).all()
    named = _removals(session, {str(removal) for _act, removal in rows})
    return {str(act): named[str(removal)] for act, removal in rows}


def _numbers(keys: set[str]) -> list[int]:
    return [int(each) for each in keys if each.isdigit()]


def _uuids(keys: set[str]) -> list[uuid.UUID]:
    return [uuid.UUID(each) for each in keys if len(each) == 36]


_KINDS: Mapping[str, tuple[May, Callable[[Session, set[str]], Names]]] = {
    "actor": (May.SEE_LEDGER, _by(ActorRow.id, ActorRow.name)),
    "system": (May.SEE_LEDGER, _by(SystemRow.id, SystemRow.name)),
    "campaign": (May.SEE_LEDGER, _by(CampaignRow.id, CampaignRow.name)),
    "channel": (May.SEE_NOTICES, _by(ChannelRow.id, ChannelRow.name)),
    "account": (May.SEE_ACCESS, _by(AccountRow.id, func.coalesce(AccountRow.name, AccountRow.username))),
    "identity": (May.SEE_ACCESS, _by(IdentityRow.id, IdentityRow.name)),
    "bundle": (May.SEE_CAMPAIGNS, _by(BundleRow.id, BundleRow.name)),
    "schedule": (May.SEE_CAMPAIGNS, _by(ScheduleRow.id, ScheduleRow.name)),
    "item": (May.SEE_ALL_ITEMS, _items),
    "snapshot": (May.SEE_SYSTEMS, _readings),
    "finding": (May.SEE_FINDINGS, _findings),
    "remediation": (May.SEE_REMEDIATIONS, _removals),
    "act": (May.SEE_REMEDIATIONS, _acts),
}
