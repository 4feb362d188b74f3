"""Whose a finding is: the system's owner, else the owner of security, else the team. Never nobody's.

An owner is written as readers of notices are: "identity:7", the id of an actor, or "role:it_security". Whoever has left the
roster, or leaves, owns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy as rights
from app.actors import queries as actors
from app.actors.actor import Actor, Role
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.detection.policy import TEAM
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow, SystemRow
from app.kit.refusal import Refusal, Refused

_ROLES = {TEAM: "the IT security team", "role:admin": "the administrators of Rolecall"}
_CHUNK = 5_000


def owner_of(session: Session, system_id: int | None, security_owner: str | None, *, at: datetime) -> str:
    """Who answers for what is found in a system now."""
    system = session.get(SystemRow, system_id) if system_id is not None else None
    for key in (system.owner_key if system is not None else None, security_owner):
        person = inventory.find_identity(session, key) if key else None
        if person is not None and _works_here(person, at):
            return f"identity:{person.id}"
    return TEAM


def is_there(session: Session, owner: str, *, at: datetime) -> bool:
    """Whether an owner still is somebody: in the roster, not past their last day, let in, or a role."""
    if owner in _ROLES:
        return True
    kind, _, number = owner.partition(":")
    if kind == "identity":
        person = session.get(IdentityRow, int(number)) if number.isdigit() else None
        return person is not None and _works_here(person, at)
    actor = session.get(ActorRow, owner)
    return actor is not None and (actor.ended is None or actor.ended > at)


def manager_of(session: Session, owner: str) -> str | None:
    """The manager of a person who owns something."""
    kind, _, number = owner.partition(":")
    person = session.get(IdentityRow, int(number)) if kind == "identity" else None
    return f"identity:{person.manager_id}" if person is not None and person.manager_id is not None else None


def find(session: Session, named: str, *, by: Actor) -> str:
    """Whom somebody means: "me", a role, a roster id, an address or a whole name, an actor. Refuses (404) whom nobody
    knows, and (422) a name that several have."""
    if named.lower() == "me":
        return mine(by)[0]
    for role, said in _ROLES.items():
        if named.lower() in (role, said.lower()):
            return role
    kind, _, number = named.partition(":")
    if kind == "identity" and number.isdigit() and session.get(IdentityRow, int(number)) is not None:
        return named
    person = inventory.find_identity(session, named)
    if person is not None:
        return f"identity:{person.id}"
    return _called(session, named)


def _called(session: Session, named: str) -> str:
    """The one actor or person with this name, or the actor with this id or address."""
    people, actor = inventory.called(session, named), actors.find(session, named)
    found = {f"identity:{row.id}": (row.name, row.key, row.department or "") for row in people}
    if actor is not None:
        found.setdefault(
            _reader(session, actor), (actor.name, actor.email or actor.id, "without a place in the roster")
        )
    if not found:
        told = f"Nobody here is {named!r}."
        raise Refused(Refusal("nobody", told, f"Name a person of the roster, or one of: {', '.join(_ROLES)}.", 404))
    if len(found) > 1:
        raise Refused(inventory.ambiguous(named, list(found.values())))
    return next(iter(found))


def mine(by: Actor) -> list[str]:
    """As which owners somebody is meant: as the person they are, as the actor, and as a holder of their roles."""
    person = [f"identity:{by.identity_id}"] if by.identity_id is not None else []
    return [*person, by.id, *(f"role:{role}" for role in Role if role in by.roles and f"role:{role}" in _ROLES)]


def why_not_see(owner: str | None, *, by: Actor) -> Refusal | None:
    """Why somebody may not look at a finding of this owner: they may not see findings, and it is not theirs."""
    return _why_not(owner, May.SEE_FINDINGS, May.SEE_OWN_FINDINGS, by)


def why_not_comment(owner: str, *, by: Actor) -> Refusal | None:
    """Why somebody may not say something about a finding of this owner."""
    return _why_not(owner, May.HANDLE_FINDINGS, May.COMMENT_OWN_FINDINGS, by)


def _why_not(owner: str | None, act: May, of_own: May, by: Actor) -> Refusal | None:
    no = rights.why_not(by, act)
    if no is not None and owner in mine(by) and rights.why_not(by, of_own) is None:
        return None
    return no


def names(session: Session, owners: Iterable[str]) -> dict[str, str]:
    """What owners are called."""
    wanted = sorted(set(owners))
    told = dict(_ROLES)
    people = [int(each.partition(":")[2]) for each in wanted if each.startswith("identity:")]
    rest = [each for each in wanted if each not in told and not each.startswith("identity:")]
    for begin in range(0, len(people), _CHUNK):
        some = IdentityRow.id.in_(people[begin : begin + _CHUNK])
        told |= {f"identity:{number}": name for number, name in session.execute(
            select(IdentityRow.id, IdentityRow.name).where(some))}  # fmt: skip
    for begin in range(0, len(rest), _CHUNK):
        some = ActorRow.id.in_(rest[begin : begin + _CHUNK])
        told |= dict(session.execute(select(ActorRow.id, ActorRow.name).where(some)).all())
    return {each: told.get(each, each) for each in wanted}


def choices(session: Session, *, at: datetime) -> list[tuple[str, str]]:
    """Whom findings are usually handed to: the roles, and whoever holds one of them; by name."""
    able = [
        row
        for row, held in actors.everyone(session, at=at)
        if (row.ended is None or row.ended > at) and {Role.ADMIN, Role.IT_SECURITY} & set(held)
    ]
    return [*_ROLES.items(), *((_reader(session, row), row.name) for row in able)]


def of_actor(session: Session, actor_id: str) -> str:
    """As which owner an actor is meant; an author who is no actor (the scheduler) is nobody else."""
    actor = session.get(ActorRow, actor_id)
    return _reader(session, actor) if actor is not None else actor_id


def _reader(session: Session, actor: ActorRow) -> str:
    """An actor as an owner: the person of the roster behind it where one is known, so that one is not two."""
    person = inventory.find_identity(session, actor.person_key or actor.email or "")
    return f"identity:{person.id}" if person is not None else actor.id


def _works_here(person: IdentityRow, at: datetime) -> bool:
    gone = person.ended is not None or person.erased is not None
    return not gone and person.kind == "person" and (person.end is None or person.end >= at.date())
