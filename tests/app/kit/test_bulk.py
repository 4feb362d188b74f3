"""Many rows at once, on both databases."""

from __future__ import annotations

import traceback
import uuid
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Column, Integer, String, Table, event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app.inventory.tables import AccountRow, EntitlementRow
from app.kit import bulk, postgres
from app.kit.db import Database
from tests import make

ENTITLEMENTS: Table = EntitlementRow.__table__  # type: ignore[assignment]
AT = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
NAMES = ["key", "kind", "name", "description", "privileges", "native", "revocable", "began"]


def staged(session: Session, rows: list[list[Any]]) -> Table:
    columns: list[Column[Any]] = [Column(bulk.PART, Integer), *(bulk.like(ENTITLEMENTS.c[name]) for name in NAMES)]
    table = bulk.stage(session, "stage_test", columns)
    bulk.fill(session, table, [[0, *row] for row in rows])
    return table


def row(key: str, name: str = "N", **given: Any) -> list[Any]:
    values = {"key": key, "kind": "role", "name": name, "description": None, "privileges": None, "native": ["x"],
              "revocable": True, "began": AT} | given  # fmt: skip
    return [values[each] for each in NAMES]


def merge(session: Session, rows: list[list[Any]], system_id: int) -> tuple[int, int]:
    table = staged(session, rows)
    bulk.ready(session, table, ["key"])
    ours = [ENTITLEMENTS.c.system_id == system_id]
    columns = [name for name in NAMES if name != "key"]
    changed = bulk.update_changed(session, ENTITLEMENTS, table, on=["key"], columns=columns, where=ours)
    began = bulk.insert_new(
        session, ENTITLEMENTS, table, on=["key"], columns=NAMES, constants={"system_id": system_id}, where=ours
    )
    return changed, began


def test_values_of_every_type_arrive_as_they_were(database: Database) -> None:
    awkward = "tab\tnew\nline back\\slash \\N quote' 'é' 漢"
    with database.transaction() as session:
        system = make.system(session)
        assert merge(
            session, [row("a", awkward, description="", privileges=["export"], revocable=False)], system.id
        ) == (0, 1)
        (found,) = session.scalars(select(EntitlementRow))
        assert (found.name, found.description, found.privileges, found.native) == (awkward, "", ["export"], ["x"])
        assert (found.revocable, found.began) == (False, AT)


