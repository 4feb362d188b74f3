"""Expressions over facts: read, refused where they are not understood, asked of one subject and of a set alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import asking, expression
from app.review.expression import Expression, Sort

FACTS = {"department": Sort.TEXT, "title": Sort.TEXT, "privilege": Sort.MANY, "new": Sort.FLAG}
BO: dict[str, Any] = {"department": "Sales", "title": None, "privilege": ["export", "see_all"], "new": False}


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ('department = "Sales"', True),
        ("department = Sales", True),
        ('department != "Sales"', False),
        ('department in ("IT", "Sales")', True),
        ('department not in ("IT", "Sales")', False),
        ('department = "sales"', False),
        ('title = "Rep"', None),
        ('not title = "Rep"', None),
        ("title is unknown", True),
        ("title is known", False),
        ("title is not known", True),
        ("no title", True),
        ("no department", False),
        ("new", False),
        ("not new", True),
        ("privilege = export", True),
        ("privilege in (administer, see_all)", True),
        ("privilege = administer", False),
        ('title = "Rep" and new', False),
        ('title = "Rep" or not new', True),
        ('title = "Rep" and not new', None),
        ('department = "IT" and new or not new', True),
        ('department = "IT" and (new or not new)', False),
    ],
)
def test_an_expression_holds_does_not_or_cannot_be_told(written: str, answer: bool | None) -> None:
    assert expression.holds(expression.read(written, FACTS), BO) is answer


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "empty"),
        ("salary = 5", "salary is not a known fact"),
        ("department", "by itself says nothing"),
        ("new = yes", "true or false"),
        ('department = "Sales', "cannot be read"),
        ("department =", "a value is missing"),
        ("department in ()", "a value is missing"),
        ("(new", '")" is missing'),
        ("new new", "nothing was expected"),
        ("new and", "something is missing"),
        ("new; drop", "cannot be read"),
        ("(" * 40 + "new" + ")" * 40, "too deep"),
        ("not " * 400 + "new", "too deep"),
        ("new or " * 400 + "new", "too long"),
    ],
)
def test_what_is_not_understood_is_refused_and_named(written: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        expression.read(written, FACTS)
    assert says in refused.value.refusal.reason
    assert refused.value.refusal.status == 422


def test_a_value_with_a_quotation_mark_is_never_written_into_an_expression() -> None:
    with pytest.raises(Refused):
        expression.written(expression.OneOf("title", ('x" or new or title = "y',)))


_TEXTS = some.sampled_from(["Sales", "IT", "sales", "a b", "|"])
_TESTS: Any = some.one_of(
    some.just(expression.Flag("new")),
    some.sampled_from(["department", "title", "privilege", "new"]).map(expression.Known),
    some.tuples(
        some.sampled_from(["department", "title", "privilege"]), some.lists(_TEXTS, min_size=1, max_size=2, unique=True)
    ).map(lambda pair: expression.OneOf(pair[0], tuple(pair[1]))),
)
_EXPRESSIONS: Any = some.recursive(
    _TESTS,
    lambda inner: some.one_of(
        inner.map(expression.Not),
        some.lists(inner, min_size=2, max_size=3).map(lambda parts: expression.Both(tuple(parts))),
        some.lists(inner, min_size=2, max_size=3).map(lambda parts: expression.Either(tuple(parts))),
    ),
    max_leaves=6,
)
_SUBJECTS = some.fixed_dictionaries(
    {
        "department": some.none() | _TEXTS,
        "title": some.none() | _TEXTS,
        "privilege": some.none() | some.lists(_TEXTS.filter(lambda text: "|" not in text), max_size=2),
        "new": some.none() | some.booleans(),
    }
)


@given(_EXPRESSIONS, _SUBJECTS)
@settings(max_examples=100, deadline=None)
def test_what_is_written_down_means_what_was_read(of: Expression, facts: dict[str, Any]) -> None:
    again = expression.read(expression.written(of), FACTS)
    assert expression.holds(again, facts) is expression.holds(of, facts)
    assert expression.words(again) == expression.words(of)


def test_the_set_answers_as_the_one(database: Database) -> None:
    apart = MetaData()
    table = Table(
        "asked", apart, Column("id", Integer, primary_key=True), *(Column(word, String) for word in FACTS if word != "new"),
        Column("new", Integer),
    )  # fmt: skip
    rows = [
        {"department": department, "title": title, "privilege": privilege, "new": new}
        for department in (None, "Sales", "sales")
        for title in (None, "a b")
        for privilege in (None, [], ["IT"], ["IT", "Sales"])
        for new in (None, True, False)
    ]
    examples = [
        expression.read(written, FACTS)
        for written in (
            'department = "Sales" and not title = "a b"', 'not (department in ("Sales", "IT") or privilege = IT)',
            "privilege = Sal or privilege is unknown and new", "new or no title", "not new", "privilege != sales",
            'title is known and not (new and privilege = "Sales")',
        )
    ]  # fmt: skip
    with database.writer.begin() as connection:
        table.create(connection)
        packed = [
            row
            | {
                "id": n,
                "privilege": asking.packed(row["privilege"]),
                "new": None if row["new"] is None else int(row["new"]),
            }
            for n, row in enumerate(rows)
        ]
        connection.execute(insert(table), packed)
        columns = {word: table.c[word] for word in FACTS} | {"new": table.c.new == 1}
        for of in examples:
            condition = asking.condition(of, columns, FACTS)
            found = dict(connection.execute(select(table.c.id, condition)).all())
            answers = {n: None if answer is None else bool(answer) for n, answer in found.items()}
            assert answers == {n: expression.holds(of, row) for n, row in enumerate(rows)}, expression.written(of)
        table.drop(connection)
