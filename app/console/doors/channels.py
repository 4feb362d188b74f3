"""Channels and subscriptions: by which ways messages leave, who is told what, and what became of the last ones."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import cursors, forms, rendering
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.notices import channels, deliveries, queries, subscriptions
from app.notices import policy as rules
from app.notices.events import EVENTS
from app.notices.policy import ChannelStatus, Kind

router = APIRouter(include_in_schema=False)
SHOWN = {"on", "off", "removed"}
# Kinds whose configuration names nothing of the server's own files; the others are added at the command line.
HERE = tuple(kind for kind in Kind if kind is not Kind.FILE)
LEFT_OUT = {"ca_file"}
MOST = 50  # messages on a page


@router.get("/settings/channels")
def listed(request: Request, means: With, visit: Entered) -> Response:
    """Every channel with whom it tells what."""
    return _list(request, means, visit)


@router.post("/settings/channels")
def add(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Add a channel. A web hook's signing secret is shown this once."""
    name, kind = forms.text(form, "name"), forms.text(form, "kind")
    try:
        config, secret = _given(form, kind)
        with means.database.transaction() as session:
            row, signing = channels.add(
                session, name=name, kind=kind, config=config, secret=secret, keys=means.keys, by=visit.actor,
                at=means.clock(),
            )  # fmt: skip
    except Refused as no:
        return _list(request, means, visit, refusal=no.refusal, kind=kind, name=name)
    return _one(request, means, visit, row.id, signing=signing)


