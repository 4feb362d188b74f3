"""Refusals say at the command line what is typed there."""

from __future__ import annotations

import inspect

import pytest

from app.cli import wording
from app.kit.refusal import Refusal
from app.review import exclusions, owning


@pytest.mark.parametrize("theirs", wording.OURS)
def test_what_is_put_in_other_words_is_what_refusals_say(theirs: str) -> None:
    assert any(theirs in inspect.getsource(room) for room in (exclusions, owning))


def test_the_way_out_is_told_in_our_words() -> None:
    told = wording.said(Refusal("no_owner", "It has none.", 'Name somebody: "control_owner": "<roster key>".'))
    assert told == "It has none.\nName somebody: --control-owner and their roster id."
