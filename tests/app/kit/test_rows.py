"""Finished rows, few and many: both ways of writing them come to the same."""

from __future__ import annotations

import traceback
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, String, Table, Uuid, event, func, select
from sqlalchemy import cast as typed
from sqlalchemy.exc import DataError, IntegrityError

from app.kit import rows
from app.kit.db import Big, Database, Json, JsonText, Moment, Written

AT = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
THINGS = Table(
    "things_added",
    MetaData(),
    Column("position", Big, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("other", Uuid),
    Column("by", String(40), nullable=False),  # a reserved word
    Column("salt", LargeBinary(32), nullable=False),
    Column("secret", LargeBinary),
    Column("at", Moment, nullable=False),
    Column("until", Moment),
    Column("body", Json),
    Column("shown", JsonText),
    Column("number", Integer),
    Column("yes", Boolean),
    Column("way", String(12), server_default="by itself"),
)
TEXTS = ("plain", "tab\tand\nline", r"\N and \\ back", "", "ünï \U0001f600 '\"", "\r", "\x01")


def things(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": uuid.uuid5(uuid.NAMESPACE_DNS, str(n)),
            "other": uuid.UUID(int=n) if n % 3 else None,
            "by": TEXTS[n % len(TEXTS)],
            "salt": bytes([n % 256, 0, 92, 9, 10]),
            "secret": b"\\x" if n % 2 else None,
            "at": AT,
            "until": AT + timedelta(microseconds=n) if n % 4 else None,
            "body": Written('{"a": "\\\\ \\n"}') if n % 2 else {"n": [n, None, TEXTS[n % len(TEXTS)]]},
            "shown": {"b": 1, "a": TEXTS[(n + 1) % len(TEXTS)]},
            "number": n if n % 5 else None,
            "yes": [True, False, None][n % 3],
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, rows.MANY - 1, rows.MANY, 137])
def test_few_and_many_arrive_as_they_were_and_in_their_order(database: Database, count: int) -> None:
    given = things(count)
    THINGS.create(database.writer)
    with database.transaction() as session:
        rows.add(session, THINGS, given)
    with database.reading() as session:
        found = [dict(row._mapping) for row in session.execute(select(THINGS).order_by(THINGS.c.position))]
    assert [row.pop("position") for row in found] == list(range(1, count + 1))
    wanted = [row | {"body": {"a": "\\ \n"}} if isinstance(row["body"], Written) else row for row in given]
    assert found == [row | {"way": "by itself"} for row in wanted]


@pytest.mark.parametrize("count", [6, 60])
def test_one_value_in_every_row_and_values_that_only_seem_to_be_one(database: Database, count: int) -> None:
    THINGS.create(database.writer)
    nothing = {"other": None, "secret": None, "until": None, "number": None, "yes": None, "body": None}
    given = [row | nothing | {"salt": b"\\", "shown": n % 2 == 0 or 1} for n, row in enumerate(things(count))]
    with database.transaction() as session:
        rows.add(session, THINGS, given)
        found = [dict(row._mapping) for row in session.execute(select(THINGS).order_by(THINGS.c.position))]
        null = select(func.count()).where(typed(THINGS.c.body, String) == "null")
        assert session.scalar(null) == count  # as Core writes it
    assert [{name: row[name] for name in (*nothing, "salt")} for row in found] == [{**nothing, "salt": b"\\"}] * count
    assert [row["shown"] is True for row in found] == [True, False] * (count // 2)


def test_many_are_not_written_one_by_one(database: Database) -> None:
    told: list[str] = []
    THINGS.create(database.writer)
    event.listen(database.writer, "before_cursor_execute", lambda *asked: told.append(asked[2]))
    with database.transaction() as session:
        rows.add(session, THINGS, things(901))
    inserts = [statement for statement in told if statement.startswith("INSERT")]
    assert len(inserts) == (2 if database.sqlite else 0)
    assert all(statement.count("(?") > 1 for statement in inserts[:1])


def test_nothing_is_cut_to_fit(database: Database) -> None:
    long = [row | {"by": "x" * 41} for row in things(60)]
    THINGS.create(database.writer)
    if not database.sqlite:  # which keeps what is too long
        with pytest.raises(DataError, match="StringDataRightTruncation") as refused, database.transaction() as session:
            rows.add(session, THINGS, long)
        assert "xxx" not in "".join(traceback.format_exception(refused.value))
        return
    with database.transaction() as session:
        rows.add(session, THINGS, long)
        assert set(session.scalars(select(THINGS.c.by))) == {"x" * 41}


def test_what_the_database_refuses_is_said_in_the_same_words(database: Database) -> None:
    THINGS.create(database.writer)
    for count in (2, 60):
        twice = [*things(count), things(1)[0]]
        with pytest.raises(IntegrityError), database.transaction() as session:
            rows.add(session, THINGS, twice)
    with database.reading() as session:
        assert session.scalars(select(THINGS.c.id)).all() == []


def test_what_only_python_fills_in_is_not_left_out_silently(database: Database) -> None:
    from app.review.tables import ItemRow

    table: Table = ItemRow.__table__  # type: ignore[assignment]
    with pytest.raises(ValueError, match=r"items: .*version must be given"), database.transaction() as session:
        rows.add(session, table, [{"kind": "grant"}] * rows.MANY)


def test_a_row_that_lacks_a_name_is_refused(database: Database) -> None:
    THINGS.create(database.writer)
    some = things(60)
    del some[-1]["salt"]
    with pytest.raises(KeyError), database.transaction() as session:
        rows.add(session, THINGS, some)


@pytest.mark.parametrize("count", [1, 60])
def test_a_table_is_written_to_by_other_names_and_in_another_order_afterwards(database: Database, count: int) -> None:
    THINGS.create(database.writer)
    turned = [dict(reversed(row.items())) | {"id": uuid.UUID(int=n)} for n, row in enumerate(things(count))]
    fewer = [{"id": uuid.uuid4(), "by": "Ada", "salt": b"x", "at": AT, "way": "by hand"} for _ in range(count)]
    with database.transaction() as session:
        for some in (things(count), turned, fewer):
            rows.add(session, THINGS, some)
        found = [dict(row._mapping) for row in session.execute(select(THINGS).order_by(THINGS.c.position))]
    same = [{name: row[name] for name in row if name not in ("position", "id")} for row in found]
    assert same[:count] == same[count : 2 * count]
    assert [{name: row[name] for name in fewer[0]} for row in found[2 * count :]] == fewer
