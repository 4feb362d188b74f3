"""What is known of an account that a finding is about: who, since when, how we know, and what its licence costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.detection import ownership
from app.detection.tables import FindingRow
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow
from app.kit.refusal import insist
from app.stories.queue import Wanted, narrowed

TRUSTED = ("complete", "explained")


@dataclass(frozen=True, slots=True)
class Known:
    """`use`: the last use as the finding has it, None where there is none; `how`: sentences on what that rests on.

    `cost`: a month's price of the licence, None where nobody has said what it costs.
    """

    use: str | None
    created: str | None
    how: Sequence[str]
    licence: str | None
    cost: int | None


@dataclass(frozen=True, slots=True)
class Bill:
    """What the licences of some accounts cost a month. `unpriced`: licences of which nobody has said the price."""

    accounts: int
    licences: int
    total: int
    unpriced: Sequence[str]


def known(
    session: Session, finding_ids: Sequence[int], *, by: Actor, costs: Mapping[str, int]
) -> dict[int, Known]:  # fmt: skip
    """What is known of the accounts that these findings are about, by finding; those about none are left out."""
    rows = session.execute(
        select(FindingRow, AccountRow)
        .join(AccountRow, AccountRow.id == FindingRow.account_id)
        .where(FindingRow.id.in_(finding_ids))
    ).all()
    for row, _account in rows:
        insist(ownership.why_not_see(row.owner, by=by))
    reading = {number: _reading(session, number) for number in {account.system_id for _, account in rows}}
    roster = _roster(session) if any(row.rule.startswith("leaver") for row, _ in rows) else []
    told = {}
    for row, account in rows:
        how = [*(roster if row.rule.startswith("leaver") else _signed(account, reading[account.system_id]))]
        told[row.id] = Known(
            use=row.facts.get("last_use") or row.facts.get("last_login") or row.facts.get("last_used"),
            created=row.facts.get("created"),
            how=how,
            licence=account.licence,
            cost=costs.get(account.licence or ""),
        )
    return told


def bill(session: Session, wanted: Wanted, *, by: Actor, at: datetime, costs: Mapping[str, int]) -> Bill:
    """What the accounts cost that the filters leave, each counted once however much is wrong with it."""
    insist(policy.why_not(by, May.SEE_FINDINGS))
    about = narrowed(select(FindingRow.account_id), wanted, at).where(FindingRow.account_id.is_not(None))
    counted = select(AccountRow.licence, func.count()).where(AccountRow.id.in_(about)).group_by(AccountRow.licence)
    rows: Sequence[tuple[str | None, int]] = [(name, count) for name, count in session.execute(counted)]
    paid = [(name, count) for name, count in rows if name]
    return Bill(
        accounts=sum(count for _, count in rows),
        licences=sum(count for _, count in paid),
        total=sum(costs.get(name, 0) * count for name, count in paid),
        unpriced=sorted(name for name, _ in paid if name not in costs),
    )


def _reading(session: Session, system_id: int) -> dict[str, Any] | None:
    """The newest reading's word on sign-ins: when it was, and how far it may be trusted."""
    latest = inventory.latest_sealed(session, system_id)
    if latest is None:
        return None
    stream = next((row for row in inventory.receipts(session, latest.id) if row.stream == "logins"), None)
    return {"at": latest.began_at, "stream": stream}


def _signed(account: AccountRow, reading: dict[str, Any] | None) -> list[str]:
    if reading is None:
        return ["The system was never read to the end."]
    day, stream = reading["at"].date().isoformat(), reading["stream"]
    since = account.logins_known_since.date().isoformat() if account.logins_known_since else None
    if stream is not None and stream.verdict in TRUSTED:
        reach = f"; this system's sign-ins are known since {since}" if since else ""
        return [f"Sign-ins were read to the end on {day}{reach}."]
    because = f": {stream.because}" if stream is not None else ""
    return [f"The account itself was read on {day} with its last sign-in; single sign-ins were not read{because}."]


def _roster(session: Session) -> list[str]:
    told = []
    for roster in inventory.systems(session, kind="roster"):
        latest = inventory.latest_sealed(session, roster.id)
        if latest is not None:
            told.append(f"{roster.name} says so, as read on {latest.began_at.date().isoformat()}.")
    return told
