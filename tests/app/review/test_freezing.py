"""Who reviews what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

from sqlalchemy import select, text

from app.inventory.tables import IdentityEmailRow
from app.kit.db import Database
from app.review import frozen
from app.review.tables import TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import DUE, NOW


def test_somebody_who_has_left_or_is_away_throughout_is_passed_over(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.ada.away_from, company.ada.away_until = NOW.date(), (DUE + timedelta(days=9)).date()
        session.flush()
        assert {i.chosen_by for i in cast.items(session, cast.opened(session, name="away")).values()} == {"owner"}
        company.ada.away_until = (DUE - timedelta(days=1)).date()
        session.flush()
        assert {i.chosen_by for i in cast.items(session, cast.opened(session, name="back")).values()} == {"manager"}
        company.ada.ended, company.cy.end = NOW, (NOW - timedelta(days=1)).date()
        session.flush()
        assert {i.chosen_by for i in cast.items(session, cast.opened(session, name="left")).values()} == {"fallback"}


def test_an_account_of_nobody_or_of_a_program_goes_to_the_owner(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        nobodys = make.account(session, company.system)
        program = make.account(session, company.system, kind="service", identity_id=company.bo.id)
        items = cast.items(session, cast.opened(session))
        assert items[f"account:{nobodys.id}"].chosen_by == "owner"
        assert items[f"account:{program.id}"].chosen_by == "owner"


def test_nobody_is_made_reviewer_of_an_account_that_their_address_reaches(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        session.add(IdentityEmailRow(email="cy@private.example", identity_id=company.cy.id))
        unmatched = make.account(session, company.system, email="Cy@Private.example")
        item = cast.items(session, cast.opened(session))[f"account:{unmatched.id}"]
        assert item.chosen_by == "fallback"


def test_a_fallback_who_owns_the_only_item_needs_a_second(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.system.owner_key = None
        make.account(session, company.system, identity_id=company.flo.id)
        assert cast.refusal(session, scope={"second_fallback": None}).code == "no_reviewer"
        campaign = cast.opened(session)
        reviewers = {row.reviewer_id for row in session.scalars(select(TaskRow)).all()}
        assert company.fay.id in reviewers
        assert campaign.status == "open"


def test_an_unfit_fallback_is_refused(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        assert cast.refusal(session, scope={"fallback": "nobody"}).code == "bad_scope"
        company.flo.ended = NOW
        session.flush()
        assert cast.refusal(session).code == "bad_scope"


def test_a_due_time_that_has_passed_is_refused(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        assert cast.refusal(session, due_at=NOW).code == "bad_due"


def test_on_postgresql_a_review_has_room_to_be_joined_in_until_the_transaction_ends(
    make_database: Callable[[str], str],
) -> None:
    with closing(Database(make_database("postgresql"))) as database:
        with database.transaction() as session:
            room = text("SHOW work_mem")
            usual = session.scalar(room)
            with frozen.tables(session):
                assert session.scalar(room) == "64MB" != usual
        with database.transaction() as session:
            assert session.scalar(room) == usual
