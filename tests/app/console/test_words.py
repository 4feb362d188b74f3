"""The console's words fit the number they stand beside."""

from __future__ import annotations

import pytest

from app.console import words


@pytest.mark.parametrize(
    ("count", "what", "said"),
    [
        (301, "grants outside the scope's expression", "301 grants outside the scope's expression"),
        (1, "grants outside the scope's expression", "1 grant outside the scope's expression"),
        (1, "grants of inactive accounts", "1 grant of inactive accounts"),
        (1, "inactive credentials", "1 inactive credential"),
        (1, "accounts that are excluded", "1 account that is excluded"),
        (1_204, "inactive accounts", "1,204 inactive accounts"),
    ],
)
def test_what_is_left_out_is_counted_as_one_says_it(count: int, what: str, said: str) -> None:
    assert words.left_out({"count": count, "what": what, "because": "as agreed"}) == f"{said}: as agreed"


@pytest.mark.parametrize(
    ("word", "said"),
    [("it_security", "IT security"), ("oauth_token", "OAuth token"), ("role:it_security", "role:IT security")],
)
def test_a_word_of_ours_is_written_as_one_writes_it(word: str, said: str) -> None:
    assert words.named(word) == said
