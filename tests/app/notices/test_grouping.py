"""Digests: nothing is lost, nothing is in two, and nobody gets what is another's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from app.notices import grouping
from app.notices.grouping import Waiting

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
ROWS = st.lists(
    st.builds(
        Waiting,
        st.uuids(),
        st.integers(1, 2),
        st.sampled_from(["identity:1", "identity:2", "channel:1"]),
        st.booleans(),
        st.integers(-5, 5).map(lambda hours: NOW + timedelta(hours=hours)),
    ),
    unique_by=lambda row: row.id,
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_each_due_message_leaves_once_and_only_with_its_own_reader_s(rows: list[Waiting]) -> None:
    groups = grouping.together(rows, NOW)
    left = [row for group in groups for row in group]
    assert sorted(left, key=lambda row: row.id) == sorted(
        (row for row in rows if row.not_before <= NOW), key=lambda row: row.id
    )
    for group in groups:
        assert len({(row.channel, row.whom) for row in group}) == 1
        assert len(group) == 1 or all(row.digest for row in group)
        assert list(group) == sorted(group, key=lambda row: (row.not_before, row.id))
    digests = [(group[0].channel, group[0].whom) for group in groups if group[0].digest]
    assert len(digests) == len(set(digests))


def test_a_digest_that_grows_too_long_becomes_two() -> None:
    rows = [Waiting(UUID(int=number), 1, "identity:1", True, NOW) for number in range(grouping.MOST + 3)]
    assert [len(group) for group in grouping.together(rows, NOW)] == [grouping.MOST, 3]
