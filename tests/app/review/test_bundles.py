"""Role models: drafted, proposed from peers, approved by their owner for a year, and what they cover in a review."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow
from app.kit.db import Database
from app.kit.refusal import Refusal, Refused
from app.ledger.tables import EntryRow
from app.review import bundles, campaigns, decisions, modelling, queries, unusual
from app.review.tables import BundleVersionRow, CampaignRow, ItemRow
from app.review.unusual import Beside
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

REPS = 'department = "Sales" and title = "Rep"'


@dataclass
class Team:
    """Six reps, Bo among them, who all hold `role`; Cy, who is no rep, owns their role model."""

    company: Company
    reps: list[IdentityRow]
    accounts: list[AccountRow]
    grants: list[GrantRow]


def team(session: Session) -> Team:
    company = cast.company(session)
    reps, accounts, grants = [company.bo], [company.account], [company.plain]
    company.cy.department, company.cy.title = "IT", "Head of CRM"
    for n in range(5):
        rep = make.identity(session, f"Rep{n}", manager_id=company.ada.id, department="Sales", title="Rep")
        account = make.account(session, company.system, identity_id=rep.id, matched_by="email", name=f"Rep{n}")
        reps.append(rep)
        accounts.append(account)
        grants.append(make.grant(session, account, company.role))
    session.flush()
    return Team(company, reps, accounts, grants)


def drafted(session: Session, company: Company, **given: Any) -> BundleVersionRow:
    values: dict[str, Any] = {
        "name": "Rep", "match": REPS, "entitlements": [company.role.id], "owner_id": company.cy.id, "by": make.ADMIN,
        "at": NOW,
    }  # fmt: skip
    return bundles.draft(session, **(values | given))


def approved(session: Session, company: Company, **given: Any) -> BundleVersionRow:
    row = drafted(session, company, **given)
    return bundles.approve(session, row.bundle_id, number=1, by=company.actor(company.cy), at=given.get("at", NOW))


def no(call: Any) -> Refusal:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal


# --- drafting and proposing ---


def test_custom_is_proposed_and_covers_nothing_until_its_owner_has_approved_it(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        company = there.company
        second = make.account(session, company.system, identity_id=there.reps[1].id, matched_by="email")
        make.grant(session, second, company.role)
        (job,) = modelling.jobs(session, NOW.date())
        assert (job.department, job.title, job.people) == ("Sales", "Rep", 6)  # people, whatever accounts they have
        assert job.held == (
            (company.role.id, 6),
        )  # the privileged role is held by one, and would not be proposed anyway
        row = bundles.propose(session, department="Sales", title="Rep", owner_id=company.cy.id, by=make.ADMIN, at=NOW)
        assert row.match == REPS
        assert row.proposed is not None
        assert row.proposed["people"] == 6
        campaign = cast.opened(session)
        assert not any(item.bundle_version_id for item in cast.items(session, campaign).values())


def test_privileged_access_is_never_proposed(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        nested = make.entitlement(session, there.company.system)
        dark = make.entitlement(session, there.company.system, privileges=None)
        for account in there.accounts:
            make.grant(session, account, nested)
            make.grant(session, account, dark)
            make.privilege(session, account, nested, "export")
        for account in there.accounts[1:]:
            make.grant(session, account, there.company.boss)
        (job,) = modelling.jobs(session, NOW.date())
        assert [entitlement for entitlement, _ in job.held] == [there.company.role.id]


def test_what_few_hold_and_what_few_people_hold_is_no_custom(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        extra = make.entitlement(session, there.company.system)
        for account in there.accounts[:4]:
            make.grant(session, account, extra)
        assert [e for e, _ in modelling.job(session, "Sales", "Rep", NOW.date()).held] == [there.company.role.id]
        assert len(modelling.job(session, "Sales", "Rep", NOW.date(), share=60).held) == 2
        assert modelling.jobs(session, NOW.date(), least=7) == []
        asked = {"owner_id": there.company.cy.id, "by": make.ADMIN, "at": NOW}
        few = no(lambda: bundles.propose(session, department="Sales", title="Rep", least=7, **asked))
        assert few.code == "too_few_peers"
        assert no(lambda: bundles.propose(session, department="Sales", title="Boss", **asked)).code == "too_few_peers"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"entitlements": []}, "bad_bundle"),
        ({"entitlements": ["boss"]}, "bad_bundle"),
        ({"entitlements": ["nested"]}, "bad_bundle"),
        ({"entitlements": ["dark"]}, "bad_bundle"),
        ({"entitlements": ["gone"]}, "bad_bundle"),
        ({"entitlements": [999_999]}, "bad_bundle"),
        ({"match": "salary = 5"}, "bad_expression"),
        ({"owner_id": "left"}, "bad_bundle"),
        ({"name": " "}, "bad_bundle"),
    ],
)
def test_what_can_never_be_covered_is_not_drafted(database: Database, given: dict[str, Any], code: str) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        there: dict[str, EntitlementRow] = {
            "boss": company.boss,
            "nested": make.entitlement(session, company.system),
            "dark": make.entitlement(session, company.system, privileges=None),
            "gone": make.entitlement(session, company.system, ended=NOW),
        }
        make.privilege(session, company.account, there["nested"])
        if "entitlements" in given:
            named = [there[each].id if isinstance(each, str) else each for each in given["entitlements"]]
            given = {"entitlements": named}
        if "owner_id" in given:
            given = {"owner_id": make.identity(session, "Left", ended=NOW).id}
        assert no(lambda: drafted(session, company, **given)).code == code


# --- approving ---


def test_only_its_owner_approves_and_nobody_the_model_of_their_own_job(database: Database) -> None:
    with database.transaction() as session:
        company = team(session).company
        row = drafted(session, company)
        for somebody in (company.actor(company.ada), make.ADMIN):
            refused = no(lambda by=somebody: bundles.approve(session, row.bundle_id, number=1, by=by, at=NOW))
            assert refused.code == "not_owner"
        own = drafted(session, company, name="Own", owner_id=company.bo.id)
        asked = {"number": 1, "at": NOW}
        assert (
            no(lambda: bundles.approve(session, own.bundle_id, by=company.actor(company.bo), **asked)).code == "own_job"
        )
        dark = drafted(session, company, name="Dark", owner_id=company.flo.id)  # nobody knows what Flo's job is
        assert (
            no(lambda: bundles.approve(session, dark.bundle_id, by=company.actor(company.flo), **asked)).code
            == "own_job"
        )


def test_access_that_became_privileged_since_is_not_approved(database: Database) -> None:
    with database.transaction() as session:
        company = team(session).company
        row = drafted(session, company)
        company.role.privileges = ["export"]
        session.flush()
        refused = no(lambda: bundles.approve(session, row.bundle_id, number=1, by=company.actor(company.cy), at=NOW))
        assert "privileged" in refused.reason


def test_a_later_version_takes_the_place_of_the_one_before_when_it_is_approved(database: Database) -> None:
    with database.transaction() as session:
        company = team(session).company
        first = approved(session, company)
        more = make.entitlement(session, company.system)
        second = bundles.revise(
            session, first.bundle_id, entitlements=[company.role.id, more.id], by=make.ADMIN, at=NOW
        )
        assert [row.number for row in modelling.in_force(session)] == [1]
        bundles.approve(session, first.bundle_id, number=2, by=company.actor(company.cy), at=NOW)
        assert [row.number for row in modelling.in_force(session)] == [2]
        assert [row.status for row in modelling.versions(session, second.bundle_id)] == ["approved", "superseded"]
        asked = {"number": 1, "by": company.actor(company.cy), "at": NOW}
        assert no(lambda: bundles.approve(session, first.bundle_id, **asked)).code == "superseded"
        kinds = session.scalars(select(EntryRow.kind).where(EntryRow.subject == f"bundle:{first.bundle_id}"))
        assert sorted(kinds) == ["bundle.approved", "bundle.approved", "bundle.drafted", "bundle.revised"]


def test_a_new_owner_has_not_approved_anything_yet(database: Database) -> None:
    with database.transaction() as session:
        company = team(session).company
        row = approved(session, company)
        bundles.revise(session, row.bundle_id, owner_id=company.fay.id, by=make.ADMIN, at=NOW)
        assert modelling.in_force(session) == []


def test_a_retired_model_covers_nothing_and_frees_its_name(database: Database) -> None:
    with database.transaction() as session:
        company = team(session).company
        row = approved(session, company)
        assert no(lambda: bundles.retire(session, row.bundle_id, reason=" ", by=make.ADMIN, at=NOW)).status == 422
        bundles.retire(session, row.bundle_id, reason="merged", by=make.ADMIN, at=NOW)
        assert modelling.in_force(session) == []
        assert no(lambda: bundles.revise(session, row.bundle_id, by=make.ADMIN, at=NOW)).code == "retired"
        assert drafted(session, company).number == 1
        assert no(lambda: drafted(session, company)).code == "name_taken"


# --- covering ---


def test_at_freezing_each_grant_learns_whether_a_model_covers_it(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        version = approved(session, there.company)
        items = cast.items(session, cast.opened(session))
        plain = items[f"grant:{there.company.plain.id}"]
        assert plain.bundle_version_id == version.id
        assert plain.shown["model"] == {"name": "Rep", "number": 1, "approved": "2026-11-16"}
        assert plain.shown["peers"] == {"held": 6, "of": 6}
        mighty = items[f"grant:{there.company.mighty.id}"]
        assert mighty.bundle_version_id is None
        assert {reason.why for reason in _reasons(mighty)} >= {unusual.Why.PRIVILEGED, unusual.Why.OUTSIDE}


def test_an_approval_counts_for_a_year(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        approved(session, there.company, at=NOW - timedelta(days=365))
        assert _covered(session, cast.opened(session)) == set()
        bundles.approve(session, modelling.in_force(session)[0].bundle_id, number=1,
            by=there.company.actor(there.company.cy), at=NOW,
        )  # fmt: skip
        assert len(_covered(session, cast.opened(session, name="again"))) == 6


EXCEPTIONS = ("privileged", "nested", "dark", "temporary", "finding", "new", "left", "alone")


@pytest.mark.parametrize("because", EXCEPTIONS)
def test_what_is_unusual_is_not_covered_although_the_job_is_meant_to_have_it(database: Database, because: str) -> None:
    with database.transaction() as session:
        there = team(session)
        approved(session, there.company)
        company, target = there.company, there.grants[1]
        if because == "privileged":
            company.role.privileges = ["export"]
        elif because == "nested":
            make.privilege(session, there.accounts[1], company.role)
        elif because == "dark":
            company.role.privileges = None
        elif because == "temporary":
            target.until = NOW + timedelta(days=9)
        elif because == "finding":
            _found(session, company, f"grant:{target.id}")
        elif because == "new":
            target.ended = NOW
            campaign = cast.opened(session, name="before")
            campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
            target.ended = None
        elif because == "left":
            there.reps[1].end = (NOW - timedelta(days=1)).date()
        elif because == "alone":
            for grant in there.grants[:1] + there.grants[2:]:
                grant.ended = NOW
        session.flush()
        items = cast.items(session, cast.opened(session))
        assert items[f"grant:{target.id}"].bundle_version_id is None
        assert because in ("left", "dark") or _reasons(items[f"grant:{target.id}"], reviewed=because == "new")


def test_of_two_models_the_narrower_one_is_a_persons(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        company = there.company
        make.identity(session, "Other", department="Sales", title="Lead")
        approved(session, company, name="All of Sales", match='department = "Sales"')
        narrow = approved(session, company)
        items = cast.items(session, cast.opened(session))
        assert items[f"grant:{company.plain.id}"].bundle_version_id == narrow.id


# --- what custom says, where there is no model ---


def test_what_only_one_of_a_job_has_is_decided_by_itself_and_advised_to_be_removed(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        only = make.grant(session, there.accounts[1], make.entitlement(session, there.company.system))
        items = cast.items(session, cast.opened(session))
        assert [items[f"grant:{each.id}"].alone for each in (only, there.grants[1])] == [True, False]
        assert items[f"grant:{only.id}"].shown["advice"] == {"says": "remove", "because": "alone used"}


def test_privileged_access_that_is_used_and_usual_is_not_advised_to_be_kept(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        mighty, *_ = [make.grant(session, account, there.company.boss) for account in there.accounts[1:]]
        shown = {name: item.shown for name, item in cast.items(session, cast.opened(session)).items()}
        assert shown[f"grant:{there.grants[1].id}"]["advice"] == {"says": "keep", "because": "used usual"}
        assert shown[f"grant:{mighty.id}"]["advice"] == {"says": None, "because": "used usual"}


# --- acknowledging ---


def test_what_a_model_covers_is_acknowledged_under_it_and_never_kept(database: Database) -> None:
    with database.transaction() as session:
        there = team(session)
        version = approved(session, there.company)
        campaign = cast.opened(session)
        items, ada = cast.items(session, campaign), there.company.actor(there.company.ada)
        plain, mighty = (items[f"grant:{grant.id}"] for grant in (there.company.plain, there.company.mighty))
        row = decisions.record(session, plain.id, "acknowledge", by=ada, at=NOW)
        entry = session.get_one(EntryRow, row.id)
        assert (row.answer, entry.body["model"]) == ("acknowledge", f"bundle:{version.bundle_id} v1")
        asked = {"reason": "all fine", "by": ada, "at": NOW}
        for other in (mighty, items[f"account:{there.company.account.id}"]):
            refused = no(lambda item=other: decisions.record(session, item.id, "acknowledge", **asked))
            assert "no approved role model covers it" in refused.reason
        (share,) = queries.progress(session, campaign.id)
        assert (share.acknowledge, share.keep, share.undecided) == (1, 0, share.items - 1)
        closed = campaigns.close(session, campaign.id, unanswered="remove", by=make.ADMIN, at=NOW)
        body = session.scalars(select(EntryRow).where(EntryRow.kind == "campaign.closed")).one().body
        assert (closed.status, body["counts"]["acknowledge"]) == ("closed", 1)


def _covered(session: Session, campaign: CampaignRow) -> set[str]:
    return {name for name, item in cast.items(session, campaign).items() if item.bundle_version_id is not None}


def _reasons(item: ItemRow, *, reviewed: bool = False) -> tuple[unusual.Reason, ...]:
    beside = Beside(reviewed_before=reviewed, account_apart=True)
    return unusual.reasons(item.kind, privileged=item.privileged, shown=item.shown, beside=beside)


def _found(session: Session, company: Company, subject: str) -> None:
    session.add(
        FindingRow(
            rule="r", subject=subject, system_id=company.system.id, status="open", severity="low", source="detection",
            because="b", facts={}, opened_at=NOW - timedelta(days=1), last_seen_at=NOW, last_run=uuid.uuid4(),
        )
    )  # fmt: skip
    session.flush()
