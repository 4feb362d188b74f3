"""The book of rules: what every rule says of itself, so that findings, alerts and the manual can rest on it."""

import pkgutil

import pytest

from app.detection import rulebook, rules
from app.detection.rule import About, Rule, Severity, Subject
from connectors.records import Stream

EVERY = list(rulebook.RULES.values())


def _rule(**given: object) -> Rule:
    said = {
        "name": "x",
        "title": "X",
        "subject": Subject.ACCOUNT,
        "severity": Severity.LOW,
        "needs": (),
        "controls": (),
    }
    return Rule(**(said | {"todo": "Do it."} | given))  # type: ignore[arg-type]


def test_every_file_of_rules_is_in_the_book_under_its_own_name() -> None:
    assert set(rulebook.RULES) == {each.name for each in pkgutil.iter_modules(rules.__path__)}


def test_the_worst_rules_are_asked_first() -> None:
    severities = [list(Severity).index(rule.severity) for rule in EVERY]
    assert severities == sorted(severities)


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
def test_a_rule_says_what_it_needs_what_it_speaks_against_and_what_to_do(rule: Rule) -> None:
    # A rule about the reading itself rests on no stream: it is what is asked when one is missing.
    assert rule.needs or rule.name in ("streams_not_read", "reading_stale", "log_gap")
    assert set(rule.needs) | set(rule.needs_of_programs) <= {str(stream) for stream in Stream}
    assert rule.iso
    assert all(line.startswith("CRM-") for line in rule.controls)
    assert rule.controls
    assert rule.todo.endswith(".")
    assert len((rulebook.manual(rule.name) or "").split("\n\n")) >= 2, "a manual page is more than its first line"


def test_findings_of_one_cause_about_one_person_are_one_story() -> None:
    account, token = (
        _rule(name="a", cause="leaver", about=About.PERSON),
        _rule(name="b", cause="leaver", about=About.PERSON),
    )
    of_account = account.cause_of("account:1", system=1, account=1, person=7)
    of_token = token.cause_of("credential:5", system=2, account=1, person=7)
    assert of_account == of_token == "leaver:person:7"
    assert account.cause_of("account:1", system=1, account=1, person=None) == "leaver:account:1"
    assert account.cause_of("system:1", system=1, account=None, person=None) == "leaver:system:1"
    assert _rule().cause_of("account:1", system=1, account=1, person=7) == "x:account:1"


def test_what_to_do_is_told_for_the_kind_of_system_then_for_any_then_in_one_sentence() -> None:
    rule = _rule(steps={"hubspot": ("Open HubSpot.",), "": ("Open it.",)})
    assert rule.steps_in("hubspot") == ("Open HubSpot.",)
    assert rule.steps_in("salesforce") == ("Open it.",)
    assert _rule().steps_in("hubspot") == ("Do it.",)
