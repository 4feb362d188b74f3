"""evidence and person: what is handed to an auditor, and what a person may ask of us. In the order of a review's end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.app.cli.saying import Place


@pytest.fixture(scope="module")
def closed(place: Place) -> Place:
    """The review is over; what nobody answered is to go, by hand."""
    place.rolecall("campaign", "close", "Q4", "--unanswered", "remove").well()
    return place


@pytest.fixture(scope="module")
def packet(closed: Place) -> Path:
    """The evidence of it."""
    out = closed.home / "packet.zip"
    told = closed.rolecall("evidence", "export", "Q4", "-o", str(out), "--json").json()
    assert (told["packet"], told["files"] > 5) == (str(out), True)
    return out


def somebody(place: Place) -> dict[str, str]:
    """A person with access."""
    for each in place.rolecall("person", "list", "--json").json():
        told = place.rolecall("person", "access", each["id"], "--json").json()
        if sum(len(account["holds"]) for account in told["accounts"]) > 3 and each["end"] is None:
            return {"key": each["id"], "name": each["name"], "username": told["accounts"][0]["username"]}
    raise AssertionError("nobody holds anything")


# --- persons ---


def test_one_persons_access_is_told_across_systems(place: Place) -> None:
    person = somebody(place)
    said = place.rolecall("person", "access", person["key"]).well()
    assert person["name"] in said.all
    assert "holds" in said.all
    assert person["username"] in said.all
    told = place.rolecall("person", "access", person["key"], "--on", "2020-09-30", "--json").json()
    assert {account["known"] for account in told["accounts"]} == {False}  # not installed by then: that is no "no"
    today = datetime.now(UTC).date().isoformat()
    then = place.rolecall("person", "access", person["key"], "--on", today).well()
    assert " held " in then.all
    place.rolecall("person", "access", person["key"], "--on", "2999-01-01").refused("still to come", "day that is over")
    place.rolecall("person", "access", person["key"], "--on", "soon").refused("no day", "2026-09-30")


def test_what_an_account_held_is_told_whoever_it_belongs_to(place: Place) -> None:
    person = somebody(place)
    first = place.rolecall("person", "access", person["key"], "--json").json()["accounts"][0]
    system, username = first["system"], first["username"]
    told = place.rolecall("account", "access", system, username.upper(), "--json").json()
    assert {held["name"] for held in told["holds"]} == {held["name"] for held in first["holds"]} != set()
    assert f"{system}: {username}" in place.rolecall("account", "access", system, told["key"]).well().all
    then = place.rolecall("account", "access", system, username, "--on", "2020-09-30", "--json").json()
    assert (then["known"], then["holds"]) == (False, [])
    place.rolecall("account", "access", system, "nobody@example.com").refused("no account", "The id is the CRM's own")
    place.rolecall("account", "access", system, username, "--on", "2999-01-01").refused("still to come", "that is over")


def test_everything_held_about_a_person_is_exported_as_json(place: Place) -> None:
    person = somebody(place)
    told = place.rolecall("person", "export", person["key"]).json()
    assert person["name"] in str(told)
    assert person["username"] in str(told)


def test_who_is_unknown_is_said(place: Place) -> None:
    for command in (("access",), ("export",), ("erase", "--yes", "-r", "asked to")):
        place.rolecall("person", *command, "nobody@example.com").refused("nobody@example.com", "person list")


def test_erasing_is_said_twice(place: Place) -> None:
    person = somebody(place)
    place.rolecall("person", "erase", person["key"], "-r", "asked to").refused("--yes")
    assert person["name"] in place.rolecall("person", "access", person["key"]).well().all


# --- evidence ---


def test_there_is_no_packet_of_a_review_that_is_not_there(place: Place) -> None:
    place.rolecall("evidence", "export", "Q9").refused("Q9", "Q4")


def test_a_packet_verifies_anywhere(packet: Path, empty: Place) -> None:
    told = empty.rolecall("evidence", "verify", str(packet), "--json").json()
    assert told["verifies"]
    assert all(check["holds"] for check in told["checks"])
    assert not empty.home.exists(), "verifying needs no installation"


def test_a_packet_that_was_touched_does_not(packet: Path, empty: Place) -> None:
    spoilt = packet.with_name("spoilt.zip")
    raw = bytearray(packet.read_bytes())
    raw[len(raw) // 3] ^= 1
    spoilt.write_bytes(raw)
    empty.rolecall("evidence", "verify", str(spoilt)).refused("does NOT verify")
    empty.rolecall("evidence", "verify", str(packet.with_name("nothing.zip"))).refused("nothing.zip")


def test_a_packet_holds_against_a_checkpoint_and_a_key_that_were_kept(closed: Place, packet: Path) -> None:
    kept = closed.home / "kept.txt"
    closed.rolecall("evidence", "checkpoint", "-o", str(kept)).well()
    assert closed.rolecall("evidence", "checkpoint").well().out.splitlines()[0] == kept.read_text().splitlines()[0]
    later = closed.home / "later.zip"
    key = closed.rolecall("evidence", "export", "Q4", "-o", str(later), "--json").json()["key"]
    verify = ("evidence", "verify", str(later), "--key", key)
    closed.rolecall(*verify, "--checkpoint", str(kept)).well()
    other = kept.with_name("another.txt")
    other.write_text(kept.read_text().replace("rolecall/", "rolecall/0"))
    closed.rolecall(*verify, "--checkpoint", str(other)).refused("does NOT verify")


def test_a_person_is_erased_and_every_proof_still_holds(closed: Place, packet: Path) -> None:
    person, erase = somebody(closed), ("--yes", "-r", "asked to on 3 March")
    closed.rolecall("person", "erase", person["key"], *erase).refused("removals of this person's access are under way")
    assert _where(closed, person["username"]) >= {"items", "accounts", "remediations"}
    with _nothing_under_way(closed):
        closed.rolecall("person", "erase", person["key"], *erase).well()
    assert _where(closed, person["username"]) == {"roster_uploads"}  # the file itself, as it was handed in
    assert person["name"] not in closed.rolecall("person", "list").well().all
    closed.rolecall("person", "access", person["key"]).refused(person["key"])
    closed.rolecall("evidence", "verify", str(packet)).well()
    anew = closed.home / "anew.zip"
    closed.rolecall("evidence", "export", "Q4", "-o", str(anew)).well()
    closed.rolecall("evidence", "verify", str(anew)).well()


def _database(place: Place) -> Path:
    found, *others = [each for each in place.home.glob("*.db") if "engine" not in each.name]
    assert not others
    return found


@contextmanager
def _nothing_under_way(place: Place) -> Iterator[None]:
    """As if each removal had been decided anew; afterwards they stand where the log says."""
    for kept, status in (("open", "undone"), ("undone", "open")):
        with sqlite3.connect(_database(place)) as connection:
            connection.execute("UPDATE remediations SET status = ? WHERE status = ?", (status, kept))
        if status == "undone":
            yield


def _where(place: Place, word: str) -> set[str]:
    """The tables with a row that has this word anywhere."""
    with sqlite3.connect(_database(place)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name
            for name in tables
            if any(word.lower() in str(row).lower() for row in connection.execute(f'SELECT * FROM "{name}"'))
        }
