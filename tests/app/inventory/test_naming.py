"""Names are taken out of texts and JSON where they stand as a whole, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from app.inventory.naming import blank

WORDS = frozenset({"Bo Berg", "Bo", "bo@corp.example", "Ng", "X"})


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        ("Bo Berg signed in", "(erased) signed in"),
        ("BO BERG", "(erased)"),
        ("mail bo@corp.example, now", "mail (erased), now"),
        ("Bob and Among", "Bob and Among"),
        ("Ng", "(erased)"),
        ("X", "X"),  # a letter stands in every text
        ({"who": {"name": "Bo Berg"}, "of": [None, "bo", 3]}, {"who": {"name": "(erased)"}, "of": [None, "(erased)", 3]}),
        ({"Bo": 1}, {"(erased)": 1}),
        (None, None),
    ],
)  # fmt: skip
def test_a_name_goes_where_it_stands_as_a_whole(kept: Any, left: Any) -> None:
    assert blank(kept, WORDS) == left


def test_who_has_no_name_takes_nothing_away() -> None:
    assert blank("anything", frozenset()) == "anything"
