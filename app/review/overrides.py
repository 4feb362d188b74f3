"""A second person's word: that a review may open on readings that fall short, that it may leave out what it does, or that
what it is of is right.

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
from app.kit.refusal import Refusal, Refused, insist
from app.review import exclusions, grounds, owning
from app.review import scope as scopes
from app.review.exclusions import Approval
from app.review.owning import Acceptance
from app.review.policy import Override
from app.review.scope import Scope
from app.review.trust import Limits

GOOD_FOR = timedelta(hours=1)
LONGEST_REASON = 2_000
LONGEST = 12_000  # signs of a word: the longest reason in the widest script, and the rest
_TAG = 32
# A word of one kind is none of another.
_OVERRIDE, _APPROVAL, _ASKED, _ACCEPTANCE = (
    b"override",
    b"approval",
    b"asked",
    b"acceptance",
)


@dataclass(frozen=True, slots=True)
class Word:
    """What is handed to whoever opens the review, and until when it counts."""

    sealed: str
    until: datetime


def approve(
    session: Session, key: bytes, name: str, scope: Mapping[str, Any], reason: str, *, by: Actor, at: datetime
) -> Word:
    """The word of `by`, whom the scope names, that a review or a schedule of this name may leave out what it does. Refuses
    anybody else."""
    asked = scopes.read(scope)
    insist(exclusions.why_not_give(asked, by.identity_id, grounds.approver(session, asked, at, at, None)))
    return _sealed(key, _APPROVAL, by, reason, _excluding(name, asked), at)


def asked(key: bytes, name: str, scope: Mapping[str, Any]) -> str:
    """A seal for the address at which an approver is asked about this review or schedule, and no other."""
    return _tag(key, _ASKED, _excluding(name, scopes.read(scope)).encode()).hex()


def was_asked(keys: Sequence[bytes], name: str, scope: Mapping[str, Any], seal: str) -> bool:
    """Whether such a seal is ours, and for this."""
    about = _excluding(name, scopes.read(scope)).encode()
    return any(hmac.compare_digest(seal.encode(), _tag(key, _ASKED, about).hex().encode()) for key in keys)


def asked_whole(key: bytes, name: str, scope: Mapping[str, Any], *, limits: Limits) -> str:
    """A seal for the address at which a control owner is asked about this review or schedule, and no other."""
    return _tag(key, _ASKED, _whole(name, _owned(scope, limits)).encode()).hex()


def was_asked_whole(keys: Sequence[bytes], name: str, scope: Mapping[str, Any], seal: str, *, limits: Limits) -> bool:
    """Whether such a seal is ours, and for this."""
    return any(
        hmac.compare_digest(seal.encode(), asked_whole(key, name, scope, limits=limits).encode()) for key in keys
    )


def approval(
    session: Session, word: str, name: str, scope: Mapping[str, Any], *, keys: Sequence[bytes], at: datetime
) -> Approval:
    """The approval behind a word. Refuses one that we did not give, that has run out, or that is for something else."""
    body = _opened(word, _APPROVAL, keys, _excluding(name, scopes.read(scope)), at)
    who = _whose(session, body, at)
    return Approval(who.id, who.identity_id, body["reason"], datetime.fromisoformat(body["until"]) - GOOD_FOR)


def accept(
    session: Session,
    key: bytes,
    name: str,
    scope: Mapping[str, Any],
    remark: str,
    *,
    population: str | None,
    limits: Limits,
    by: Actor,
    at: datetime,
) -> Word:
    """The word of `by`, its control owner, that a review of this `population` (its digest) may open; None: that the reviews
    of a schedule may. Refuses anybody else."""
    asked = _owned(scope, limits)
    owner = grounds.control_owner(session, asked, at, at, None)
    insist(owning.why_not_accept(asked, by.identity_id, owner, remark))
    return _sealed(key, _ACCEPTANCE, by, remark, _whole(name, asked), at, population=population)


def asks(session: Session, scope: Mapping[str, Any], *, limits: Limits, by: Actor, at: datetime) -> bool:
    """Whether it is this actor whose acceptance such a review needs."""
    owner = grounds.control_owner(session, _owned(scope, limits), at, at, None, strict=False)
    return owner is not None and owner == by.identity_id


def acceptance(
    session: Session,
    word: str,
    name: str,
    scope: Mapping[str, Any],
    *,
    limits: Limits,
    keys: Sequence[bytes],
    at: datetime,
) -> Acceptance:
    """The acceptance behind a word. Refuses one that we did not give, that has run out, or that is for something else."""
    body = _opened(word, _ACCEPTANCE, keys, _whole(name, _owned(scope, limits)), at)
    who = _whose(session, body, at)
    given = datetime.fromisoformat(body["until"]) - GOOD_FOR
    return Acceptance(who.id, who.identity_id, body["reason"], given, body["population"])


def give(key: bytes, name: str, scope: Mapping[str, Any], reason: str, *, by: Actor, at: datetime) -> Word:
    """The word of `by` for the review of this name and scope. Nothing happens until somebody else opens it."""
    return _sealed(key, _OVERRIDE, by, reason, _about(name, scope), at)


def read(
    session: Session, word: str, name: str, scope: Mapping[str, Any], *, keys: Sequence[bytes], at: datetime
) -> Override:
    """The override behind a word. Refuses one that we did not give, that has run out, or that is another review's."""
    body = _opened(word, _OVERRIDE, keys, _about(name, scope), at)
    return Override(_whose(session, body, at), body["reason"])


