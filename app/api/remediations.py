"""Removals and what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.policy import May
from app.api import answering, paging, problems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Page, Told
from app.api.words import ActStatus, ItemKind, Reach, RemediationStatus, Wish
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import removal_brakes, stopped_outside
from app.remediation import lookback, plans, remediations, undoings
from app.remediation.tables import ActRow, RemediationRow

router = APIRouter(prefix="/api/v1/remediations", tags=["remediations"])
ORDERS = {
    "oldest": Order((RemediationRow.id,)),
    "newest": Order((RemediationRow.id,), falling=True),
    "due": Order((RemediationRow.due_at, RemediationRow.id)),
}
_TURNS = (
    Kind.REMEDIATION_OPENED, Kind.REMEDIATION_MOVED, Kind.REMEDIATION_VERIFIED, Kind.REMEDIATION_RETURNED,
    Kind.REMEDIATION_UNDONE,    Kind.ACT_BEGUN, Kind.ACT_ENDED,
)  # fmt: skip


class Remediation(Told):
    """A promise to make one removal true. Only `verified` means that the CRM has said so since."""

    id: UUID
    campaign_id: int | None
    item_id: int | None
    system_id: int
    kind: ItemKind
    subject: str
    wish: Wish
    change_to: str | None
    until: datetime | None
    undoes_id: UUID | None
    life: int
    status: RemediationStatus
    because: str | None
    steps: list[str]
    opened_at: datetime
    due_at: datetime
    acted_at: datetime | None
    verified_at: datetime | None
    verified_snapshot_id: int | None
    version: int


class Act(Told):
    """One call that changed something, or tried to."""

    number: int
    kind: str
    says: str
    request: str
    status: ActStatus
    begun_at: datetime | None
    ended_at: datetime | None
    receipt: dict[str, Any] | None
    because: str | None


class RemediationStory(Remediation):
    """A removal with what was there before, each act, and the look after."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    acts: list[Act]


class RemediationPage(Page):
    """A page of removals."""

    remediations: list[Remediation]


class Against(Told):
    """Why not, and the way out."""

    code: str
    reason: str
    way_out: str


class PlannedCall(Told):
    """One call that would be made. No request before the CRM was looked at; `refusal`: why it may not be made now."""

    act: str
    says: str
    request: str | None
    refusal: Against | None


class Planned(Told):
    """What would be done for a removal, in order, with whose credential, and what breaks and remains."""

    credential: str | None = Field(description="Whose; null: the system has no executor.")
    looked: bool
    held: Against | None = Field(description="What keeps the whole run waiting.")
    calls: list[PlannedCall]
    by_hand: str | None = Field(description="Why a person has to do it.")
    steps: list[str]
    gone: bool
    already: str | None = Field(description="That nothing is left to do now, as the CRM shows it.")
    breaks: list[str]
    remains: list[str]


class Seen(Told):
    """What one log tells of a time. Without a count it does not reach there at all."""

    reach: Reach
    count: int | None
    because: str
    kinds: dict[str, int]


class LookedBack(Told):
    """What was done between the promise and the end of the access; no end: it has not gone yet."""

    began: datetime
    ended: datetime | None
    sign_ins: Seen
    changes: Seen
    used: Seen | None


class Undoing(Asked):
    """Why the access may be there again."""

    reason: str = Field(max_length=2000)


class Reporting(Asked):
    """What was done by hand, and where."""

    note: str = Field(max_length=2000)


class Retrying(Asked):
    """What has changed, so that it may go better now."""

    reason: str = Field(max_length=2000)


@router.get("")
def list_remediations(
    means: With,
    actor: Entered,
    page: paging.Asked,
    campaign: paging.Numbered = None,
    system: paging.Numbered = None,
    status: RemediationStatus | None = None,
    sort: Literal["oldest", "newest", "due"] = "oldest",
) -> RemediationPage:
    """Removals, oldest first unless asked otherwise."""
    asked = {
        RemediationRow.campaign_id: campaign, RemediationRow.system_id: system, RemediationRow.status: status,
    }  # fmt: skip
    statement = select(RemediationRow).where(*(column == value for column, value in asked.items() if value is not None))
    with means.database.reading() as session:
        rows, after = page.page(session, statement, ORDERS[sort])
        return RemediationPage(remediations=[Remediation.model_validate(row[0]) for row in rows], next=after)


