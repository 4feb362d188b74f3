"""What follows from an entry is handed on in the order of the log, and forgotten only afterwards."""

from datetime import datetime

from app.kit.db import Database
from app.ledger import entries, leaves, queries, relay
from app.ledger.entries import Entry
from app.ledger.kinds import Kind


def test_consequences_wait_in_the_order_of_the_log_until_forgotten(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        told = [
            Entry(kind, f"snapshot:{n}") for n, kind in enumerate([Kind.SNAPSHOT_SEALED, Kind.LOGINS_FORGOTTEN] * 2)
        ]
        made = entries.record_many(session, told, by="worker", at=at)
        assert queries.pending(session) == []  # not numbered yet, so nothing may follow
        leaves.integrate(session)
    with database.reading() as session:
        waiting = queries.pending(session)
        assert [(each.entry_id, each.subject, each.number) for each in waiting] == [
            (made[0], "snapshot:0", 0),
            (made[2], "snapshot:2", 2),
        ]
        assert queries.pending(session, limit=1) == waiting[:1]
    with database.transaction() as session:
        assert relay.forget(session, [made[0], made[0]]) == 1
    with database.transaction() as session:
        assert [each.entry_id for each in queries.pending(session)] == [made[2]]
        assert relay.forget(session, made) == 1
        assert relay.forget(session, made) == 0
