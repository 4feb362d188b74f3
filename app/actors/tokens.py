"""Bearer tokens: made once, shown once, kept only as a hash.

A token has the roles of its actor, or less: its scope names the acts it was cut down to. It never has more.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.actors import policy, queries, secret
from app.actors.actor import Actor
from app.actors.tables import ActorRow, TokenRow
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

PREFIX = "rolecall"
_USE_IS_NOTED_EVERY = timedelta(minutes=5)  # not on each request: that would make every read a write


def make(
    session: Session,
    actor: ActorRow,
    label: str,
    *,
    days: int,
    scope: Collection[str] | None = None,
    by: Actor,
    at: datetime,
) -> str:
    """Make a token for an actor and return it; it cannot be shown again. Good for 1 to 365 days.

    `scope` names the acts it is for (`policy.named`); None is all that the actor may. Refuses other numbers of days, an
    act that there is not, and an actor who gets in no more.
    """
    if not 1 <= days <= 365:
        raise Refused(Refusal("token_days", "A token is good for 1 to 365 days.", "Choose another number.", status=422))
    insist(policy.why_not_token(actor.ended))
    if scope is not None:
        insist(policy.why_not_scope(scope))
    identifier, value = secret.make()
    session.add(
        TokenRow(
            id=identifier,
            actor_id=actor.id,
            hash=secret.digest(value),
            label=label,
            created=at,
            expires=at + timedelta(days=days),
            scope=sorted(set(scope)) if scope is not None else None,
        )
    )
    body = {"token": identifier, "label": label, "days": days} | ({"scope": sorted(set(scope))} if scope else {})
    entries.record(session, Entry(Kind.TOKEN_MADE, f"actor:{actor.id}", body), by=by.id, at=at)
    session.flush()
    return f"{PREFIX}_{identifier}_{value}"


def revoke(session: Session, token: TokenRow, *, by: Actor, at: datetime) -> None:
    """End a token now. Ending it again changes nothing."""
    if token.revoked is not None:
        return
    token.revoked = at
    entries.record(session, Entry(Kind.TOKEN_REVOKED, f"actor:{token.actor_id}", {"token": token.id}), by=by.id, at=at)
    session.flush()


def enter(session: Session, presented: str, *, at: datetime) -> tuple[Actor, TokenRow]:
    """Who presents this token. Refuses (401) whatever is not one, is not known, has ended or was revoked."""
    no = Refused(Refusal("not_signed_in", "This token is not valid.", "Ask an admin for a new one.", status=401))
    parts = presented.split("_", 2)
    if len(parts) != 3 or parts[0] != PREFIX:
        raise no
    row = session.get(TokenRow, secret.id_in(parts[1]))
    # Compared also when there is no such token, so that the time taken does not tell.
    same = hmac.compare_digest(secret.digest(parts[2]), row.hash if row is not None else b"\x00" * 32)
    if row is None or not same:
        raise no
    holder = session.get(ActorRow, row.actor_id)
    ended = holder.ended if holder is not None else at
    refusal = policy.why_not_enter(revoked=row.revoked, expires=row.expires, ended=ended, at=at)
    actor = queries.actor(session, row.actor_id, way="token", at=at)
    if refusal is not None or actor is None:
        raise Refused(refusal) if refusal is not None else no
    return replace(actor, scope=frozenset(row.scope) if row.scope is not None else None), row


def subject_of(presented: str) -> str | None:
    """Whose secret was meant, for counting failures: the token's public part, if there is one."""
    parts = presented.split("_", 2)
    found = secret.id_in(parts[1]) if len(parts) == 3 else ""
    return f"token:{found}" if found else None


def is_stale(token: TokenRow, at: datetime) -> bool:
    """Whether the last use on record is old enough to be worth a write."""
    return token.last_used is None or at - token.last_used > _USE_IS_NOTED_EVERY


def note_use(session: Session, token_id: str, *, at: datetime) -> None:
    """Write down that the token was used. No ledger entry: a use is not an act."""
    row = session.get(TokenRow, token_id)
    if row is not None:
        row.last_used = at
