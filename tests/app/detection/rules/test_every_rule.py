"""Every rule that has a table of its own: what is said, and what it answers."""

import pkgutil
from importlib import import_module
from typing import Any

import pytest

import tests.app.detection.rules as room
from app.detection import rulebook
from app.detection.rule import CannotTell, Fails, Holds, Severity, Subject
from tests.app.detection import cases
from tests.app.detection.rules import of_edges, test_account_rules, test_credential_rules

MAKE = {
    Subject.ACCOUNT: cases.account,
    Subject.CREDENTIAL: cases.credential,
    Subject.INTEGRATION: cases.program,
    Subject.ENTITLEMENT: cases.held,
    Subject.ENDPOINT: cases.endpoint,
    Subject.PACKAGE: cases.package,
    Subject.USAGE: cases.usage,
    Subject.SYSTEM: cases.system,
}
FOUND = [import_module(f"{room.__name__}.{each.name}") for each in pkgutil.iter_modules(room.__path__)]
TABLES = {name: table for file in FOUND for name, table in getattr(file, "TABLES", {}).items()}
ASK = {rule.name: ask for asked in rulebook.ASKED.values() for rule, ask in asked}
ELSEWHERE = {
    case[0].__module__.rpartition(".")[2] for case in (*test_account_rules.TABLE, *test_credential_rules.TABLE)
}
AGENCY = cases.person(engagement="contractor")
EACH = [(name, *case) for tables in (TABLES, of_edges.EDGES) for name, table in tables.items() for case in table]


@pytest.mark.parametrize(("name", "said", "facts", "answer"), EACH, ids=[f"{each[0]}: {each[1]}" for each in EACH])
def test_a_rule_answers_as_its_manual_page_says(name: str, said: str, facts: dict[str, Any], answer: type) -> None:
    subject = MAKE[rulebook.RULES[name].subject](**facts)
    assert isinstance(ASK[name](subject, cases.AT, cases.LIMITS), answer), said


def test_every_rule_has_a_table_in_which_it_holds_and_fails() -> None:
    assert set(TABLES) | ELSEWHERE == set(rulebook.RULES)
    for name, table in TABLES.items():
        answers = {answer for _, _, answer in table}
        assert {Holds, Fails} <= answers, name
        assert CannotTell in answers or not _may_be_unsure(name), f"{name}: a table without what was not told"


# What a vendor alone tells: elsewhere these cannot fail, and need no steps.
SALESFORCE_ALONE = {
    *("changes_in_production", "cleartext_allowed", "package_new", "package_unreviewed", "package_expired"),
    *("records_open_to_all", "certificate_weak", "certificate_expires", "endpoint_new", "endpoint_unguarded"),
    *(
        "entitlement_opens_everything",
        "hidden_privilege",
        "old_tls_used",
        "guest_with_privileges",
        "guest_reaches_records",
        "legacy_sign_in",
    ),
    *("health_check_low", "password_too_short", "password_policy_overridden", "password_guessing_unlimited"),
    *("session_too_long", "login_as_anyone", "programs_not_approved", "integration_self_authorised"),
    *("password_beside_sso", "integration_unlisted"),
}
HUBSPOT_ALONE = {
    *("self_join_open", "self_registered", "idle_guard_off", "logging_switched_off", "privacy_switched_off"),
    *("backup_stale", "support_access_open"),
}


@pytest.mark.parametrize("name", rulebook.RULES)
def test_every_rule_says_step_by_step_what_to_click_in_each_crm_that_it_can_fail_in(name: str) -> None:
    steps = rulebook.RULES[name].steps
    alone = {"salesforce"} if name in SALESFORCE_ALONE else {"hubspot"} if name in HUBSPOT_ALONE else set()
    assert "" in steps or set(steps) >= (alone or {"salesforce", "hubspot"})
    told = [each for of_kind in steps.values() for each in of_kind]
    assert all(each[0].isupper() and each[-1] in ".:" for each in told)


def _may_be_unsure(name: str) -> bool:
    code = ASK[name].__code__
    return bool({"CannotTell", "asleep", "did_nothing", "came_otherwise"} & set(code.co_names))


@pytest.mark.parametrize(
    ("name", "facts", "worse"),
    [
        ("second_factor_missing", {"privileges": ("export",)}, Severity.CRITICAL),
        (
            "contractor_without_end",
            {"privileges": ("export",), "person": AGENCY},
            Severity.HIGH,
        ),
        ("certificate_expires", {"kind": "certificate", "expires": cases.days(1)}, Severity.HIGH),
        ("health_check_low", {"health": 90, "health_risks": ("x",)}, Severity.HIGH),
        ("session_too_long", {"session_minutes": 60, "session_ends": False}, Severity.LOW),
        *of_edges.SEVERITIES,
    ],
)
def test_some_failures_are_worse_or_better_than_the_rule(
    name: str, facts: dict[str, Any], worse: Severity | None
) -> None:
    answer = ASK[name](MAKE[rulebook.RULES[name].subject](**facts), cases.AT, cases.LIMITS)
    assert isinstance(answer, Fails)
    assert answer.severity == worse


@pytest.mark.parametrize(("name", "facts", "words"), of_edges.WORDS)
def test_a_finding_says_what_is_known(name: str, facts: dict[str, Any], words: str) -> None:
    answer = ASK[name](MAKE[rulebook.RULES[name].subject](**facts), cases.AT, cases.LIMITS)
    assert isinstance(answer, Fails)
    assert words in answer.because
