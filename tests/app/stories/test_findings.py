"""The queue of findings: what the filters leave, what the counts say, and how one goes from page to page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.kit.db import Database
from app.kit.refusal import Refused
from app.stories import findings
from app.stories.findings import Wanted
from tests.app.stories.town import EVE, NOW, SEC, Town, event, finding, town


def some(session: Session, there: Town) -> dict[str, int]:
    """Six findings by name, one of them closed."""
    bo = {"account_id": there.bo_sales.id, "identity_id": there.bo.id}
    stray = {"account_id": there.nobodys.id}
    made = {
        "bo_low": finding(session, there.sales, "account:901", severity="low", days=3, **bo),
        "bo_critical": finding(
            session, there.sales, "account:902", severity="critical", rule="leaver_active", days=40, **bo
        ),
        "cy_high": finding(
            session, there.legal, "account:903", days=100, account_id=there.cy_legal.id, identity_id=there.cy.id
        ),
        "stray_high": finding(session, there.sales, "account:904", rule="nobodys_account", days=8, **stray),
        "stray_closed": finding(session, there.sales, "account:905", status="closed", **stray),
        "nobodys_token": finding(session, there.legal, "credential:906", rule="dormant_credential", severity="medium"),
    }
    return {name: row.id for name, row in made.items()}


def test_the_queue_leads_with_the_worst_and_every_filter_narrows_it(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        made = some(session, there)

        def shown(**given: object) -> list[str]:
            page = findings.queue(session, Wanted(**given), by=SEC)  # type: ignore[arg-type]
            names = {number: name for name, number in made.items()}
            return [names[line.id] for line in page.lines]

        assert shown() == ["bo_critical", "cy_high", "stray_high", "nobodys_token", "bo_low"]
        assert shown(severity="high") == ["cy_high", "stray_high"]
        assert shown(system=there.legal.id) == ["cy_high", "nobodys_token"]
        assert shown(rule="leaver_active") == ["bo_critical"]
        assert shown(status="closed") == ["stray_closed"]
        assert "stray_closed" in shown(status=None)
        assert shown(department="Sales") == ["bo_critical", "bo_low"]
        assert shown(department="Attic") == ["stray_high"], "where nobody is known, the system's own department counts"
        assert shown(department="") == ["nobodys_token"]
        assert shown(department="Sales", severity="low", system=there.sales.id) == ["bo_low"]
        line = findings.queue(session, Wanted(), by=SEC).lines[0]
        assert (line.person, line.department, line.system, line.name) == (
            "Bo Reed", "Sales", "Sales org", "bo.sales@corp.example",
        )  # fmt: skip


def test_each_count_is_of_the_rows_that_its_link_leads_to(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        some(session, there)
        fields = ("status", "severity", "rule", "system", "department")
        everything = Wanted(system=there.sales.id, status=None)
        for wanted in (Wanted(), Wanted(severity="high"), everything, Wanted(department="Sales")):
            told = findings.facets(session, wanted, by=SEC)
            assert told.total == len(findings.queue(session, wanted, by=SEC).lines)
            for name in fields:
                for value, count in getattr(told, name).items():
                    given = {field: getattr(wanted, field) for field in fields}
                    linked = findings.queue(session, Wanted(**(given | {name: value})), by=SEC)
                    assert count == len(linked.lines), (wanted, name, value)


def test_pages_follow_each_other_without_repeating_or_hiding_any(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        some(session, there)
        whole = [line.id for line in findings.queue(session, Wanted(), by=SEC).lines]
        seen, after = [], None
        while True:
            page = findings.queue(session, Wanted(), by=SEC, after=after, limit=2)
            seen += [line.id for line in page.lines]
            if page.after is None:
                break
            after = page.after
        assert seen == whole


def test_ages_are_counted_in_bands_by_severity(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        some(session, there)
        told = {age.band: age.counts for age in findings.ages(session, Wanted(), by=SEC, at=NOW)}
        assert told == {
            "within a week": {"low": 1, "medium": 1},
            "a month": {"high": 1},
            "three months": {"critical": 1},
            "longer": {"high": 1},
        }
        narrowed = findings.ages(session, Wanted(system=there.legal.id), by=SEC, at=NOW)
        assert [age.total for age in narrowed] == [1, 0, 0, 1]


def test_what_is_new_was_opened_or_opened_again_since(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        made = some(session, there)
        back = finding(session, there.sales, "account:907", days=50)
        event(session, back, "reopened", days=2)
        event(session, back, "closed", days=1)
        wanted = Wanted(since=NOW - timedelta(days=5), rules=findings.NEW_ONES)
        assert {line.id for line in findings.queue(session, wanted, by=SEC).lines} == {made["bo_low"], back.id}


def test_one_finding_comes_with_its_rule_its_history_and_its_removals(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        made = some(session, there)
        told = findings.story(session, made["bo_critical"], by=SEC)
        assert told is not None
        assert told.rule is not None
        assert told.manual is not None
        assert told.manual.startswith("An account that still works although its person does not work here any more.")
        assert [row.kind for row in told.history] == ["opened"]
        assert (list(told.removals), told.line.underway) == ([], False)
        assert findings.story(session, 999_999, by=SEC) is None


def test_findings_are_not_for_reviewers(database: Database) -> None:
    with database.transaction() as session:
        for ask in (
            lambda: findings.queue(session, Wanted(), by=EVE),
            lambda: findings.facets(session, Wanted(), by=EVE),
            lambda: findings.ages(session, Wanted(), by=EVE, at=NOW),
            lambda: findings.story(session, 1, by=EVE),
            lambda: findings.lines(session, [1], by=EVE),
        ):
            with pytest.raises(Refused, match="You may not see findings"):
                ask()
