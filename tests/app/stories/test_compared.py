"""A review beside the last one: like with like, and nothing said to be gone that was only not asked about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.inventory.tables import AccountChangeRow, ReturnRow
from app.kit.db import Database
from app.review import campaigns, decisions
from app.review.tables import CampaignRow
from app.stories import compared
from app.stories.compared import Comparison
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

HOUR = timedelta(hours=1)
KINDS = ["grant", "account", "integration", "credential"]


def quarter(session: Session, company: Company, answer: str = "keep", **scope: Any) -> CampaignRow:
    """Last time's review: Bo's account and both grants, all answered the same way, closed."""
    first = cast.opened(session, name="Q3", scope=scope)
    cast.decide_all(session, company, first, answer)
    return campaigns.close(session, first.id, by=make.ADMIN, at=NOW)


def silent(session: Session, campaign: CampaignRow) -> None:
    """Close it; what nobody answered goes."""
    campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW + HOUR)


def again(session: Session, company: Company, name: str = "Q4", **scope: Any) -> CampaignRow:
    """This time's, at a reading an hour later."""
    make.snapshot(session, company.system, at=NOW + HOUR)
    return cast.opened(session, name=name, scope=scope, at=NOW + HOUR)


def beside(session: Session, campaign: CampaignRow) -> Comparison:
    found = compared.comparison(session, campaign)
    assert found is not None
    return found


def counts(found: Comparison) -> Mapping[str, int]:
    names = ("new", "unasked_then", "gone", "off", "unasked", "otherwise")
    return {name: getattr(found, name) for name in names if getattr(found, name)}


@pytest.mark.parametrize(
    "narrower",
    [
        {"where": 'subject in ("account:1", "account:2", "account:3")'},
        {"where": "privileged"},
        {"kinds": ["account"]},
        {"kinds": ["grant"]},
    ],
)
def test_what_a_narrower_review_does_not_ask_about_is_not_gone(database: Database, narrower: dict[str, Any]) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        before = quarter(session, company)
        now = again(session, company, **narrower)
        asked = len(cast.items(session, now))
        found = beside(session, now)
        assert found.before.id == before.id
        assert counts(found) == {"unasked": 3 - asked}
        assert "0 no longer there, " in found.told()
        assert ("says nothing" in found.told()) is ("where" in narrower)


