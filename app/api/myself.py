"""Who is asking, and what is their own here."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.entering import Entered
from app.api.shapes import Told
from app.api.words import RoleName

router = APIRouter(prefix="/api/v1/me", tags=["actors"])


class Me(Told):
    """The actor behind the token. `identity` is the person of the roster, where one is known."""

    id: str
    name: str
    roles: list[RoleName]
    identity: int | None


@router.get("")
def get_me(actor: Entered) -> Me:
    """Who you are here."""
    return Me(
        id=actor.id, name=actor.name, roles=[RoleName(role) for role in sorted(actor.roles)], identity=actor.identity_id
    )
