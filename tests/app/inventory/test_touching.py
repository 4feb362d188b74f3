"""Whom a reading touched: grants each by its own way, and moments that became too old, sought by halves."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.inventory import touching
from app.inventory.tables import AccountRow
from app.kit.db import Database
from tests import make
from tests.make import NOW

HOUR = timedelta(hours=1)


def test_grants_that_came_ended_changed_or_lapsed_are_found_and_no_others(database: Database) -> None:
    with database.transaction() as session:
        system, other = make.system(session), make.system(session)
        kept, came, gone, changed, lapsed = (make.account(session, system) for _ in range(5))
        elsewhere = make.account(session, other)
        held, new = make.entitlement(session, system), make.entitlement(session, system)
        make.grant(session, kept, held, until=NOW + timedelta(9))
        make.grant(session, gone, held, ended=NOW - HOUR / 2)
        make.grant(session, changed, held, touched=NOW - HOUR / 2)
        make.grant(session, lapsed, held, until=NOW + HOUR)
        make.grant(session, elsewhere, make.entitlement(session, other), ended=NOW - HOUR / 2)
        last = touching.last_rows(session, system.id)
        make.grant(session, came, new, began=NOW - HOUR / 2)
        since = touching.Since(NOW, NOW - HOUR, **last)
        told = touching.written(session, system.id, since, NOW + 2 * HOUR)
        assert told.moved == {came.id, gone.id}
        assert told.accounts == {came.id, gone.id, changed.id, lapsed.id}
        assert told.entitlements >= {held.id, new.id}
        assert touching.written(session, other.id, since, NOW).accounts == {elsewhere.id}


def test_a_moment_is_found_in_whichever_of_many_windows_it_lies(database: Database) -> None:
    """The windows of spans that lie close together overlap; what is at one's very beginning was looked at before."""
    spans = [timedelta(days) for days in (0, 1, 7, 30, 31, 90, 365)]
    ago = [
        *(timedelta(hours=n * 5) for n in range(20)),
        *(span + HOUR * n for span in spans for n in (-31, -30, -1, 0)),
    ]
    after, at = NOW - 30 * HOUR, NOW
    meant = {each for each in ago if any(after - span < NOW - each <= at - span for span in spans)}
    with database.transaction() as session:
        system = make.system(session)
        made = {make.account(session, system, created=NOW - each).id: each for each in ago}
        windows = touching._apart((after - span, at - span) for span in spans)
        found = session.scalars(select(AccountRow.id).where(touching._within(AccountRow.created, windows))).all()
    assert {made[number] for number in found} == meant
    assert len(windows) < len(spans)
    assert 0 < len(meant) < len(set(ago))
