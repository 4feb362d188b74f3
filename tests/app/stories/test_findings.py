"""The queue of findings: what the filters leave, what the counts say, and how one goes from page to page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.detection import comments, ownership, waivers
from app.detection.policy import TEAM
from app.kit.db import Database
from app.kit.refusal import Refused
from app.stories import findings, queue
from app.stories.queue import Wanted
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
            page = queue.queue(session, Wanted(**given), by=SEC, at=NOW)  # type: ignore[arg-type]
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
        line = queue.queue(session, Wanted(), by=SEC, at=NOW).lines[0]
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
            told = queue.facets(session, wanted, by=SEC, at=NOW)
            assert told.total == len(queue.queue(session, wanted, by=SEC, at=NOW).lines)
            for name in fields:
                for value, count in getattr(told, name).items():
                    given = {field: getattr(wanted, field) for field in fields}
                    linked = queue.queue(session, Wanted(**(given | {name: value})), by=SEC, at=NOW)
                    assert count == len(linked.lines), (wanted, name, value)


def test_pages_follow_each_other_without_repeating_or_hiding_any(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        some(session, there)
        whole = [line.id for line in queue.queue(session, Wanted(), by=SEC, at=NOW).lines]
        seen, after = [], None
        while True:
            page = queue.queue(session, Wanted(), by=SEC, at=NOW, after=after, limit=2)
            seen += [line.id for line in page.lines]
            if page.after is None:
                break
            after = page.after
        assert seen == whole


def test_ages_are_counted_in_bands_by_severity(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        some(session, there)
        told = {age.band: age.counts for age in queue.ages(session, Wanted(), by=SEC, at=NOW)}
        assert told == {
            "within a week": {"low": 1, "medium": 1},
            "a month": {"high": 1},
            "three months": {"critical": 1},
            "longer": {"high": 1},
        }
        narrowed = queue.ages(session, Wanted(system=there.legal.id), by=SEC, at=NOW)
        assert [age.total for age in narrowed] == [1, 0, 0, 1]


def test_what_is_new_was_opened_or_opened_again_since(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        made = some(session, there)
        back = finding(session, there.sales, "account:907", days=50)
        event(session, back, "reopened", days=2)
        event(session, back, "closed", days=1)
        wanted = Wanted(since=NOW - timedelta(days=5), rules=queue.NEW_ONES)
        assert {line.id for line in queue.queue(session, wanted, by=SEC, at=NOW).lines} == {made["bo_low"], back.id}


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


def test_a_reviewer_sees_the_findings_that_are_theirs_and_no_others(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        hers = finding(session, there.sales, "account:1", owner=EVE.id, cause="one")
        others = finding(session, there.legal, "account:2", cause="one")
        for wanted in (Wanted(), Wanted(owners=(EVE.id, TEAM))):
            assert [line.id for line in queue.queue(session, wanted, by=EVE, at=NOW).lines] == [hers.id]
        assert queue.queue(session, Wanted(owners=(TEAM,)), by=EVE, at=NOW).lines == []
        assert queue.facets(session, Wanted(), by=EVE, at=NOW).total == 1
        assert sum(age.total for age in queue.ages(session, Wanted(), by=EVE, at=NOW)) == 1
        waiting = queue.waiting(session, by=EVE, at=NOW)
        assert (waiting.mine, waiting.unnoticed, waiting.waivers) == (1, 1, 0)
        told = findings.story(session, hers.id, by=EVE)
        assert told is not None
        assert told.siblings == []
        for ask in (
            lambda: queue.matching(session, Wanted(), by=EVE, at=NOW, limit=5),
            lambda: findings.story(session, others.id, by=EVE),
            lambda: findings.story(session, 999_999, by=EVE),
            lambda: findings.lines(session, [hers.id, others.id], by=EVE),
            lambda: comments.add(session, others, "What is this one about?", by=EVE, at=NOW),
        ):
            with pytest.raises(Refused, match=r"You may not (see|own) findings"):
                ask()


def test_one_cause_is_one_row_with_what_matters_most_in_front(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        bo = {"account_id": there.bo_sales.id, "identity_id": there.bo.id, "cause": f"leaver:person:{there.bo.id}"}
        token = finding(session, there.sales, "credential:1", rule="leaver_credential", severity="medium", **bo)
        account = finding(session, there.sales, "account:2", rule="leaver_active", severity="critical", **bo)
        elsewhere = finding(session, there.legal, "account:3", rule="leaver_active", severity="high", **bo)
        other = finding(session, there.legal, "account:4", severity="high")
        page = queue.queue(session, Wanted(), by=SEC, at=NOW)
        assert [(each.lead.id, [line.id for line in each.others], each.count) for each in page.groups] == [
            (account.id, [elsewhere.id, token.id], 3), (other.id, [], 1),
        ]  # fmt: skip
        narrowed = queue.queue(session, Wanted(system=there.legal.id), by=SEC, at=NOW)
        assert [(each.lead.id, each.count) for each in narrowed.groups] == [(elsewhere.id, 1), (other.id, 1)]
        told = findings.story(session, token.id, by=SEC)
        assert told is not None
        assert [line.id for line in told.siblings] == [account.id, elsewhere.id]


def test_what_is_late_mine_unnoticed_or_asked_for_is_found(database: Database) -> None:
    with database.transaction() as session:
        there = town(session)
        day = timedelta(days=1)
        late = finding(session, there.sales, "account:1", due_at=NOW - day, acknowledged_at=NOW, owner=SEC.id)
        soon = finding(session, there.sales, "account:2", due_at=NOW + 7 * day, owner="role:admin")
        later = finding(session, there.sales, "account:3", due_at=NOW + 8 * day, severity="low", baseline=True)
        never = finding(session, there.sales, "account:4", severity="low")
        waivers.ask(session, soon, "it is needed until May", until=NOW + day, most_days=9, by=SEC, at=NOW)

        def shown(sort: str = "priority", **given: object) -> list[int]:
            page = queue.queue(session, Wanted(**given), by=SEC, at=NOW, sort=sort)  # type: ignore[arg-type]
            return [line.id for line in page.lines]

        assert shown("due") == [late.id, soon.id, later.id, never.id]
        assert shown(due="late") == [late.id]
        assert shown(due="soon") == [soon.id]
        assert shown(noticed=False) == [soon.id, later.id, never.id]
        assert shown(noticed=True) == [late.id]
        assert shown(owners=tuple(ownership.mine(SEC))) == [late.id, later.id, never.id], "the team's are mine too"
        assert shown(waiver="asked") == [soon.id]
        assert shown(baseline=True) == [later.id]
        told = queue.waiting(session, by=SEC, at=NOW)
        assert (told.mine, told.late, told.soon, told.unnoticed, told.waivers) == (3, 1, 1, 1, 1)
        seen, after = [], None
        while True:
            page = queue.queue(session, Wanted(), by=SEC, at=NOW, sort="due", after=after, limit=1)
            seen += [line.id for line in page.lines]
            if page.after is None or len(seen) > 9:
                break
            after = page.after
        assert seen == shown("due")
