"""Somebody is taken out of the log of messages."""

from __future__ import annotations

from sqlalchemy import select

from app.inventory import persons
from app.kit.db import Database
from app.notices import channels, erasures
from app.notices.tables import PreferenceRow
from tests import make
from tests.app.api.house import KEYS
from tests.app.review import cast

NOW = make.NOW


def test_messages_name_somebody_no_more_and_their_quiet_hours_are_forgotten(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        outbox, _ = channels.add(
            session, name="outbox", kind="file", config={}, secret={}, keys=KEYS, by=make.ADMIN, at=NOW
        )
        reader = f"identity:{company.bo.id}"
        to_them = make.delivery(session, outbox, whom=reader, facts={"name": "Bo"})
        of_them = make.delivery(session, outbox, whom="role:admin", facts={"told": "BO@corp is open", "name": "Bo"})
        other = make.delivery(session, outbox, whom="role:admin", facts={"name": "Bo"})
        session.add(PreferenceRow(whom=reader, zone="UTC", quiet_from=0, quiet_until=60, weekends=False))
        session.flush()
        erasures.erase(session, persons.named(session, company.bo), by=make.ADMIN, at=NOW)
        assert to_them.facts == {"name": "(erased)"}
        assert of_them.facts == {"told": "(erased) is open", "name": "Bo"}  # by the name alone it may be a namesake
        assert other.facts == {"name": "Bo"}
        assert session.scalars(select(PreferenceRow)).all() == []
