"""A house whose latest reading falls short, with two administrators who are people of the roster: Flo ("boss") and Fay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.actors import actors, tokens
from app.actors.actor import Role
from app.inventory.tables import StreamRow
from tests import make
from tests.app.api.house import NOW, House


def fall_short(house: House, *, clock: Callable[[], datetime] = lambda: NOW) -> House:
    """The latest reading of grants is incomplete: a page is missing."""
    house.means = house.app.state.means = replace(house.means, clock=clock)
    with house.database.transaction() as session:
        streams = {"accounts": "complete", "entitlements": "complete"}
        snapshot = make.snapshot(session, house.company.system, streams=streams)
        session.add(
            StreamRow(
                snapshot_id=snapshot.id, stream="grants", verdict="incomplete", because="a page is missing", rows=1,
                pages=1, calls=1, missing=[], dropped=[], asked=[], began_at=NOW, ended_at=NOW,
            )
        )  # fmt: skip
        fay = house.company.fay
        row = actors.make(session, "Fay", {Role.ADMIN: None}, person_key=fay.key, by=make.ADMIN, at=NOW)
        house.tokens["fay"] = tokens.make(session, row, "test", days=30, by=make.ADMIN, at=NOW)
    return house
