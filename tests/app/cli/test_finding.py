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


def test_a_finding_is_noted_handed_on_talked_about_and_shown(place: Place) -> None:
    first = place.rolecall("findings", "--json").json()[0]
    number = str(first["id"])
    place.rolecall("finding", "acknowledge", number).well()
    place.rolecall("finding", "assign", number, "--to", "role:admin").well()
    place.rolecall("finding", "comment", number, "the vendor answers by Friday").well()
    told = place.rolecall("finding", "show", number, "--json").json()
    assert [each["kind"] for each in told["history"]] == ["opened", "acknowledged", "assigned", "commented"]
    assert (told["owner"], told["owner_name"]) == ("role:admin", "the administrators of Rolecall")
    assert told["acknowledged_by"].startswith("cli:")
    assert first["id"] in {each["id"] for each in place.rolecall("findings", "--owner", "me", "--json").json()}
    assert first["id"] not in {each["id"] for each in place.rolecall("findings", "--unnoticed", "--json").json()}
    place.rolecall("finding", "assign", number, "--to", "nobody@nowhere").refused("role:it_security")
    place.rolecall("finding", "show", "999999").refused("There is no finding 999999")


def test_whoever_asked_for_a_waiver_does_not_refuse_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    number = str(place.rolecall("findings", "--json").json()[1]["id"])
    place.rolecall("finding", "waive", number, "-r", "it is needed until June").well()
    place.rolecall("finding", "refuse", number, "-r", "take it away instead").refused("cannot approve it")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    place.rolecall("finding", "refuse", number, "-r", "take it away instead").well()
    assert place.rolecall("finding", "show", number, "--json").json()["status"] == "open"


@pytest.mark.parametrize("word", ["--status", "--sort", "--severity", "--due", "--rule"])
def test_a_word_misspelt_is_refused_and_not_an_empty_list(place: Place, word: str) -> None:
    place.rolecall("findings", word, "bananas").refused("bananas", "There are:")


def test_what_a_system_holds_weighs_with_its_findings(place: Place) -> None:
    def weights() -> set[int]:
        told = place.rolecall("findings", "--system", "Portal", "--severity", "high", "--json").json()
        return {each["priority"] for each in told}

    before = weights()
    place.rolecall("system", "class", "Portal", "restricted").well()
    place.rolecall("system", "class", "Portal", "secret").refused("confidential")
    place.rolecall("sync", "Portal").well()
    assert before
    assert {weight * 4 // 3 for weight in before} == weights()
