"""What is said before a share is submitted of what its removals will wait for."""

from __future__ import annotations

import pytest

from app.kit.db import Database
from app.kit.ids import uuid7
from app.remediation import brakes, lanes, stops
from app.remediation.brakes import Brakes, Common, Own
from app.remediation.hours import Hours
from app.remediation.tables import RemediationRow
from app.review import decisions
from app.review.tables import TaskRow
from app.stories import consequences, silences
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

WEEK = Hours("Mon-Fri 09:00-17:00", "Europe/Berlin")


@pytest.mark.parametrize(
    ("held_by", "stopped", "planned", "lately", "said"),
    [
        (Brakes(), False, 50, 0, []),
        (Brakes(), False, 51, 0, ["Above 50 removals a day a second person"]),
        (Brakes(), False, 1, 50, ["Above 50 removals a day a second person"]),
        (Brakes(release_above=0), False, 0, 9, []),
        (Brakes(hours=WEEK), False, 1, 0, ["changed Mon-Fri 09:00-17:00 (Europe/Berlin)"]),
        (Brakes(hours=Hours(left_out=("2026-12-24",))), False, 1, 0, ["at any time, not on 2026-12-24"]),
        (Brakes(hours=WEEK, release_above=0), True, 1, 0, ["stopped everywhere", "may be changed", "A second person"]),
    ],
)
def test_each_thing_that_holds_is_one_sentence(
    held_by: Brakes, stopped: bool, planned: int, lately: int, said: list[str]
) -> None:
    told = brakes.foreseen(held_by, stopped=stopped, planned=planned, lately=lately)
    assert len(told) == len(said)
    assert all(part in sentence for part, sentence in zip(said, told, strict=True))


def test_before_submitting_it_is_said_what_each_systems_removals_will_wait_for(database: Database) -> None:
    """Its own hours before the settings', a stop by whichever way, and a second person's word for all of the review."""
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        ada, rows = company.actor(company.ada), cast.items(session, campaign)
        mine = [rows[f"grant:{grant.id}"] for grant in (company.plain, company.mighty)]
        for row in mine:
            decisions.record(session, row.id, "remove", reason="left the team", by=ada, at=NOW)
        task = session.get_one(TaskRow, mine[0].task_id)

        def held(common: Common) -> list[str]:
            (told,) = consequences.outlook(session, task, common, NOW).systems
            return list(told.held)

        few = Common(Brakes(release_above=1))
        assert held(few) == []  # read-only: it is a person's task, and needs nobody's release
        company.system.writing, company.system.executor_secret = ["remove_grant"], b"sealed"
        (second,) = held(few)
        assert "second person" in second
        assert held(Common(Brakes(release_above=2))) == []
        (setting,) = held(Common(Brakes(release_above=2, hours=WEEK)))
        assert "Mon-Fri 09:00-17:00 (Europe/Berlin)" in setting
        lanes.brake(session, company.system.id, Own(hours="Sat 01:00-02:00"), "at night", by=make.ADMIN, at=NOW)
        (own,) = held(Common(Brakes(release_above=2)))
        assert "Sat 01:00-02:00 (UTC)" in own
        assert "stopped everywhere" in held(Common(stopped=True))[0]
        stops.pull(session, "the wrong people are going", by=make.ADMIN, at=NOW)
        (stopped, _) = held(Common())
        assert "stopped everywhere" in stopped
        assert "wrong people" not in stopped  # why, and by whom, is for those who may see removals


def test_what_a_review_takes_away_counts_together(database: Database) -> None:
    """What others of the same review decided, and what is open in the system, begins with it."""
    with database.transaction() as session:
        company = cast.company(session)
        company.system.writing, company.system.executor_secret = ["remove_grant"], b"sealed"
        campaign = cast.opened(session)
        rows = cast.items(session, campaign)
        first, other = rows[f"grant:{company.plain.id}"], rows[f"grant:{company.mighty.id}"]
        ada = company.actor(company.ada)
        for row in (first, other):
            decisions.record(session, row.id, "remove", reason="left the team", by=ada, at=NOW)
        task = session.get_one(TaskRow, first.task_id)
        theirs = TaskRow(campaign_id=campaign.id, reviewer_id=company.eve.id, status="open", version=1)
        session.add(theirs)
        session.flush()
        other.task_id = theirs.id
        session.flush()

        def released(above: int) -> int:
            (told,) = consequences.outlook(session, task, Common(Brakes(release_above=above)), NOW).systems
            return len(told.held)

        assert (released(1), released(2)) == (1, 0)
        for above, sentences in ((2, 1), (3, 0)):  # the account has no answer: closing takes it away too
            common = Common(Brakes(release_above=above))
            told = silences.preview(session, campaign, "remove", common=common, by=make.ADMIN, at=NOW)
            assert [len(each.held) for each in told.takes_away] == [sentences]
        waits = RemediationRow(
            id=uuid7(), system_id=company.system.id, target={}, subject="account:9", kind="account", wish="remove",
            status="open", since=NOW, opened_at=NOW, due_at=NOW,
        )  # fmt: skip
        session.add(waits)
        session.flush()
        assert released(2) == 1
        company.system.kind, company.system.executor_secret = "rolecall", None  # this installation needs no credential
        (told,) = consequences.outlook(session, task, Common(Brakes()), NOW).systems
        assert (told.carried_out, told.by_hand) == ({"grant": 1}, {})
