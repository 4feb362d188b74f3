"""Hooks: a program that decides for one reviewer, by messages it signs. Made, given another secret, ended.

To check a signature we need the secret itself, so it is kept sealed, and not as a hash like a token's. It is shown once.
Whoever comes by a hook is a reviewer and nothing else, and may decide and nothing else.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actors import policy, queries, secret, signature
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.signature import Message
from app.actors.tables import ActorRow, HookRow
from app.kit.refusal import Refused, insist
from app.kit.secrets import Keys
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

OVERLAP = timedelta(days=1)
_USE_IS_NOTED_EVERY = timedelta(minutes=5)
_NOBODYS = "whsec_" + base64.b64encode(b"\x00" * 32).decode()


def place(hook_id: str) -> str:
    """Where a hook's secret is sealed for."""
    return f"hook:{hook_id}"


def path(hook_id: str) -> str:
    """Where a hook's program posts its messages to."""
    return f"/api/v1/hooks/{hook_id}/decisions"


def make(
    session: Session, actor: ActorRow, label: str, *, days: int, keys: Keys, by: Actor, at: datetime
) -> tuple[HookRow, str]:
    """Make a hook for an actor; returns it with its signing secret, which cannot be shown again. Good for 1 to 365 days.

    Refuses an actor who gets in no more, and one whose roles do not let it decide.
    """
    insist(policy.why_not_days(days))
    insist(policy.why_not_hook(actor.ended, queries.roles_of(session, actor.id, at=at)))
    identifier, signing = secret.make()[0], _new_secret()
    row = HookRow(
        id=identifier, actor_id=actor.id, label=label, made=at, expires=at + timedelta(days=days),
        secret=keys.seal_mapping({"signing": signing}, where=place(identifier)),
    )  # fmt: skip
    session.add(row)
    body = {"hook": identifier, "label": label, "days": days}
    entries.record(session, Entry(Kind.HOOK_MADE, f"actor:{actor.id}", body), by=by.id, at=at)
    session.flush()
    return row, signing


def rotate(session: Session, hook: HookRow, *, keys: Keys, by: Actor, at: datetime) -> str:
    """Give a hook another secret and return it. The former one counts for a day beside it; refuses while one still does.

    If the former one was stolen, a day is too long: end the hook and make another.
    """
    insist(policy.why_not_exchange(hook.ended, hook.expires, hook.overlap_until, at))
    signing, former = _new_secret(), keys.open_mapping(hook.secret, where=place(hook.id))["signing"]
    sealed = keys.seal_mapping({"signing": signing, "former": former}, where=place(hook.id))
    moved: Any = session.execute(
        update(HookRow)
        .where(HookRow.id == hook.id, HookRow.secret == hook.secret)
        .values(secret=sealed, overlap_until=at + OVERLAP)
        .execution_options(synchronize_session=False)
    )
    insist(None if moved.rowcount == 1 else policy.exchanged_meanwhile())
    session.refresh(hook)
    body = {"hook": hook.id, "overlap_until": (at + OVERLAP).isoformat()}
    entries.record(session, Entry(Kind.HOOK_ROTATED, f"actor:{hook.actor_id}", body), by=by.id, at=at)
    return signing


def end(session: Session, hook: HookRow, *, by: Actor, at: datetime) -> None:
    """Take no more messages by a hook, from now on, and forget its secret. Ending it again changes nothing."""
    if hook.ended is not None:
        return
    hook.ended, hook.secret = at, b""
    entries.record(session, Entry(Kind.HOOK_ENDED, f"actor:{hook.actor_id}", {"hook": hook.id}), by=by.id, at=at)
    session.flush()


def enter(session: Session, hook_id: str, message: Message, *, keys: Keys, at: datetime) -> tuple[Actor, HookRow]:
    """Whose program sent this message. Refuses (401) what no living hook's secret signed, and (400) what is not fresh."""
    row = session.get(HookRow, secret.id_in(hook_id))
    actor = queries.actor(session, row.actor_id, way="hook", at=at) if row is not None else None
    if row is None or actor is None or row.ended is not None or row.expires <= at:
        signature.why_not(message, [_NOBODYS], at)  # also when there is none, so that the time taken does not tell
        raise Refused(signature.forged())
    kept = keys.open_mapping(row.secret, where=place(row.id))
    insist(signature.why_not(message, _good(kept, row.overlap_until, at), at))
    return replace(actor, scope=frozenset({policy.named(May.DECIDE)})), row


def is_stale(hook: HookRow, at: datetime) -> bool:
    """Whether the last use on record is old enough to be worth a write."""
    return hook.last_used is None or at - hook.last_used > _USE_IS_NOTED_EVERY


def note_use(session: Session, hook_id: str, *, at: datetime) -> None:
    """Write down that the hook was used. No ledger entry: what it decided has its own."""
    session.execute(update(HookRow).where(HookRow.id == hook_id).values(last_used=at))


def reseal(session: Session, *, keys: Keys) -> int:
    """Seal every hook's secret anew that was sealed with a former key. Returns how many were."""
    count = 0
    for row in session.scalars(select(HookRow).where(HookRow.ended.is_(None))):
        if keys.needs_rotation(row.secret):
            row.secret = keys.seal(keys.open(row.secret, where=place(row.id)), where=place(row.id))
            count += 1
    session.flush()
    return count


def _good(kept: Mapping[str, str], overlap_until: datetime | None, at: datetime) -> list[str]:
    former = [kept["former"]] if "former" in kept and overlap_until is not None and at < overlap_until else []
    return [kept["signing"], *former]


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
