"""Somebody is taken out of what was found about them and of what was said about it; that it was found stays."""

from __future__ import annotations

from sqlalchemy import select

from app.detection import comments, erasures, justifications
from app.detection.tables import FindingEventRow, FindingRow, JustificationRow
from app.inventory import persons
from app.kit.db import Database
from tests import make
from tests.app.api.house import finding
from tests.app.review import cast

NOW = make.NOW


def test_facts_and_comments_about_somebody_are_blank_and_the_finding_stays(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        facts = {"account": "bo@corp", "person": "Bo", "privileges": ["export"]}
        said = "Bo has not signed in"
        row = finding(session, company, identity_id=company.bo.id, facts=facts, because=said)
        other = finding(session, company, account_id=None, facts=facts, because=said)
        comments.add(session, row, "Bo says that he needs it until May", by=make.ADMIN, at=NOW)
        justifications.record(
            session, company.account, "the nightly import runs under it", until=NOW.replace(year=2027), most_days=366,
            by=make.ADMIN, at=NOW,
        )  # fmt: skip
        erasures.erase(session, persons.named(session, company.bo), by=make.ADMIN, at=NOW)
        assert row.facts == {"account": "(erased)", "person": "(erased)", "privileges": ["export"]}
        assert (row.because, row.status) == ("(erased) has not signed in", "open")
        assert set(session.scalars(select(FindingEventRow.because))) == {"(erased)"}
        assert session.scalars(select(JustificationRow.reason)).all() == ["(erased)"]
        kept = session.get_one(FindingRow, other.id)  # a namesake's, for all we know
        assert (kept.facts, kept.because) == (facts, said)
