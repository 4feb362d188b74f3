"""A sample read again: the same where nothing changed, drift where the system dates it, else an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.inventory import persons, replaying
from app.inventory.tables import AccountRow, GrantRow, ReplayRow
from app.kit.refusal import Refused
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from connectors.connector import Page
from connectors.records import AccountRecord, ChangeRecord, GrantRecord, Stream
from tests import make
from tests.app.inventory.conftest import Connected, rows
from tests.fake_connector import FakeReader


def again(crm: Connected, *, sample: int = 10, seed: str = "1", reader: Any = None) -> ReplayRow:
    return replaying.run(
        crm.database, crm.system_id, sample=sample, seed=seed, keys=crm.keys, clock=lambda: crm.at, by=make.ADMIN,
        reader=reader or FakeReader(crm.world),
    )  # fmt: skip


def told(row: ReplayRow) -> list[tuple[str, str, str | None, str | None, bool]]:
    return [(d["account"], d["what"], d["before"], d["now"], d["because"] is not None) for d in row.differences]


def test_where_nothing_changed_everything_is_the_same_and_that_is_on_record(staffed: Connected) -> None:
    staffed.read()
    row = again(staffed)
    assert (row.verdict, row.accounts, row.population, row.grants, row.differences) == ("same", 3, 3, 5, [])
    assert {part["part"] for part in row.receipts} == {"accounts", "grants"}
    with staffed.database.reading() as session:
        (entry,) = rows(session, EntryRow, kind=Kind.REPLAY_RECORDED)
        assert len(rows(session, GrantRow)) == 5
    assert (entry.body["verdict"], entry.body["differences"], entry.body["unexplained"]) == ("same", 0, 0)
    assert "ada" not in str(entry.body)


def test_what_the_system_dates_after_the_reading_is_drift(staffed: Connected) -> None:
    staffed.read()
    later = staffed.at + timedelta(hours=1)
    staffed.world.put(GrantRecord("ada", "export", granted=later))
    bo = next(
        each for each in staffed.world.of(Stream.ACCOUNTS) if isinstance(each, AccountRecord) and each.key == "bo"
    )
    staffed.world.remove(bo).put(replace(bo, active=False))
    staffed.world.put(ChangeRecord("c1", later, "deactivatedUser", text="Deactivated bo@example.com"))
    row = again(staffed)
    assert row.verdict == "drifted"
    assert told(row) == [("ada", "grant of export", "not held", "held", True), ("bo", "active", "True", "False", True)]


def test_what_nothing_explains_is_called_so(staffed: Connected) -> None:
    staffed.read()
    before = staffed.at - timedelta(days=100)
    staffed.world.put(GrantRecord("ada", "export", granted=before))  # we should have seen that one
    staffed.world.remove(GrantRecord("bo", "sales"))
    staffed.world.put(ChangeRecord("c1", before, "deassigned", subject_key="bo"))  # long ago, so no excuse
    row = again(staffed)
    assert row.verdict == "differs"
    assert told(row) == [
        ("ada", "grant of export", "not held", "held", False), ("bo", "grant of sales", "held", "not held", False),
    ]  # fmt: skip


def test_the_same_seed_draws_the_same_accounts(staffed: Connected) -> None:
    staffed.world.put(*(AccountRecord(f"p{n:02}", f"p{n}@example.com") for n in range(40)))
    staffed.read()
    first, second, other = again(staffed, sample=5), again(staffed, sample=5), again(staffed, sample=5, seed="2")
    assert first.keys_digest == second.keys_digest != other.keys_digest
    assert (first.accounts, first.population) == (5, 43)


def test_who_is_erased_is_erased_from_replays_too(staffed: Connected) -> None:
    staffed.read()
    for key in ("ada", "bo"):
        of = next(a for a in staffed.world.of(Stream.ACCOUNTS) if isinstance(a, AccountRecord) and a.key == key)
        staffed.world.remove(of).put(replace(of, email=f"{key}@private.example"))
    again(staffed)
    with staffed.database.transaction() as session:
        bo = make.identity(session, "Bo")
        for account in rows(session, AccountRow, key="bo"):
            account.identity_id = bo.id
        session.flush()
        persons.erase(session, bo, reason="asked", by=make.ADMIN, at=make.NOW)
        (row,) = rows(session, ReplayRow)
    assert [(d["account"], d["what"], d["now"]) for d in row.differences] == [
        ("ada", "email", "ada@private.example"), ("bo", "email", "(erased)"),
    ]  # fmt: skip


def test_a_sample_that_was_cut_proves_nothing_gone(staffed: Connected) -> None:
    staffed.read()
    staffed.world.lost_pages = {Stream.GRANTS: {0, 1}, Stream.ACCOUNTS: {0}}
    row = again(staffed)
    assert (row.verdict, row.differences) == ("incomplete", [])
    assert row.because
    staffed.world.lost_pages = {}
    staffed.world.denied[Stream.GRANTS] = "View Setup"
    assert again(staffed).verdict == "incomplete"


def test_a_reader_that_can_ask_for_some_accounts_is_asked_for_these_alone(staffed: Connected) -> None:
    staffed.read()

    class Asking(FakeReader):
        def again(self, account_keys: Sequence[str]) -> Iterator[Page]:
            asked.append(tuple(account_keys))
            yield from super().pull(Stream.ACCOUNTS)
            yield from super().pull(Stream.GRANTS)

    asked: list[tuple[str, ...]] = []
    assert again(staffed, sample=2, reader=Asking(staffed.world)).verdict == "same"
    assert [len(keys) for keys in asked] == [2]


def test_what_cannot_be_held_against_anything_is_refused(staffed: Connected) -> None:
    with pytest.raises(Refused, match="not complete"):
        again(staffed)
    staffed.world.denied[Stream.GRANTS] = "View Setup"
    staffed.read()
    with pytest.raises(Refused, match="grants"):
        again(staffed)
    staffed.world.denied = {}
    staffed.read()
    with pytest.raises(Refused, match="at least one"):
        again(staffed, sample=0)
    staffed.world.key = "org-2"
    with pytest.raises(Refused, match="enters org-2"):
        again(staffed)
