"""As it stood: any past moment, told from history alone, equals what was there when it was the present."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory import past
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, PrivilegeRow
from connectors.records import (
    SUMS_UP,
    AccountRecord,
    EntitlementRecord,
    GrantRecord,
    NestingRecord,
    Privilege,
    Record,
    Stream,
)
from tests.app.inventory.conftest import Connected, rows

HOUR = timedelta(hours=1)
STREAMS = (Stream.ACCOUNTS, Stream.ENTITLEMENTS, Stream.GRANTS)
PEOPLE, HELD = ("ada", "bo", "cy"), ("profile", "set", "group", "deep")


def now(session: Session) -> dict[str, Any]:
    """The naive twin: what the rows say at this moment, account by account."""
    names = {row.id: row.name for row in session.scalars(select(EntitlementRow))}
    told: dict[str, Any] = {}
    for account in session.scalars(select(AccountRow)):
        grants = session.scalars(select(GrantRow).where(GrantRow.account_id == account.id, GrantRow.ended.is_(None)))
        privileges = session.scalars(select(PrivilegeRow).where(PrivilegeRow.account_id == account.id))
        told[account.key] = {
            "present": account.ended is None,
            "active": account.active,
            "title": account.title,
            "holds": sorted((names[grant.entitlement_id], grant.source, str(grant.effective)) for grant in grants),
            "may": sorted((row.privilege, row.path) for row in privileges),
        }
    return told


def then(session: Session, at: datetime) -> dict[str, Any]:
    """The same, from the history."""
    ids = session.scalars(select(AccountRow.id)).all()
    return {
        each.key: {
            "present": each.present,
            "active": {"true": True, "false": False}.get(each.fields["active"] or ""),
            "title": each.fields["title"],
            "holds": sorted((held.name, held.source, str(held.effective)) for held in each.holds),
            "may": sorted((may.privilege, may.ids) for may in each.may),
        }
        for each in past.access(session, ids, at)
    }


def day(chance: random.Random) -> dict[Stream, list[Record]]:
    """One day's CRM: who is there, what there is to hold, what holds what, who holds what."""
    accounts = [
        AccountRecord(key, f"{key}@example.com", active=chance.choice((True, False, None)), title=chance.choice("AB"))
        for key in PEOPLE
        if chance.random() < 0.8
    ]
    allowed = [None, (), (Privilege.EXPORT,), (Privilege.EXPORT, Privilege.ADMINISTER)]
    there = [key for key in HELD if chance.random() < 0.85]
    entitlements: list[Record] = [
        EntitlementRecord(key, "set", f"{key} {chance.choice('xy')}", privileges=chance.choice(allowed))
        for key in there
    ]
    entitlements += [
        NestingRecord(holder, held, chance.choice((SUMS_UP, "member")))
        for holder in there
        for held in there
        if holder != held and chance.random() < 0.35
    ]
    grants = [
        GrantRecord(account.key, key, effective=chance.choice((True, False, None)))
        for account in accounts
        for key in there
        if chance.random() < 0.5
    ]
    return {Stream.ACCOUNTS: list(accounts), Stream.ENTITLEMENTS: entitlements, Stream.GRANTS: list(grants)}


@pytest.mark.parametrize("seed", range(4))
def test_every_past_day_is_told_as_it_was_when_it_was_today(crm: Connected, seed: int) -> None:
    chance = random.Random(seed)
    crm.world.streams, crm.world.page_size = STREAMS, 50
    seen: list[tuple[datetime, Mapping[str, Any]]] = []
    for _ in range(7):
        crm.world.records = day(chance)
        # Some days a stream is denied: what is not seen has not ended, and the past says so as well.
        crm.world.denied = {stream: "a right" for stream in STREAMS if chance.random() < 0.15}
        crm.read()
        with crm.database.reading() as session:
            seen.append((crm.at, now(session)))
    with crm.database.reading() as session:
        for at, there in seen:
            for moment in (at, at + HOUR):
                told = then(session, moment)
                assert {key: told[key] for key in there} == there, f"{at} of seed {seed}"
                assert all(not told[key]["present"] and not told[key]["holds"] for key in told.keys() - there.keys())


