"""A review's control owner accepts what it would be of: they see how much, whose, and what is left out, and get a word to
hand over.

For a schedule likewise; the word stands for its reviews, and is asked for again after a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.console import excluding, forms, rendering, scoping
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused
from app.means import Means, review_limits
from app.review import overrides
from app.review import scope as scopes
from app.review.overrides import Word
from app.stories import populations
from app.stories.populations import Population

router = APIRouter()


@router.get("/campaigns/new/acceptance")
def ask(request: Request, means: With, visit: Entered) -> Response:
    """Which review, and what it would be of now."""
    return _page(request, means, visit, _given(request.query_params))


@router.post("/campaigns/new/acceptance")
def give(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Accept it: one's word, which is shown once."""
    given, at = _given(form), means.clock()
    remark = forms.text(form, "remark", most=overrides.LONGEST_REASON)
    seen, limits = forms.text(form, "seen"), review_limits(means.settings)
    try:
        with means.database.transaction() as session:
            scope = _sealed(session, means, given)
            shown = populations.look(session, given["name"], scope, limits=limits, at=at)
            if shown.digest != seen:
                told = "This is not what you looked at: something was read, or changed, since."
                raise Refused(Refusal("unseen", told, "Look at it once more, below.", status=412))
            word = overrides.accept(
                session, means.keys.derive("links"), given["name"], scope, remark, limits=limits, by=visit.actor, at=at,
                population=None if given["standing"] else shown.digest,
            )  # fmt: skip
    except Refused as refused:
        return _page(request, means, visit, given, no=refused.refusal, remark=remark)
    return _page(request, means, visit, given, word=word, remark=remark)


def _given(form: Any) -> dict[str, Any]:
    return scoping.given(form) | {name: forms.text(form, name) for name in ("name", "schedule", "seal", "standing")}


def _sealed(session: Session, means: Means, given: Mapping[str, Any]) -> dict[str, Any]:
    """The scope that an administrator asked about. Refuses (403) an address that was made or changed by anybody else."""
    if not given["seal"]:
        way_out = "It comes in the address that whoever sets up the review sends you."
        raise Refused(Refusal("nobody_asked", "Nobody asks for your word here.", way_out, status=404))
    scope = excluding.scope(session, given)
    keys, limits = means.keys.derive_all("links"), review_limits(means.settings)
    if not overrides.was_asked_whole(keys, given["name"], scope, given["seal"], limits=limits):
        told = "This address was changed, or nobody asked for it here."
        raise Refused(Refusal("bad_acceptance", told, "Ask whoever opens the review to send it again.", status=403))
    return scope


def _looked(
    means: Means, given: Mapping[str, Any], visit: Visit
) -> tuple[dict[str, Any], Population | None, Refusal | None]:
    """The scope as it was asked for, whether this visitor is asked, and what it would be of now; or why that cannot be
    told."""
    scope: dict[str, Any] = {}
    limits = review_limits(means.settings)
    try:
        with means.database.transaction() as session:
            written = _sealed(session, means, given)
            scope = scopes.read(written).written()
            owner = scope.get("control_owner") or limits.control_owner
            at = means.clock()
            scope |= {"control_owner": owner and scoping.called(session)(owner)}
            scope |= {"mine": overrides.asks(session, written, limits=limits, by=visit.actor, at=at)}
            return scope, populations.look(session, given["name"], written, limits=limits, at=at), None
    except Refused as refused:
        return scope, None, refused.refusal


def _page(
    request: Request, means: Means, visit: Visit, given: dict[str, Any], *, no: Refusal | None = None,
    word: Word | None = None, remark: str = "",
) -> Response:  # fmt: skip
    scope, shown, untold = _looked(means, given, visit)
    no = no or (None if scope else untold)
    return rendering.page(
        request, "campaigns/acceptance.html", visit, status=no.status if no is not None else 200, given=given, no=no,
        word=word, remark=remark, scope=scope, shown=shown, untold=untold, longest=overrides.LONGEST_REASON,
        hidden=scoping.pairs(given),
    )  # fmt: skip
