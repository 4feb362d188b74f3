"""How long one thread may keep the others waiting."""

from __future__ import annotations

import sys

import pytest

from app.kit import turns


def test_turns_are_as_long_as_before_once_the_last_has_ended() -> None:
    before = sys.getswitchinterval()
    with turns.short():
        with pytest.raises(ZeroDivisionError), turns.short():
            _ = 1 / 0
        assert sys.getswitchinterval() == pytest.approx(turns.SHORT)
    assert sys.getswitchinterval() == before > turns.SHORT
