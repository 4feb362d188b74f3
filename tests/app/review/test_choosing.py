"""Whom a review asks about what: the usual rules, a scope's own, and chains of any length."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.tables import IdentityRow
from app.kit.db import Database
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.review.trust import Limits
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW


def _asked(session: Session, campaign: CampaignRow) -> dict[str, tuple[str, str]]:
    """Who is asked about each item, and by which step."""
    rows = session.execute(
        select(ItemRow.subject, IdentityRow.name, ItemRow.chosen_by)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .join(IdentityRow, IdentityRow.id == TaskRow.reviewer_id)
        .where(ItemRow.campaign_id == campaign.id)
    )
    return {subject: (name, step) for subject, name, step in rows}


def test_privileges_programs_and_keys_are_the_owners_to_decide_and_the_rest_the_managers(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        program = make.integration(session, company.system, owner_account_id=company.account.id)
        key = make.credential(session, company.system, account_id=company.account.id)
        asked = _asked(session, cast.opened(session, scope={"reviewers": []}))
        assert asked == {
            f"account:{company.account.id}": ("Ada", "manager"),
            f"grant:{company.plain.id}": ("Ada", "manager"),
            f"grant:{company.mighty.id}": ("Cy", "owner"),
            f"integration:{program.id}": ("Cy", "owner"),
            f"credential:{key.id}": ("Cy", "owner"),
        }


def test_administrators_are_decided_by_a_named_owner_of_security(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        root = make.entitlement(session, company.system, privileges=["administer"])
        mighty = make.grant(session, company.account, root)
        make.privilege(session, company.account, root, "administer")
        sam = make.identity(session, "Sam", key="sam")
        everybody = {"reviewers": [{"ask": ["manager", "owner"]}]}  # no rule of the scope goes before it
        asked = _asked(session, cast.opened(session, scope={"security_owner": "sam"} | everybody))
        assert asked[f"grant:{mighty.id}"] == asked[f"account:{company.account.id}"] == ("Sam", "security")
        assert asked[f"grant:{company.plain.id}"] == asked[f"grant:{company.mighty.id}"] == ("Ada", "manager")
        campaign = cast.opened(session, name="by setting", limits=Limits(security_owner="sam"))
        assert _asked(session, campaign)[f"grant:{mighty.id}"] == ("Sam", "security")
        assert campaign.scope["security_owner"] == "sam"
        company.account.identity_id = sam.id
        session.flush()
        own = _asked(session, cast.opened(session, name="own", scope={"security_owner": "sam"}))
        assert own[f"grant:{mighty.id}"] == ("Flo", "fallback")  # and not the owner of the system
        sam.ended = NOW
        session.flush()
        assert cast.refusal(session, name="left", scope={"security_owner": "sam"}).code == "bad_scope"


def test_the_first_rule_of_a_scope_that_surely_holds_counts(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        unknown = make.grant(session, company.account, make.entitlement(session, company.system, privileges=None))
        rules = [
            {"where": "kind = account", "ask": [{"person": "fay"}]},
            {"where": "not privileged", "ask": [{"person": "flo"}]},
            {"where": "kind = grant", "ask": ["owner"]},
        ]
        asked = _asked(session, cast.opened(session, scope={"reviewers": rules}))
        assert asked[f"account:{company.account.id}"] == ("Fay", "named")
        assert asked[f"grant:{company.plain.id}"] == ("Flo", "named")
        assert asked[f"grant:{unknown.id}"] == asked[f"grant:{company.mighty.id}"] == ("Cy", "owner")


def test_a_group_shares_the_work_and_a_persons_access_stays_together(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        for each in range(40):
            account = make.account(session, company.system, identity_id=make.identity(session, f"N{each}").id)
            make.grant(session, account, company.role)
        campaign = cast.opened(session, scope={"reviewers": [{"ask": [{"group": ["fay", "flo", "cy"]}]}]})
        asked = _asked(session, campaign)
        shares = Counter(name for name, _ in asked.values())
        assert set(shares) == {"Fay", "Flo", "Cy"}
        assert max(shares.values()) - min(shares.values()) <= 6
        for item in session.scalars(select(ItemRow).where(ItemRow.kind == "grant")):
            assert asked[item.subject] == asked[f"account:{item.account_id}"]


def test_whoever_of_a_chain_has_left_is_away_or_is_concerned_is_passed_over_to_its_end(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        top = make.identity(session, "Top")
        middle = make.identity(session, "Middle", manager_id=top.id, ended=NOW)
        company.ada.manager_id, company.ada.end = middle.id, (NOW - timedelta(days=1)).date()
        left = make.identity(session, "Left", key="left", ended=NOW)
        ask: list[Any] = [{"person": "left"}, {"group": ["left"]}, "manager", "above", "owner"]
        make.account(session, company.system, identity_id=left.id)
        campaign = cast.opened(session, scope={"reviewers": [{"ask": ask}]})
        assert _asked(session, campaign)[f"grant:{company.plain.id}"] == ("Top", "above")
        company.account.identity_id = top.id
        session.flush()
        again = cast.opened(session, name="own", scope={"reviewers": [{"ask": ask}]})
        assert _asked(session, again)[f"grant:{company.plain.id}"] == ("Cy", "owner")


def test_people_are_asked_by_what_the_roster_says_of_them(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.identity(session, "Ina", department="IT")
        make.identity(session, "Ivo", department="IT", ended=NOW)
        rules = [{"ask": [{"people": 'department = "Nowhere"'}, {"people": 'department = "IT"'}]}]
        asked = _asked(session, cast.opened(session, scope={"reviewers": rules}))
        assert set(asked.values()) == {("Ina", "group")}
        assert len(asked) == 3
        assert company.bo.department == "Sales"


def test_somebody_who_was_never_in_the_roster_is_a_slip_of_the_pen(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        for step in ({"person": "flow"}, {"group": ["fay", "flow"]}):
            assert "flow" in cast.refusal(session, scope={"reviewers": [{"ask": [step]}]}).reason
        assert "flow" in cast.refusal(session, scope={"security_owner": "flow"}).reason


def test_nobody_being_left_for_what_is_not_in_scope_keeps_no_review_from_opening(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        make.account(session, company.system, identity_id=company.flo.id)  # Cy owns the system, but has left
        company.cy.ended = NOW
        session.flush()
        alone = {"second_fallback": None}
        assert cast.refusal(session, scope=alone).facts == {"items": 1}
        assert cast.opened(session, scope=alone | {"where": "privileged"}).status == "open"
