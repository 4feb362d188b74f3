"""What nobody answers: it goes on in time, closing makes of it what was said before, and it is never somebody's answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.remediation.brakes import Common
from app.review import campaigns, decisions, delegations, queries, silence, silences
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.stories import passed
from app.stories import silences as stories
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

LATER = NOW + timedelta(days=10)
ESCALATES = {"silence": {"answer": "remove", "escalate_after_days": 10}}


def _managed(session: Session) -> tuple[Company, Any]:
    """Ada reports to Dee."""
    company = cast.company(session)
    dee = make.identity(session, "Dee")
    company.ada.manager_id = dee.id
    session.flush()
    return company, dee


def _code(verb: Any, *given: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        verb(*given, **more)
    return refused.value.refusal.code


def _whose(session: Session) -> dict[str, int]:
    found = select(ItemRow.subject, TaskRow.reviewer_id).join(TaskRow, TaskRow.id == ItemRow.task_id)
    return dict(session.execute(found).all())


# --- in time ---


def test_what_has_no_answer_goes_to_the_reviewers_manager_once_and_only_in_time(database: Database) -> None:
    with database.transaction() as session:
        company, dee = _managed(session)
        campaign = cast.opened(session, scope=ESCALATES)
        answered = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        decisions.record(session, answered.id, "keep", by=company.actor(company.ada), at=NOW)
        early = LATER - timedelta(seconds=1)
        assert list(silences.due(session, early)) == []
        assert silences.escalate(session, campaign.id, by=SCHEDULER, at=early) is None
        assert list(silences.due(session, LATER)) == [campaign.id]
        told = silences.escalate(session, campaign.id, by=SCHEDULER, at=LATER)
        assert told == silences.Escalated(moved=2, stayed=0)
        assert _whose(session) == {
            answered.subject: company.ada.id,
            f"grant:{company.mighty.id}": dee.id,
            f"account:{company.account.id}": dee.id,
        }
        assert {row.chosen_by for row in session.scalars(select(ItemRow))} == {"manager", "escalated"}
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.escalated")).one()
        assert (entry.body["moved"], entry.body["stayed"], entry.author) == (2, 0, SCHEDULER.id)
        assert entry.body["shares"][0]["to"] == f"identity:{dee.id}"
        assert list(silences.due(session, LATER)) == []
        assert silences.escalate(session, campaign.id, by=SCHEDULER, at=LATER) is None


def test_what_a_delegate_did_not_answer_goes_on_as_nobodys_by_delegation(database: Database) -> None:
    """Else a packet would say of whoever answers it that they did so for who delegated."""
    with database.transaction() as session:
        company, dee = _managed(session)
        campaign = cast.opened(session, scope=ESCALATES)
        given: dict[str, Any] = {"reason": "on leave", "until": LATER + timedelta(days=3), "by": make.ADMIN, "at": NOW}
        delegations.make(session, from_id=company.ada.id, to_id=company.eve.id, **given)
        company.eve.manager_id = dee.id
        session.flush()
        silences.escalate(session, campaign.id, by=SCHEDULER, at=LATER)
        assert set(_whose(session).values()) == {dee.id}
        told = passed.went(session, campaign.id, company.ada.id)
        assert told == [passed.Went(LATER, "Dee", one=True, deputy="Eve")]
        assert passed.went(session, campaign.id, company.eve.id) == [passed.Went(LATER, "Dee", one=True)]
        assert {row.delegation_id for row in session.scalars(select(ItemRow))} == {None}


def test_nobody_is_given_their_own_access_by_escalation(database: Database) -> None:
    """Bo is Ada's manager, and the items are Bo's: the owner is asked, and nobody if that is Bo as well."""
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope=ESCALATES)
        company.ada.manager_id = company.bo.id
        session.flush()
        assert silences.escalate(session, campaign.id, by=SCHEDULER, at=LATER) == silences.Escalated(3, 0)
        assert set(_whose(session).values()) == {company.cy.id}


def test_where_nobody_else_may_decide_it_stays_and_is_counted(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope=ESCALATES, configurer_id=company.cy.id)
        company.ada.manager_id = company.bo.id
        session.flush()
        assert silences.escalate(session, campaign.id, by=SCHEDULER, at=LATER) == silences.Escalated(0, 3)
        assert set(_whose(session).values()) == {company.ada.id}


def test_what_the_owner_has_already_is_told_as_theirs(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.integration(session, company.system)  # Cy's, who owns the system
        campaign = cast.opened(session)
        company.account.identity_id = company.cy.id  # and Cy's own by now: Ada's, and nobody else's
        session.flush()
        told = silences.pass_on(session, campaign.id, to="owner", reason="two weeks", by=make.ADMIN, at=NOW)
        assert told == silences.Escalated(moved=0, stayed=4, theirs=1)
        assert told.said() == (
            "0 items are somebody else's now; for 3 nobody else may decide; 1 was with whom it would have gone to already."
        )
        (went,) = passed.passed(session, campaign.id, by=make.ADMIN)
        assert (went.stayed, went.theirs) == (3, 1)
        assert silences.Escalated(1, 2, 2).said() == (
            "1 item is somebody else's now; 2 were with whom they would have gone to already."
        )


def test_who_had_submitted_has_something_new_to_say(database: Database) -> None:
    with database.transaction() as session:
        company, dee = _managed(session)
        other = make.account(session, company.system, identity_id=make.identity(session, "Al", manager_id=dee.id).id)
        campaign = cast.opened(session, scope=ESCALATES)
        item = cast.items(session, campaign)[f"account:{other.id}"]
        decisions.record(session, item.id, "keep", by=company.actor(dee), at=NOW)
        cast.submit(session, campaign, company.actor(dee))
        silences.escalate(session, campaign.id, by=SCHEDULER, at=LATER)
        task = session.scalars(select(TaskRow).where(TaskRow.reviewer_id == dee.id)).one()
        assert (task.status, task.submitted_at) == ("open", None)


# --- at the end ---


def test_owners_are_asked_before_silence_counts_and_only_once(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        rule = {"answer": "owner", "afterwards": "remove", "owner_days": 30}
        campaign = cast.opened(session, scope={"silence": rule})
        end: dict[str, Any] = {"by": make.ADMIN, "at": NOW}
        assert _code(campaigns.close, session, campaign.id, unanswered="policy", **end) == "owners_first"
        assert _code(campaigns.close, session, campaign.id, unanswered="remove", **end) == "owners_first"
        told = silences.pass_on(session, campaign.id, to="owner", reason="two weeks", **end)
        assert (told.moved, set(_whose(session).values())) == (3, {company.cy.id})
        assert campaign.due_at == NOW + timedelta(days=30)
        assert _code(silences.pass_on, session, campaign.id, to="owner", reason="again", **end) == "owners_asked"
        assert _code(campaigns.close, session, campaign.id, unanswered="keep", **end) == "other_policy"
        assert campaigns.close(session, campaign.id, unanswered="policy", **end).unanswered == "remove"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": "friend", "reason": "x"}, "bad_answer"),
        ({"to": "owner", "reason": " "}, "bad_answer"),
    ],
)
def test_handing_on_needs_somebody_and_a_reason(database: Database, given: dict[str, str], code: str) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        assert _code(silences.pass_on, session, campaign.id, **given, by=make.ADMIN, at=NOW) == code


def test_a_rule_that_is_there_is_not_contradicted_at_the_end(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session, scope={"silence": {"answer": "remove"}})
        end: dict[str, Any] = {"by": make.ADMIN, "at": NOW}
        assert _code(campaigns.close, session, campaign.id, unanswered="keep", **end) == "other_policy"
        bare = cast.opened(session, name="bare")
        assert _code(campaigns.close, session, bare.id, unanswered="policy", **end) == "no_policy"


def test_closing_takes_away_what_was_looked_at_and_nothing_else(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        before = stories.preview(session, campaign, "remove", common=Common(), by=make.ADMIN, at=NOW)
        assert (before.items, before.privileged, before.accounts, before.emptied) == (3, 1, 1, 1)
        assert [(each.system, each.count) for each in before.takes_away] == [("Sales org", 3)]
        assert before.by_reviewer == {"Ada": 3}
        assert before.refusal is None
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        decisions.record(session, item.id, "keep", by=company.actor(company.ada), at=NOW)
        end: dict[str, Any] = {"unanswered": "remove", "by": make.ADMIN, "at": NOW}
        assert _code(campaigns.close, session, campaign.id, seen=before.seen, **end) == "unseen"
        after = stories.preview(session, campaign, "remove", common=Common(), by=make.ADMIN, at=NOW)
        assert (after.items, after.emptied) == (2, 0)
        campaigns.close(session, campaign.id, seen=after.seen, **end)
        closed = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one()
        assert (closed.body["counts"]["unanswered"], closed.body["unanswered_items"]) == (after.items, after.seen)


def test_a_preview_says_that_keeping_takes_nothing_and_is_refused_for_what_is_privileged(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        told = stories.preview(session, campaign, "keep", common=Common(), by=make.ADMIN, at=NOW)
        assert (told.takes_away, told.accounts) == ([], 0)
        assert told.refusal is not None
        assert "silence does not keep privileged access" in told.refusal.reason


def test_what_stays_by_silence_was_kept_by_nobody(database: Database) -> None:
    """Neither in the count of its reviewer, nor as what was said last time, nor as a reason to keep it again."""
    with database.transaction() as session:
        company = cast.company(session)
        campaign, answered = _half_silent(session, company)
        (share,) = queries.progress(session, campaign.id)
        assert (share.keep, share.silent, share.undecided) == (2, 1, 0)
        second = cast.opened(session, name="next")
        rows = cast.items(session, second)
        quiet, said = rows[f"grant:{company.plain.id}"], rows[answered.subject]
        assert (quiet.shown["last"]["answer"], quiet.shown["last"]["silent"]) == ("keep", True)
        assert said.shown["last"]["silent"] is False
        assert "last" not in quiet.shown["advice"]["because"].split()
        assert "last" in said.shown["advice"]["because"].split()


def _half_silent(session: Session, company: Company) -> tuple[CampaignRow, ItemRow]:
    campaign = cast.opened(session)
    rows = cast.items(session, campaign)
    for item in rows.values():
        if item.subject != f"grant:{company.plain.id}":
            decisions.record(session, item.id, "keep", reason="seen", by=company.actor(company.ada), at=NOW)
    campaigns.close(session, campaign.id, unanswered="keep", by=make.ADMIN, at=NOW)
    return campaign, rows[f"grant:{company.mighty.id}"]


# --- the rule itself ---


@pytest.mark.parametrize(
    "written",
    [
        {"answer": "keep"},
        {"answer": "remove", "escalate_after_days": 3, "escalate_to": "owner"},
        {"answer": "owner", "afterwards": "keep", "owner_days": 7},
    ],
)
def test_a_rule_is_kept_as_it_was_written(written: dict[str, Any]) -> None:
    rule = silence.read(written)
    assert rule is not None
    assert rule.written() == written
    assert silence.read(rule.written()) == rule


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("remove", "no rule"),
        ({"answer": "maybe"}, "maybe"),
        ({"answer": "owner"}, "what follows"),
        ({"answer": "keep", "afterwards": "keep"}, "with"),
        ({"answer": "keep", "escalate_to": "manager"}, "when to escalate"),
        ({"answer": "keep", "escalate_after_days": 0}, "number of days"),
        ({"answer": "keep", "escalate_after_days": True}, "number of days"),
        ({"answer": "keep", "escalate_after_days": 3, "escalate_to": "friend"}, "friend"),
        ({"answer": "keep", "silently": 1}, "silently"),
    ],
)
def test_a_rule_that_is_not_understood_is_refused(written: Any, word: str) -> None:
    with pytest.raises(Refused) as refused:
        silence.read(written)
    assert word in refused.value.refusal.reason
