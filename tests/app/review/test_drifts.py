"""What came and went while a review ran."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actors.actor import Role
from app.inventory.tables import AccountRow, IdentityRow, PrivilegeRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import campaigns, deciders, drifts
from app.review.independence import Lean
from app.review.tables import CampaignRow, DriftRow
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
        with pytest.raises(Refused, match="no person whom the roster knows"):
            drifts.decide(session, row.id, "keep", "fine", by=make.ADMIN, at=NOW)
        drifts.decide(session, row.id, "keep", "fine", by=admin, at=NOW)
        with pytest.raises(Refused) as refused:
            drifts.decide(session, row.id, "remove", "no", by=admin, at=NOW)
        assert refused.value.refusal.status == 412


def _mine(session: Session, company: cast.Company, who: IdentityRow) -> AccountRow:
    """Somebody's own account, which holds the role that drifts here."""
    account = make.account(session, company.system, identity_id=who.id, username=f"{who.key}@corp")
    make.grant(session, account, company.role)
    return account


def _drifted(session: Session, company: cast.Company, **scope: str) -> tuple[CampaignRow, DriftRow]:
    campaign = cast.opened(session, scope=scope)
    company.role.privileges = ["export"]
    session.flush()
    rows = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
    return campaign, next(row for row in rows if row.subject == f"definition:{company.role.id}")


def _said(session: Session, row: DriftRow) -> dict[str, Any]:
    kept = select(EntryRow).where(EntryRow.kind == "drift.decided", EntryRow.subject == f"drift:{row.id}")
    return dict(session.scalars(kept).one().body)


def test_who_holds_what_they_decide_on_is_flagged_as_a_reviewer_would_be(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        account = _mine(session, company, company.cy)
        campaign, row = _drifted(session, company)
        cy, eve = (company.actor(each, Role.ADMIN) for each in (company.cy, company.eve))
        assert deciders.standings(session, campaign, [row], by=cy)[row.id].leans == (Lean.HOLDS,)
        assert deciders.standings(session, campaign, [row], by=eve)[row.id].leans == ()
        path = str(company.role.id)
        session.add(
            PrivilegeRow(
                system_id=company.system.id, account_id=account.id, privilege="administer",
                entitlement_id=company.role.id, path=path,
            )
        )  # fmt: skip
        drifts.decide(session, row.id, "keep", "seen", by=cy, at=NOW)
        said = _said(session, row)
        assert (said["leans"], "holders" in said) == (["grants", "holds"], False)


@pytest.mark.parametrize(("word", "code"), [("holders", "holder"), ("granters", "granter")])
def test_a_review_that_bars_who_leans_leaves_drift_to_another_administrator(
    database: Database, word: str, code: str
) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        account = _mine(session, company, company.cy)
        _, row = _drifted(session, company, **{word: "bar"})
        if word == "granters":
            thing = make.entitlement(session, company.system, privileges=["manage_access"])
            session.add(
                PrivilegeRow(
                    system_id=company.system.id, account_id=account.id, privilege="manage_access",
                    entitlement_id=thing.id, path=str(thing.id),
                )
            )  # fmt: skip
        with pytest.raises(Refused) as refused:
            drifts.decide(session, row.id, "keep", "seen", by=company.actor(company.cy, Role.ADMIN), at=NOW)
        assert (refused.value.refusal.code, refused.value.refusal.status) == (code, 403)
        drifts.decide(session, row.id, "keep", "seen", by=company.actor(company.eve, Role.ADMIN), at=NOW)
        assert _said(session, row)[word] == "bar"


def test_who_is_decided_on_by_whom_it_concerns_is_flagged(database: Database) -> None:
    """Ada, whom Bo reports to, decides on Bo's; an administrator whose access Ada decides on decides on Ada's here."""
    with database.transaction() as session:
        company = cast.company(session)
        company.cy.manager_id = company.ada.id
        _mine(session, company, company.cy)
        campaign = cast.opened(session)
        ada = make.account(session, company.system, identity_id=company.ada.id, username="ada@corp")
        make.grant(session, ada, company.boss)
        rows = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        row = next(each for each in rows if each.subject.startswith("grant:"))
        for who, leans in ((company.cy, (Lean.EACH_OTHER,)), (company.eve, ())):
            by = company.actor(who, Role.ADMIN)
            assert deciders.standings(session, campaign, [row], by=by)[row.id].leans == leans


def test_the_scratch_tables_are_gone_afterwards(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        cast.opened(session, name="one")
        cast.opened(session, name="two")
        assert session.scalars(select(func.count()).select_from(AccountRow)).one() == 1
        assert session.scalars(select(func.count()).select_from(IdentityRow)).one() == 6
