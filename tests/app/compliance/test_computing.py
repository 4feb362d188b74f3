"""What is computed from our own records, each with its table: kept, broken, late, and not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.compliance import computing
from app.compliance.controls.line import Outcome
from app.compliance.facts import (
    CardFacts,
    Facts,
    FindingFacts,
    LogFacts,
    RemovalFacts,
    ReviewFacts,
    ScopeFacts,
    SystemFacts,
)
from tests.app.compliance import world
from tests.conftest import NOW

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.NOT_EVALUABLE
REVIEW = ReviewFacts(7, "Q3", NOW - timedelta(days=30), True, 4, 0)


def of(name: str, facts: Facts) -> tuple[Outcome, str]:
    (part,) = computing.COMPUTED[name](facts)
    return part.outcome, part.because


def alone(**given: object) -> Facts:
    return world.facts(systems=(world.system(**given),))


@pytest.mark.parametrize("name", computing.COMPUTED)
def test_each_computation_passes_where_the_promise_is_kept_and_says_what_on(name: str) -> None:
    for part in computing.COMPUTED[name](world.facts()):
        assert part.outcome in (Outcome.PASS, Outcome.ATTESTED)
        assert part.proof


@pytest.mark.parametrize("name", computing.COMPUTED)
def test_no_computation_passes_where_nothing_was_ever_seen(name: str) -> None:
    empty = Facts(at=NOW)
    new = Facts(at=NOW, systems=(SystemFacts(1, "Sales", NOW),))
    for facts in (empty, new):
        assert {part.outcome for part in computing.COMPUTED[name](facts)} <= {UNKNOWN, FAIL}


@pytest.mark.parametrize(
    ("review", "added", "outcome", "said"),
    [
        (replace(REVIEW, closed_at=NOW - timedelta(days=92)), 400, PASS, "Q3 ended on 2026-08-16"),
        (replace(REVIEW, closed_at=NOW - timedelta(days=93)), 400, FAIL, "longer ago than 92 days"),
        (replace(REVIEW, whole=False), 400, UNKNOWN, "not complete"),
        (None, 91, UNKNOWN, "the first must by 2026-11-17"),
        (None, 93, FAIL, "no review of it has ended"),
    ],
)
def test_a_system_is_reviewed_as_often_as_the_policy_says(
    review: ReviewFacts | None, added: int, outcome: Outcome, said: str
) -> None:
    told = of("reviews_in_time", alone(review=review, added=NOW - timedelta(days=added)))
    assert told[0] is outcome
    assert said in told[1]


def test_the_policy_is_the_organisations_own() -> None:
    yearly = replace(world.facts().limits, review_every=timedelta(days=365))
    old = replace(REVIEW, closed_at=NOW - timedelta(days=200))
    assert of("reviews_in_time", alone(review=old))[0] is FAIL
    assert of("reviews_in_time", replace(alone(review=old), limits=yearly))[0] is PASS


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (RemovalFacts(late=1, proved=5), FAIL),
        (RemovalFacts(returned=1, proved=5), FAIL),
        (RemovalFacts(waiting=2), PASS),
        (RemovalFacts(proved=5), PASS),
        (RemovalFacts(), UNKNOWN),
    ],
)
def test_what_was_to_go_is_gone_in_time(found: RemovalFacts, outcome: Outcome) -> None:
    assert of("removals_proved", alone(removals=found))[0] is outcome


def test_a_reviewer_who_never_submitted_fails_the_managers_line() -> None:
    told = of("reviewers_finished", alone(review=replace(REVIEW, unsubmitted=1)))
    assert told == (FAIL, "1 of 4 reviewers never submitted Q3")


@pytest.mark.parametrize(
    ("name", "found", "outcome"),
    [
        ("findings_in_time", FindingFacts(open=9, late=1), FAIL),
        ("findings_owned", FindingFacts(open=9, unowned=2, unowned_late=1), FAIL),
        ("findings_owned", FindingFacts(open=9, unowned=9), UNKNOWN),
        ("worst_first", FindingFacts(open=9, late=1, late_and_grave=1), FAIL),
        ("worst_first", FindingFacts(open=9, late=1), PASS),
        ("closed_by_proof", FindingFacts(closed=9, closed_without_proof=1), FAIL),
        ("closed_by_proof", FindingFacts(open=9), UNKNOWN),
    ],
)
def test_findings_are_mended_in_time_by_somebody_the_worst_first_and_with_proof(
    name: str, found: FindingFacts, outcome: Outcome
) -> None:
    assert of(name, replace(world.facts(), findings=found))[0] is outcome


@pytest.mark.parametrize("name", ["findings_in_time", "findings_owned", "worst_first"])
def test_no_finding_means_nothing_where_no_rule_was_asked(name: str) -> None:
    assert of(name, alone(run=None))[0] is UNKNOWN


def test_rules_are_asked_every_day() -> None:
    late = world.run(at=NOW - timedelta(hours=37))
    assert of("watched_daily", alone(run=late))[0] is FAIL


@pytest.mark.parametrize(
    ("log", "outcome"),
    [
        (LogFacts(10, NOW - timedelta(hours=24), True), PASS),
        (LogFacts(10, NOW - timedelta(hours=25), True), FAIL),
        (LogFacts(10, NOW, False), FAIL),
        (None, UNKNOWN),
    ],
)
def test_the_log_is_what_was_signed_lately(log: LogFacts | None, outcome: Outcome) -> None:
    assert of("log_holds", replace(world.facts(), log=log))[0] is outcome


@pytest.mark.parametrize(("days", "well", "outcome"), [(35, True, PASS), (36, True, FAIL), (1, False, FAIL)])
def test_alerts_arrive(days: int, well: bool, outcome: Outcome) -> None:
    told = of("alerts_arrive", replace(world.facts(), alerts=(NOW - timedelta(days=days), well)))
    assert told[0] is outcome


def test_everything_has_an_owner_who_works_here() -> None:
    assert of("owners_named", alone(owner_here=None)) == (FAIL, "nobody is named as its owner")
    assert of("owners_named", alone(owner_here=False)) == (FAIL, "its owner works here no longer")
    gone = {("CRM-5.1.1", None): world.paper(owner_here=False)}
    parts = computing.owners_named(replace(world.facts(), papers=gone))
    assert [part.outcome for part in parts] == [PASS, FAIL]


def test_one_paper_out_of_date_fails_the_line_about_papers() -> None:
    papers = {("CRM-5.1.1", None): world.paper(until=NOW), ("CRM-5.1.2", None): world.paper()}
    told = of("papers_current", replace(world.facts(), papers=papers))
    assert told == (FAIL, "1 of 2 papers are out of date")
    waiting = {("CRM-5.1.1", None): world.paper(approved=False)}
    assert of("papers_current", replace(world.facts(), papers=waiting))[0] is UNKNOWN


@pytest.mark.parametrize("line", computing.INCIDENTS)
def test_each_paper_about_incidents_is_needed(line: str) -> None:
    whole = dict(world.facts().papers)
    for broken in ({line: None}, {line: world.paper(until=NOW)}, {line: world.paper(approved=False)}):
        papers = (
            {**whole, (line, None): broken[line]} if broken[line] else {k: v for k, v in whole.items() if k[0] != line}
        )
        told = of("incident_papers", replace(world.facts(), papers=papers))
        assert told[0] is FAIL
        assert line in told[1]


@pytest.mark.parametrize(("name", "cards"), [
    ("cards_complete", CardFacts(3, 1, 0, (4,))), ("integrations_assessed", CardFacts(3, 0, 1, (4,))),
])  # fmt: skip
def test_a_blank_on_a_card_is_a_failure_and_an_unread_list_of_integrations_no_proof(
    name: str, cards: CardFacts
) -> None:
    told = of(name, alone(cards=cards))
    assert told[0] is FAIL
    assert told[1].startswith("1 of 3 integrations")
    assert of(name, alone(untrusted={"integrations": "not allowed"})) == (UNKNOWN, "not allowed")


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (ScopeFacts(3, 1, NOW + timedelta(days=1)), FAIL),
        (ScopeFacts(3, 0, NOW), Outcome.EXPIRED),
        (ScopeFacts(3, 0, None), UNKNOWN),
        (ScopeFacts(3, 0, NOW + timedelta(days=1)), Outcome.ATTESTED),
    ],
)
def test_the_scope_is_what_was_confirmed(found: ScopeFacts, outcome: Outcome) -> None:
    assert of("scope_of_systems", replace(world.facts(), scope={"systems": found}))[0] is outcome


def test_a_statement_of_applicability_has_an_end() -> None:
    assert of("statement_approved", replace(world.facts(), statement=("2", NOW)))[0] is Outcome.EXPIRED
