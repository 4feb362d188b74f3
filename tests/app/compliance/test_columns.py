"""A register is read whole or refused, with the line that is wrong."""

from __future__ import annotations

from datetime import date

import pytest

from app.compliance import columns
from app.kit.refusal import Refused


def test_a_register_is_read_whatever_its_columns_order() -> None:
    told = columns.read(
        "training", b"\xef\xbb\xbfdate;Person;course\n2026-01-02;Bo@Example.com;x\n\n2026-02-03;p-7;y\n"
    )
    assert [(each.whose, each.since, each.until) for each in told] == [
        ("bo@example.com", date(2026, 1, 2), None), ("p-7", date(2026, 2, 3), None),
    ]  # fmt: skip


def test_of_several_rows_about_one_the_latest_counts() -> None:
    text = b"vendor,date,until\nAcme,2026-05-01,2027-05-01\nacme,2024-05-01,2025-05-01\n"
    assert columns.read("contracts", text) == [columns.Entry("acme", date(2026, 5, 1), date(2027, 5, 1))]


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("parking", b"person,date\na,2026-01-01\n", "no register of 'parking'"),
        ("training", b"", "no column 'person'"),
        ("training", b"person,date\n", "no row"),
        ("training", b"name,date\na,2026-01-01\n", "no column 'person'"),
        ("training", b"vendor,date\na,2026-01-01\n", "no column 'person'"),
        ("contracts", b"person,date\na,2026-01-01\n", "no column 'vendor'"),
        ("training", b"person,date\na,2026-01-01\nb\n", "line 3 has 1 cells"),
        ("training", b"person,date\n,2026-01-01\n", "line 2 does not say whose"),
        ("training", b"person,date\na,01.02.2026\n", "line 2, date: '01.02.2026' is not a date"),
        ("training", b"person,date,until\na,2026-02-01,2026-01-01\n", "line 2 ends before it begins"),
        ("training", b'person,date\n"a,2026-01-01\n', "no CSV"),
        ("training", b"person,date\na\x00,2026-01-01\n", "NUL"),
        ("training", "person,date\nJörg,2026-01-01\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_what_cannot_be_understood_is_refused_as_a_whole(kind: str, content: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        columns.read(kind, content)
    assert refused.value.refusal.status == 422
    assert said in refused.value.refusal.reason
