"""How often Python looks for cyclic garbage."""

from __future__ import annotations

import gc

import pytest

from app.kit import garbage


def test_it_is_looked_for_as_often_as_before_once_the_last_has_ended() -> None:
    before = gc.get_threshold()
    with garbage.seldom():
        with pytest.raises(ZeroDivisionError), garbage.seldom():
            _ = 1 / 0
        assert gc.get_threshold() == garbage.SELDOM
    assert gc.get_threshold() == before != garbage.SELDOM
