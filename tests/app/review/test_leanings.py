"""Reviewers who are not as free as others: who review each other, and who can grant what they decide on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.inventory.tables import AccountRow, EdgeRow, GrantRow, IdentityRow, PrivilegeRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow
from app.review import decisions, delegations, heirs, leanings, passing, successions, tasks
from app.review.independence import Lean
from app.review.silence import To
from app.review.tables import CampaignRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW

CONTENTS = {"kinds": ["group", "definition"], "reviewers": []}


@pytest.fixture(params=[leanings._CHUNK, 1])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many people as are asked about by one statement, and more."""
    monkeypatch.setattr(leanings, "_CHUNK", request.param)


def _two(session: Session) -> tuple[cast.Company, CampaignRow, GrantRow]:
    """Ada decides on Bo's, and Bo, whom Ada reports to here, on the one thing that is Ada's."""
    company = cast.company(session)
    company.ada.manager_id = company.bo.id
    account = make.account(session, company.system, identity_id=company.ada.id, username="ada@corp")
    grant = make.grant(session, account, company.role)
    return company, cast.opened(session, scope={"kinds": ["grant"]}), grant


def _may(session: Session, of: AccountRow, privilege: str, through: GrantRow) -> PrivilegeRow:
    path = str(through.entitlement_id)
    row = PrivilegeRow(
        system_id=of.system_id, account_id=of.id, privilege=privilege, entitlement_id=through.entitlement_id, path=path
    )
    session.add(row)
    session.flush()
    return row


@pytest.mark.usefixtures("parts")
def test_two_people_who_decide_on_each_others_access_are_told_apart_on_both_sides(database: Database) -> None:
    with database.transaction() as session:
        _, campaign, grant = _two(session)
        items = cast.items(session, campaign)
        ids = {subject: item.id for subject, item in items.items()}
        found = leanings.of_items(session, list(ids.values()))
        assert found == dict.fromkeys(ids.values(), (Lean.EACH_OTHER,))
        assert f"grant:{grant.id}" in ids
        assert leanings.counted(session, campaign.id) == {Lean.EACH_OTHER: 3, Lean.GRANTS: 0, Lean.HOLDS: 0}


