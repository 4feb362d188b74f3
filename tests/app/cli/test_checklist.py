"""controls."""

from __future__ import annotations

from tests.app.cli.saying import Place


def test_ninety_five_lines_are_listed_with_outcome_reason_and_proof(place: Place) -> None:
    told = place.rolecall("controls", "--json").json()  # the rules were asked when the systems were read
    assert len(told) == 95
    assert {"id", "outcome", "because", "proof", "title", "iso2022", "iso2013", "soc2"} <= told[0].keys()
    assert all(each["because"] for each in told)
    failing = {each["id"]: each for each in told if each["outcome"] == "FAIL"}
    assert failing["CRM-9.1.4"]["proof"][0]["findings"]  # this company has leavers with accounts
    assert {each["outcome"] for each in told} <= {"PASS", "FAIL", "NOT_EVALUABLE", "ATTESTED"}


def test_lines_can_be_chosen_and_looked_at_anew(place: Place) -> None:
    told = place.rolecall("controls", "--now", "--section", "G.1", "--json").json()
    assert [each["id"] for each in told] == ["CRM-G.1.1", "CRM-G.1.2", "CRM-G.1.3"]
    failing = place.rolecall("controls", "--outcome", "fail", "--json").json()
    assert {each["outcome"] for each in failing} == {"FAIL"}


def test_one_line_says_what_it_is_in_each_system(place: Place) -> None:
    told = place.rolecall("controls", "show", "9.1.4", "--json").json()
    assert {each["system"] for each in told["systems"]} == {"Sales org", "Portal"}
    assert told["history"][0]["outcome"] == "FAIL"
    assert (told["paper"]["owner"], told["paper"]["approver"]) == ("HR", "management")
    place.rolecall("controls", "show", "99.9").refused("no line 99.9")


def test_as_it_was_before_anybody_looked_it_is_not_known(place: Place) -> None:
    told = place.rolecall("controls", "--on", "2020-01-01", "--json").json()
    assert {each["outcome"] for each in told} == {"NOT_EVALUABLE"}
    assert place.rolecall("controls", "--on", "2999-01-01").well().out.count("FAIL") > 1
