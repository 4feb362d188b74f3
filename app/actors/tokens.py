"""Bearer tokens: made once, shown once, kept only as a hash.

The secret is 256 bits from the system's generator, so a plain SHA-256 is enough: there is nothing to guess, and a slow
hash would cap the API at a dozen requests a second.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.actors import policy, queries
from app.actors.actor import Actor
from app.actors.tables import ActorRow, TokenRow
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

PREFIX = "rolecall"
_USE_IS_NOTED_EVERY = timedelta(minutes=5)  # not on each request: that would make every read a write


def make(session: Session, actor: ActorRow, label: str, *, days: int, by: Actor, at: datetime) -> str:
    """Make a token for an actor and return it; it cannot be shown again. Good for 1 to 365 days.

    Refuses other numbers of days, and an actor who gets in no more.
    """
    if not 1 <= days <= 365:
        raise Refused(Refusal("token_days", "A token is good for 1 to 365 days.", "Choose another number.", status=422))
    insist(policy.why_not_token(actor.ended))
    identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    session.add(
        TokenRow(
            id=identifier,
            actor_id=actor.id,
            hash=_hash(secret),
            label=label,
            created=at,
            expires=at + timedelta(days=days),
        )
    )
    body = {"token": identifier, "label": label, "days": days}
    entries.record(session, Entry(Kind.TOKEN_MADE, f"actor:{actor.id}", body), by=by.id, at=at)
    session.flush()
    return f"{PREFIX}_{identifier}_{secret}"


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
    row = session.get(TokenRow, parts[1])
    # Compared also when there is no such token, so that the time taken does not tell.
    same = hmac.compare_digest(_hash(parts[2]), row.hash if row is not None else b"\x00" * 32)
    if row is None or not same:
        raise no
    holder = session.get(ActorRow, row.actor_id)
    ended = holder.ended if holder is not None else at
    refusal = policy.why_not_enter(revoked=row.revoked, expires=row.expires, ended=ended, at=at)
    actor = queries.actor(session, row.actor_id, way="token", at=at)
    if refusal is not None or actor is None:
        raise Refused(refusal) if refusal is not None else no
    return actor, row


def is_stale(token: TokenRow, at: datetime) -> bool:
    """Whether the last use on record is old enough to be worth a write."""
    return token.last_used is None or at - token.last_used > _USE_IS_NOTED_EVERY


def note_use(session: Session, token_id: str, *, at: datetime) -> None:
    """Write down that the token was used. No ledger entry: a use is not an act."""
    row = session.get(TokenRow, token_id)
    if row is not None:
        row.last_used = at


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
