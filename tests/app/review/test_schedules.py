"""Schedules are changed and removed: what should have opened before is not missed, and what they opened stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow, PersonalRow
from app.review import queries, schedules
from app.review.tables import ScheduleRow
from tests import make
from tests.app.review import cast

NOW = make.NOW


def test_another_plan_misses_nothing_that_should_have_opened_before(database: Database) -> None:
    with database.transaction() as session:
        before = NOW - timedelta(days=200)
        row = schedules.add(session, name="Q", zone="Europe/Berlin", scope=cast.SCOPE, by=make.ADMIN, at=before)
        assert [due.slot.label for due in queries.due_slots(session, NOW)]
        schedules.change(session, row.id, opens_on_day=1, due_days=30, by=make.ADMIN, at=NOW)
        assert queries.due_slots(session, NOW) == []
        assert (row.opens_on_day, row.due_days, row.zone, row.version, row.since) == (1, 30, "Europe/Berlin", 2, NOW)


def test_another_scope_names_its_people_only_as_commitments(database: Database) -> None:
    with database.transaction() as session:
        row = schedules.add(session, name="Q", zone="UTC", scope=cast.SCOPE, by=make.ADMIN, at=NOW)
        schedules.change(session, row.id, scope={"systems": "all", "fallback": "fay"}, by=make.ADMIN, at=NOW)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "schedule.changed")).one()
        assert "fay" not in str(entry.body)
        assert "fay" in set(session.scalars(select(PersonalRow.value).where(PersonalRow.entry_id == entry.id)))


def test_the_same_plan_again_says_nothing(database: Database) -> None:
    with database.transaction() as session:
        row = schedules.add(session, name="Q", zone="UTC", scope=cast.SCOPE, by=make.ADMIN, at=NOW)
        schedules.change(session, row.id, zone="UTC", by=make.ADMIN, at=NOW)
        assert session.scalars(select(EntryRow).where(EntryRow.kind == "schedule.changed")).all() == []
        assert row.version == 1


def test_a_plan_that_cannot_be_kept_changes_nothing(database: Database) -> None:
    with database.transaction() as session:
        row = schedules.add(session, name="Q", zone="UTC", scope=cast.SCOPE, by=make.ADMIN, at=NOW)
        with pytest.raises(Refused, match="not a time zone"):
            schedules.change(session, row.id, zone="Mars", by=make.ADMIN, at=NOW)
        assert row.zone == "UTC"


def test_a_removed_schedule_opens_nothing_and_its_reviews_stay(database: Database) -> None:
    with database.transaction() as session:
        before = NOW - timedelta(days=200)
        row = schedules.add(session, name="Q", zone="UTC", scope=cast.SCOPE, by=make.ADMIN, at=before)
        schedules.remove(session, row.id, by=make.ADMIN, at=NOW)
        assert queries.due_slots(session, NOW) == []
        assert session.get(ScheduleRow, row.id) is None
        assert session.scalars(select(EntryRow.subject).where(EntryRow.kind == "schedule.removed")).one()
        with pytest.raises(Refused, match="There is no schedule"):
            schedules.remove(session, row.id, by=make.ADMIN, at=NOW)
