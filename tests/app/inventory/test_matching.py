"""Whose an account is."""

from __future__ import annotations

import itertools

import pytest

from app.inventory import matching, queries
from app.inventory.matching import AMBIGUOUS, BORROWED, NOBODY, Candidates, Match
from app.kit.db import Database
from tests import make

KINDS = {1: "person", 2: "person", 9: "service"}


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        ("person", Candidates(1, None, None), Match(1, "roster_id")),
        ("person", Candidates(1, 1, 1), Match(1, "roster_id")),
        ("person", Candidates(None, 1, None), Match(1, "email")),
        ("person", Candidates(None, 1, 1), Match(1, "email")),
        ("person", Candidates(None, None, 1), Match(1, "username")),
        ("person", Candidates(), Match(None, None, NOBODY)),
        ("person", Candidates(1, 2, None), Match(None, None, AMBIGUOUS)),
        ("person", Candidates(1, None, 2), Match(None, None, AMBIGUOUS)),
        ("person", Candidates(None, 1, 2), Match(None, None, AMBIGUOUS)),
        ("person", Candidates(None, 9, None), Match(9, "email")),
        ("service", Candidates(None, 9, None), Match(9, "email")),
        ("service", Candidates(None, 1, None), Match(None, None, BORROWED)),
        ("service", Candidates(None, None, 1), Match(None, None, BORROWED)),
        ("service", Candidates(1, None, None), Match(1, "roster_id")),
        ("service", Candidates(9, 1, None), Match(9, "roster_id")),
        ("service", Candidates(None, 1, 9), Match(9, "username")),
        ("unknown", Candidates(None, 1, None), Match(1, "email")),
    ],
)
def test_whose_an_account_is(kind: str, found: Candidates, expected: Match) -> None:
    assert matching.match(kind, found, KINDS) == expected


def test_the_database_decides_as_the_table_does(database: Database) -> None:
    """Every combination of what three fields may name, for people and programs."""
    choices = (None, 1, 2, 9)
    cases = list(itertools.product(("person", "service"), choices, choices, choices))
    with database.transaction() as session:
        system = make.system(session)
        made = {n: make.identity(session, f"N{n}", emails=(f"n{n}@example.com",), kind=KINDS[n]) for n in (1, 2, 9)}
        number = {row.id: n for n, row in made.items()}
        accounts = {}
        for kind, by_id, by_mail, by_name in cases:
            row = make.account(
                session, system, kind=kind,
                employee_number=made[by_id].key if by_id else None,
                email=f"N{by_mail}@Example.com" if by_mail else None,
                username=f"n{by_name}@example.com" if by_name else "nobody",
            )  # fmt: skip
            accounts[row.id] = (kind, Candidates(by_id, by_mail, by_name))
        told = session.execute(queries.candidates()).all()
    assert len(told) == len(cases)
    for account_id, identity_id, by, because in told:
        kind, found = accounts[account_id]
        expected = matching.match(kind, found, KINDS)
        assert Match(number.get(identity_id), by, because) == expected, (kind, found)
