"""Canonical JSON: the same bytes as RFC 8785 says, or a refusal."""

import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.ledger import jcs

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


WRITERS = pytest.mark.parametrize("writer", [jcs._sorted_bytes, jcs._by_the_standard_library])


def test_there_are_two_writers_here() -> None:
    assert jcs._sorted_bytes is not jcs._by_the_standard_library


@WRITERS
@given(value=VALUES)
def test_bytes_are_those_of_the_reference_and_survive_reading(writer: Callable[[Any], bytes], value: Any) -> None:
    with mock.patch.object(jcs, "_sorted_bytes", writer):
        written = jcs.dumps(value)
        assert written == jcs.text(value).encode() == rfc8785.dumps(value)
        assert jcs.dumps(json.loads(written)) == written
        assert jcs.rewritten(written.decode()) == jcs.rewritten(json.dumps(value)) == written


@WRITERS
def test_every_character_is_written_as_the_reference_writes_it(writer: Callable[[Any], bytes]) -> None:
    every = "".join(map(chr, (*range(1, 0xD800), *range(0xE000, 0x110000))))
    assert writer(every) == rfc8785.dumps(every)


def test_names_are_sorted_as_the_rfc_sorts_them() -> None:
    # RFC 8785 section 3.2.3: by UTF-16 units, so that a smiley stands before a ligature.
    named = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(json.loads(jcs.dumps(named)).values()) == [2, 4, 6, 7, 1, 5, 3]
    assert jcs.rewritten(json.dumps(named)) == jcs.dumps(named)


@pytest.mark.parametrize(
    ("value", "because"),
    [
        ({"a": [1.0]}, r"\$\.a\[0\]: float"),
        ({"a": 2**53}, "beyond"),
        ({"a": -(2**53)}, "beyond"),
        ("nul \x00", "U\\+0000"),
        ({"nul \x00": 1}, "U\\+0000"),
        ("\ud800", "surrogate"),
        ({1: 2}, "names are text"),
        (b"bytes", "bytes has no canonical form"),
    ],
)
@WRITERS
def test_what_two_readers_could_read_differently_is_refused(
    writer: Callable[[Any], bytes], value: Any, because: str
) -> None:
    with mock.patch.object(jcs, "_sorted_bytes", writer), pytest.raises(jcs.Unwritable, match=because):
        jcs.dumps(value)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ('{"a":[1.0]}', "whole number"),
        ("[1e3]", "whole number"),
        ("[NaN]", "whole number"),
        ('{"a":9007199254740992}', "beyond"),
        ('{"a":-9007199254740992}', "beyond"),
        (r'"nul \u0000"', "U\\+0000"),
        (r'{"nul \u0000":1}', "U\\+0000"),
        (r'"\ud800"', "surrogate"),
    ],
)
@WRITERS
def test_the_same_is_refused_where_it_stands_as_text(writer: Callable[[Any], bytes], text: str, because: str) -> None:
    with mock.patch.object(jcs, "_sorted_bytes", writer), pytest.raises(jcs.Unwritable, match=because):
        jcs.rewritten(text)