def _sealed(key: bytes, what: bytes, by: Actor, reason: str, of: str, at: datetime, **more: str | None) -> Word:
    until = at + GOOD_FOR
    body = {"by": by.id, "way": by.way, "reason": reason, "of": of, "until": until.isoformat(), **more}
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return Word(base64.urlsafe_b64encode(_tag(key, what, raw) + raw).decode(), until)


def _opened(word: str, what: bytes, keys: Sequence[bytes], of: str, at: datetime) -> dict[str, Any]:
    try:
        given = base64.urlsafe_b64decode("".join(word.split()))  # it may have been pasted from a letter, with line ends
    except ValueError:
        raise _no("This is no override of ours.", what) from None
    tag, raw = given[:_TAG], given[_TAG:]
    if not any(hmac.compare_digest(tag, _tag(key, what, raw)) for key in keys):
        raise _no("This is no override of ours.", what)
    body: dict[str, Any] = json.loads(raw)
    if datetime.fromisoformat(body["until"]) <= at:
        raise _no("This override has run out.", what)
    if body["of"] != of:
        raise _no("This override was given for another review.", what)
    return body


def _whose(session: Session, body: Mapping[str, Any], at: datetime) -> Actor:
    """Who gave a word, with who they are in the roster now."""
    who = actors.actor(session, body["by"], way=body["way"], at=at)
    if who is None:
        raise _no("Who gave this word is no actor here any more.", _OVERRIDE)
    row = session.get_one(ActorRow, who.id)
    person = inventory.find_identity(session, row.person_key or row.email or "")
    return replace(who, identity_id=person.id if person is not None else None)


def _about(name: str, scope: Mapping[str, Any]) -> str:
    """What a review is of. Why somebody has many answers is said later than this and changes nothing of it."""
    said = {part: value for part, value in scope.items() if part != "many_answers" and value not in (None, "", [])}
    return hashlib.sha256(json.dumps([name, said], sort_keys=True).encode()).hexdigest()


def _excluding(name: str, scope: Scope) -> str:
    """What an approval is for; what no word of it is about may be another by then."""
    return hashlib.sha256(json.dumps([name, exclusions.parts(scope)], sort_keys=True).encode()).hexdigest()


def _owned(scope: Mapping[str, Any], limits: Limits) -> Scope:
    """A scope with whom this installation names as control owner, where it names nobody."""
    asked = scopes.read(scope)
    return replace(asked, control_owner=asked.control_owner or limits.control_owner)


def _whole(name: str, scope: Scope) -> str:
    """What an acceptance is for, as far as it can be told before anything is frozen."""
    return hashlib.sha256(json.dumps([name, owning.parts(scope)], sort_keys=True).encode()).hexdigest()


def _tag(key: bytes, what: bytes, raw: bytes) -> bytes:
    return hmac.new(key, what + b"\x00" + raw, hashlib.sha256).digest()


def _no(reason: str, what: bytes) -> Refused:
    if what == _OVERRIDE:
        return Refused(Refusal("no_override", reason, "Ask a second administrator for a new one.", status=422))
    word, who = ("acceptance", "control owner") if what == _ACCEPTANCE else ("approval", "approver")
    told = reason.replace("override", word)
    return Refused(Refusal(f"no_{word}", told, f"Ask the {who} for a new one.", status=422))
