"""system, sync and doctor: what is connected, reading it, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.app.cli.saying import Place, secret, written
from tests.journeys import stagehands


def names(place: Place) -> list[str]:
    return [row["name"] for row in place.rolecall("system", "list", "--json").json()]


# --- connecting ---


def test_systems_are_listed_with_their_last_reading(place: Place) -> None:
    told = {row["name"]: row for row in place.rolecall("system", "list", "--json").json()}
    assert told.keys() == {"People", "Rolecall", "Sales org", "Portal"}
    assert told["Sales org"]["verdicts"]["complete"] >= 6
    assert told["Sales org"]["writing"] == []
    assert "read-only" in place.rolecall("system", "list").well().out


def test_adding_tells_who_signed_in_and_what_can_be_read(place: Place, empty: Place) -> None:
    said = empty.rolecall("system", "add", "hubspot", "Portal", *written(place, "hubspot"))
    said.well()
    for word in ("accounts", "grants", "signed in as", "read-only"):
        assert word in said.all
    for role in ("reader", "executor"):
        assert secret(place, "hubspot", role)["token"] not in said.all


def test_a_credential_file_that_is_no_json_is_named_and_not_shown(place: Place) -> None:
    file = place.home / "bad.json"
    file.write_text('{"token": "pat-s3cret-and-no-quote')
    before = names(place)
    given = written(place, "hubspot")
    given[given.index("--reader") + 1] = str(file)
    said = place.rolecall("system", "add", "hubspot", "Broken", *given).refused("bad.json is not JSON")
    assert "s3cret" not in said.all
    assert names(place) == before


def test_a_credential_that_the_crm_refuses_adds_nothing_and_is_not_shown(place: Place) -> None:
    file = place.home / "wrong.json"
    file.write_text(json.dumps({"token": "pat-na1-wr0ng-s3cret"}))
    before = names(place)
    given = written(place, "hubspot")
    given[given.index("--reader") + 1] = str(file)
    said = place.rolecall("system", "add", "hubspot", "Wrong", *given).refused()
    assert "wr0ng-s3cret" not in said.all
    assert names(place) == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "siebel", "Old"), ("siebel", "salesforce", "bottlecrm")),
        (("add", "hubspot", "X", "--set", "base_url"), ("NAME=VALUE",)),
        (("add", "salesforce", "X"), ("client_id", "private_key")),
        (("add", "hubspot", "X", "--reader", "/nowhere/at/all.json"), ("/nowhere/at/all.json",)),
        (("add", "roster", "People"), ("People",)),
        (("roster", "Sales org", "/nowhere/roster.csv"), ("/nowhere/roster.csv",)),
        (("writing", "Sales org", "explode"), ("explode", "deactivate")),
        (("writing", "Nobody's org", "deactivate"), ("Nobody's org", "Sales org")),
    ],
)
def test_what_cannot_be_connected_is_said(place: Place, words: tuple[str, ...], told: tuple[str, ...]) -> None:
    place.rolecall("system", *words).refused(*told)


def test_writing_is_switched_on_by_kind_of_act_and_off_again(place: Place) -> None:
    def writing() -> list[str]:
        return next(r["writing"] for r in place.rolecall("system", "list", "--json").json() if r["name"] == "Sales org")

    place.rolecall("system", "writing", "Sales org", "deactivate", "freeze").well()
    assert sorted(writing()) == ["deactivate", "freeze"]
    place.rolecall("system", "writing", "Sales org").well()
    assert writing() == []


def test_a_roster_that_is_none_is_refused_with_its_line(place: Place) -> None:
    file = place.home / "torn.csv"
    file.write_text('id,emails,name,manager,start,end\n1,"ada@example.com,Ada,,2020-01-01,\n')
    place.rolecall("system", "roster", "People", str(file)).refused("line 2")


# --- reading ---


def test_a_reading_tells_what_became_of_each_stream(place: Place) -> None:
    (told,) = place.rolecall("sync", "Sales org", "--json").json()
    assert (told["system"], told["status"], told["because"]) == ("Sales org", "sealed", None)
    streams = {each["stream"]: each for each in told["streams"]}
    assert streams["grants"]["verdict"] == "complete"
    assert streams["accounts"]["rows"] > 80
    assert "grants" in place.rolecall("sync", "Portal").well().out


def test_a_system_that_is_not_there_cannot_be_read(place: Place) -> None:
    place.rolecall("sync", "Nobody's org", "--json").refused("Nobody's org", "People, Portal, Rolecall, Sales org")


@pytest.fixture
def shut(place: Place) -> Iterator[Place]:
    """The pretend Salesforce lets nobody in."""
    order = {"fault": "unauthorized_for_good", "times": None}
    stagehands.order(place.sandboxes["salesforce"], "faults", order)
    yield place
    stagehands.order(place.sandboxes["salesforce"], "faults", {"clear": True})


def test_a_reading_that_failed_says_why_and_what_was_known_stays(shut: Place) -> None:
    (told,) = shut.rolecall("sync", "Sales org", "--json").json()
    assert told["status"] == "failed"
    assert told["because"]
    last = next(r for r in shut.rolecall("system", "list", "--json").json() if r["name"] == "Sales org")
    assert last["read"] != "never"


# --- replaying a sample ---


@pytest.mark.parametrize("system", ["Sales org", "Portal"])
def test_a_sample_is_read_again_and_is_as_the_reading_said(place: Place, system: str) -> None:
    told = place.rolecall("replay", system, "--sample", "7", "--seed", "q4", "--json").json()
    assert (told["accounts"], told["verdict"], told["differences"]) == (7, "same", [])
    again = place.rolecall("replay", system, "--sample", "7", "--seed", "q4").well()
    assert "everything is as the reading said" in again.all
    assert "Nothing differs." in again.all
    place.rolecall("replay", "Nobody's org").refused("Nobody's org")


# --- the doctor ---


def test_the_doctor_finds_a_healthy_house_healthy(place: Place) -> None:
    place.rolecall("sync", "People").well()  # a command that lends itself does what opening a review left to be done
    told = place.rolecall("doctor", "--json").json()
    wrong = [check["what"] for check in told["installation"] if check["well"] is False]
    assert wrong == ["worker"]  # nobody works here between commands
    assert [system["readable"] for system in told["systems"]] == [True] * 4
    org = next(system for system in told["systems"] if system["system"] == "Sales org")
    assert "deactivate" in org["acts"]
    fit = org["fitness"]
    assert (fit["allowed"] > fit["used"] > 0, fit["share"] > 0, abs(fit["skew_seconds"]) < 120) == (True, True, True)
    assert fit["calls"] == org["calls"] == sum(each["calls"] for each in org["streams"].values())
    shown = place.rolecall("doctor", "Portal").well().out
    for words in ("nothing waits", "signed in as", "calls of the day are used", "our clock less the system's"):
        assert words in shown


def test_the_doctor_names_a_right_that_was_withdrawn(place: Place) -> None:
    running = place.sandboxes["salesforce"]
    stagehands.order(running, "rights", {"principal": "reader", "without": ["ViewSetup"]})
    try:
        told = place.rolecall("doctor", "Sales org", "--json").json()["systems"][0]
        shown = place.rolecall("doctor", "Sales org").well()
    finally:
        stagehands.order(running, "rights", {"principal": "reader", "without": []})
    lacking = {name: each["missing"] for name, each in told["streams"].items() if not each["readable"]}
    assert "switched off" in str(lacking.pop("sessions"))  # nobody asked for live sessions
    assert lacking
    assert all("View Setup" in str(missing) or "ViewSetup" in str(missing) for missing in lacking.values())
    assert any(missing[0] in shown.all for missing in lacking.values())


def test_the_doctor_says_of_a_system_that_cannot_be_entered_why(shut: Place) -> None:
    (told,) = shut.rolecall("doctor", "Sales org", "--json").json()["systems"]
    assert (told["readable"], bool(told["because"])) == (False, True)
    assert "it cannot be read" in shut.rolecall("doctor", "Sales org").well().all


def test_the_doctor_knows_nobody_he_was_not_told_of(place: Place) -> None:
    place.rolecall("doctor", "Nobody's org").refused("Nobody's org", "Sales org")
