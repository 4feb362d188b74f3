"""Drift: what came, went and changed while a review ran, listed, and decided on where it is privileged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import altering, deciders, drifting, meanwhile, policy, queries
from app.review.tables import CampaignRow, DriftRow


def detect(session: Session, campaign: int, *, by: Actor, at: datetime) -> Sequence[DriftRow]:
    """List what began, ended and changed since the campaign was frozen, as far as has been read by now."""
    at = clock.utc(at)
    insist(policy.why_not_move(_held(session, campaign).status))
    fresh = drifting.record(session, campaign, at)
    found = queries.drift(session, campaign)
    body = {
        "new": fresh,
        "began": sum(row.change == "began" for row in found),
        "ended": sum(row.change == "ended" for row in found),
        "changed": sum(row.change == altering.CHANGED for row in found),
        "undecided": queries.drift_undecided(session, campaign),
    }
    entries.record(session, Entry(Kind.DRIFT_LISTED, f"campaign:{campaign}", body), by=by.id, at=at)
    return found


def decide(
    session: Session, drift: int, answer: str, reason: str, *, version: int | None = None, by: Actor, at: datetime
) -> DriftRow:
    """Say what becomes of something that began or changed since freezing: keep or remove, once. Never one's own.

    Refuses whom the review bars since they lean, and (412) what is no longer at `version`: somebody decided on it, whom it
    names, or it contains something else.
    """
    at = clock.utc(at)
    row = session.get(DriftRow, drift)
    if row is None:
        raise Refused(
            Refusal("not_found", f"There is no drift {drift}.", "Look at what changed during the review.", status=404)
        )
    campaign = _held(session, row.campaign_id)
    standing = deciders.standings(session, campaign, [row], by=by)[drift]
    insist(standing.refusal or meanwhile.why_not_say(answer, reason) or _why_not_seen(session, row, version))
    seen = row.version
    moved: Any = session.execute(
        update(DriftRow)
        .where(DriftRow.id == drift, DriftRow.version == seen, DriftRow.answer.is_(None))
        .values(answer=answer, reason=reason.strip(), by=by.id, at=at, version=seen + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    if moved.rowcount != 1:
        insist(_why_not_seen(session, row, seen))
    body = {
        "campaign": row.campaign_id,
        "about": row.subject,
        "answer": answer,
        "by_identity": by.identity_id,
        **({"leans": [str(lean) for lean in standing.leans]} if standing.leans else {}),
        **{word: campaign.scope[word] for word in ("granters", "holders") if campaign.scope.get(word)},
    }
    personal = {"reason": reason.strip(), "shown": queries.digest(row.shown)}
    person = f"identity:{min(standing.concerned)}" if standing.concerned else None
    entries.record(session, Entry(Kind.DRIFT_DECIDED, f"drift:{drift}", body, personal, person), by=by.id, at=at)
    return row


def _why_not_seen(session: Session, row: DriftRow, version: int | None) -> Refusal | None:
    who = queries.author(session, row.by) if row.by is not None else None
    return meanwhile.why_not_seen(version, row.version, answer=row.answer, who=who, at=row.at)


def _held(session: Session, campaign: int) -> CampaignRow:
    """A campaign as it is now, held until this transaction ends."""
    found = session.get(CampaignRow, campaign, with_for_update={"read": True})
    if found is None:
        raise Refused(Refusal("not_found", f"There is no campaign {campaign}.", "Look at the list.", status=404))
    return found
