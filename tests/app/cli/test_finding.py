"""findings and justify."""

from __future__ import annotations

import pytest

from tests.app.cli.saying import Place


def test_findings_are_told_worst_first_with_what_to_do(place: Place) -> None:
    told = place.rolecall("findings", "--json").json()
    assert told
    assert all(each["status"] == "open" and each["because"] and each["todo"] for each in told)
    worst = ["critical", "high", "medium", "low"]
    ranks = [worst.index(each["severity"]) for each in told]
    assert ranks == sorted(ranks)
    assert told[0]["system"] in place.rolecall("findings").well().out


def test_findings_of_one_rule(place: Place) -> None:
    told = place.rolecall("findings", "--rule", "inactive_account", "--json").json()
    assert {each["rule"] for each in told} == {"inactive_account"}
    assert place.rolecall("findings", "--status", "closed", "--json").json() == []


def test_a_reason_on_file_closes_the_finding_with_the_next_run(place: Place) -> None:
    rule = ("findings", "--rule", "privileged_without_reason", "--json")
    first = next(each for each in place.rolecall(*rule).json() if each["system"] == "Sales org")
    place.rolecall("justify", f"Sales org/{first['facts']['account']}", "-r", "runs the nightly export").well()
    place.rolecall("sync", "Sales org").well()
    assert first["id"] not in {each["id"] for each in place.rolecall(*rule).json()}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("Sales org/nobody", "-r", "why"), "SYSTEM/USERNAME"),
        (("nobody", "-r", "why"), "SYSTEM/USERNAME"),
    ],
)
def test_a_reason_for_nobody_is_refused(place: Place, words: tuple[str, ...], told: str) -> None:
    place.rolecall("justify", *words).refused(told)


def test_a_reason_does_not_hold_for_ever(place: Place) -> None:
    rule = ("findings", "--rule", "privileged_without_reason", "--json")
    first = next(each for each in place.rolecall(*rule).json() if each["system"] == "Sales org")
    account = f"Sales org/{first['facts']['account']}"
    place.rolecall("justify", account, "-r", "runs the nightly export", "--days", "900").refused("90 days")
    place.rolecall("justify", account, "-r", "why").refused("a sentence")