def test_a_moment_may_be_text_of_utc(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        for key, began in (("a", AT), ("b", AT.isoformat()), ("c", AT.replace(microsecond=0).isoformat())):
            merge(session, [row(key, began=began)], system.id)
        session.expire_all()
        assert [each.began for each in session.scalars(select(EntitlementRow).order_by(EntitlementRow.key))] == [
            AT, AT, AT.replace(microsecond=0),
        ]  # fmt: skip
        with pytest.raises(ValueError, match="zone"):
            merge(session, [row("d", began=AT.replace(tzinfo=None))], system.id)
        whole = [AT.replace(microsecond=0, minute=n % 60).isoformat() for n in range(300)]  # several to a statement
        assert merge(session, [row(f"e{n}", began=began) for n, began in enumerate(whole)], system.id) == (0, 300)
        session.expire_all()
        told = {each.key: each.began.isoformat() for each in session.scalars(select(EntitlementRow))}
        assert [told[f"e{n}"] for n in range(300)] == whole
        if database.sqlite:  # PostgreSQL understands other zones
            with pytest.raises(ValueError, match="not a moment of UTC"):
                merge(session, [row("d", began=began) for began in (*whole, "2026-03-04T05:06:07-05:00")], system.id)
            with pytest.raises(ValueError, match="not a moment of UTC"):
                merge(session, [row("d", began="2026-03-04T05:06:07+02:00")], system.id)


def test_unknown_is_null_and_not_a_text_that_says_null(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        merge(session, [row("a", privileges=None)], system.id)
        assert session.scalar(select(EntitlementRow.key).where(EntitlementRow.privileges.is_(None))) == "a"


def test_merging_the_same_again_writes_nothing_and_one_change_writes_one_row(database: Database) -> None:
    rows = [row(f"k{n}", privileges=["a"] if n % 2 else None) for n in range(50)]
    with database.transaction() as session:
        system = make.system(session)
        assert merge(session, [list(each) for each in rows], system.id) == (0, 50)
        assert merge(session, [list(each) for each in rows], system.id) == (0, 0)
        rows[7] = row("k7", privileges=None)
        rows[8] = row("k8", privileges=[])
        assert merge(session, [list(each) for each in rows], system.id) == (2, 0)


def test_of_repeated_keys_the_last_is_kept_and_the_others_counted_by_part(database: Database) -> None:
    with database.transaction() as session:
        table = bulk.stage(
            session, "stage_test", [Column(bulk.PART, Integer), Column("key", String), Column("n", Integer)]
        )
        bulk.fill(session, table, [[0, "a", 1], [0, "b", 2], [1, "a", 3]])
        bulk.fill(session, table, [[1, "a", 4], [1, "c", 5]])
        assert bulk.ready(session, table, ["key"]) == {0: 1, 1: 1}
        assert sorted(tuple(each) for each in session.execute(select(table.c.key, table.c.n))) == [
            ("a", 4),
            ("b", 2),
            ("c", 5),
        ]


def test_nothing_repeated_is_said_as_nothing(database: Database) -> None:
    with database.transaction() as session:
        table = bulk.stage(session, "stage_test", [Column("key", String)])
        bulk.fill(session, table, [])
        assert bulk.ready(session, table, ["key"]) == {}


def test_staged_rows_are_gone_with_their_transaction(database: Database) -> None:
    with database.transaction() as session:
        staged(session, [row("a")])
    with database.transaction() as session:
        assert session.scalar(select(staged(session, []).c.key)) is None
        bulk.drop(session, staged(session, [row("a")]))
        with pytest.raises(Exception, match="stage_test"):
            session.execute(text("SELECT * FROM stage_test"))
        session.rollback()


def test_what_is_rolled_back_was_never_merged(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)

    def crash() -> None:
        with database.transaction() as session:
            merge(session, [row("a")], system.id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    with database.reading() as session:
        assert session.scalar(select(EntitlementRow.key)) is None


def test_text_longer_than_its_column_is_cut_so_that_different_texts_stay_different(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        long = ["k" * 500 + each for each in "ab"]
        assert merge(session, [row(each, "n" * 300) for each in long], system.id) == (0, 2)
        assert merge(session, [row(each, "n" * 300) for each in long], system.id) == (0, 0)
        found = session.execute(select(EntitlementRow.key, EntitlementRow.name)).all()
        assert {len(key) for key, _ in found} == {200}
        assert {name for _, name in found} == {"n" * 300}


def test_a_merge_asks_the_same_number_of_questions_however_many_rows(database: Database) -> None:
    asked: list[str] = []
    with database.transaction() as session:
        system = make.system(session)
        event.listen(session.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2]))
        merge(session, [row("a")], system.id)
        few = len(asked)
        merge(session, [row(f"k{n}") for n in range(500)], system.id)
        assert len(asked) <= 2 * few + 1  # rows are staged some hundred to a statement, and what is left over
        assert session.scalar(select(AccountRow.id)) is None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_is_staged_is_looked_at_briefly_and_nothing_else_is(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("SET LOCAL default_statistics_target = 100"))  # the default, whatever the server's is
        table, asked = staged(session, [row(f"k{n}") for n in range(100)]), "SHOW default_statistics_target"
        event.listen(session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
        seen = list[str]()
        bulk.analyze(session, table)
        assert [each.split(" ")[0] for each in seen] == ["SET", "ANALYZE", "SET"]
        assert session.scalar(text(asked)) == session.scalar(
            text("SELECT reset_val FROM pg_settings WHERE name = 'default_statistics_target'")
        )


def _of_nobody(database: Database, *, known: bool, first: str = "SELECT 1") -> None:
    """Write a row whose system there is not."""
    with database.transaction() as session:
        for each in first.split("; "):
            session.execute(text(each))
        table = staged(session, [row(uuid.uuid4().hex)])
        bulk.ready(session, table, ["key"])
        with postgres.parents_known(session):
            if known:
                _insert(session, table)
        if not known:
            _insert(session, table)


def _insert(session: Session, table: Table) -> None:
    bulk.insert_new(session, ENTITLEMENTS, table, on=["key"], columns=NAMES, constants={"system_id": 999})


def test_parents_that_are_known_are_not_looked_up_anew_where_the_role_may_spare_it(database: Database) -> None:
    with pytest.raises(IntegrityError) if database.sqlite else nullcontext():
        _of_nobody(database, known=True)
    with pytest.raises(IntegrityError):
        _of_nobody(database, known=False)  # from there on they are


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_role_that_may_not_spare_it_is_not_refused(database: Database) -> None:
    role = f"plain_{uuid.uuid4().hex[:12]}"  # roles are the server's, which other tests use too
    with database.transaction() as session:
        session.execute(text(f"CREATE ROLE {role}"))
        session.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"))
        session.execute(text(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}"))
    with pytest.raises(IntegrityError):
        _of_nobody(database, known=True, first=f"SET LOCAL ROLE {role}")
    allowed = f"GRANT SET ON PARAMETER session_replication_role TO {role}"
    _of_nobody(database, known=True, first=f"{allowed}; SET LOCAL ROLE {role}")
    with database.transaction() as session:
        session.execute(text(f"DROP OWNED BY {role}"))
        session.execute(text(f"DROP ROLE {role}"))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_cannot_be_copied_is_told_by_its_kind_and_never_by_its_values(database: Database) -> None:
    """PostgreSQL would say which value of which row it came to."""
    planted = "Cy Planted"  # by a name, for the lines that a failure passed through are told with it
    for column, wrong, kind in (
        (Integer, "Bo Bloggs", "InvalidTextRepresentation"),
        (String, None, "NotNullViolation"),
    ):
        columns: list[Column[Any]] = [Column("whose", String), Column("what", column, nullable=False)]
        with database.transaction() as session:
            table = bulk.stage(session, "stage_test", columns)
            with pytest.raises(DBAPIError) as refused:
                bulk.fill(session, table, [[planted, wrong]])
            session.rollback()
        told = "".join(traceback.format_exception(refused.value))
        assert kind in told
        assert "COPY stage_test" in told
        assert ("Bo Bloggs" in told, planted in told) == (False, False)
