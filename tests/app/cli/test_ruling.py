"""rules: what there is, a system's own number, and who is told."""

from __future__ import annotations

import pytest

from app.detection import rulebook
from tests.app.cli.saying import Place


def test_every_rule_is_listed_with_what_it_found_here(place: Place) -> None:
    told = {each["name"]: each for each in place.rolecall("rules", "list", "--json").json()}
    assert set(told) == set(rulebook.RULES) | {"bundle_deviation"}  # which the review stage asks
    assert told["inactive_account"]["open"] > 0
    assert told["inactive_account"]["limits"] == ["inactive_days", "inactive_days_privileged"]
    assert "inactive_account" in place.rolecall("rules", "list").well().out


def test_a_rules_page_says_what_it_asks_and_what_to_do(place: Place) -> None:
    out = place.rolecall("rules", "show", "inactive_account").well().out
    assert "nobody has signed in to" in out
    assert "In hubspot:" in out


def test_a_system_gets_a_number_of_its_own_and_gives_it_back(place: Place) -> None:
    place.rolecall("rules", "set-limit", "Sales org", "inactive_days", "45", "-r", "our policy says so").well()
    mine = {each["name"]: each for each in place.rolecall("rules", "limits", "--system", "Sales org", "--json").json()}
    assert (mine["inactive_days"]["value"], mine["inactive_days"]["because"]) == (45, "our policy says so")
    everybodys = {each["name"]: each["value"] for each in place.rolecall("rules", "limits", "--json").json()}
    assert everybodys["inactive_days"] == 90
    place.rolecall("rules", "clear-limit", "Sales org", "inactive_days", "-r", "the policy changed").well()
    again = {each["name"]: each for each in place.rolecall("rules", "limits", "--system", "Sales org", "--json").json()}
    assert (again["inactive_days"]["value"], again["inactive_days"]["own"]) == (90, False)


def test_rules_are_asked_anew_without_a_reading_and_what_changed_is_told(place: Place) -> None:
    place.rolecall("rules", "set-limit", "Sales org", "exports_most", "0", "-r", "a try of ours").well()
    told = place.rolecall("rules", "ask", "Sales org", "--json").json()
    assert [(each["system"], each["status"]) for each in told] == [("Sales org", "asked")]
    assert {each["system"] for each in place.rolecall("rules", "ask", "--json").json()} >= {"Sales org"}
    place.rolecall("rules", "ask", "Nowhere").refused("There is no system Nowhere")
    place.rolecall("rules", "clear-limit", "Sales org", "exports_most", "-r", "tried it").well()


def test_a_rule_is_switched_to_tell_people(place: Place) -> None:
    def tells() -> bool:
        told = place.rolecall("rules", "list", "--json").json()
        return bool(next(each for each in told if each["name"] == "peer_outlier")["alerts"])

    assert not tells()
    place.rolecall("rules", "alert", "peer_outlier", "--on", "-r", "we want to know").well()
    assert tells()
    place.rolecall("rules", "alert", "peer_outlier", "--off", "-r", "too many of them").well()
    assert not tells()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "no_such"), "There is no rule"),
        (("alert", "no_such", "-r", "because of this"), "There is no rule"),
        (("set-limit", "Nowhere", "inactive_days", "45", "-r", "our policy says"), "There is no system"),
        (("set-limit", "Sales org", "no_such", "45", "-r", "our policy says"), "There is no limit"),
        (("set-limit", "Sales org", "inactive_days", "0", "-r", "our policy says"), "lies between"),
    ],
)
def test_what_cannot_be_turned_says_why(place: Place, words: tuple[str, ...], told: str) -> None:
    place.rolecall("rules", *words).refused(told)
