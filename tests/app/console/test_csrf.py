"""Whether a form was ours."""

from __future__ import annotations

import pytest

from app.console import csrf

HERE = "https://rolecall.example.com"


def test_a_word_fits_the_cookie_it_was_made_for_and_no_other() -> None:
    word = csrf.make("ada's")
    assert csrf.fits("ada's", word)
    assert not csrf.fits("eve's", word)


def test_each_page_has_a_word_of_its_own() -> None:
    words = {csrf.make("ada's") for _ in range(20)}
    assert len(words) == 20
    assert all(csrf.fits("ada's", word) for word in words)


@pytest.mark.parametrize("word", [None, "", "x", "ä", "AAAA", "=" * 9, "a" * 64])
def test_what_is_no_word_fits_nothing(word: str | None) -> None:
    assert not csrf.fits("ada's", word)


def test_a_word_that_was_cut_off_fits_nothing() -> None:
    assert not csrf.fits("ada's", csrf.make("ada's")[:-2])


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": HERE}, False),
        ({"origin": HERE}, True),
        ({"origin": "http://127.0.0.1:8321", "host": "127.0.0.1:8321"}, True),
        ({"origin": "https://evil.example.com", "host": "rolecall.example.com"}, False),
        ({"origin": "https://rolecall.example.com.evil.example.com"}, False),
        ({"origin": "null"}, False),
        ({}, True),
    ],
)
def test_what_another_site_sends_is_not_taken(headers: dict[str, str], taken: bool) -> None:
    refusal = csrf.why_not_from_here(headers, HERE + "/crm")
    assert (refusal is None) == taken
    assert taken or refusal is not None
    assert refusal is None or refusal.status == 403
