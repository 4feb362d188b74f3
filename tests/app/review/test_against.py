"""What something serious speaks against stays with a reason or not at all, whoever says so and however many at once."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection.tables import FindingRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import campaigns, decisions
from app.review.decisions import Ask
from app.review.tables import CampaignRow, ItemRow
from app.stories import share
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company


def _found(session: Session, company: Company, subject: str, severity: str = "high") -> None:
    session.add(
        FindingRow(
            rule="r", subject=subject, system_id=company.system.id, status="open", severity=severity, source="detection",
            because="b", facts={}, opened_at=NOW, last_seen_at=NOW, last_run=uuid.uuid4(),
        )
    )  # fmt: skip
    session.flush()


def _refused(session: Session, item: ItemRow, by: Actor, **given: Any) -> str:
    with pytest.raises(Refused) as refused:
        decisions.record(session, item.id, "keep", by=by, at=NOW, **given)
    return refused.value.refusal.reason


def _share(session: Session, campaign: CampaignRow, by: Actor) -> dict[str, bool]:
    """Of which of somebody's items the console says that they need a reason."""
    found = share.share(session, campaign.id, by=by)
    assert found is not None
    return {line.item.subject: line.needs_why for group in found.groups for line in (*group.unusual, *group.ordinary)}


@pytest.mark.parametrize(
    ("severity", "needed"), [("critical", True), ("high", True), ("medium", False), ("low", False)]
)
def test_to_keep_against_a_serious_finding_needs_a_reason(database: Database, severity: str, needed: bool) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        unknown = make.integration(session, company.system, owner_account_id=company.account.id)
        _found(session, company, f"integration:{unknown.id}", severity)
        campaign = cast.opened(session)
        item = cast.items(session, campaign)[f"integration:{unknown.id}"]
        cy = company.actor(company.cy)
        assert _share(session, campaign, cy)[item.subject] is needed
        if needed:
            assert f"against a finding of {severity} severity needs a reason" in _refused(session, item, cy)
            assert "needs a reason" in _refused(session, item, cy, reason="  ")
        told = {"reason": "the warehouse sends its orders by it"} if needed else {}
        made = decisions.record(session, item.id, "keep", by=cy, at=NOW, **told)
        assert made.answer == "keep"


def test_of_many_at_once_those_without_a_reason_are_refused_and_the_others_recorded(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _found(session, company, f"grant:{company.plain.id}")
        items = cast.items(session, cast.opened(session))
        asks = [
            Ask(items[f"grant:{company.plain.id}"].id, "keep"),
            Ask(items[f"account:{company.account.id}"].id, "keep"),
            Ask(items[f"grant:{company.mighty.id}"].id, "keep", "month end"),
        ]
        told = decisions.record_many(session, asks, by=company.actor(company.ada), at=NOW)
        assert [result.refusal is None for result in told] == [False, True, True]
        again = [Ask(asks[0].item_id, "keep", "seen")]
        assert decisions.record_many(session, again, by=company.actor(company.ada), at=NOW)[0].refusal is None


def test_what_is_wrong_with_an_account_is_answered_for_where_the_account_is_asked_about(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _found(session, company, f"account:{company.account.id}")
        campaign = cast.opened(session)
        items = cast.items(session, campaign)
        plain, account = items[f"grant:{company.plain.id}"], items[f"account:{company.account.id}"]
        assert _share(session, campaign, company.actor(company.ada)) == {
            plain.subject: False, account.subject: True, f"grant:{company.mighty.id}": True
        }  # fmt: skip
        assert "needs a reason" in _refused(session, account, company.actor(company.ada))
        decisions.record(session, plain.id, "keep", by=company.actor(company.ada), at=NOW)


def test_where_the_account_is_not_asked_about_its_grants_answer_for_it(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _found(session, company, f"account:{company.account.id}")
        campaign = cast.opened(session, scope={"kinds": ["grant"]})
        plain = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        assert _share(session, campaign, company.actor(company.ada))[plain.subject]
        assert "needs a reason" in _refused(session, plain, company.actor(company.ada))


def test_nothing_is_advised_to_be_kept_while_something_serious_is_open_on_its_account(database: Database) -> None:
    """Of a mass export the share said "keep": whoever takes out data uses what they do it by."""
    with database.transaction() as session:
        company = cast.company(session)
        company.account.last_login = NOW
        token = make.credential(session, company.system, account_id=company.account.id, last_used=NOW)
        first = cast.opened(session, name="Q3")
        cast.decide_all(session, company, first)
        campaigns.close(session, first.id, by=make.ADMIN, at=NOW)
        about = (f"grant:{company.mighty.id}", f"grant:{company.plain.id}", f"credential:{token.id}")
        before = cast.items(session, cast.opened(session, name="before"))
        assert [before[each].shown["advice"]["says"] for each in about] == ["keep"] * 3
        _found(session, company, f"account:{company.account.id}")
        items = cast.items(session, cast.opened(session, name="after"))
        assert [items[each].shown["advice"]["says"] for each in about] == [None] * 3
        assert items[f"account:{company.account.id}"].shown["advice"]["says"] == "remove"
        assert items[about[0]].shown["advice"]["because"].split() == ["account", "used", "last"]
