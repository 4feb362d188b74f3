"""When a stream may be called complete: only when the server's own count and the rows say so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.receipt import PageReceipt, Verdict, judge

C, E, I = Verdict.COMPLETE, Verdict.EXPLAINED, Verdict.INCOMPLETE  # noqa: E741


def page(rows: int, part: str = "User", **said: object) -> PageReceipt:
    return PageReceipt(part, f"SELECT Id FROM {part}", rows, "d", **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "said", "after", "last", "verdict"),
    [
        ((3, 2), 5, 5, True, C),
        ((3, 2), None, None, True, C),
        ((3, 2), 5, None, True, C),
        ((0,), 0, 0, True, C),
        ((3, 2), 5, 5, False, I),
        ((3, 1), 5, 5, True, I),
        ((3, 1), 5, None, True, I),
        ((3, 3), 5, 5, True, I),
        ((3, 3), 5, 6, True, E),
        ((3, 2), 5, 7, True, E),
        ((3, 1), 5, 4, True, E),
        ((3, 3), 5, 8, True, E),
        ((3, 1), 5, 8, True, I),
        ((9, 0), 5, 8, True, I),
        ((2500,), 3100, 3100, True, I),
    ],
)
def test_a_part_is_judged(
    rows: tuple[int, ...], said: int | None, after: int | None, last: bool, verdict: Verdict
) -> None:
    pages = [page(each, said=said) for each in rows[:-1]] + [page(rows[-1], said=said, said_after=after, last=last)]
    assert judge(pages).verdict is verdict


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ((1, 1), "the server's count and the rows agree"),
        ((1, None), "the server's count and the rows agree in 1 of 2 lists; it does not count the others"),
        ((None, None), "every list was read to the end that the server gave; it counts nothing"),
    ],
)
def test_a_complete_reading_says_what_it_rests_on(counted: tuple[int | None, ...], told: str) -> None:
    pages = [page(1, part, said=said, last=True) for part, said in zip("ab", counted, strict=True)]
    assert judge(pages).because == told


def test_no_page_is_no_reading() -> None:
    assert judge([]).verdict is I


def test_a_required_part_must_be_there() -> None:
    found = judge([page(1, said=1, last=True)], required=["User", "UserLogin"])
    assert found.verdict is I
    assert "UserLogin: not read" in found.because


def test_one_bad_part_spoils_the_stream_and_one_drift_explains_it() -> None:
    good, drift = page(1, said=1, last=True), page(2, "Group", said=1, said_after=2, last=True)
    cut = page(1, "UserRole", said=9)
    assert judge([good, drift]).verdict is E
    assert judge([good, drift, cut]).verdict is I


def test_what_is_missing_and_dropped_is_carried_along() -> None:
    one = page(1, said=2, missing=("User.X",), dropped=("row a: odd",), calls=3)
    two = page(1, said=2, missing=("User.X", "User.Y"), last=True)
    found = judge([one, two])
    assert (found.missing, found.dropped) == (("User.X", "User.Y"), ("row a: odd",))
    assert (found.pages, found.rows, found.calls, found.said) == (2, 2, 4, 2)
    assert found.asked == ("SELECT Id FROM User",)


counts = st.integers(0, 50)


@given(st.lists(counts, min_size=1, max_size=6), st.none() | counts, st.none() | counts, st.booleans())
def test_complete_means_that_the_count_agrees_and_the_end_was_told(
    rows: list[int], said: int | None, after: int | None, last: bool
) -> None:
    pages = [page(each, said=said) for each in rows[:-1]] + [page(rows[-1], said=said, said_after=after, last=last)]
    found = judge(pages)
    if found.verdict is C:
        assert last
        assert said in (None, sum(rows))
        assert said is None or after in (None, said)
    if found.verdict is E:
        assert last
        assert said is not None
        assert after is not None
        assert min(said, after) <= sum(rows) <= max(said, after)
    if said is not None and sum(rows) < min(said, after if after is not None else said):
        assert found.verdict is I


@given(st.lists(counts, min_size=2, max_size=6), st.data())
def test_a_page_left_out_is_noticed(rows: list[int], data: st.DataObject) -> None:
    total = sum(rows)
    pages = [page(each, said=total) for each in rows[:-1]] + [page(rows[-1], said=total, said_after=total, last=True)]
    gone = data.draw(st.integers(0, len(rows) - 1))
    left = pages[:gone] + pages[gone + 1 :]
    if rows[gone] or gone == len(rows) - 1:
        assert judge(left).verdict is I
