"""Nudges: whoever runs a review reminds those who are not done, now, by hand.

Only who has not submitted is reminded, by the ways that reach the people themselves, in their own hours; and who heard of
this review within a day is left alone unless it is meant.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.notices import audiences, happenings, policy, queries, reminders
from app.notices.audiences import Hours
from app.notices.events import REMINDERS, Event
from app.notices.policy import Status
from app.notices.reminders import Turn
from app.notices.tables import DeliveryRow
from app.review.tables import CampaignRow

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Nudged:
    """What came of it: how many are not done, how many of them are reminded now, and how many heard within a day."""

    pending: int
    reminded: int
    lately: int


def remind(
    session: Session,
    campaign_id: int,
    *,
    whom: Collection[int] | None = None,
    again: bool = False,
    hours: Hours,
    by: Actor,
    at: datetime,
) -> Nudged:
    """Remind the reviewers of a review who have not submitted: all, or of `whom` (identities) those. `again`: also who
    heard within a day. Refuses a review that has ended, when nobody is left to remind, and while no channel tells any."""
    at = clock.utc(at)
    row = _found(session, campaign_id)
    insist(why_not(session, row))
    pending = happenings.shares(session, row.id, pending=True)
    meant = set(pending) if whom is None else set(pending) & set(whom)
    lately = _lately(session, row.id, at) & meant
    chosen = meant if again else meant - lately
    insist(policy.why_not_remind_them(pending=len(meant), chosen=len(chosen)))
    event = Event.REVIEW_OVERDUE if at >= row.due_at else Event.REVIEW_DUE
    mark = uuid.uuid4().hex if again else at.date().isoformat()  # of two who press at once, one is heard
    found = reminders.reminder(session, row, Turn(event, f"campaign:{row.id}:asked:{mark}"), at)
    mine = [replace(each, personal={who: each.personal[who] for who in sorted(chosen)}) for each in found]
    made = sum(audiences.make(session, mine, hours, at, concerned_only=True).values())
    body = {
        "reviewers": [f"identity:{who}" for who in sorted(chosen)], "made": made, "lately": len(lately), "again": again,
    }  # fmt: skip
    entries.record(session, Entry(Kind.CAMPAIGN_REMINDED, f"campaign:{row.id}", body), by=by.id, at=at)
    session.flush()
    return Nudged(len(meant), made, len(lately))


def why_not(session: Session, row: CampaignRow) -> Refusal | None:
    """Why nobody can be reminded of this review, whoever they are."""
    tells = [
        subscription
        for subscription, _channel in queries.telling(session)
        if subscription.recipient == policy.CONCERNED
        and {Event.REVIEW_DUE, Event.REVIEW_OVERDUE} <= set(subscription.events)
    ]
    return policy.why_not_remind(row.status, told=bool(tells))


def why_not_all(session: Session, row: CampaignRow, pending: Collection[int], at: datetime) -> Refusal | None:
    """Why all who are `pending` (by identity) are not reminded now: nobody can be, or each of them heard within a day."""
    waiting = set(pending)
    chosen = len(waiting - _lately(session, row.id, clock.utc(at))) if waiting else 0
    return why_not(session, row) or policy.why_not_remind_them(pending=len(waiting), chosen=chosen)


def _lately(session: Session, campaign_id: int, at: datetime) -> set[int]:
    """Who was told of this review within a day, or will be; not those whom it did not reach."""
    found = select(DeliveryRow.whom).where(
        DeliveryRow.event.in_([str(event) for event in REMINDERS]),
        DeliveryRow.cause.like(f"campaign:{campaign_id}:%"),
        DeliveryRow.whom.like("identity:%"),
        DeliveryRow.made_at > at - _DAY,
        DeliveryRow.status.not_in((Status.FAILED, Status.DROPPED)),
    )
    return {int(whom.partition(":")[2]) for whom in session.scalars(found)}


def _found(session: Session, campaign_id: int) -> CampaignRow:
    row = session.get(CampaignRow, campaign_id)
    if row is None:
        raise Refused(Refusal("not_found", f"There is no campaign {campaign_id}.", "Look at the list.", status=404))
    return row