def test_what_is_excluded_or_of_another_department_is_not_gone(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        quarter(session, company)
        hers = make.account(session, company.system, identity_id=make.identity(session, department="Law").id)
        exclude = [{"where": "privileged", "reason": "read by hand"}]
        found = beside(session, again(session, company, exclude=exclude, approver="cy"))
        assert counts(found) == {"unasked": 1, "unasked_then": 1}  # the role that is privileged; hers began before
        assert not found.alike
        law = cast.opened(session, name="Law", scope={"department": "Law"}, at=NOW + HOUR)
        assert set(cast.items(session, law)) == {f"account:{hers.id}"}
        assert counts(beside(session, law)) == {"unasked": 3, "unasked_then": 1}


def test_access_that_ended_by_the_reading_is_gone_and_what_ended_after_it_is_not(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        quarter(session, company)
        company.plain.ended = NOW + HOUR
        session.flush()
        now = again(session, company)
        assert counts(beside(session, now)) == {"gone": 1}
        company.mighty.ended = NOW + 2 * HOUR
        small = cast.opened(session, name="small", scope={"kinds": ["account"]}, at=NOW + HOUR)
        session.flush()
        assert counts(beside(session, small)) == {"unasked": 2}  # a kind that is not asked about is not looked at


def test_what_ends_after_the_reading_was_there_and_not_asked_about(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        quarter(session, company)
        now = again(session, company, where="privileged")
        company.plain.ended = NOW + 2 * HOUR
        session.flush()
        assert counts(beside(session, now)) == {"unasked": 2}  # the account is none that is privileged


def test_what_was_gone_at_the_reading_and_came_back_later_was_gone(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        program = make.integration(session, company.system)
        silent(session, cast.opened(session, name="Q3"))
        program.ended = NOW + HOUR
        session.flush()
        now = again(session, company)
        assert counts(beside(session, now)) == {"gone": 1}
        silent(session, now)
        program.ended = None
        back = make.snapshot(session, company.system, at=NOW + 2 * HOUR)
        gap = {"gone": NOW + HOUR, "back": NOW + 2 * HOUR, "snapshot_id": back.id}
        session.add(ReturnRow(kind="integration", subject_id=program.id, **gap))
        session.flush()
        assert counts(beside(session, now)) == {"gone": 1}
        later = cast.opened(session, name="Q1", at=NOW + 2 * HOUR)
        assert counts(beside(session, later)) == {"new": 1}


def test_access_of_an_account_that_is_switched_off_is_told_as_such(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        quarter(session, company)
        make.account(session, company.system, identity_id=company.eve.id)
        company.account.active = False
        session.flush()
        now = again(session, company)
        assert counts(beside(session, now)) == {"off": 3, "unasked_then": 1}
        assert "3 of accounts that are switched off" in beside(session, now).told()
        company.account.active = True
        later = make.snapshot(session, company.system, at=NOW + 2 * HOUR)
        change = {"field": "active", "before": "false", "after": "true"}
        session.add(AccountChangeRow(account_id=company.account.id, snapshot_id=later.id, **change))
        session.flush()
        assert counts(beside(session, now))["off"] == 3  # as it stood at this review's reading


def test_a_token_of_an_account_that_is_switched_off_is_not_off_with_it(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.credential(session, company.system, account_id=company.account.id)
        silent(session, cast.opened(session, name="Q3"))
        company.account.active = False
        session.flush()
        make.account(session, company.system, identity_id=company.eve.id)
        assert counts(beside(session, again(session, company, kinds=["account"]))) == {
            "off": 1, "unasked": 3, "unasked_then": 1,
        }  # fmt: skip
        assert counts(beside(session, again(session, company, "all but it", where="kind = account"))) == {
            "off": 3, "unasked": 1, "unasked_then": 1,
        }  # fmt: skip


def test_only_what_began_since_is_new(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        quarter(session, company, kinds=["grant"])
        make.grant(session, company.account, make.entitlement(session, company.system), began=NOW + HOUR)
        found = beside(session, again(session, company))
        assert counts(found) == {"new": 1, "unasked_then": 1}  # accounts were not asked about
        assert sum(found.now.values()) == 3  # and are not held against what was


def test_another_system_is_neither_new_nor_gone(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        other = make.system(session, name="Marketing", owner_key="cy")
        make.snapshot(session, other)
        make.account(session, other, identity_id=company.bo.id)
        quarter(session, company)
        found = beside(session, again(session, company, systems=["Sales org"]))
        assert counts(found) == {"unasked": 1}
        assert sum(found.then.values()) == 3


def test_what_had_no_answer_is_neither_kept_nor_removed(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        first = cast.opened(session, name="Q3")
        ada = company.actor(company.ada)
        kept = cast.items(session, first)[f"grant:{company.plain.id}"]
        decisions.record(session, kept.id, "keep", reason="seen", by=ada, at=NOW)
        silent(session, first)
        now = again(session, company)
        for item in cast.items(session, now).values():
            decisions.record(session, item.id, "keep", reason="seen", by=ada, at=NOW + HOUR)
        found = beside(session, now)
        assert found.then == {"keep": 1, None: 2}
        assert counts(found) == {}  # nothing was answered otherwise: two had no answer
        assert found.told().endswith("0 % of what is answered is to be removed, 0 % then (2 had no answer)")


def test_an_open_review_tells_of_what_is_answered(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        quarter(session, company)
        now = again(session, company)
        assert beside(session, now).told().endswith("; 0 % then to be removed")
        item = cast.items(session, now)[f"grant:{company.plain.id}"]
        decisions.record(session, item.id, "remove", reason="moved", by=company.actor(company.ada), at=NOW + HOUR)
        assert counts(beside(session, now)) == {"otherwise": 1}
        assert "100 % of what is answered is to be removed, 0 % then" in beside(session, now).told()


def test_a_review_of_one_department_is_held_against_whole_ones_and_its_like(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        whole = quarter(session, company)
        sales = cast.opened(session, name="Sales", scope={"department": "Sales"})
        cast.decide_all(session, company, sales)
        campaigns.close(session, sales.id, by=make.ADMIN, at=NOW)
        assert beside(session, again(session, company)).before.id == whole.id
        like = beside(session, again(session, company, "Sales again", department="Sales"))
        assert (like.before.id, like.alike) == (sales.id, True)
