"""Identities: whose each account is. What a person matched by hand, no machine takes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import matching, policy, queries
from app.inventory.tables import AccountRow, IdentityRow
from app.kit.refusal import insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


@dataclass(frozen=True, slots=True)
class Matched:
    """How many live accounts changed hands now, and how all of them stand: matched by what, or nobody's."""

    changed: int
    by: dict[str, int]
    nobodys: int


def match(session: Session, *, by: Actor, at: datetime) -> Matched:
    """Give every live account to the identity that its own fields name, or to nobody. Writes only what changes."""
    found = queries.candidates().subquery()
    moved = update(AccountRow).values(identity_id=found.c.identity_id, matched_by=found.c.by, matched_at=at, touched=at)
    differs = AccountRow.identity_id.is_distinct_from(found.c.identity_id) | AccountRow.matched_by.is_distinct_from(
        found.c.by
    )
    mine = (AccountRow.id == found.c.account_id, AccountRow.matched_by.is_distinct_from(matching.HAND), differs)
    changed = session.execute(moved.where(*mine), execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    session.expire_all()
    counts = _standing(session, int(changed))
    body = {"changed": counts.changed, "by": counts.by, "nobodys": counts.nobodys}
    entries.record(session, Entry(Kind.IDENTITY_MATCHED, "identities", body), by=by.id, at=at)
    return counts


def match_by_hand(
    session: Session, account: AccountRow, identity: IdentityRow | None, *, reason: str, by: Actor, at: datetime
) -> AccountRow:
    """Give an account to an identity, or (None) let the fields decide again from the next matching on."""
    erased = identity is not None and identity.erased is not None
    insist(policy.why_not_match(ended=account.ended is not None, erased=erased))
    account.identity_id = identity.id if identity else None
    account.matched_by = matching.HAND if identity else None
    account.matched_at = account.touched = at
    session.flush()
    body = {"identity": identity.id if identity else None}
    entry = Entry(
        Kind.IDENTITY_MATCHED, f"account:{account.id}", body, {"reason": reason}, person=f"account:{account.id}"
    )
    entries.record(session, entry, by=by.id, at=at)
    return account


def _standing(session: Session, changed: int) -> Matched:
    told = session.execute(
        select(AccountRow.matched_by, func.count()).where(AccountRow.ended.is_(None)).group_by(AccountRow.matched_by)
    )
    by = {str(way or ""): count for way, count in told}
    nobodys = by.pop("", 0)
    return Matched(changed, dict(sorted(by.items())), nobodys)
