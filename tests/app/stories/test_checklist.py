"""The trend of the checklist: the counts as they stood, at moments that fit how long there has been anything to see."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from app.compliance.tables import StatusRunRow
from app.kit.db import Database
from app.kit.ids import uuid7
from app.stories import checklist
from tests import make

# Days ago on which the checklist was looked at (that many lines failed) -> the moments of the trend, and what stood then.
CASES: list[tuple[tuple[float, ...], list[tuple[float, float]]]] = [
    ((), []),
    ((0,), []),  # nothing had been looked at before
    ((2, 1, 0.5), [(2, 2), (1, 1), (0, 0.5)]),  # a day apart, however often there was a look
    (
        (24, 13),
        [(24, 24), (22, 24), (20, 24), (18, 24), (16, 24), (14, 24), *((n, 13) for n in (12, 10, 8, 6, 4, 2, 0))],
    ),
    ((400, 30), [*((7 * n, 400) for n in range(12, 4, -1)), *((7 * n, 30) for n in range(4, -1, -1))]),
]


def test_a_trend_tells_what_was_known_at_each_moment(database: Database) -> None:
    for looked, shown in CASES:
        with database.transaction() as session:
            session.execute(delete(StatusRunRow))
            for days in looked:
                kept = {"version": "1", "counts": {"FAIL": days}, "sections": {}, "digest": "0" * 64}
                session.add(StatusRunRow(id=uuid7(), at=make.NOW - timedelta(days=days), **kept))
            session.flush()
            told = checklist.posture(session, by=make.ADMIN, at=make.NOW).trend
        assert [((make.NOW - at).total_seconds() / 86_400, counts["FAIL"]) for at, counts in told] == shown
