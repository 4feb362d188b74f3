"""A review's control owner signs what came of it; until then somebody else can be named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy as rights
from app.actors.policy import May
from app.console import forms, rendering
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review import queries, signatures
from app.review.policy import Status
from app.review.tables import CampaignRow
from app.stories import signing

router = APIRouter()
Text = Annotated[str, Form(max_length=2000)]
_NONE = Refusal("none_chosen", "None of them was chosen.", "Choose what you looked at.", status=422)


@router.get("/campaigns/{campaign_id}/signature")
def shown(request: Request, campaign_id: int, means: With, visit: Entered) -> Response:
    """What there is to sign, or what was signed."""
    return _page(request, means, visit, campaign_id)


@router.post("/campaigns/{campaign_id}/signature")
def sign(
    request: Request, campaign_id: int, means: With, visit: Entered, remark: Text = "", seen: Text = ""
) -> Response:
    """Sign it."""
    try:
        with means.database.transaction() as session:
            _found(session, campaign_id, visit)
            removals = signing.removals(session, campaign_id)
            row = signatures.give(
                session, campaign_id, remark=remark, removals=removals, seen=seen, by=visit.actor, at=means.clock()
            )
    except Refused as refused:
        if refused.refusal.code == "not_found":
            raise
        return _page(request, means, visit, campaign_id, refused.refusal, remark)
    return rendering.go(request, f"/campaigns/{campaign_id}/signature", said=f"You have signed {row.name}.")


@router.get("/signatures")
def several(request: Request, means: With, visit: Entered) -> Response:
    """Every review that waits for one's signature, each with what came of it."""
    return _several(request, means, visit)


@router.post("/signatures")
def sign_several(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Sign those that were chosen, each by itself and as it was shown; what cannot be signed is said, and the rest is."""
    chosen = [value.partition(":") for value in form.getlist("sign") if isinstance(value, str)]
    numbers = [(number, leaf) for text, _, leaf in chosen if (number := forms.number(text)) is not None]
    signed, no = [], None if numbers else _NONE
    for number, leaf in numbers:
        try:
            with means.database.transaction() as session:
                _found(session, number, visit)
                removals, remark = signing.removals(session, number), forms.text(form, "remark")
                row = signatures.give(
                    session, number, remark=remark, removals=removals, seen=leaf, by=visit.actor, at=means.clock()
                )
                signed.append(row.name)
        except Refused as refused:
            no = refused.refusal
    if no is not None:
        return _several(request, means, visit, no, forms.text(form, "remark"), signed)
    return rendering.go(request, "/signatures", said=f"You have signed {', '.join(signed)}.")


@router.post("/campaigns/{campaign_id}/control-owner")
def name(request: Request, campaign_id: int, means: With, visit: Entered, to: Text = "", reason: Text = "") -> Response:
    """Let somebody else sign it."""
    with means.database.transaction() as session:
        _found(session, campaign_id, visit)
        person = inventory.whom(session, to)
        signatures.name(session, campaign_id, to_id=person.id, reason=reason, by=visit.actor, at=means.clock())
        called = person.name
    return rendering.go(request, f"/campaigns/{campaign_id}", said=f"{called} answers for it from now on.")


def _page(
    request: Request, means: Means, visit: Visit, campaign_id: int, no: Refusal | None = None, remark: str = ""
) -> Response:
    with means.database.reading() as session:
        row = _found(session, campaign_id, visit)
        closed = signatures.closure(session, campaign_id)
        owner = session.get(IdentityRow, row.owner_id) if row.owner_id is not None else None
        removals = row.signature["removals"] if row.signature else signing.removals(session, campaign_id)
        refusal = signatures.why_not(session, row, by=visit.actor)
        shares = queries.progress(session, campaign_id) if row.status == Status.OPEN else []
    return rendering.page(
        request, "campaigns/signature.html", visit, status=no.status if no else 200, campaign=row, closed=closed,
        owner=owner.name if owner is not None else None, removals=removals, accepted=_accepted(row),
        open_removals=signing.unproved(removals),
        refusal=refusal, shares=shares, no=no, remark=remark, sees=_sees(visit),
    )  # fmt: skip


def _several(
    request: Request,
    means: Means,
    visit: Visit,
    no: Refusal | None = None,
    remark: str = "",
    signed: Sequence[str] = (),
) -> Response:
    with means.database.reading() as session:
        rows = [
            (row, signatures.closure(session, row.id), signing.unproved(signing.removals(session, row.id)),
             signatures.why_not(session, row, by=visit.actor))
            for row in signing.waiting(session, by=visit.actor)
        ]  # fmt: skip
    return rendering.page(
        request, "campaigns/signatures.html", visit, status=no.status if no else 200, rows=rows, no=no, remark=remark,
        signed=signed,
    )  # fmt: skip


def _accepted(row: CampaignRow) -> int:
    """How many items the owner accepted before it opened."""
    return sum(sum(kinds.values()) for kinds in (row.acceptance or {}).get("items", {}).values())


def _sees(visit: Visit) -> bool:
    return rights.why_not(visit.actor, May.SEE_CAMPAIGNS) is None


def _found(session: Session, campaign_id: int, visit: Visit) -> CampaignRow:
    """The review, for its control owner and for those who see reviews; there is none for others."""
    row = queries.campaign(session, campaign_id)
    theirs = row is not None and row.owner_id is not None and row.owner_id == visit.actor.identity_id
    if row is None or not (theirs or _sees(visit)):
        raise Refused(Refusal("not_found", "There is no such review here.", "Look at the list.", status=404))
    return row
