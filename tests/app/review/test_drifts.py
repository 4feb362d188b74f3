"""What came and went while a review ran."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.actors.actor import Role
from app.inventory.tables import AccountRow, IdentityRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import campaigns, drifts
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW


def test_drift_lists_what_began_and_ended_since_freezing(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        company.plain.ended = NOW + timedelta(days=1)
        new = make.grant(session, company.account, make.entitlement(session, company.system))
        mighty = make.grant(session, company.account, make.entitlement(session, company.system, privileges=["export"]))
        dark = make.grant(session, company.account, make.entitlement(session, company.system, privileges=None))
        found = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW + timedelta(days=2))
        assert {(row.subject, row.change, row.privileged) for row in found} == {
            (f"grant:{company.plain.id}", "ended", False),
            (f"grant:{new.id}", "began", False),
            (f"grant:{mighty.id}", "began", True),
            (f"grant:{dark.id}", "began", True),  # unknown is not no
        }
        again = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW + timedelta(days=3))
        assert len(again) == len(found)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_account_that_was_switched_off_meanwhile_has_ended(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        company.account.active = False
        session.flush()
        found = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        assert {row.change for row in found} == {"ended"}
        assert len(found) == 3


def test_privileged_drift_is_decided_before_closing_even_if_nobody_listed_it(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        cast.decide_all(session, company, campaign)
        make.grant(session, company.account, make.entitlement(session, company.system, privileges=["export"]))
        with pytest.raises(Refused) as refused:
            campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW)
        assert refused.value.refusal.code == "drift_undecided"
        [row] = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        admin = company.actor(company.cy, Role.ADMIN)
        drifts.decide(session, row.id, "remove", "nobody asked for it", by=admin, at=NOW)
        assert campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW).status == "closed"
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "drift.decided")).one()
        assert "nobody asked" not in str(entry.body)


def test_nobody_decides_on_drift_of_their_own_and_nobody_twice(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        make.grant(session, company.account, make.entitlement(session, company.system, privileges=["export"]))
        [row] = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        admin = company.actor(company.cy, Role.ADMIN)
        for by, answer, reason, code in (
            (company.actor(company.bo, Role.ADMIN), "keep", "mine", "self_review"),
            (company.actor(company.ada), "keep", "fine", "not_reviewer"),
            (make.ADMIN, "keep", "fine", "not_reviewer"),  # no person behind it
            (admin, "keep", " ", "bad_answer"),
            (admin, "change", "fine", "bad_answer"),
        ):
            with pytest.raises(Refused) as refused:
                drifts.decide(session, row.id, answer, reason, by=by, at=NOW)
            assert refused.value.refusal.code == code
        drifts.decide(session, row.id, "keep", "fine", by=admin, at=NOW)
        with pytest.raises(Refused) as refused:
            drifts.decide(session, row.id, "remove", "no", by=admin, at=NOW)
        assert refused.value.refusal.status == 412


def test_the_scratch_tables_are_gone_afterwards(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        cast.opened(session, name="one")
        cast.opened(session, name="two")
        assert session.scalars(select(func.count()).select_from(AccountRow)).one() == 1
        assert session.scalars(select(func.count()).select_from(IdentityRow)).one() == 6
