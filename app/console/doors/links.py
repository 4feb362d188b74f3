"""Coming in by a link: looking at it shows the same page whatever it is, and its button is what opens it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.actors import actors, links
from app.actors.actor import Actor, Role
from app.actors.policy import dead_link, why_not_named
from app.console import gate, rendering
from app.console.entering import With
from app.kit.refusal import Refused

router = APIRouter(include_in_schema=False)
_INSTALLATION = Actor("installation", "the installation", way="invitation")


@router.get("/links/{link}")
def look(request: Request, link: str, means: With) -> Response:
    """A button. Scanners of mail follow links, so nothing happens yet, and nothing is told."""
    who = gate.stranger(request, means.settings)
    return gate.remember(rendering.page(request, "link.html", None, who=who, link=link), who, means.settings)


@router.post("/links/{link}")
def come_in(request: Request, link: str, means: With, csrf: Annotated[str, Form()] = "") -> Response:
    """Use the link up, and be signed in."""
    gate.insist_on_own_form(request, means, csrf)
    with gate.trying(request, means, link, _subject(link)), means.database.transaction() as session:
        opened = links.open(session, link, at=means.clock())
        if opened.actor is None:
            raise Refused(dead_link())
        way = "link" if opened.purpose == "review" else "invitation"
        value = gate.sign_in(
            session, request, means, opened.actor, way=way, entry=opened.digest, campaign=opened.campaign_id
        )
    return gate.welcome("/", value, means.settings)


@router.get("/first-admin/{link}")
def look_first(request: Request, link: str, means: With) -> Response:
    """Who is to be the first admin?"""
    who = gate.stranger(request, means.settings)
    return gate.remember(rendering.page(request, "first_admin.html", None, who=who, link=link), who, means.settings)


@router.post("/first-admin/{link}")
def make_first(
    request: Request, link: str, means: With, name: Annotated[str, Form(max_length=200)] = "",
    email: Annotated[str, Form(max_length=320)] = "", csrf: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Make the first admin and sign them in, while there is none."""
    gate.insist_on_own_form(request, means, csrf)
    if (refusal := why_not_named(name)) is not None:
        raise Refused(refusal)
    with gate.trying(request, means, link, _subject(link)), means.database.transaction() as session:
        opened = links.open(session, link, first=True, at=means.clock())
        made = actors.make(
            session, name.strip(), {Role.ADMIN: None}, email=email.strip() or None, by=_INSTALLATION, at=means.clock()
        )
        value = gate.sign_in(session, request, means, made, way="invitation", entry=opened.digest)
    return gate.welcome("/", value, means.settings)


def _subject(link: str) -> str | None:
    found = links.id_of(link)
    return f"link:{found}" if found else None
