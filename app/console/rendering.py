"""Turns facts into a page: `page(request, "room.html", visit, **facts)`, and `go(request, "/there", said="Done.")`.

Everything is escaped, and a name that a template misspells is an error instead of a blank. Rooms give plain values; the
words, times and numbers are made by filters here, so that they read the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request

from app import __version__
from app.actors.actor import Actor
from app.console import assets, flash, places, ways, words
from app.kit.refusal import Refusal
from app.means import Means

_TYPED = re.compile("`([^`]+)`")
HERE = Path(__file__).parent / "templates"


class Visitor(Protocol):
    """Who is looking, as far as a page needs to know."""

    @property
    def actor(self) -> Actor:
        """Who it is."""

    @property
    def csrf(self) -> str:
        """What their forms must bring back."""


def page(
    request: Request,
    template: str,
    visit: Visitor | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **facts: Any,
) -> HTMLResponse:
    """The template with these facts. Without a visit it is a page for somebody who has not signed in."""
    means: Means = request.app.state.means
    said = None if partial(request) else flash.heard(request, means.keys)
    text = _environment(means.settings.time_zone).get_template(template).render(
        **facts,
        request=request,
        visit=visit,
        rooms=places.grouped(visit.actor) if visit is not None else [],
        here=places.here(request.url.path),
        said=said,
        now=means.clock(),
        zone=means.settings.time_zone,
        partial=partial(request),
    )  # fmt: skip
    answer = HTMLResponse(text, status, headers=dict(headers or {}))
    if said is not None:
        flash.forget(answer)
    return answer


def go(request: Request, path: str, *, said: str | None = None, tone: str = "good") -> RedirectResponse:
    """On to a path of ours after an act (303), where `said` is shown once. Never give it a path from outside."""
    means: Means = request.app.state.means
    answer = RedirectResponse(path, 303)
    if said is not None:
        https = means.settings.base_url.startswith("https:")
        flash.say(answer, means.keys, said, tone=tone, https=https)
    return answer


def partial(request: Request) -> bool:
    """Whether the script asked for a piece of a page to put into the one that is open."""
    return request.headers.get("hx-request") == "true"


@cache
def _environment(zone: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    where = ZoneInfo(zone)
    made.globals |= {"asset": assets.address, "rolecall_version": __version__, "words": words, "link": link}
    made.filters |= {
        "moment": lambda at, zone=None: _time(at, ZoneInfo(zone) if zone else where, "%-d %b %Y, %H:%M"),
        "day": lambda at, zone=None: _time(at, ZoneInfo(zone) if zone else where, "%-d %b %Y"),
        "plural": words.plural,
        "number": lambda count: f"{count:,}",
        "facts": words.facts,
        "named": words.named,
        "act": words.act,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "ago": words.ago,
        "said": _said,
        "out": lambda no: _said(ways.out(no) if isinstance(no, Refusal) else no.way_out),
        "part": lambda text: quote(str(text), safe=""),
    }
    return made


def link(path: str, **query: object) -> str:
    """A path with a query; what is None or empty is left out."""
    given = {name: value for name, value in query.items() if value is not None and value != ""}
    return f"{path}?{urlencode(given)}" if given else path


def _said(text: str) -> Markup:
    """A sentence that may name a command or a word to type `like this`, as refusals do for every door."""
    if isinstance(text, Markup):  # put together with a moment, which is markup: it is safe, and to be split no more
        return text
    plain_and_typed = enumerate(_TYPED.split(text))
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in plain_and_typed)


def _time(at: date | str | None, zone: ZoneInfo, form: str) -> Markup:
    """A moment, or a day as text, in the operator's zone or another. Nothing is a dash with words for who listens."""
    if at is None:
        return Markup('<span class="none" aria-label="not known">–</span>')
    if isinstance(at, str):  # a day as frozen items keep it: "2026-11-16"
        at = date.fromisoformat(at[:10])
    if not isinstance(at, datetime):  # a day is the same in every zone
        said = at.strftime("%-d %b %Y")
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), said)
    there = at.astimezone(zone)
    return Markup('<time datetime="{}">{}</time>').format(there.isoformat(timespec="minutes"), there.strftime(form))
