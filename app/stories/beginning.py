"""The first steps of a new installation, each known to be done by what is there and not by a box that somebody ticked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.inventory.tables import IdentityRow, SnapshotRow, SystemRow
from app.notices.tables import ChannelRow
from app.review.tables import CampaignRow, ScheduleRow

NO_CRM = ("roster", "rolecall")  # who works here, and this installation itself


@dataclass(frozen=True, slots=True)
class Step:
    """One of them: what to do, why, where, and whether it is done."""

    name: str
    says: str
    path: str
    done: bool


def steps(session: Session, *, by: Actor) -> Sequence[Step]:
    """All of them, in order, for whoever can take them; none when the last is done, or for anybody else."""
    if policy.why_not(by, May.RUN_SYSTEMS) is not None:
        return ()
    crm = SystemRow.kind.not_in(NO_CRM), SystemRow.removed.is_(None)
    read = select(SnapshotRow.id).join(SystemRow, SystemRow.id == SnapshotRow.system_id)
    connected = _any(session, select(SystemRow.id).where(*crm))
    known = _any(session, select(IdentityRow.id).where(IdentityRow.ended.is_(None)))
    sealed = _any(session, read.where(*crm, SnapshotRow.sealed_at.is_not(None)))
    told = _any(session, select(ChannelRow.id).where(ChannelRow.status == "on"))
    others = (session.scalar(select(func.count()).select_from(ActorRow).where(ActorRow.ended.is_(None))) or 0) > 1
    asked = _any(session, select(CampaignRow.id)) or _any(session, select(ScheduleRow.id))
    made = (
        Step(
            "Connect a CRM",
            "Read-only at first: a page for each kind says which rights it takes, and checks them.",
            "/systems/add",
            connected,
        ),
        Step(
            "Say who works here",
            "A CSV file from the HR system. Without it nobody can say who has left, or who decides.",
            "/systems/add/roster",
            known,
        ),
        Step(
            "See what is there",
            "Have the CRM read. Minutes later there are people, what they can reach, and the first findings.",
            "/systems",
            sealed,
        ),
        Step(
            "Have people told, and let them in",
            "Reviewers hear of a review by e-mail or chat; colleagues who run things with you get a role.",
            "/settings/channels",
            told and others,
        ),
        Step(
            "Open the first review",
            "You see how many items it has and whose they are before anybody is asked.",
            "/campaigns/new",
            asked,
        ),
    )
    return () if asked and sealed else made


def _any(session: Session, of: Select[Any]) -> bool:
    return session.scalar(of.limit(1)) is not None
