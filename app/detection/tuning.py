"""Turning the rules: a number of one system's own, and which rules tell people of what they find.

Each change has a reason and is an entry of the ledger. It counts from the next pass of the rules on.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import limits, policy
from app.detection.rule import Rule
from app.detection.tables import AlertRow, LimitRow
from app.inventory.tables import SystemRow
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def set_limit(
    session: Session, system: SystemRow, name: str, value: int, because: str, *, by: Actor, at: datetime
) -> LimitRow:
    """Judge one system by a number of its own. Refuses what is no limit, a number that makes no sense, and no reason."""
    insist(limits.why_not_set(name, value) or policy.why_not_tune(because))
    before = session.get(LimitRow, (system.id, name))
    was = before.value if before is not None else None
    row = session.merge(LimitRow(system_id=system.id, name=name, value=value, because=because, by=by.id, at=at))
    _say(session, system, name, was, value, because, by, at)
    session.flush()
    return row


def clear_limit(session: Session, system: SystemRow, name: str, because: str, *, by: Actor, at: datetime) -> None:
    """Judge a system by everybody's number again. What has no number of its own stays as it is, and no entry is written."""
    insist(limits.why_not_name(name) or policy.why_not_tune(because))
    before = session.get(LimitRow, (system.id, name))
    if before is None:
        return
    session.execute(delete(LimitRow).where(LimitRow.system_id == system.id, LimitRow.name == name))
    _say(session, system, name, before.value, None, because, by, at)


def switch_alerts(session: Session, rule: Rule, because: str, *, on: bool, by: Actor, at: datetime) -> AlertRow:
    """Have people told, or not told, of a rule's new findings. Refuses no reason."""
    insist(policy.why_not_tune(because))
    row = session.merge(AlertRow(rule=rule.name, on=on, because=because, by=by.id, at=at))
    entries.record(
        session,
        Entry(Kind.RULE_ALERTS_SWITCHED, f"rule:{rule.name}", {"on": on}, {"because": because}),
        by=by.id,
        at=at,
    )
    session.flush()
    return row


def _say(
    session: Session,
    system: SystemRow,
    name: str,
    was: int | None,
    value: int | None,
    because: str,
    by: Actor,
    at: datetime,
) -> None:
    body = {"limit": name, "was": was, "value": value}
    entry = Entry(Kind.RULE_LIMIT_SET, f"system:{system.id}", body, {"because": because})
    entries.record(session, entry, by=by.id, at=at)
