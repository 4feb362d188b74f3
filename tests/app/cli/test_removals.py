"""removals: said to be done by hand, and tried again."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from app.kit import clock, ids
from app.ledger.tables import EntryRow
from app.remediation.tables import RemediationRow
from tests.app.cli.saying import Place


@pytest.fixture
def waiting(place: Place) -> str:
    """A removal that waits for a person; its id."""
    with place.means() as means, means.database.transaction() as session:
        account = session.scalars(
            select(AccountRow).join(SystemRow, SystemRow.id == AccountRow.system_id).where(SystemRow.name == "Portal")
        ).first()
        assert account is not None
        now = clock.now()
        row = RemediationRow(
            id=ids.uuid7(), system_id=account.system_id, account_id=account.id, subject=f"account:{account.id}",
            target={"kind": "account", "account_key": account.key, "username": account.username}, kind="account",
            wish="remove", status="by_hand", because="the system is read-only", since=now,
            steps=["Open Settings", "Remove the account"], opened_at=now, due_at=now, reason="left in May",
        )  # fmt: skip
        session.add(row)
        return str(row.id)


def test_what_waits_for_a_person_is_told_with_its_id_and_said_to_be_done(place: Place, waiting: str) -> None:
    with place.means() as means, means.database.reading() as session:
        row = session.get_one(RemediationRow, UUID(waiting))
        account = session.get_one(AccountRow, row.account_id)
        person = session.get(IdentityRow, account.identity_id) if account.identity_id else None
    shown = place.rolecall("removals").well()
    (line,) = (line for line in shown.out.splitlines() if line.startswith(waiting))
    assert account.username in line, "the id to act on, and what it is about"
    assert person is None or person.name in shown.all
    assert account.key not in shown.all, "no key of the CRM's"
    assert shown.all.index("To remove: left in May") < shown.all.index("1. Open Settings")
    place.rolecall("removals", "--done", waiting).refused("Say what was done")
    told = place.rolecall("removals", "--done", waiting, "-r", "removed in Settings", "--json").json()
    assert (told["status"], told["because"]) == ("acted", "by hand: removed in Settings")
    place.rolecall("removals", "--done", waiting, "-r", "twice").refused("cannot become acted")


def test_a_file_about_what_was_done_is_handed_in_and_fetched_and_proves_nothing(
    place: Place, waiting: str, tmp_path: Path
) -> None:
    ticket, copy = tmp_path / "ticket.pdf", tmp_path / "copy.pdf"
    ticket.write_bytes(b"%PDF-1.7 closed")
    place.rolecall("removal", "evidence", waiting, "--file", str(tmp_path / "none.pdf")).refused("cannot be read")
    place.rolecall("removal", "evidence", waiting, "--file", str(ticket)).refused("Say what it shows")
    given = ("removal", "evidence", waiting, "--file", str(ticket), "--note", "the closed ticket")
    told = place.rolecall(*given).well()
    assert "stays by hand: a file is no proof" in told.all
    place.rolecall(*given).refused("handed in for it before")
    (kept,) = place.rolecall("removal", "evidence", waiting, "--json").json()
    assert (kept["name"], kept["note"]) == ("ticket.pdf", "the closed ticket")
    place.rolecall("removal", "evidence", waiting, "--fetch", kept["digest"], "-o", str(copy)).well()
    assert copy.read_bytes() == ticket.read_bytes()
    place.rolecall("removal", "evidence", waiting, "--fetch", "0" * 64).refused("No such file was handed in")


def test_one_is_tried_again_by_a_worker(place: Place, waiting: str) -> None:
    told = place.rolecall("removals", "--again", waiting, "-r", "writing is on now", "--json").json()
    assert told["status"] == "by_hand"  # tried, and found read-only again
    assert "read-only" in told["because"]
    with place.means() as means, means.database.reading() as session:
        moved = session.scalars(select(EntryRow.body).where(EntryRow.subject == f"remediation:{waiting}"))
        assert [(body["from"], body["to"]) for body in moved] == [("by_hand", "open"), ("open", "by_hand")]


@pytest.mark.parametrize("removal", ["7", "019a0000-0000-7000-8000-000000000000"])
def test_a_removal_that_is_not_there_is_said(place: Place, removal: str) -> None:
    for option in ("--done", "--again"):
        place.rolecall("removals", option, removal, "-r", "x").refused(removal, "rolecall removals")


def test_one_thing_at_a_time(place: Place, waiting: str) -> None:
    place.rolecall("removals", "--done", waiting, "--again", waiting, "-r", "x").refused("one at a time", code=2)


def test_one_is_undone_and_what_was_done_meanwhile_is_told(place: Place, waiting: str) -> None:
    told = place.rolecall("removals", "--meanwhile", waiting, "--json").json()
    assert (told["ended"], told["changes"]["reach"], told["changes"]["count"]) == (None, "unknown", None)
    back = place.rolecall("removals", "--meanwhile", waiting).well().all
    assert "it has not gone yet" in back
    assert re.search(r"sign-ins: (none seen|at least \d+|unknown) \(", back), back
    place.rolecall("removals", "--undo", waiting, "-r", "x").refused("Say why it may be there again")
    made = place.rolecall("removals", "--undo", waiting, "-r", "the audit needs it", "--json").json()
    assert (made["undoes"], made["status"]) == (waiting, "by_hand")  # the system is read-only
    place.rolecall("removals", "--undo", waiting, "-r", "once more please").refused("was undone already")
    place.rolecall("removals", "--meanwhile", made["id"]).refused("takes no access away")
