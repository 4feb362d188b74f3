"""How much one reviewer has to answer: a team's grants under an approved role model, and its exceptions alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.db import Database
from app.review import bundles, decisions, queries
from app.review.decisions import Ask
from app.review.tables import CampaignRow, ItemRow
from app.stories import share
from app.stories.share import Line
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

PEOPLE, EACH = 25, 12


def _team(session: Session) -> Company:
    """Ada's 25 people with 12 grants each: 11 of the job for most, and one exception of every sort here and there."""
    company = cast.company(session)
    company.cy.department, company.cy.title = "IT", "Head of CRM"
    company.plain.ended = company.mighty.ended = company.account.ended = NOW
    job = [make.entitlement(session, company.system, label=f"Part {n}") for n in range(EACH)]
    odd = make.entitlement(session, company.system, label="Odd one")
    for n in range(PEOPLE):
        rep = make.identity(session, f"Rep {n}", manager_id=company.ada.id, department="Sales", title="Rep")
        account = make.account(session, company.system, identity_id=rep.id, matched_by="email", name=rep.name)
        for part in job[:-1]:
            make.grant(session, account, part)
        last = {0: company.boss, 1: company.boss, 2: odd, 3: odd}.get(n, job[-1])
        until = NOW + timedelta(days=30) if n in (4, 5) else None
        make.grant(session, account, last, until=until)
    made = bundles.draft(
        session, name="Rep", match='department = "Sales" and title = "Rep"', entitlements=[part.id for part in job],
        owner_id=company.cy.id, by=make.ADMIN, at=NOW,
    )  # fmt: skip
    bundles.approve(session, made.bundle_id, number=1, by=company.actor(company.cy), at=NOW)
    return company


def _grants(session: Session, campaign: CampaignRow) -> list[ItemRow]:
    found = select(ItemRow).where(ItemRow.campaign_id == campaign.id, ItemRow.kind == "grant")
    return list(session.scalars(found))


def test_25_people_with_300_grants_take_at_most_40_answers(database: Database) -> None:
    with database.transaction() as session:
        company = _team(session)
        campaign = cast.opened(session)
        assert len(_grants(session, campaign)) == PEOPLE * EACH
        ada, answers = company.actor(company.ada), 0
        found = share.share(session, campaign.id, by=ada)
        assert found is not None
        assert (found.alone, found.together) == (6, 25)
        effort = queries.effort(session, campaign.id)[found.task.id]  # what the preview says beforehand
        assert (effort.alone, effort.together, effort.answers, effort.minutes) == (6, 25, 31, 7)
        for number in range(1, found.pages + 1):  # answered as the console does it, a page at a time
            page = share.share(session, campaign.id, by=ada, number=number)
            assert page is not None
            for group in page.groups:
                asks = [Ask(line.item.id, "keep", "quota", None) for line in group.unusual]
                answers += len(asks)
                together = [
                    Ask(line.item.id, "acknowledge" if line.item.bundle_version_id else "keep") for line in group.open
                ]
                answers += bool(together) and not group.continued
                told = decisions.record_many(session, asks + together, by=ada, at=NOW)
                assert [each.refusal for each in told if each.refusal] == []
        (done,) = queries.progress(session, campaign.id)
        assert answers <= 40
        assert (done.undecided, done.acknowledge, done.keep) == (0, PEOPLE * EACH - 6, PEOPLE + 6)


def test_without_an_approved_model_nothing_is_acknowledged(database: Database) -> None:
    with database.transaction() as session:
        company = _team(session)
        bundles.retire(session, 1, reason="wrong", by=make.ADMIN, at=NOW)
        campaign = cast.opened(session)
        assert not any(item.bundle_version_id for item in _grants(session, campaign))
        found = share.share(session, campaign.id, by=company.actor(company.ada))
        assert found is not None
        assert all(group.model is None for group in found.groups)


def _lines(*people: int) -> list[Line]:
    """So many lines of each of these people, one after another."""
    return [
        Line(ItemRow(id=n, subject_identity_id=person), (), 1, 1)
        for person, count in enumerate(people)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("people", "begins"),
    [
        ((), [0]),
        ((60,), [0]),
        ((14, 14, 14, 14), [0]),
        ((14, 14, 14, 14, 14, 14), [0, 56]),  # the fifth would be torn at 60
        ((59, 2, 1), [0, 59]),
        ((130,), [0, 60, 120]),  # one person alone fills several
        ((10, 130, 10), [0, 10, 70, 130]),
        ((1,) * 61, [0, 60]),
    ],
)
def test_a_page_ends_where_a_person_does(people: tuple[int, ...], begins: list[int]) -> None:
    assert share.breaks(_lines(*people)) == begins
    assert share.PAGE == 60
