"""The page of lives is the code's own tables, and every move in it has words."""

from __future__ import annotations

import pytest

from tests.lives import page
from tests.lives.page import Life


@pytest.mark.parametrize("life", page.LIVES, ids=lambda life: life.title)
def test_every_status_is_in_its_table_and_every_move_has_words(life: Life) -> None:
    assert life.begins in life.moves
    assert {to for then in life.moves.values() for to in then} <= set(life.moves), "a move into nowhere"
    assert life.unsaid() == set()
    reached, new = {life.begins}, {life.begins}
    while new:
        new = {to for now in new for to in life.moves[now]} - reached
        reached |= new
    assert reached == set(life.moves), "a status that nothing leads to"


def test_the_page_is_what_the_tables_say() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run `make lives`"