def told(crm: Connected, key: str, at: datetime) -> past.AccessThen:
    with crm.database.reading() as session:
        (row,) = rows(session, AccountRow, key=key)
        (found,) = past.access(session, [row.id], at)
    return found


def test_a_gap_is_a_gap_and_what_came_back_is_there_again(staffed: Connected) -> None:
    first = staffed.snapshot(staffed.read()).began_at
    accounts, grants = list(staffed.world.of(Stream.ACCOUNTS)), list(staffed.world.of(Stream.GRANTS))
    staffed.world.records[Stream.ACCOUNTS] = [each for each in accounts if each.key != "bo"]  # type: ignore[union-attr]
    staffed.world.records[Stream.GRANTS] = [each for each in grants if each.account_key != "bo"]  # type: ignore[union-attr]
    gone = staffed.snapshot(staffed.read()).began_at
    staffed.world.records |= {Stream.ACCOUNTS: accounts, Stream.GRANTS: grants}
    staffed.read()
    assert not told(staffed, "bo", first - HOUR).known  # nothing had been read: this is no "no"
    before = told(staffed, "bo", first + HOUR)
    assert (before.known, before.present, before.fields["title"]) == (True, True, "Clerk")
    assert [(held.name, held.source) for held in before.holds] == [
        ("Sales", "direct"), ("Export", "direct"), ("Export", "team:north"),
    ]  # fmt: skip
    assert [(may.privilege, may.path) for may in before.may] == [("export", ("Export",))]
    between = told(staffed, "bo", gone + HOUR)
    assert (between.present, between.holds, between.may) == (False, (), ())
    assert told(staffed, "bo", staffed.at + HOUR).present
    assert told(staffed, "bo", staffed.at).holds


def test_what_is_held_through_another_is_told_with_its_chain(crm: Connected) -> None:
    crm.world.put(
        AccountRecord("bo", "bo@example.com"),
        EntitlementRecord("g", "group", "Group", privileges=()),
        EntitlementRecord("s", "set", "Set", privileges=(Privilege.EXPORT,)),
        NestingRecord("g", "s", "member"),
        GrantRecord("bo", "g"),
    )
    at = crm.snapshot(crm.read()).began_at
    crm.world.remove(NestingRecord("g", "s", "member"))
    crm.read()
    bo = told(crm, "bo", at)
    assert [(each.name, each.path) for each in bo.reaches] == [("Set", ("Group", "Set"))]
    assert [(may.privilege, may.path) for may in bo.may] == [("export", ("Group", "Set"))]
    later = told(crm, "bo", crm.at)
    assert (later.reaches, later.may) == ((), ())


def test_it_says_from_when_what_it_rests_on_was_last_known_wholly(staffed: Connected) -> None:
    first = staffed.snapshot(staffed.read()).began_at
    staffed.world.denied[Stream.GRANTS] = "a right"
    staffed.read()
    bo = told(staffed, "bo", staffed.at)
    assert bo.rests_on == {"accounts": staffed.at, "entitlements": staffed.at, "grants": first}


def test_what_an_entitlement_was_called_and_allowed_stays_on_record(staffed: Connected) -> None:
    at = staffed.snapshot(staffed.read()).began_at
    before = next(each for each in staffed.world.of(Stream.ENTITLEMENTS) if each.key == "export")  # type: ignore[union-attr]
    staffed.world.remove(before).put(replace(before, name="Harmless", privileges=()))  # type: ignore[type-var]
    staffed.read()
    assert {may.path for may in told(staffed, "bo", at).may} == {("Export",)}
    assert told(staffed, "bo", staffed.at).may == ()
    assert {held.name for held in told(staffed, "bo", staffed.at).holds} == {"Sales", "Harmless"}


def test_a_day_ends_in_the_operators_zone_and_tomorrow_is_refused() -> None:
    assert past.end_of(date(2026, 9, 30), ZoneInfo("Europe/Berlin")).astimezone(UTC) == datetime(
        2026, 9, 30, 21, 59, 59, 999999, tzinfo=UTC
    )
    assert past.why_not(date(2026, 9, 30), date(2026, 9, 30)) is None
    refusal = past.why_not(date(2026, 10, 1), date(2026, 9, 30))
    assert refusal is not None
    assert refusal.status == 422
