"""Integrations: programs with a way in of their own, and a card for each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.console import rendering
from app.console.entering import Entered, With
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.stories import integrations

router = APIRouter()
MOST_NUMBER = 2**63 - 1
Number = Annotated[int | None, Query(ge=1, le=MOST_NUMBER)]


@router.get("/integrations")
def listed(
    request: Request,
    means: With,
    visit: Entered,
    text: Annotated[str, Query(max_length=200)] = "",
    system: Annotated[str, Query(max_length=20)] = "",
    gone: bool = False,
    after: Number = None,
) -> Response:
    """Those that are there, or with `gone` those that were, by what their name, key or publisher contains."""
    number = int(system) if system.isascii() and system.isdigit() else None
    with means.database.reading() as session:
        page = integrations.listed(session, text, system_id=number, gone=gone, by=visit.actor, after=after)
        systems = [row for row in inventory.systems(session) if row.kind != "roster"]
    choices = [("", "every system"), *((str(row.id), row.name) for row in systems)]
    filters = {"text": text, "system": system, "gone": "true" if gone else ""}
    return rendering.page(
        request, "integrations/list.html", visit, page=page, filters=filters, gone=gone, choices=choices,
        filtered=bool(text or system or gone),
        onward=rendering.link("/integrations", **filters, after=page.after) if page.after else None,
        first=rendering.link("/integrations", **filters) if after else None,
    )  # fmt: skip


@router.get("/integrations/{integration_id}")
def one(request: Request, integration_id: int, means: With, visit: Entered) -> Response:
    """One card."""
    with means.database.reading() as session:
        card = integrations.card(session, integration_id, by=visit.actor) if integration_id <= MOST_NUMBER else None
    if card is None:
        raise Refused(
            Refusal("not_found", "There is no such integration.", "Look at the list of integrations.", status=404)
        )
    return rendering.page(request, "integrations/card.html", visit, card=card, row=card.line.row)
