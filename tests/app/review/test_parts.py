"""A campaign's items some at a time."""

from __future__ import annotations

from sqlalchemy import event, select, text

from app.kit.db import Database
from app.review import parts, queries
from app.review.tables import ItemRow
from tests import make
from tests.app.review import cast


def test_every_item_of_the_campaign_comes_once_in_order_and_no_other(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        for _ in range(5):
            make.grant(session, company.account, make.entitlement(session, company.system))
        one, other = cast.opened(session), cast.opened(session, name="Other")
        mine = session.scalars(select(ItemRow.id).where(ItemRow.campaign_id == one.id).order_by(ItemRow.id)).all()
        told = list(parts.numbers(session, one.id, 3))
        assert [len(some) for some in told[:-1]] == [3] * (len(told) - 1)
        assert (len(told) > 2, [each for some in told for each in some]) == (True, mine)
        assert [item.id for item in queries.items(session, one.id, chunk=2)] == mine
        assert {item.id for item in queries.items(session, other.id)}.isdisjoint(mine)
        assert list(parts.numbers(session, 10**6, 3)) == []


def test_no_part_is_sought_by_sorting_the_campaign(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
    asked = []

    @event.listens_for(database.reader, "before_cursor_execute")
    def _heard(connection, cursor, statement, given, context, many):  # type: ignore[no-untyped-def]
        if "items.shown" in statement:
            asked.append((statement, given))

    with database.reading() as session:
        assert len(list(queries.items(session, campaign.id, chunk=2))) > 2
        explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
        connection = session.connection()
        if not database.sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))
        plans = [str(connection.exec_driver_sql(explain + each, given).all()) for each, given in list(asked)]
    assert len(plans) > 1
    assert not [plan for plan in plans if "TEMP B-TREE" in plan]
