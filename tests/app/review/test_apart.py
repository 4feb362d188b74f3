"""Who set a review up does not decide in it, and a link from a message opens one share of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from app.actors.actor import Actor, Role
from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import apart, decisions, queries, tasks
from app.review.tables import TaskRow
from tests import make
from tests.app.review import cast

ADA = Actor("actor-1", "Ada", frozenset({Role.REVIEWER}), 1, way="link", campaign_id=3)


@pytest.mark.parametrize(
    ("way", "privileged", "code"),
    [
        ("link", False, None),
        ("link", True, "sign_in_for_this"),
        ("hook", True, "sign_in_for_this"),
        ("hook", False, None),
        ("oidc", True, None),
        ("invitation", True, None),
        ("token", True, None),
        ("cli", True, None),
    ],
)
def test_privileged_access_is_not_decided_on_by_a_link(way: str, privileged: bool, code: str | None) -> None:
    refusal = apart.why_not_this_way(replace(ADA, way=way), 3, privileged)
    assert (refusal.code if refusal else None) == code


def test_a_link_is_for_one_review(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        first, second = cast.opened(session), cast.opened(session, name="Q1")
        ada = replace(company.actor(company.ada), way="link", campaign_id=first.id)
        plain = f"grant:{company.plain.id}"
        here, there = cast.items(session, first)[plain], cast.items(session, second)[plain]
        assert [item.id for item in queries.queue(session, second.id, by=ada).items] == []
        assert here.id in [item.id for item in queries.queue(session, first.id, by=ada).items]
        assert queries.story(session, there.id, by=ada) is None
        assert queries.visible(session, [here.id, there.id], by=ada) == {here.id}
        with pytest.raises(Refused, match="for another review"):
            decisions.record(session, there.id, "keep", by=ada, at=at)
        assert decisions.record(session, here.id, "keep", by=ada, at=at).way == "link"
        mighty = cast.items(session, first)[f"grant:{company.mighty.id}"]
        with pytest.raises(Refused, match="not decided on by a link from a message"):
            decisions.record(session, mighty.id, "remove", reason="moved on", by=ada, at=at)


def test_whoever_sets_a_review_up_is_passed_over_for_the_next_in_line(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        boss = company.actor(company.ada, Role.ADMIN, Role.REVIEWER)  # Bo's manager
        campaign = cast.opened(session, by=boss)
        tasks_of = {row.id: row.reviewer_id for row in session.query(TaskRow).all()}
        reviewers = {tasks_of[item.task_id] for item in cast.items(session, campaign).values()}
    assert campaign.configurer_id == company.ada.id
    assert reviewers == {company.cy.id}, "the system's owner comes after the manager"


def test_a_review_that_only_its_configurer_could_decide_does_not_open(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.system.owner_key, company.bo.manager_id = None, None
        session.flush()
        boss = company.actor(company.flo, Role.ADMIN)
        refused = cast.refusal(session, by=boss, scope={"second_fallback": None})
        assert refused.code == "no_reviewer"
        assert "whoever sets a review up does not decide in it" in refused.reason
        assert cast.opened(session, by=boss).configurer_id == company.flo.id  # Fay is there as well


def test_a_schedules_configurer_is_the_reviews(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, configurer_id=company.ada.id)
        assert campaign.configurer_id == company.ada.id
        assert company.ada.id not in {row.reviewer_id for row in session.query(TaskRow).all()}


def test_the_configurer_is_handed_nothing_and_decides_on_nothing(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, configurer_id=company.fay.id)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        given = {"items": [item.id], "reason": "on leave", "by": make.ADMIN, "at": at}
        with pytest.raises(Refused, match="does not decide in it"):
            tasks.reassign(session, campaign.id, to_id=company.fay.id, **given)
        tasks.reassign(session, campaign.id, to_id=company.flo.id, **given)
        campaign.configurer_id = company.flo.id  # as if it had gone to them before this was a rule
        session.flush()
        with pytest.raises(Refused, match="does not decide in it"):
            decisions.record(session, item.id, "keep", by=company.actor(company.flo), at=at)


def test_a_token_cut_down_to_deciding_sees_and_hands_on_its_own_only(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        admin = company.actor(company.eve, Role.ADMIN)
        narrow = replace(admin, scope=frozenset({"decide", "see_own_items"}))
        assert queries.story(session, item.id, by=admin) is not None
        assert queries.story(session, item.id, by=narrow) is None
        with pytest.raises(Refused, match="Only their reviewer or an administrator"):
            tasks.reassign(session, campaign.id, to_id=company.cy.id, items=[item.id], reason="so", by=narrow, at=at)


def test_the_preview_says_who_is_passed_over() -> None:
    assert apart.told("Flo") == (
        "Flo sets this review up, so none of it goes to Flo; the next in line decides instead."
    )
    assert apart.told(None) is None
