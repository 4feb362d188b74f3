"""When absence counts."""

from __future__ import annotations

import pytest

from app.inventory import absence
from connectors.errors import ConnectorError, Denied, Misread, Throttled, Unreachable
from connectors.receipt import PageReceipt, Verdict
from connectors.records import Stream

ALL = {str(stream): "complete" for stream in Stream}


def page(rows: int = 2, *, last: bool = False, said: int | None = None) -> PageReceipt:
    return PageReceipt("accounts", "GET /accounts", rows, "d", said=said, last=last)


@pytest.mark.parametrize(
    ("stream", "but", "counts"),
    [
        (Stream.GRANTS, {}, True),
        (Stream.GRANTS, {"grants": "explained"}, True),
        (Stream.GRANTS, {"grants": "incomplete"}, False),
        (Stream.GRANTS, {"accounts": "incomplete"}, False),
        (Stream.GRANTS, {"entitlements": "not_collected"}, False),
        (Stream.GRANTS, {"logins": "incomplete"}, True),
        (Stream.ACCOUNTS, {"grants": "incomplete"}, True),
        (Stream.ACCOUNTS, {"accounts": "not_collected"}, False),
        (Stream.INTEGRATIONS, {"accounts": "incomplete"}, True),
        (Stream.PEOPLE, {}, True),
        (Stream.LOGINS, {}, False),
        (Stream.CHANGES, {}, False),
        (Stream.FACTORS, {}, True),
        (Stream.FACTORS, {"accounts": "incomplete"}, False),
        (Stream.OBJECT_RIGHTS, {"entitlements": "incomplete"}, False),
        (Stream.PACKAGES, {"accounts": "incomplete"}, True),
        (Stream.SESSIONS, {}, True),
    ],
)
def test_absence_counts_only_where_all_that_it_rests_on_was_read(
    stream: Stream, but: dict[str, str], counts: bool
) -> None:
    assert absence.counts(stream, ALL | but) is counts


@pytest.mark.parametrize("stream", Stream)
def test_what_ends_by_absence_proves_a_removal_except_sessions(stream: Stream) -> None:
    assert absence.proves(stream, ALL) is (absence.counts(stream, ALL) and stream is not Stream.SESSIONS)


def test_a_stream_that_was_not_touched_ends_nothing() -> None:
    assert not absence.counts(Stream.ACCOUNTS, {})


@pytest.mark.parametrize(
    ("pages", "ended", "error", "verdict"),
    [
        ([page(last=True, said=2)], True, None, Verdict.COMPLETE),
        ([page(last=True, said=3)], True, None, Verdict.INCOMPLETE),
        ([page(last=True, said=2)], False, None, Verdict.INCOMPLETE),
        ([], False, None, Verdict.INCOMPLETE),
        ([], False, Denied("no", missing="View Setup"), Verdict.NOT_COLLECTED),
        ([page()], False, Denied("no", missing="View Setup"), Verdict.INCOMPLETE),
        ([page()], False, Unreachable("reset"), Verdict.INCOMPLETE),
        ([page(last=True, said=2)], True, Throttled("daily limit"), Verdict.INCOMPLETE),
        ([page()], False, Misread("garbled"), Verdict.INCOMPLETE),
    ],
)
def test_a_stream_is_complete_only_if_it_was_read_to_its_end_without_trouble(
    pages: list[PageReceipt], ended: bool, error: ConnectorError | None, verdict: Verdict
) -> None:
    receipt = absence.conclude(pages, ended=ended, error=error)
    assert receipt.verdict is verdict
    if error is not None:
        assert receipt.because == str(error)


def test_a_missing_right_is_named() -> None:
    assert absence.conclude([], ended=False, error=Denied("no", missing="View Setup")).missing == ("View Setup",)


@pytest.mark.parametrize(
    ("repeats", "counted", "verdict"),
    [
        ({}, {"a"}, "complete"),
        ({"a": 1}, {"a"}, "incomplete"),  # the count agreed with a row that was there twice: another one is lacking
        ({"a": 1}, set(), "complete"),  # nobody counted, so nothing says that anything is lacking
        ({"b": 1}, {"a"}, "complete"),
    ],
)
def test_rows_that_came_twice_hide_others_where_the_server_counted(
    repeats: dict[str, int], counted: set[str], verdict: str
) -> None:
    assert absence.after_repeats("complete", "fine", repeats, counted)[0] == verdict


def test_a_worse_verdict_keeps_its_reason() -> None:
    assert absence.after_losses("not_collected", "no right", 3, "grants") == ("not_collected", "no right")
    assert absence.after_repeats("incomplete", "cut", {"a": 1}, {"a"}) == ("incomplete", "cut")


def test_lost_rows_cost_the_stream_its_trust() -> None:
    assert absence.after_losses("complete", "fine", 0, "grants") == ("complete", "fine")
    assert absence.after_losses("explained", "fine", 2, "grants")[0] == "incomplete"


def test_a_receipt_names_some_and_counts_the_rest() -> None:
    assert absence.examples(["x"] * 30) == ["x"] * 20 + ["and 10 more"]
    assert absence.examples(["x"] * 20) == ["x"] * 20