@router.get("/{remediation_id}")
def get_remediation(remediation_id: UUID, means: With, actor: Entered, response: Response) -> RemediationStory:
    """One removal's story."""
    with means.database.reading() as session:
        row = _found(session, remediation_id)
        answering.tag(response, row.version)
        acts = session.scalars(
            select(ActRow).where(ActRow.remediation_id == remediation_id).order_by(ActRow.number)
        ).all()
        return RemediationStory(
            **Remediation.model_validate(row).model_dump(),
            before=row.before,
            after=row.after,
            acts=[Act.model_validate(act) for act in acts],
        )


@router.get("/{remediation_id}/plan")
def plan_removal(remediation_id: UUID, means: With, actor: Entered, look: bool = False) -> Planned:
    """What would be done, before anything is: a dry run. `look` has the CRM itself looked at, and changes nothing."""
    if look:
        insist(policy.why_not(actor, May.START_REMOVALS))
    told = plans.plan(
        means.database, remediation_id, common=removal_brakes(means.settings),
        stopped=lambda: stopped_outside(means.settings), keys=means.keys, clock=means.clock, look=look,
    )  # fmt: skip
    return Planned.model_validate(told)


@router.get("/{remediation_id}/lookback", responses={409: {"description": "It takes no access away"}})
def look_back(remediation_id: UUID, means: With, actor: Entered) -> LookedBack:
    """What the account did between the promise and the moment the access went. What no log reaches is unknown."""
    kept = timedelta(days=means.settings.login_retention_days)
    with means.database.reading() as session:
        row = _found(session, remediation_id)
        back = lookback.of(session, row, kept=kept, at=means.clock())
        if back is None:
            raise Refused(Refusal("takes_nothing", "This takes no access away.", "Look back on a removal.", 409))
        return LookedBack(
            began=back.began, ended=back.ended, sign_ins=_seen(back.sign_ins), changes=_seen(back.changes),
            used=_seen(back.used) if back.used else None,
        )  # fmt: skip


@router.put("/{remediation_id}/undoing", response_model=Remediation)
def undo_removal(
    remediation_id: UUID,
    asked: Undoing,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Decide that the access may be there again. Answers with the promise that gives it back; a reading proves it."""
    sla = timedelta(days=means.settings.removal_sla_days)

    def verb(session: Session, at: datetime) -> Remediation:
        row = _unchanged(session, remediation_id, if_match)
        made = undoings.undo(session, row, asked.reason, sla=sla, by=actor, at=at)
        body = {"system": row.system_id, "because": "a removal was undone"}
        entries.record(session, Entry(Kind.REMOVAL_REQUESTED, f"system:{row.system_id}", body), by=actor.id, at=at)
        return Remediation.model_validate(made)

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{remediation_id}/report", response_model=Remediation)
def report_removal(
    remediation_id: UUID,
    asked: Reporting,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Say that a removal was done by hand. That is no proof: the next complete reading is."""

    def verb(session: Session, at: datetime) -> Remediation:
        row = _unchanged(session, remediation_id, if_match)
        return Remediation.model_validate(remediations.say_done(session, row, asked.note, by=actor, at=at))

    return answering.once(means, actor, key, asked, request, verb)


@router.put("/{remediation_id}/retry", response_model=Remediation)
def retry_removal(
    remediation_id: UUID,
    asked: Retrying,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Try a removal again. A worker carries it out, with whatever else is open in the system."""

    def verb(session: Session, at: datetime) -> Remediation:
        seen = _unchanged(session, remediation_id, if_match)
        row = remediations.try_again(session, seen, asked.reason, by=actor, at=at)
        body = {"system": row.system_id, "because": "a removal is tried again"}
        entries.record(session, Entry(Kind.REMOVAL_REQUESTED, f"system:{row.system_id}", body), by=actor.id, at=at)
        return Remediation.model_validate(row)

    return answering.once(means, actor, key, asked, request, verb)


def _seen(of: lookback.Seen) -> Seen:
    return Seen(reach=Reach(of.reach), count=of.count, because=of.because, kinds=dict(of.kinds))


def _unchanged(session: Session, remediation_id: UUID, if_match: str | None) -> RemediationRow:
    row = _found(session, remediation_id)
    answering.insist_unchanged(session, if_match, row.version, f"remediation:{row.id}", _TURNS, what="removal")
    return row


def _found(session: Session, remediation_id: UUID) -> RemediationRow:
    row = session.get(RemediationRow, remediation_id)
    if row is None:
        raise problems.not_found("remediation", remediation_id)
    return row
