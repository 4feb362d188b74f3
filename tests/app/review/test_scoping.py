"""What a scope's expressions take in, what they leave out, and that both are counted with their reasons."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.detection.tables import FindingRow
from app.inventory.tables import AccountRow, CredentialRow, GrantRow, IntegrationRow, SystemRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import campaigns, decisions, drifts, scope
from app.review.tables import CampaignRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

GOOD: dict[str, Any] = {"systems": "all", "fallback": "p-1"}


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"where": 7}, "not an expression"),
        ({"where": "salary = 5"}, "salary is not a known fact"),
        ({"exclude": "x"}, "not a list"),
        ({"exclude": [{"where": "new"}], "approver": "p-2"}, "and a reason"),
        ({"exclude": [{"where": "new", "reason": " "}], "approver": "p-2"}, "without a reason"),
        ({"exclude": [{"where": "newest", "reason": "x"}], "approver": "p-2"}, "newest is not a known fact"),
        ({"exclude": [{"where": "new", "reason": "x"}]}, "needs an approver"),
        ({"approver": "p-2"}, "needs an approver"),
    ],
)
def test_an_expression_that_is_not_understood_or_approved_is_refused(given: dict[str, Any], word: str) -> None:
    with pytest.raises(Refused) as refused:
        scope.read(GOOD | given)
    assert word in refused.value.refusal.reason


def test_expressions_are_kept_in_one_spelling_and_read_the_same_again() -> None:
    given = {"where": "(privileged or finding)", "exclude": [{"where": "new", "reason": "x"}], "approver": "p-2"}
    read = scope.read(GOOD | given)
    assert read.written()["where"] == "privileged or finding"
    assert scope.read(read.written()) == read
    plain, people = scope.apart(read.written())
    assert people == {"fallback": "p-1", "approver": "p-2"}
    assert "p-2" not in str(plain)


def _town(session: Session) -> dict[str, str]:
    """Something of every sort; subjects by what is special about them."""
    company = cast.company(session)
    dark = make.entitlement(session, company.system, key="role:dark", privileges=None)
    nobody = make.account(session, company.system, last_login=None, logins_known_since=LONG_KNOWN, kind="service")
    app = make.integration(session, company.system, name="Sync tool", owner_account_id=nobody.id)
    key = make.credential(session, company.system, integration_id=app.id, account_id=company.account.id)
    company.account.last_login = None
    session.add(
        FindingRow(
            rule="leaver_active", subject=f"grant:{company.plain.id}", system_id=company.system.id, status="open",
            severity="low", source="detection", because="b", facts={}, opened_at=NOW - timedelta(days=1),
            last_seen_at=NOW, last_run=uuid.uuid4(),
        )
    )  # fmt: skip
    company.account.logins_known_since = None
    session.flush()
    return {
        "plain": f"grant:{company.plain.id}",
        "mighty": f"grant:{company.mighty.id}",
        "dark": f"grant:{make.grant(session, company.account, dark, until=NOW + timedelta(days=3)).id}",
        "account": f"account:{company.account.id}",
        "nobody": f"account:{nobody.id}",
        "app": f"integration:{app.id}",
        "key": f"credential:{key.id}",
    }


LONG_KNOWN = NOW - timedelta(days=900)
EVERY = {"plain", "mighty", "dark", "account", "nobody", "app", "key"}


CASES = [
    ('system = "Sales org"', EVERY),
    ('entitlement = "role:rep"', {"plain"}),
    ("not privileged", {"plain", "account", "nobody", "key"}),  # the dark one may be, and a program's is not known
    ('department = "Sales"', {"plain", "mighty", "dark", "account", "key"}),
    ("no owner", {"nobody", "app"}),
    ("account_kind = service", {"nobody", "app"}),
    ("use = never", {"nobody"}),
    ("use is unknown", EVERY - {"nobody"}),
    ("temporary", {"dark"}),
    ("finding", {"plain"}),
    ("finding = other", set[str]()),
    ('no owner or privilege = export and not new or integration = "Sync tool"', {"nobody", "app", "mighty", "key"}),
]


def test_where_takes_in_what_it_holds_for_and_the_rest_is_counted(database: Database) -> None:
    with database.transaction() as session:
        names = _town(session)
        for where, expected in CASES:
            if not expected:
                assert cast.refusal(session, name=where, scope={"where": where}).code == "empty"
                continue
            campaign = cast.opened(session, name=where, scope={"where": where})
            found = set(cast.items(session, campaign))
            assert {name for name, subject in names.items() if subject in found} == expected, where
            counted = sum(each["count"] for each in campaign.excluded if "scope's expression" in each["what"])
            assert counted == len(EVERY - expected), where


def _elsewhere(session: Session) -> None:
    """Somebody of another department, and what is theirs."""
    system = session.scalars(select(SystemRow).where(SystemRow.name == "Sales org")).one()
    account = make.account(session, system, key="far", department="Legal")
    make.grant(session, account, make.entitlement(session, system, key="role:far"))
    make.integration(session, system, key="far app", owner_account_id=account.id)
    make.credential(session, system, key="far key", account_id=account.id)


@pytest.mark.parametrize("kinds", [None, ["grant"], ["account"], ["integration", "credential"]])
def test_a_department_and_what_is_outside_of_it_add_up_to_all_there_is(
    database: Database, kinds: list[str] | None
) -> None:
    rows: dict[str, Any] = {
        "account": AccountRow, "grant": GrantRow, "integration": IntegrationRow, "credential": CredentialRow
    }  # fmt: skip
    with database.transaction() as session:
        _town(session)
        _elsewhere(session)
        campaign = cast.opened(session, scope={"department": "Sales"} | ({"kinds": kinds} if kinds else {}))
        found = Counter(subject.partition(":")[0] for subject in cast.items(session, campaign))
        for kind in kinds or rows:
            left = sum(each["count"] for each in campaign.excluded if each["what"].startswith(kind))
            there = session.scalar(select(func.count()).where(rows[kind].ended.is_(None)))
            assert found[kind] + left == there, (kind, campaign.excluded)
        about = {each["what"].partition("s ")[0] for each in campaign.excluded}
        assert about <= set(kinds or rows), "what was not asked about is not left out"


def test_what_cannot_be_told_is_counted_by_itself(database: Database) -> None:
    with database.transaction() as session:
        _town(session)
        campaign = cast.opened(session, scope={"where": "privileged", "kinds": ["grant"]})
        assert {each["what"]: each["count"] for each in campaign.excluded} == {
            "grants outside the scope's expression": 1,
            "grants of which the scope's expression cannot be told": 1,
        }


def test_an_exclusion_leaves_out_only_what_it_surely_holds_for(database: Database) -> None:
    with database.transaction() as session:
        names = _town(session)
        given = {
            "exclude": [
                {"where": "not privileged and kind = grant", "reason": "once a year is enough"},
                {"where": "kind = grant and temporary", "reason": "they end by themselves"},
                {"where": "kind = grant and new", "reason": "nothing is"},
            ],
            "approver": "fay",
        }
        campaign = cast.opened(session, scope=given)
        left = {name for name, subject in names.items() if subject in set(cast.items(session, campaign))}
        assert left == EVERY - {"plain", "dark"}
        told = [(each["because"], each["count"]) for each in campaign.excluded]
        assert told == [("once a year is enough", 1), ("they end by themselves", 1)]
        assert all(each["kind"] == "grant" for each in campaign.excluded)


@pytest.mark.parametrize("approver", ["cy", "nobody", "left"])
def test_an_approver_is_here_and_is_not_who_sets_it_up(database: Database, approver: str) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.identity(session, "Left", key="left", ended=NOW)
        given = {"exclude": [{"where": "temporary", "reason": "x"}], "approver": approver}
        refused = cast.refusal(session, scope=given, configurer_id=company.cy.id)
        assert "approve" in refused.reason


def test_what_does_not_fit_is_no_drift_either(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign = cast.opened(session, scope={"where": "privileged"})
        make.grant(session, company.account, make.entitlement(session, company.system))
        mighty = make.grant(session, company.account, make.entitlement(session, company.system, privileges=["develop"]))
        found = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        assert [row.subject for row in found] == [f"grant:{mighty.id}"]


def test_new_is_what_the_last_closed_review_did_not_have(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _closed(session, company)
        fresh = make.grant(session, company.account, make.entitlement(session, company.system))
        campaign = cast.opened(session, name="Q1", scope={"where": "new"})
        assert set(cast.items(session, campaign)) == {f"grant:{fresh.id}"}


YEARLY = {
    "exclude": [{"where": "low_risk and reviewed_this_year", "reason": "read-only is reviewed once a year"}],
    "approver": "fay",
}


# What is different, and whether the plain role is then left out of the next review.
READ_ONLY = [
    ({}, 1),
    ({"object_rights": "incomplete"}, 0),  # the system did not say everything, so nobody knows
    ({"sensitive": True}, 0),
    ({"years": 2}, 0),
    ({"silent": True}, 0),  # nobody decided on it
    ({"privileges": ["export"]}, 0),
    ({"privileges": None}, 0),
]


def test_read_only_access_may_be_reviewed_once_a_year(writing: Database) -> None:
    for given, left_out in READ_ONLY:
        with writing.reading() as session:  # rolled back at the end, so that each case is alone
            session.connection()
            assert _left_out(session, given) == left_out, given
            session.rollback()


def _left_out(session: Session, given: dict[str, Any]) -> int:
    company = cast.company(session)
    company.mighty.ended = NOW
    company.role.privileges = given.get("privileges", [])
    verdict = given.get("object_rights", "complete")
    streams = dict.fromkeys(("accounts", "entitlements", "grants", "logins", "integrations"), "complete")
    make.snapshot(session, company.system, streams=streams | ({"object_rights": verdict} if verdict else {}))
    if given.get("sensitive"):
        facts = {"object": "Contact", "read": True}
        make.observation(session, company.system, "object_rights", entitlement_id=company.role.id, facts=facts)
    before = _closed(session, company, silent=given.get("silent", False))
    before.closed_at = NOW - timedelta(days=364 * given.get("years", 1))
    session.flush()
    campaign = cast.opened(session, name="Q1", scope=YEARLY)
    return sum(each["count"] for each in campaign.excluded if "excluded" in each["what"])


@pytest.fixture
def writing(database: Database) -> Database:
    """The same database, with readers that may write what they roll back."""
    database.reader = database.writer
    return database


def _closed(session: Session, company: Company, *, silent: bool = False) -> CampaignRow:
    campaign = cast.opened(session, name="Before")
    for item in cast.items(session, campaign).values():
        if silent and item.kind == "grant":
            continue
        decisions.record(session, item.id, "keep", reason="seen", by=company.actor(company.ada), at=NOW)
    return campaigns.close(session, campaign.id, unanswered="keep", by=make.ADMIN, at=NOW)
