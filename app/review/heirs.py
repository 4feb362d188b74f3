"""To whom an item goes that its reviewer sets aside: the owner of security where it is privileged, then the system's owner,
then the fallbacks of the review; never whoever is concerned, set it up, or has set the same item aside.

Read-only: it is asked when an item is set aside, so that nobody can do so in vain, and again when it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.tables import SystemRow
from app.review import apart, aside, former, grounds, leanings, ties
from app.review.aside import Aside
from app.review.choice import fit
from app.review.tables import CampaignRow, DecisionRow, ItemRow, TaskRow

_CHUNK = 5_000


def heirs(session: Session, item_ids: Sequence[int], at: datetime) -> Mapping[int, int | None]:
    """Who is next for each of these items; None: nobody is left."""
    found: dict[int, int | None] = {}
    for start in range(0, len(item_ids), _CHUNK):
        found |= _heirs(session, item_ids[start : start + _CHUNK], at)
    return found


def _heirs(session: Session, item_ids: Sequence[int], at: datetime) -> dict[int, int | None]:
    rows = session.execute(
        select(ItemRow.id, ItemRow.privileged, TaskRow.reviewer_id, CampaignRow, SystemRow.owner_key)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .join(CampaignRow, CampaignRow.id == ItemRow.campaign_id)
        .join(SystemRow, SystemRow.id == ItemRow.system_id)
        .where(ItemRow.id.in_(item_ids))
    ).all()
    keys = {row.id: _asked(row.CampaignRow, row.privileged, row.owner_key) for row in rows}
    known = grounds.people(session, {key for asked in keys.values() for key in asked})
    concerned, granters = ties.concerned(session, item_ids), leanings.barred(session, item_ids)
    before = former.people(session, item_ids) if any(row.CampaignRow.round > 1 for row in rows) else {}
    passed = _set_aside(session, item_ids)
    found = {}
    for row in rows:
        until = max(at, row.CampaignRow.due_at).date()
        able = {known[key].identity_id for key in keys[row.id] if fit(known.get(key), at.date(), until)}
        barred = concerned[row.id] | {row.reviewer_id} | passed.get(row.id, set())
        barred |= apart.of(row.CampaignRow.configurer_id, row.CampaignRow.owner_id)
        asked = [known[key].identity_id for key in keys[row.id] if key in known]
        barred |= before.get(row.id, frozenset()) | granters.get(row.id, frozenset())
        found[row.id] = aside.heir(asked, able, barred)
    return found


def _asked(campaign: CampaignRow, privileged: bool, owner: str | None) -> list[str]:
    """The roster keys of those who are asked, in their order."""
    scope = campaign.scope
    security = scope.get("security_owner") if privileged else None
    return [key for key in (security, owner, scope.get("fallback"), scope.get("second_fallback")) if key]


def _set_aside(session: Session, item_ids: Sequence[int]) -> dict[int, set[int]]:
    """Who has set each of them aside before."""
    said = select(DecisionRow.item_id, DecisionRow.by_identity_id).where(
        DecisionRow.item_id.in_(item_ids), DecisionRow.answer.in_(list(Aside))
    )
    found: dict[int, set[int]] = {}
    for item_id, who in session.execute(said):
        if who is None:
            continue
        found.setdefault(item_id, set()).add(who)
    return found
