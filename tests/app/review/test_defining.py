"""Groups and definitions as items: which are asked, of whom, with what beside them, and how they are answered."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.detection.tables import FindingRow
from app.inventory.tables import EntitlementRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.review import campaigns, decisions, drifts
from app.review.tables import CampaignRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import NOW, Company

BOTH = {"kinds": ["group", "definition"], "reviewers": []}
DAY = make.timedelta(days=1)


def asked(session: Session, company: Company, name: str = "Q4", **scope: Any) -> tuple[CampaignRow, dict[str, ItemRow]]:
    campaign = cast.opened(session, scope=BOTH | scope, name=name)
    return campaign, cast.items(session, campaign)


def closed(session: Session, company: Company, campaign: CampaignRow, answer: str = "keep") -> None:
    """Cy, who owns the system, answers everything, submits, and it closes."""
    cy = company.actor(company.cy)
    for item in cast.items(session, campaign).values():
        decisions.record(session, item.id, answer, reason="seen", by=cy, at=NOW)
    cast.submit(session, campaign, cy)
    campaigns.close(session, campaign.id, by=make.ADMIN, at=NOW)


def group(session: Session, company: Company, **given: Any) -> EntitlementRow:
    return make.entitlement(session, company.system, kind="group", name="Deals", **given)  # type: ignore[no-any-return]


def test_definitions_that_can_do_harm_and_groups_are_items_of_the_owners(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        dark = make.entitlement(session, company.system, key="role:dark", privileges=None)
        deals, everybody = group(session, company), group(session, company, revocable=False)
        campaign, found = asked(session, company)
        assert set(found) == {f"definition:{company.boss.id}", f"definition:{dark.id}", f"group:{deals.id}"}
        owner = {session.get_one(TaskRow, item.task_id).reviewer_id for item in found.values()}
        assert owner == {company.cy.id}
        assert found[f"definition:{company.boss.id}"].privileged
        assert all(item.alone and item.subject_identity_id is None for item in found.values())
        left = {each["what"]: each["count"] for each in campaign.excluded}
        assert left == {
            "things that are held and are no groups": 3,
            "groups that the system keeps by itself": 1,
            "groups, queues and teams": 2,
            "definitions that bring no privilege": 1,
        }
        assert everybody.id not in {item.entitlement_id for item in found.values()}


def test_what_this_installations_roles_allow_is_built_in_and_not_asked(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.system.kind = "rolecall"
        group(session, company)
        campaign, found = asked(session, company, kinds=["account", "definition"])
        assert {item.kind for item in found.values()} == {"account"}
        left = {each["what"]: each["count"] for each in campaign.excluded if each.get("kind") == "definition"}
        assert left == {"groups, queues and teams": 1, "definitions of this installation's roles": 2}


def test_every_definition_is_asked_where_the_scope_says_all(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _, found = asked(session, company, kinds=["definition"], definitions="all")
        assert set(found) == {f"definition:{company.boss.id}", f"definition:{company.role.id}"}


def test_a_scope_that_names_no_kinds_asks_of_neither(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        group(session, company)
        assert {item.kind for item in cast.items(session, cast.opened(session)).values()} == {"grant", "account"}


def test_what_is_shown_is_what_it_contains_and_names_nobody(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        inner, deals = group(session, company), group(session, company)
        make.edge(session, inner, deals)
        make.edge(session, deals, company.boss)  # whoever is in the group may export
        make.grant(session, company.account, inner)
        make.grant(session, company.account, deals)
        _, found = asked(session, company)
        what = found[f"group:{deals.id}"].shown["what"]
        assert (what["direct"], what["reached"], what["inside"], what["includes"]) == (1, 1, ["Deals"], ["Boss"])
        assert what["privileges"] == [{"privilege": "export", "via": ["Boss"]}]
        assert found[f"group:{deals.id}"].privileged, "it brings a privilege, although it has none of its own"
        for item in found.values():
            assert "bo" not in str(item.shown).lower().replace("boss", "")


def test_what_changed_since_it_was_last_decided_on_is_shown_part_by_part_and_no_advice_to_keep(
    database: Database,
) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        deals = group(session, company)
        make.grant(session, company.account, deals)
        before, found = asked(session, company)
        assert found[f"definition:{company.boss.id}"].shown["changed"] == []
        closed(session, company, before)

        again, found = asked(session, company, name="Q1")
        same = found[f"definition:{company.boss.id}"].shown
        assert same["advice"] == {"says": "keep", "because": "last"}
        assert (same["last"]["answer"], same["last"]["campaign"], same["new"]) == ("keep", "Q4", False)
        closed(session, company, again)

        company.boss.privileges = ["administer"]
        make.grant(session, make.account(session, company.system), deals)
        _, found = asked(session, company, name="Q2", where="changed")
        assert len(found) == 2, "what did not change does not fit"
        boss = found[f"definition:{company.boss.id}"].shown
        assert boss["changed"] == [{"part": "privileges", "came": ["administer"], "went": ["export"]}]
        assert boss["advice"] == {"says": None, "because": "changed last"}
        assert found[f"group:{deals.id}"].shown["changed"] == [{"part": "members", "before": 1, "now": 2}]


def test_what_nobody_has_is_advised_to_go_and_what_is_found_wrong_is_shown(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        company.mighty.ended = NOW
        session.add(
            FindingRow(
                source="detection",
                rule="entitlement_unheld",
                subject=f"entitlement:{company.boss.id}",
                system_id=company.system.id,
                severity="low",
                status="open",
                because="nobody holds it",
                facts={},
                opened_at=NOW,
                last_seen_at=NOW,
                last_run=uuid.uuid4(),
            )
        )
        session.flush()
        _, found = asked(session, company, where="finding = entitlement_unheld")
        (item,) = found.values()
        assert item.shown["advice"] == {"says": "remove", "because": "unheld"}
        assert [each["rule"] for each in item.shown["findings"]] == ["entitlement_unheld"]


def test_in_a_later_review_what_is_new_says_so(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign, _ = asked(session, company)
        closed(session, company, campaign)
        fresh = make.entitlement(session, company.system, privileges=["develop"])
        _, found = asked(session, company, name="Q1", where="new")
        assert set(found) == {f"definition:{fresh.id}"}


def test_it_must_be_changed_is_said_with_a_reason_and_names_nothing_else(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        _, found = asked(session, company)
        item, cy = found[f"definition:{company.boss.id}"], company.actor(company.cy)
        for given, said in (
            ({"reason": ""}, "needs a reason"),
            ({"reason": "no export", "change_to": "role:rep"}, "becomes no other one"),
        ):
            with pytest.raises(Refused, match=said):
                decisions.record(session, item.id, "change", by=cy, at=NOW, **given)
        with pytest.raises(Refused, match="as soon as can be"):
            decisions.record(session, item.id, "remove", reason="old", until=NOW + DAY, by=cy, at=NOW)
        decisions.record(session, item.id, "change", reason="without export", by=cy, at=NOW)
        session.refresh(item)
        assert item.outcome == "change"


def test_privileged_ones_that_began_meanwhile_are_drift_to_decide_on(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        campaign, _ = asked(session, company)
        fresh = make.entitlement(session, company.system, privileges=["develop"])
        company.boss.ended = NOW
        rows = drifts.detect(session, campaign.id, by=make.ADMIN, at=NOW)
        listed = {(row.subject, row.change, row.privileged) for row in rows}
        assert listed == {(f"definition:{fresh.id}", "began", True), (f"definition:{company.boss.id}", "ended", True)}