@router.get("/settings/channels/{channel_id}")
def one(
    request: Request, channel_id: int, means: With, visit: Entered, after: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """One channel: its subscriptions, its log, its switches."""
    return _one(request, means, visit, channel_id, after=after)


@router.post("/settings/channels/{channel_id}/status")
def switch(request: Request, channel_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Switch it on or off, or remove it."""
    wanted = forms.text(form, "status")
    if wanted not in SHOWN:
        raise Refused(Refusal("no_such_status", "That is no state of a channel.", "Choose on, off or removed.", 422))
    with means.database.transaction() as session:
        row = channels.switch(
            session, queries.channel(session, channel_id), ChannelStatus(wanted), by=visit.actor, at=means.clock()
        )
    path = "/settings/channels" if wanted == "removed" else f"/settings/channels/{channel_id}"
    return rendering.go(request, path, said=f"{row.name} is {row.status}.")


@router.post("/settings/channels/{channel_id}/test")
def try_it(request: Request, channel_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Have a test sent now."""
    with means.database.transaction() as session:
        channels.test(session, queries.channel(session, channel_id), by=visit.actor, at=means.clock())
    said = "A test is on its way. What becomes of it stands in the log below; load the page again."
    return rendering.go(request, f"/settings/channels/{channel_id}", said=said)


@router.post("/settings/channels/{channel_id}/deliveries/{delivery_id}/replay")
def replay(request: Request, channel_id: int, delivery_id: UUID, means: With, visit: Entered, form: Sent) -> Response:
    """Send a message again that was delivered or given up."""
    with means.database.transaction() as session:
        row = queries.delivery(session, delivery_id)
        if row.channel_id != channel_id:
            raise Refused(Refusal("not_found", "There is no such message here.", "Look at the channel's log.", 404))
        deliveries.replay(session, row, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/settings/channels/{channel_id}", said="It is sent again, under the same name.")


@router.post("/settings/channels/{channel_id}/rotation")
def rotate(request: Request, channel_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """A new signing secret for a web hook, shown this once; the former one signs beside it for a day."""
    with means.database.transaction() as session:
        row = queries.channel(session, channel_id)
        signing = channels.rotate(session, row, keys=means.keys, by=visit.actor, at=means.clock())
    return _one(request, means, visit, channel_id, signing=signing)


@router.post("/settings/channels/{channel_id}/subscriptions")
def subscribe(request: Request, channel_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Have somebody told by this channel."""
    try:
        with means.database.transaction() as session:
            subscriptions.add(
                session, queries.channel(session, channel_id), events=[str(each) for each in form.getlist("event")],
                recipient=forms.text(form, "recipient") or None, severity=forms.text(form, "severity") or None,
                system_id=forms.number(forms.text(form, "system")), rules=_words(form, "rules"),
                departments=_words(form, "departments"), digest=bool(form.get("digest")), by=visit.actor,
                at=means.clock(),
            )  # fmt: skip
    except Refused as no:
        return _one(request, means, visit, channel_id, refusal=no.refusal)
    return rendering.go(request, f"/settings/channels/{channel_id}", said="They are told from now on.")


def _words(form: Sent, name: str) -> list[str] | None:
    """A field's words, separated by commas."""
    return [each.strip() for each in forms.text(form, name).split(",") if each.strip()] or None


@router.post("/settings/subscriptions/{subscription_id}/end")
def end(request: Request, subscription_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """End a subscription."""
    with means.database.transaction() as session:
        row = subscriptions.end(session, subscription_id, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/settings/channels/{row.channel_id}", said="The subscription has ended.")


def _list(
    request: Request, means: Means, visit: Visit, *, refusal: Refusal | None = None, kind: str = "", name: str = ""
) -> Response:
    with means.database.reading() as session:
        told = [(row, len(queries.subscriptions(session, row.id))) for row in queries.channels(session)]
    fields = {
        str(each): (
            [(field, needed) for field, needed in rules.CONFIG[each].items() if field not in LEFT_OUT],
            list(rules.SECRET[each].items()),
        )
        for each in HERE
    }
    return rendering.page(
        request, "settings/channels.html", visit, status=refusal.status if refusal else 200, told=told, fields=fields,
        refusal=refusal, kind=kind, name=name, running=policy.why_not(visit.actor, May.RUN_NOTICES),
    )  # fmt: skip


def _one(
    request: Request, means: Means, visit: Visit, channel_id: int, *, signing: str | None = None,
    refusal: Refusal | None = None, after: str = "",
) -> Response:  # fmt: skip
    place = cursors.read(after, cursors.moment, cursors.entry)
    behind = (datetime.fromisoformat(place[0]), UUID(place[1])) if place else None
    with means.database.reading() as session:
        row = queries.channel(session, channel_id)
        told = queries.subscriptions(session, channel_id)
        log = session.scalars(queries.deliveries(channel_id=channel_id, after=behind).limit(MOST + 1)).all()
        systems = {each.id: each.name for each in inventory.systems(session)}
    path, last = f"/settings/channels/{channel_id}", log[MOST - 1] if len(log) > MOST else None
    more = cursors.make([last.made_at.isoformat(), str(last.id)]) if last is not None else None
    return rendering.page(
        request, "settings/channel.html", visit, next_page=rendering.link(path, after=more) if more else None,
        first_page=path if place else None, status=refusal.status if refusal else 200,
        headers={"Cache-Control": "no-store"} if signing else None, channel=row, subscriptions=told, log=log[:MOST],
        signing=signing, refusal=refusal, events=[str(each) for each in EVENTS], systems=systems, whom=_whom(),
        running=policy.why_not(visit.actor, May.RUN_NOTICES),
    )  # fmt: skip


def _whom() -> list[str]:
    return [rules.CONCERNED, *rules.ROLES]


def _given(form: FormData, kind: str) -> tuple[dict[str, str], dict[str, str]]:
    """The fields of the chosen kind. A kind that names files of the server is not added here."""
    if kind not in HERE:
        way_out = "Channels that write files are added at the command line: rolecall notices add file."
        raise Refused(Refusal("no_such_kind", "There is no such kind of channel here.", way_out, 422))
    known = Kind(kind)
    config = {each: forms.text(form, f"{kind}-{each}") for each in rules.CONFIG[known] if each not in LEFT_OUT}
    secret = {each: forms.text(form, f"{kind}-{each}", most=20_000) for each in rules.SECRET[known]}
    return {n: value for n, value in config.items() if value}, {n: value for n, value in secret.items() if value}
