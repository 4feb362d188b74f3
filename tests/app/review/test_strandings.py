"""Items for which nobody is left are seen by somebody: a finding that opens, is not repeated, and closes."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from app import openings
from app.detection.tables import FindingRow
from app.inventory.tables import IdentityRow
from app.kit.db import Database
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.review import campaigns, tasks
from app.review.tables import TaskRow
from app.stories import findings
from tests import make
from tests.app.review import cast
from tests.app.running import Here, Installation

NOW = cast.NOW


def test_what_nobody_is_left_for_is_a_finding_until_somebody_has_it_or_the_review_ends(
    database: Database, tmp_path: Path
) -> None:
    house = Installation(database, tmp_path / "home", NOW)
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session).id
        everybody = [each.id for each in (company.ada, company.cy, company.flo, company.fay)]
        eve = company.eve.id
    assert _hour(house) == []

    with database.transaction() as session:
        for number in everybody:
            session.get_one(IdentityRow, number).ended = NOW
    assert _hour(house) == [("review_stranded", f"campaign:{campaign}", "open")]
    with database.reading() as session:
        (row,) = session.scalars(select(FindingRow))
        assert (row.facts, row.because[:7]) == ({"review": "Q4", "items": 3}, "3 items")
        (line,) = findings.lines(session, [row.id], by=make.ADMIN)
        assert (line.name, line.title) == ("Q4", "Items of a review that nobody is left to decide on")
    assert _hour(house) == [("review_stranded", f"campaign:{campaign}", "open")]
    with database.reading() as session:
        passes = session.scalars(select(EntryRow).where(EntryRow.kind == Kind.DETECTION_RAN)).all()
        assert len(passes) == 1, "what was found an hour ago is no news"

    with database.transaction() as session:
        task = session.scalars(select(TaskRow.id).where(TaskRow.campaign_id == campaign)).one()
        tasks.reassign(session, campaign, to_id=eve, reason="knows them", task=task, by=make.ADMIN, at=NOW)
    assert _hour(house) == [("review_stranded", f"campaign:{campaign}", "closed")]

    with database.transaction() as session:
        session.get_one(IdentityRow, eve).ended = NOW
    assert _hour(house) == [("review_stranded", f"campaign:{campaign}", "open")]
    with database.transaction() as session:
        campaigns.cancel(session, campaign, reason="begun anew", by=make.ADMIN, at=NOW)
    assert _hour(house) == [("review_stranded", f"campaign:{campaign}", "closed")]


def _hour(house: Installation) -> list[tuple[str, str, str]]:
    """Another hour's look; what findings there are."""
    house.later(hours=1)
    openings.hand_over(house.means, Here(f"hand_over@{house.now}"), {})
    with house.database.reading() as session:
        return [(row.rule, row.subject, row.status) for row in session.scalars(select(FindingRow))]
