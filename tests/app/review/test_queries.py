"""What reviewers, administrators and others get to see."""

from __future__ import annotations

from app.actors.actor import Role
from app.kit.db import Database
from app.review import decisions, queries
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW


def test_eve_sees_nothing(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        eve, ada, auditor = company.actor(company.eve), company.actor(company.ada), make.actor(None, Role.AUDITOR)
        item = queries.queue(session, campaign.id, by=ada).items[0]
        assert queries.queue(session, campaign.id, by=eve).items == ()
        assert queries.queue(session, campaign.id, by=eve, reviewer_id=company.ada.id).items == ()
        assert queries.story(session, item.id, by=eve) is None
        assert queries.story(session, item.id, by=ada) is not None
        assert queries.story(session, item.id, by=auditor) is not None
        assert len(queries.queue(session, campaign.id, by=auditor, reviewer_id=company.ada.id).items) == 3


def test_a_queue_is_paged_riskiest_first_without_gaps_or_repeats(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        for n in range(9):
            extra = make.entitlement(session, company.system, privileges=[["export"], [], None][n % 3])
            make.grant(session, company.account, extra)
        campaign = cast.opened(session)
        ada = company.actor(company.ada)
        seen, after = [], None
        while True:
            page = queries.queue(session, campaign.id, by=ada, after=after, limit=4)
            seen += [(-item.risk, item.id) for item in page.items]
            after = page.after
            if after is None:
                break
        assert seen == sorted(seen)
        assert len(set(seen)) == 12
        assert len(list(queries.items(session, campaign.id, chunk=5))) == 12


def test_progress_counts_each_reviewers_answers(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        decisions.record(session, item.id, "remove", reason="left", by=company.actor(company.ada), at=NOW)
        [share] = queries.progress(session, campaign.id)
        assert (share.reviewer, share.items, share.remove, share.undecided) == ("Ada", 3, 1, 2)
