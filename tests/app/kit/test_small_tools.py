"""Time, identifiers, and saying no."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.kit import clock, ids
from app.kit.refusal import Refusal, Refused, insist


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_moment_elsewhere_is_the_same_moment_in_utc() -> None:
    assert clock.utc(datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))) == datetime(
        2026, 7, 1, 10, tzinfo=UTC
    )


def test_a_moment_nobody_can_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        clock.utc(datetime(2026, 7, 1))


def test_identifiers_are_version_7_and_name_the_present() -> None:
    made = ids.uuid7()
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert abs((made.int >> 80) - time.time() * 1000) < 5000


def test_identifiers_rise_also_between_threads() -> None:
    made: list[list[int]] = [[] for _ in range(4)]

    def draw(into: list[int]) -> None:
        for count in (1, 7, 2) * 200:
            into.extend(each.int for each in ids.uuid7s(count))

    threads = [threading.Thread(target=draw, args=(each,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(each == sorted(each) for each in made)
    assert len({number >> 64 for each in made for number in each}) == 8000
    assert len({number & (1 << 62) - 1 for each in made for number in each}) == 8000  # by chance as well


def test_identifiers_rise_while_the_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda now=time.time_ns() + 10**9: now)
    made = [*ids.uuid7s(5), ids.uuid7(), *ids.uuid7s(4999), ids.uuid7()]
    assert [each.int >> 64 for each in made] == sorted({each.int >> 64 for each in made})


def test_a_refusal_raises_and_no_refusal_does_not() -> None:
    insist(None)
    no = Refusal("self_review", "This is your own access.", "Ask your manager.")
    with pytest.raises(Refused, match=r"This is your own access\. Ask your manager\.") as caught:
        insist(no)
    assert caught.value.refusal is no
