"""actor, token and key: who may do what here."""

from __future__ import annotations

from datetime import timedelta

from app.actors import actors, queries, tokens
from app.actors.actor import Role
from app.actors.tables import ActorRow, TokenRow
from app.cli.installation import opened, operator
from app.cli.telling import Telling
from app.inventory import systems
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.notices import channels


def add(telling: Telling, name: str, roles: list[str], email: str | None, person: str | None, days: int | None) -> None:
    """Make an actor."""
    at = clock.now()
    strange = [role for role in roles if role not in list(Role)]
    if strange:
        raise Refused(Refusal("no_such_role", f"There is no role {strange[0]!r}.", f"There are: {', '.join(Role)}."))
    until = at + timedelta(days=days) if days else None
    with opened() as means, means.database.transaction() as session:
        held = {Role(role): until for role in roles}
        row = actors.make(session, name, held, email=email, person_key=person, by=operator(), at=at)
        telling.say(f"Made {row.id} ({name}). `rolecall token make {email or row.id}` gives it a token.")


def listed(telling: Telling) -> None:
    """Everybody, with their roles."""
    with opened() as means, means.database.reading() as session:
        everyone = queries.everyone(session, at=clock.now())
    telling.table(
        ("id", "name", "address", "roles", "ended"),
        ((row.id, row.name, row.email, ", ".join(roles), row.ended) for row, roles in everyone),
    )
    telling.answer(
        [
            {"id": row.id, "name": row.name, "email": row.email, "roles": roles, "ended": row.ended}
            for row, roles in everyone
        ]
    )


def end(telling: Telling, email: str) -> None:
    """Let an actor in no more."""
    with opened() as means, means.database.transaction() as session:
        row = queries.by_email(session, email) or session.get(ActorRow, email)
        if row is None:
            raise _nobody(email)
        actors.end(session, row, by=operator(), at=clock.now())
    telling.say(f"{email} gets in no more; its tokens have stopped.")


def make_token(telling: Telling, email: str, label: str, days: int) -> None:
    """Make a token and show it, once."""
    with opened() as means, means.database.transaction() as session:
        row = queries.by_email(session, email) or session.get(ActorRow, email)
        if row is None:
            raise _nobody(email)
        made = tokens.make(session, row, label, days=days, by=operator(), at=clock.now())
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
        count += channels.reseal(session, keys=means.keys)
    telling.say(f"{count} secrets were sealed anew. The former key may go once every process runs with the new one.")


def _nobody(email: str) -> Refused:
    return Refused(Refusal("no_actor", f"There is no actor {email!r}.", "See `rolecall actor list`."))
