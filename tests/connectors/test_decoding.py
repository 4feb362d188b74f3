"""JSON is read as Python's own reads it, only sooner."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.decoding import decoded

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4),
    max_leaves=12,
)


@given(ANY)
def test_what_python_writes_is_read_as_it_was(value: Any) -> None:
    assert decoded(json.dumps(value).encode()) == value
    assert decoded(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value


@pytest.mark.parametrize("raw", [b'"\\ud800"', b"NaN", b"[1e400]", b"\xef\xbb\xbf{}", '"ä"'.encode("utf-16")])
def test_what_is_strictly_none_is_read_as_python_reads_it(raw: bytes) -> None:
    assert repr(decoded(raw)) == repr(json.loads(raw))


def test_a_number_keeps_every_digit() -> None:
    assert decoded(b"[123456789012345678901234567890]") == [123456789012345678901234567890]


@pytest.mark.parametrize("raw", [b"", b"<html>", b'{"a":', b'"\xff"', b"{} {}", b'"a\nb"'])
def test_anything_else_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError):
        decoded(raw)
