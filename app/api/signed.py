"""Who is asking, where no token is shown: a message signed with a hook's secret becomes the hook's actor.

The signature is over the bytes that arrived, so it is checked before anything is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Header, Path, Request, Security
from fastapi.security import APIKeyHeader

from app.actors import failures, hooks
from app.actors.actor import Actor
from app.actors.signature import Message
from app.actors.tables import ActorRow
from app.api import entering
from app.api.entering import With
from app.inventory import queries as inventory
from app.kit.refusal import Refused, insist
from app.means import Means

_SIGNATURE = APIKeyHeader(
    name="webhook-signature",
    scheme_name="StandardWebhooks",
    description="One or more `v1,…`, divided by spaces, over webhook-id, webhook-timestamp and body (Standard Webhooks).",
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A genuine, fresh message: whose program sent it, and under which key it is answered once."""

    actor: Actor
    key: str


async def _body(request: Request) -> bytes:
    """The body as it arrived; it is kept with the request, so that it can still be read as JSON."""
    return await request.body()


def signed(
    request: Request,
    means: With,
    body: Annotated[bytes, Depends(_body)],
    signature: Annotated[str | None, Security(_SIGNATURE)],
    hook_id: Annotated[str, Path(max_length=24)],
    message_id: Annotated[
        str | None,
        Header(alias="webhook-id", description="The same id with the same body gives the same answer, once decided."),
    ] = None,
    timestamp: Annotated[
        str | None, Header(alias="webhook-timestamp", description="When it was signed, in Unix seconds.")
    ] = None,
) -> Signed:
    """The hook's actor, if the message is genuine, fresh, and may call the route. Refuses with 400, 401, 403 or 429."""
    actor = _recognised(request, means, hook_id, Message(message_id or "", timestamp or "", signature or "", body))
    insist(entering.pace(request, means).why_not(f"hook:{hook_id}", means.clock()))
    entering.insist_on_right(request, actor)
    return Signed(actor, f"hook:{hook_id}:{message_id}")


def _recognised(request: Request, means: Means, hook_id: str, message: Message) -> Actor:
    """Whose program this is. Wrong signatures count by where they come from, not by hook: its id is no secret, and nobody
    shall shut another's program out by guessing."""
    at, origin = means.clock(), entering.source(request, means)
    try:
        with means.database.reading() as session:
            insist(failures.why_not_try(session, origin, None, limit=means.settings.failed_entries, at=at))
            actor, hook = hooks.enter(session, hook_id, message, keys=means.keys, at=at)
            row = session.get_one(ActorRow, actor.id)
            person = inventory.find_identity(session, row.person_key or row.email or "")
    except Refused as refused:
        if refused.refusal.status == 401:
            entering.note_failure(means, origin, f"{hook_id} {message.signature}", None, at)
        raise
    if hooks.is_stale(hook, at):
        with means.database.transaction() as session:
            hooks.note_use(session, hook.id, at=at)
    return replace(actor, identity_id=person.id if person is not None else None)


FromHook = Annotated[Signed, Depends(signed)]
