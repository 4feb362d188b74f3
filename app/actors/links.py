"""Links that let somebody in once: from a message, from an admin, and the one that makes the first admin.

Opening a link shows a page and changes nothing, for the scanners of mail follow every link; what it offers is taken by
sending that page's form. A link from a message opens one reviewer's items of one campaign and nothing else.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.actors import endings, policy, queries, secret
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRow, LinkRow
from app.kit.refusal import Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

ENTRY = timedelta(days=1)  # of a link that an operator or an admin hands over
FIRST = timedelta(hours=1)  # of the link that makes the first admin; the next start prints another


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opened: for whom (None: whoever is to be the first admin), and what of. `digest` is its own."""

    purpose: str
    actor: ActorRow | None
    campaign_id: int | None
    digest: bytes


def make(session: Session, actor: ActorRow, campaign: int, *, days: int = 7, by: Actor, at: datetime) -> str:
    """A link for a message: its reviewer's items of one campaign, for `days`. The path, which cannot be had again.

    Refuses an actor who gets in no more.
    """
    insist(policy.why_not_link(actor.ended))
    return _make(session, "review", actor, campaign, at + timedelta(days=days), by, at)


def invite(session: Session, actor: ActorRow, *, by: Actor, at: datetime) -> str:
    """A link that signs its actor in with all their roles, for a day; the ones made before end. Its path.

    To be handed over by a way that only its actor can see. Refuses an actor who gets in no more.
    """
    insist(policy.why_not_link(actor.ended))
    endings.invitations(session, actor.id, at=at)
    return _make(session, "entry", actor, None, at + ENTRY, by, at)


def make_first(session: Session, *, by: Actor, at: datetime) -> str | None:
    """A link that makes the first admin, for an hour; the one before ends. Its path, or None: there is an admin."""
    if queries.admins(session, at=at):
        return None
    waiting = update(LinkRow).where(LinkRow.purpose == "first", LinkRow.used.is_(None), LinkRow.ended.is_(None))
    session.execute(waiting.values(ended=at))
    return _make(session, "first", None, None, at + FIRST, by, at)


def open(session: Session, presented: str, *, first: bool = False, at: datetime) -> Opened:
    """Use a link up; `first`: the one that makes the first admin, and no other. Refuses (400) a link that is not known, was
    used, has ended or expired, and does not say which."""
    row = session.get(LinkRow, id_of(presented))
    given = secret.digest(presented.partition(".")[2])
    # Compared also when there is no such link, so that the time taken does not tell.
    same = hmac.compare_digest(given, row.hash if row is not None else b"\x00" * 32)
    if row is None or not same:
        raise Refused(policy.dead_link())
    actor = session.get(ActorRow, row.actor_id) if row.actor_id is not None else None
    if row.expires <= at or (actor is not None and actor.ended is not None and actor.ended <= at):
        raise Refused(policy.dead_link())
    if (row.purpose == "first") != first or (first and queries.admins(session, at=at)):
        raise Refused(policy.dead_link())
    used = update(LinkRow).where(LinkRow.id == row.id, LinkRow.used.is_(None), LinkRow.ended.is_(None))
    if session.execute(used.values(used=at).returning(LinkRow.id)).first() is None:
        raise Refused(policy.dead_link())
    return Opened(row.purpose, actor, row.campaign_id, row.hash)


def id_of(presented: str) -> str:
    """The public part of what was presented, or nothing."""
    return secret.id_in(presented.partition(".")[0])


def forget(session: Session, *, before: datetime) -> None:
    """Drop links that expired before a moment; the ledger keeps that they were made."""
    session.execute(delete(LinkRow).where(LinkRow.expires < before))


def _make(
    session: Session,
    purpose: str,
    actor: ActorRow | None,
    campaign: int | None,
    expires: datetime,
    by: Actor,
    at: datetime,
) -> str:
    identifier, value = secret.make()
    row = LinkRow(
        id=identifier,
        hash=secret.digest(value),
        purpose=purpose,
        actor_id=actor.id if actor is not None else None,
        campaign_id=campaign,
        made=at,
        expires=expires,
    )
    session.add(row)
    body = {"link": identifier, "purpose": purpose, "campaign": campaign, "expires": expires.isoformat()}
    subject = f"actor:{actor.id}" if actor is not None else f"role:{Role.ADMIN}"
    entries.record(session, Entry(Kind.LINK_MADE, subject, body), by=by.id, at=at)
    session.flush()
    return f"/{'first-admin' if purpose == 'first' else 'links'}/{identifier}.{value}"
