"""A second person's word that a review may open on readings that fall short.

Who gives it signs in as themselves; what they get is sealed, and bound to one review's name and scope, to them, and to an
hour. Somebody else opens the review with it; only then is anything written down, with both names.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.actors import queries as actors
from app.actors.actor import Actor
from app.actors.tables import ActorRow
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.review.policy import Override

GOOD_FOR = timedelta(hours=1)
LONGEST_REASON = 2_000
LONGEST = 12_000  # signs of a word: the longest reason in the widest script, and the rest
_TAG = 32


@dataclass(frozen=True, slots=True)
class Word:
    """What is handed to whoever opens the review, and until when it counts."""

    sealed: str
    until: datetime


def give(key: bytes, name: str, scope: Mapping[str, Any], reason: str, *, by: Actor, at: datetime) -> Word:
    """The word of `by` for the review of this name and scope. Nothing happens until somebody else opens it."""
    until = at + GOOD_FOR
    body = {"by": by.id, "way": by.way, "reason": reason, "of": _about(name, scope), "until": until.isoformat()}
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return Word(base64.urlsafe_b64encode(_tag(key, raw) + raw).decode(), until)


def read(
    session: Session, word: str, name: str, scope: Mapping[str, Any], *, keys: Sequence[bytes], at: datetime
) -> Override:
    """The override behind a word. Refuses one that we did not give, that has run out, or that is another review's."""
    try:
        given = base64.urlsafe_b64decode("".join(word.split()))  # it may have been pasted from a letter, with line ends
    except ValueError:
        raise _no("This is no override of ours.") from None
    tag, raw = given[:_TAG], given[_TAG:]
    if not any(hmac.compare_digest(tag, _tag(key, raw)) for key in keys):
        raise _no("This is no override of ours.")
    body = json.loads(raw)
    if datetime.fromisoformat(body["until"]) <= at:
        raise _no("This override has run out.")
    if body["of"] != _about(name, scope):
        raise _no("This override was given for another review.")
    who = actors.actor(session, body["by"], way=body["way"], at=at)
    if who is None:
        raise _no("Who gave this override is no actor here any more.")
    row = session.get_one(ActorRow, who.id)
    person = inventory.find_identity(session, row.person_key or row.email or "")
    return Override(replace(who, identity_id=person.id if person is not None else None), body["reason"])


def _about(name: str, scope: Mapping[str, Any]) -> str:
    """What a review is of. Why somebody has many answers is said later than this and changes nothing of it."""
    said = {part: value for part, value in scope.items() if part != "many_answers" and value not in (None, "", [])}
    return hashlib.sha256(json.dumps([name, said], sort_keys=True).encode()).hexdigest()


def _tag(key: bytes, raw: bytes) -> bytes:
    return hmac.new(key, b"override\x00" + raw, hashlib.sha256).digest()


def _no(reason: str) -> Refused:
    return Refused(Refusal("no_override", reason, "Ask a second administrator for a new one.", status=422))