@pytest.mark.usefixtures("parts")
def test_of_many_people_both_are_asked_in_parts(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, grant = _two(session)
        account = make.account(session, company.system, identity_id=company.ada.id, username="ada@it")
        _may(session, account, "administer", grant)
        ada, bo, eve, system = company.ada.id, company.bo.id, company.eve.id, company.system.id
        found = leanings._both(session, campaign.id, {ada, eve}, {bo, eve}, {system})
        assert found == ({(bo, ada)}, {(system, ada)})


def test_who_only_decides_does_not_lean(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        campaign = cast.opened(session)
        assert leanings.of_items(session, [item.id for item in cast.items(session, campaign).values()]) == {}
        assert leanings.counted(session, campaign.id) == {Lean.EACH_OTHER: 0, Lean.GRANTS: 0, Lean.HOLDS: 0}


def test_deciding_on_each_other_in_two_reviews_is_no_such_pair(database: Database) -> None:
    with database.transaction() as session:
        company, first, grant = _two(session)
        item = cast.items(session, first)[f"grant:{grant.id}"]
        tasks.reassign(session, first.id, to_id=company.eve.id, reason="apart", items=[item.id], by=make.ADMIN, at=NOW)
        assert leanings.of_items(session, [item.id for item in cast.items(session, first).values()]) == {}
        second = cast.opened(session, name="again", scope={"kinds": ["grant"]})
        assert len(leanings.of_items(session, [item.id for item in cast.items(session, second).values()])) == 3
        assert leanings.of_items(session, [item.id for item in cast.items(session, first).values()]) == {}


def test_handing_an_item_on_makes_or_ends_such_a_pair(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, grant = _two(session)
        of_ada = cast.items(session, campaign)[f"grant:{grant.id}"].id
        for to, leans in ((company.eve, {}), (company.bo, {of_ada: (Lean.EACH_OTHER,)})):
            tasks.reassign(session, campaign.id, to_id=to.id, reason="r", items=[of_ada], by=make.ADMIN, at=NOW)
            assert leanings.of_items(session, [of_ada]) == leans


@pytest.mark.usefixtures("parts")
def test_who_can_grant_in_a_system_leans_there_and_only_there(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        elsewhere = make.system(session, name="Portal", owner_key="cy")
        make.snapshot(session, elsewhere)
        ours = make.account(session, elsewhere, identity_id=company.bo.id, username="bo@portal")
        theirs = make.grant(session, ours, make.entitlement(session, elsewhere))
        account = make.account(session, company.system, identity_id=company.ada.id, username="ada@corp")
        campaign = cast.opened(session, scope={"kinds": ["grant"]})
        row = _may(session, account, "export", company.plain)
        items = cast.items(session, campaign)
        here, there = items[f"grant:{company.plain.id}"].id, items[f"grant:{theirs.id}"].id
        assert leanings.of_items(session, [here, there]) == {}
        for privilege in ("administer", "manage_access"):
            row.privilege = privilege
            session.flush()
            assert leanings.of_items(session, [here, there]) == {here: (Lean.GRANTS,)}
        assert leanings.counted(session, campaign.id)[Lean.GRANTS] == 2
        account.active = False
        session.flush()
        assert leanings.of_items(session, [here]) == {}
        account.active, account.ended = None, NOW
        session.flush()
        assert leanings.of_items(session, [here]) == {}


@pytest.mark.usefixtures("parts")
def test_what_held_when_somebody_decided_is_in_the_entry_of_that_decision(database: Database) -> None:
    with database.transaction() as session:
        company, campaign, grant = _two(session)
        account = session.get_one(AccountRow, grant.account_id)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        of_ada = cast.items(session, campaign)[f"grant:{grant.id}"]
        ada, bo = company.actor(company.ada), company.actor(company.bo)
        _may(session, account, "administer", grant)
        said = decisions.record(session, item.id, "keep", by=ada, at=NOW)
        back = decisions.record(session, of_ada.id, "keep", by=bo, at=NOW)
        assert session.get_one(EntryRow, said.id).body["leans"] == ["each_other", "grants"]
        assert session.get_one(EntryRow, back.id).body["leans"] == ["each_other"]
        free = company.actor(company.eve)
        tasks.reassign(session, campaign.id, to_id=company.eve.id, reason="r", items=[item.id], by=make.ADMIN, at=NOW)
        later = decisions.record(session, item.id, "keep", by=free, at=NOW)
        assert "leans" not in session.get_one(EntryRow, later.id).body


@pytest.mark.usefixtures("parts")
def test_who_holds_the_definition_they_decide_on_or_is_in_the_group_leans(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        deals = make.entitlement(session, company.system, kind="group", name="Deals")
        campaign = cast.opened(session, scope=CONTENTS)
        items = cast.items(session, campaign)
        boss, group = items[f"definition:{company.boss.id}"].id, items[f"group:{deals.id}"].id
        assert leanings.of_items(session, [boss, group]) == {}
        account = make.account(session, company.system, identity_id=company.cy.id, username="cy@corp")
        inside = make.grant(session, account, deals)
        assert leanings.of_items(session, [boss, group]) == {group: (Lean.HOLDS,)}
        session.add(
            EdgeRow(system_id=deals.system_id, holder_id=deals.id, held_id=company.boss.id, kind="includes", began=NOW)
        )
        session.flush()
        held = {boss: (Lean.HOLDS,), group: (Lean.HOLDS,)}
        assert leanings.of_items(session, [boss, group]) == held
        assert leanings.counted(session, campaign.id)[Lean.HOLDS] == 2
        said = decisions.record(session, boss, "keep", reason="seen", by=company.actor(company.cy), at=NOW)
        assert session.get_one(EntryRow, said.id).body["leans"] == ["holds"]
        for row, over in ((account, {"active": False}), (account, {"ended": NOW}), (inside, {"ended": NOW})):
            for name, value in over.items():
                before = getattr(row, name)
                setattr(row, name, value)
                session.flush()
                assert leanings.of_items(session, [boss, group]) == {}
                setattr(row, name, before)
        session.flush()
        assert leanings.of_items(session, [boss, group]) == held
        later = decisions.record(session, group, "keep", reason="seen", by=company.actor(company.cy), at=NOW)
        assert "holders" not in session.get_one(EntryRow, later.id).body


# --- barred ---

BARS = {"granters": "bar"}


def test_a_review_may_bar_who_holds_what_they_would_decide_on(database: Database) -> None:
    """The fallbacks are asked, it goes to no holder on any other way, and where nobody is left it does not open."""
    with database.transaction() as session:
        company = cast.company(session)
        for who in (company.cy, company.eve, company.flo):
            account = make.account(session, company.system, identity_id=who.id, username=f"{who.key}@corp")
            make.grant(session, account, company.boss)
        campaign = cast.opened(session, scope=CONTENTS | {"holders": "bar", "definitions": "all"})
        items = cast.items(session, campaign)
        boss, role = (items[f"definition:{each.id}"] for each in (company.boss, company.role))
        assert (_whose(session, boss), _whose(session, role)) == (company.fay.id, company.cy.id)
        said = decisions.record(session, boss.id, "keep", reason="seen", by=company.actor(company.fay), at=NOW)
        assert session.get_one(EntryRow, said.id).body["holders"] == "bar"
        decisions.record(session, boss.id, "withdraw", by=company.actor(company.fay), at=NOW)
        with pytest.raises(Refused) as refused:
            tasks.reassign(
                session, campaign.id, to_id=company.eve.id, reason="r", items=[boss.id], by=make.ADMIN, at=NOW
            )
        assert refused.value.refusal.code == "holder"
        tasks.reassign(session, campaign.id, to_id=company.eve.id, reason="r", items=[role.id], by=make.ADMIN, at=NOW)
        assert leanings.barred(session, [boss.id, role.id]) == {
            boss.id: frozenset({company.cy.id, company.eve.id, company.flo.id, company.bo.id}),
            role.id: frozenset({company.bo.id}),
        }
        assert heirs.heirs(session, [boss.id], NOW)[boss.id] is None
        assert {each.item_id: each.to_id for each in passing.plan(session, campaign, To.OWNER, NOW)}[boss.id] is None
        flags = cast.opened(session, scope=CONTENTS, name="flags")
        flagged = cast.items(session, flags)[f"definition:{company.boss.id}"]
        assert (_whose(session, flagged), leanings.barred(session, [flagged.id])) == (company.cy.id, {})
        fay = make.account(session, company.system, identity_id=company.fay.id, username="fay@corp")
        make.grant(session, fay, company.boss)
        assert cast.refusal(session, scope=CONTENTS | {"holders": "bar"}, name="all").code == "no_reviewer"
        company.fay.ended = NOW
        session.flush()
        successions.pass_on(session, campaign.id, by=SCHEDULER, at=NOW)
        assert _whose(session, boss) == company.fay.id, "whoever is left holds it"


def _grants(session: Session, company: cast.Company, *people: IdentityRow) -> None:
    """These can give access in the company's system."""
    right = make.entitlement(session, company.system, privileges=["manage_access"])
    for person in people:
        account = make.account(session, company.system, identity_id=person.id, username=f"{person.key}@corp")
        make.privilege(session, account, right, "manage_access")


def _whose(session: Session, item: ItemRow) -> int:
    session.refresh(item)
    return session.get_one(TaskRow, item.task_id).reviewer_id


def test_a_review_may_bar_who_can_grant_what_they_would_decide_on(database: Database) -> None:
    """The next of the chain is asked, an item of another system stays, and where nobody is left it does not open."""
    with database.transaction() as session:
        company = cast.company(session)
        elsewhere = make.system(session, name="Portal", owner_key="cy")
        make.snapshot(session, elsewhere)
        ours = make.account(session, elsewhere, identity_id=company.bo.id, username="bo@portal")
        theirs = make.grant(session, ours, make.entitlement(session, elsewhere))
        _grants(session, company, company.ada)
        flags = cast.opened(session, name="flags")
        flagged = cast.items(session, flags)[f"grant:{company.plain.id}"]
        assert (_whose(session, flagged), flags.scope.get("granters")) == (company.ada.id, None)
        campaign = cast.opened(session, scope=BARS)
        items = cast.items(session, campaign)
        here, there = items[f"grant:{company.plain.id}"], items[f"grant:{theirs.id}"]
        assert (_whose(session, here), here.chosen_by) == (company.cy.id, "owner")
        assert _whose(session, there) == company.ada.id
        assert leanings.counted(session, campaign.id)[Lean.GRANTS] == 0
        said = decisions.record(session, here.id, "keep", by=company.actor(company.cy), at=NOW)
        assert session.get_one(EntryRow, said.id).body["granters"] == "bar"
        before = decisions.record(session, flagged.id, "keep", by=company.actor(company.ada), at=NOW)
        assert "granters" not in session.get_one(EntryRow, before.id).body
        _grants(session, company, company.cy, company.flo, company.fay)
        assert cast.refusal(session, scope=BARS, name="all").code == "no_reviewer"


def test_who_is_barred_is_given_nothing_on_any_other_way(database: Database) -> None:
    """Not by handing on, not by a delegation, not when it is set aside, not when nobody answered."""
    with database.transaction() as session:
        company = cast.company(session)
        _grants(session, company, company.cy, company.eve, company.flo)
        campaign = cast.opened(session, scope=BARS)
        item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
        ada = company.actor(company.ada)
        assert _whose(session, item) == company.ada.id
        with pytest.raises(Refused) as refused:
            tasks.reassign(
                session, campaign.id, to_id=company.eve.id, reason="r", items=[item.id], by=make.ADMIN, at=NOW
            )
        assert refused.value.refusal.code == "granter"
        delegations.make(
            session, from_id=company.ada.id, to_id=company.eve.id, until=NOW + timedelta(days=5), reason="away", by=ada,
            at=NOW,
        )  # fmt: skip
        assert _whose(session, item) == company.ada.id
        assert heirs.heirs(session, [item.id], NOW)[item.id] == company.fay.id
        assert {each.to_id for each in passing.plan(session, campaign, To.OWNER, NOW)} == {None}
        company.ada.ended = NOW
        session.flush()
        successions.pass_on(session, campaign.id, by=SCHEDULER, at=NOW)
        assert _whose(session, item) == company.fay.id
