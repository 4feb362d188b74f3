"""actor, token and key: who may do what here."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.actors import actors, hooks, links, queries, roles, sessions, tokens
from app.actors.actor import Role
from app.actors.tables import ActorRow, TokenRow
from app.cli.installation import address, opened, operator
from app.cli.telling import Telling
from app.inventory import systems
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.notices import channels


def add(telling: Telling, name: str, given: list[str], email: str | None, person: str | None, days: int | None) -> None:
    """Make an actor."""
    at = clock.now()
    until = at + timedelta(days=days) if days else None
    held = {_role(role): until for role in given}
    with opened() as means, means.database.transaction() as session:
        row = actors.make(session, name, held, email=email, person_key=person, by=operator(), at=at)
        telling.say(f"Made {row.id} ({name}). `rolecall actor link {email or row.id}` signs it in.")


def listed(telling: Telling) -> None:
    """Everybody, with their roles."""
    with opened() as means, means.database.reading() as session:
        everyone = queries.everyone(session, at=clock.now())
    telling.table(
        ("id", "name", "address", "roles", "ended"),
        ((row.id, row.name, row.email, ", ".join(held), row.ended) for row, held in everyone),
    )
    telling.answer(
        [
            {"id": row.id, "name": row.name, "email": row.email, "roles": held, "ended": row.ended}
            for row, held in everyone
        ]
    )


def end(telling: Telling, email: str) -> None:
    """Let an actor in no more."""
    with opened() as means, means.database.transaction() as session:
        row = named(session, email)
        actors.end(session, row, by=operator(), at=clock.now())
    telling.say(f"{email} gets in no more; its tokens have stopped.")


def link(telling: Telling, name: str) -> None:
    """Make a link that signs an actor in, and show it, once."""
    with opened() as means:
        with means.database.transaction() as session:
            path = links.invite(session, named(session, name), by=operator(), at=clock.now())
        print(address(means) + path)


def give(telling: Telling, name: str, role: str, days: int | None) -> None:
    """Give a role."""
    at = clock.now()
    with opened() as means, means.database.transaction() as session:
        until = at + timedelta(days=days) if days else None
        roles.give(session, named(session, name), _role(role), until=until, by=operator(), at=at)
    telling.say(f"{name} is {role} now; whoever was signed in as {name} signs in again.")


def take(telling: Telling, name: str, role: str) -> None:
    """Take a role."""
    with opened() as means, means.database.transaction() as session:
        roles.take(session, named(session, name), _role(role), by=operator(), at=clock.now())
    telling.say(f"{name} is {role} no more.")


def sign_out(telling: Telling, name: str) -> None:
    """Sign an actor out everywhere."""
    with opened() as means, means.database.transaction() as session:
        count = sessions.end_all(session, named(session, name).id, by=operator(), at=clock.now())
    telling.say(f"{count} sign-ins ended.")


def make_token(telling: Telling, email: str, label: str, days: int, scope: list[str]) -> None:
    """Make a token and show it, once."""
    with opened() as means, means.database.transaction() as session:
        row = named(session, email)
        made = tokens.make(session, row, label, days=days, scope=scope or None, by=operator(), at=clock.now())
    print(made)


def revoke_token(telling: Telling, token: str) -> None:
    """End a token."""
    with opened() as means, means.database.transaction() as session:
        row = session.get(TokenRow, token)
        if row is None:
            raise Refused(
                Refusal("no_token", f"There is no token {token!r}.", "Give the part between the underscores.")
            )
        tokens.revoke(session, row, by=operator(), at=clock.now())
    telling.say("Revoked.")


def rotate(telling: Telling) -> None:
    """Seal every secret with the current key."""
    with opened() as means, means.database.transaction() as session:
        count = systems.rotate(session, keys=means.keys, by=operator(), at=clock.now())
        count += channels.reseal(session, keys=means.keys) + hooks.reseal(session, keys=means.keys)
    telling.say(f"{count} secrets were sealed anew. The former key may go once every process runs with the new one.")


def named(session: Session, name: str) -> ActorRow:
    """The actor of this address, id or name."""
    row = queries.find(session, name)
    if row is None:
        raise Refused(Refusal("no_actor", f"There is no actor {name!r}.", "See `rolecall actor list`."))
    return row


def _role(named: str) -> Role:
    if named not in list(Role):
        raise Refused(Refusal("no_such_role", f"There is no role {named!r}.", f"There are: {', '.join(Role)}."))
    return Role(named)
