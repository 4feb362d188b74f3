"""A control owner accepts what a review is of before it opens, decides on nothing in it, and signs what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER, Actor, Role
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow, PersonalRow
from app.review import (
    campaigns,
    decisions,
    delegations,
    drifts,
    heirs,
    owning,
    passing,
    policy,
    rounding,
    schedules,
    scope,
    signatures,
    successions,
    tasks,
    turns,
    vouching,
)
from app.review.owning import Acceptance
from app.review.silence import To
from app.review.tables import CampaignRow, DriftRow, ItemRow, TaskRow
from app.review.trust import Limits
from app.stories import populations
from tests import make
from tests.app.review import cast
from tests.app.review.cast import DUE, NOW, SCOPE

OWNED = scope.read(SCOPE | {"control_owner": "eve"})
EVE = Acceptance("actor-eve", 7, "it is all there", NOW, "d" * 64)
STANDS = replace(EVE, population=None)
REMARK = "looked at every removal"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, None),
        ({"acceptance": None}, "not_accepted"),
        ({"acceptance": None, "asked": scope.read(SCOPE)}, None),  # it names nobody
        ({"acceptance": replace(EVE, identity_id=8)}, "bad_acceptance"),
        ({"acceptance": replace(EVE, identity_id=None), "owner": None}, "bad_acceptance"),
        ({"by": replace(make.ADMIN, id="actor-eve")}, "bad_acceptance"),
        ({"by": replace(make.ADMIN, identity_id=7)}, "bad_acceptance"),
        ({"set_up_by": 7}, "bad_acceptance"),
        ({"population": "e" * 64}, "other_population"),
        ({"acceptance": STANDS}, "not_accepted"),  # by hand, no word stands
        ({"acceptance": STANDS, "by": SCHEDULER}, None),
        ({"acceptance": STANDS, "population": None}, None),  # for a schedule that is added
        ({"population": None}, "not_accepted"),  # a word for one review is none for a schedule
        ({"by": SCHEDULER}, "not_accepted"),
        ({"acceptance": STANDS, "by": SCHEDULER, "at": NOW + timedelta(days=366)}, None),
        ({"acceptance": STANDS, "by": SCHEDULER, "at": NOW + timedelta(days=367)}, "not_accepted"),
    ],
)
def test_whose_word_a_population_takes(given: dict[str, Any], code: str | None) -> None:
    usual: dict[str, Any] = {
        "asked": OWNED, "acceptance": EVE, "owner": 7, "population": "d" * 64, "set_up_by": 3, "by": make.ADMIN, "at": NOW,
    } | given  # fmt: skip
    refusal = owning.why_not_accepted(usual.pop("asked"), usual.pop("acceptance"), usual.pop("owner"), **usual)
    assert (refusal.code if refusal else None) == code
    assert owning.kept(STANDS.written()) == STANDS


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, None),
        ({"status": "open"}, "not_closed"),
        ({"status": "cancelled"}, "not_closed"),
        ({"signed": True}, "signed_already"),
        ({"owner_id": None}, "no_control_owner"),
        ({"owner_id": 8}, "not_the_owner"),
        ({"decided": 1}, "decided_in_it"),
        ({"closed_by": "actor-eve"}, "closed_it"),
    ],
)
def test_who_signs(given: dict[str, Any], code: str | None) -> None:
    usual: dict[str, Any] = {
        "status": "closed",
        "owner_id": 7,
        "signed": False,
        "decided": 0,
        "closed_by": "actor-admin",
    }
    by = Actor("actor-eve", "Eve", frozenset({Role.REVIEWER}), 7, "oidc")
    refusal = owning.why_not_sign(**(usual | given), by=by)
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, None),
        ({"status": "closed"}, None),
        ({"status": "cancelled"}, "campaign_ended"),
        ({"signed": True}, "campaign_ended"),
        ({"able": False}, "not_able"),
        ({"set_up": True}, "own_word"),
        ({"who": 3}, "own_word"),
        ({"share": 1}, "decided_in_it"),
        ({"decided": 1}, "decided_in_it"),
        ({"reason": " "}, "bad_answer"),
    ],
)
def test_who_can_be_named_instead(given: dict[str, Any], code: str | None) -> None:
    usual: dict[str, Any] = {
        "status": "open", "signed": False, "able": True, "share": 0, "decided": 0, "set_up": False, "reason": "left",
        "who": 9, "by": replace(make.ADMIN, identity_id=3),
    }  # fmt: skip
    refusal = owning.why_not_named(**(usual | given))
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_word_says_something_and_an_installation_that_wants_an_owner_opens_nothing_without(
    database: Database,
) -> None:
    assert owning.why_not_accept(OWNED, 7, 7, "all right") is not None
    assert owning.why_not_accept(OWNED, 7, 7, REMARK) is None
    assert owning.why_not_accept(OWNED, 8, 7, REMARK) is not None
    assert owning.why_not_accept(scope.read(SCOPE), 7, 7, REMARK) is not None
    with database.transaction() as session:
        cast.company(session)
        assert cast.refusal(session, limits=Limits(owned=True)).code == "no_control_owner"
        assert cast.refusal(session, limits=Limits(owned=True, control_owner="eve")).code == "not_accepted"
        assert cast.refusal(session, scope={"control_owner": "gus"}).code == "bad_scope"
        with pytest.raises(Refused, match="no control owner"):
            schedules.add(session, name="Q", zone="UTC", scope=SCOPE, limits=Limits(owned=True), by=make.ADMIN, at=NOW)
        row = cast.opened(session, limits=Limits(control_owner="eve"), unasked=True)
        assert (row.scope["control_owner"], row.acceptance) == ("eve", None)


def test_a_review_opens_on_what_was_accepted_and_nothing_else(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        looked = _look(session)
        assert (looked.items, looked.told["people"], looked.told["privileged"]) == (3, 1, 1)
        assert session.scalars(select(CampaignRow)).all() == []
        word = _word(company, looked.digest)
        late = make.account(session, company.system, username="new@corp")
        assert cast.refusal(session, scope={"control_owner": "eve"}, acceptance=word).code == "other_population"
        session.delete(late)
        session.flush()
        row = cast.opened(session, scope={"control_owner": "eve"}, acceptance=word)
        assert row.owner_id == company.eve.id
        assert row.acceptance is not None
        assert (row.acceptance["digest"], row.acceptance["remark"]) == (looked.digest, "it is all there")
        assert owning.digest(vouching.population(session, row)) == looked.digest
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "population.accepted")).one()
        assert (entry.author, entry.subject) == ("actor-eve", f"campaign:{row.id}")
        assert (entry.body["digest"], entry.body["asked_by"]) == (looked.digest, make.ADMIN.id)
        told = session.scalars(select(PersonalRow.value).where(PersonalRow.entry_id == entry.id)).all()
        assert told == ["it is all there"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_word_serves_where_the_owner_approves_what_is_left_out_too(database: Database) -> None:
    left = {"exclude": [{"where": "temporary", "reason": "they end"}], "approver": "eve", "control_owner": "eve"}
    with database.transaction() as session:
        company = cast.company(session)
        other = left | {"control_owner": "cy"}
        word = _word(company, _look(session, **left).digest)
        assert cast.refusal(session, scope=other, acceptance=word, approval=None).code == "not_approved"
        row = cast.opened(session, scope=left, acceptance=word, approval=None)
        assert row.approval is not None
        assert row.approval["granted_by"] == "actor-eve"


def test_a_schedule_keeps_a_standing_word_as_long_as_it_is_of_the_same(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        asked: dict[str, Any] = {
            "name": "Q",
            "zone": "UTC",
            "scope": SCOPE | {"control_owner": "eve"},
            "by": make.ADMIN,
        }
        with pytest.raises(Refused, match=r"waits for the word of Eve \(eve-.*@example.com\)"):
            schedules.add(session, **asked, at=NOW)
        stands = _word(company, None)
        row = schedules.add(session, **asked, acceptance=stands, at=NOW)
        schedules.change(session, row.id, due_days=30, by=make.ADMIN, at=NOW)
        assert owning.kept(row.acceptance) == stands
        for narrower in ({"where": "privileged"}, {"control_owner": "cy"}, {"definitions": "all"}):
            with pytest.raises(Refused, match=r"waits for the word|somebody else"):
                schedules.change(session, row.id, scope=asked["scope"] | narrower, by=make.ADMIN, at=NOW)
        with pytest.raises(Refused, match="who sets it up"):
            schedules.change(session, row.id, due_days=31, by=company.actor(company.eve), at=NOW)
        opened: dict[str, Any] = {"name": "Q 1", "scope": row.scope, "due_at": DUE, "by": SCHEDULER, "at": NOW}
        old = replace(stands, at=NOW - timedelta(days=367))
        with pytest.raises(Refused, match="over a year ago"):
            campaigns.open(session, **opened, acceptance=old)
        made = campaigns.open(session, **opened, acceptance=owning.kept(row.acceptance))
        assert made.acceptance is not None
        assert made.acceptance["standing"] is True
        authors = session.scalars(select(EntryRow.author).where(EntryRow.kind == "population.accepted")).all()
        assert authors == ["actor-eve"] * 2


def test_the_owner_decides_on_nothing_in_it(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        row = _opened(session, company, "ada")  # Bo's manager, who would be asked about everything
        holders = session.scalars(select(TaskRow.reviewer_id).where(TaskRow.campaign_id == row.id)).all()
        assert holders == [company.cy.id]
        item = next(iter(cast.items(session, row).values()))
        ada = company.actor(company.ada)
        with pytest.raises(Refused, match="decides on nothing"):
            tasks.reassign(session, row.id, to_id=company.ada.id, reason="busy", items=[item.id], by=make.ADMIN, at=NOW)
        session.get_one(TaskRow, item.task_id).reviewer_id = company.ada.id  # as if it had gone to her before
        session.flush()
        refused = decisions.record_many(session, [decisions.Ask(item.id, "keep", "mine")], by=ada, at=NOW)[0].refusal
        assert refused is not None
        assert refused.code == "signs_it"
        company.ada.end = NOW.date() - timedelta(days=1)
        company.cy.end = NOW.date() - timedelta(days=1)
        session.flush()
        successions.pass_on(session, row.id, by=SCHEDULER, at=NOW)
        left = session.scalars(select(TaskRow.reviewer_id).where(TaskRow.campaign_id == row.id)).all()
        assert company.flo.id in left


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_owner_is_next_for_nothing_of_it(database: Database) -> None:
    """Not for what is set aside, in a further round, where nobody answered, by a delegation, or after somebody."""
    with database.transaction() as session:
        company = cast.company(session)
        row = cast.opened(
            session, scope={"kinds": ["grant"], "then": [{"name": "Owners", "ask": ["owner"], "due_days": 7}]}
        )
        items = [item.id for item in cast.items(session, row).values()]

        def following() -> list[set[int | None]]:
            going = rounding.plan(session, row, turns.course(row.scope)[0], NOW)
            passed = passing.plan(session, row, To.OWNER, NOW)
            return [
                set(heirs.heirs(session, items, NOW).values()),
                {each.to_id for each in going},
                {each.to_id for each in passed},
                set(passing.to_owners(session, row, NOW)),
            ]

        cy, flo = company.cy.id, company.flo.id
        assert following() == [{cy}, {cy}, {cy}, {cy}], "as the owner of the system"
        row.owner_id = cy
        session.flush()
        assert following() == [{flo}, {flo}, {None}, set()]
        ada = company.actor(company.ada)
        delegations.make(
            session, from_id=company.ada.id, to_id=cy, until=NOW + timedelta(days=5), reason="away", by=ada, at=NOW
        )
        assert session.scalars(select(TaskRow.reviewer_id).where(TaskRow.campaign_id == row.id)).all() == [
            company.ada.id
        ]

        def whose() -> list[int]:
            successions.pass_on(session, row.id, by=SCHEDULER, at=NOW)
            held = select(TaskRow.reviewer_id).join(ItemRow, ItemRow.task_id == TaskRow.id).order_by(ItemRow.id)
            return list(session.scalars(held.where(TaskRow.campaign_id == row.id)))

        company.ada.ended = NOW
        session.flush()
        assert whose() == [flo, flo]
        company.flo.ended, company.plain.ended, row.owner_id = NOW, NOW, company.fay.id
        session.flush()
        assert whose() == [flo, cy], "the last fallback signs it, so what is gone from the system stays"


def test_what_came_of_it_is_signed_once_under_its_closing(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        row = _opened(session, company, "eve")
        eve = company.actor(company.eve)
        with pytest.raises(Refused, match="closed can be signed"):
            signatures.give(session, row.id, remark=REMARK, removals={}, by=eve, at=NOW)
        drift = DriftRow(campaign_id=row.id, subject="grant:1", change="began", privileged=True, shown={})
        session.add(drift)
        session.flush()
        admin = replace(eve, roles=frozenset({Role.ADMIN}))
        with pytest.raises(Refused, match="decides on nothing"):
            drifts.decide(session, drift.id, "keep", "seen", by=admin, at=NOW)
        session.delete(drift)
        cast.decide_all(session, company, row)
        campaigns.close(session, row.id, by=make.ADMIN, at=NOW)
        closed = signatures.closure(session, row.id)
        assert closed is not None
        give: dict[str, Any] = {"removals": {"verified": 1, "open": 2}, "by": eve, "at": NOW}
        with pytest.raises(Refused, match="in a sentence"):
            signatures.give(session, row.id, remark="fine", **give)
        with pytest.raises(Refused, match=r"not as you saw|changed this review|Other items") as other:
            signatures.give(session, row.id, remark=REMARK, seen="0" * 64, **give)
        assert other.value.refusal.status == 412
        with pytest.raises(Refused, match="not you"):
            signatures.give(session, row.id, remark=REMARK, **(give | {"by": company.actor(company.cy)}))
        signed = signatures.give(session, row.id, remark=REMARK, seen=closed.leaf, **give)
        assert signed.signature is not None
        assert signed.signature["removals"] == {"verified": 1, "open": 2}
        assert signed.signature["counts"] == dict(closed.counts)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "outcome.signed")).one()
        assert (entry.author, entry.body["leaf"], entry.body["closure"]) == (eve.id, closed.leaf, closed.entry)
        with pytest.raises(Refused, match="signed; what was signed stands"):
            signatures.give(session, row.id, remark=REMARK, **give)
        with pytest.raises(Refused, match="Nothing is left to sign"):
            signatures.name(session, row.id, to_id=company.flo.id, reason="left", by=make.ADMIN, at=NOW)


def test_somebody_else_can_be_named_and_nobody_signs_their_own_answers(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        row = _opened(session, company, "eve")
        cast.decide_all(session, company, row)
        campaigns.close(session, row.id, by=make.ADMIN, at=NOW)
        name: dict[str, Any] = {"reason": "has left", "by": make.ADMIN, "at": NOW}
        with pytest.raises(Refused, match="their own answers"):
            signatures.name(session, row.id, to_id=company.ada.id, **name)
        row.owner_id = company.ada.id  # as if she had been named before she decided
        session.flush()
        with pytest.raises(Refused, match="nobody signs their own answers"):
            signatures.give(session, row.id, remark=REMARK, removals={}, by=company.actor(company.ada), at=NOW)
        named = signatures.name(session, row.id, to_id=company.flo.id, **name)
        assert named.owner_id == company.flo.id
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "control_owner.named")).one()
        assert entry.body["to"] == f"identity:{company.flo.id}"
        signed = signatures.give(session, row.id, remark=REMARK, removals={}, by=company.actor(company.flo), at=NOW)
        assert signed.signature is not None
        assert policy.Status(signed.status) is policy.Status.CLOSED


def _look(session: Session, **more: Any) -> populations.Population:
    asked = SCOPE | {"control_owner": "eve"} | more
    return populations.look(session, "Q4", asked, limits=Limits(), at=NOW)


def _word(company: cast.Company, population: str | None) -> Acceptance:
    return Acceptance("actor-eve", company.eve.id, "it is all there", NOW, population)


def _opened(session: Session, company: cast.Company, key: str) -> CampaignRow:
    owner = {"ada": company.ada, "eve": company.eve}[key]
    owner.key = key
    session.flush()
    digest = _look(session, control_owner=key).digest
    word = Acceptance("actor-of-" + key, owner.id, "it is all there", NOW, digest)
    return cast.opened(session, scope={"control_owner": key}, acceptance=word)
