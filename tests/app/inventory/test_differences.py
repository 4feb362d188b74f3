"""Merging only what a reading says otherwise leads where merging the whole of it leads."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update

from app.inventory import logins, persons, systems
from app.inventory.tables import (
    AccountRow,
    AlterationRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    LoginRow,
    PrivilegeRow,
    SnapshotRow,
    SpoolRow,
    StreamRow,
)
from app.kit.db import Database
from app.kit.secrets import Keys
from connectors.records import AccountRecord, EntitlementRecord, GrantRecord, LoginRecord, Privilege, Stream
from tests import fake_connector, make
from tests.app.inventory.conftest import Connected, rows
from tests.fake_connector import World

SEEDS = range(int(os.environ.get("DIFFERENCES", "2")))
PEOPLE = [f"a{n}" for n in range(12)]
HELD = [f"e{n}" for n in range(5)]


@contextmanager
def staged(database: Database) -> Iterator[list[int]]:
    """How many rows are staged by each statement that stages grants or sign-ins, on SQLite."""
    seen: list[int] = []

    def note(_c: Any, _k: Any, statement: str, given: Any, _x: Any, many: bool) -> None:
        if (
            statement.startswith(("INSERT INTO stage_grants (", "INSERT INTO stage_logins ("))
            and " VALUES " in statement
        ):
            seen.append(len(given) if many else 1)

    event.listen(database.writer, "before_cursor_execute", note)
    yield seen
    event.remove(database.writer, "before_cursor_execute", note)


def twin(crm: Connected, name: str) -> Connected:
    """Another system beside it, of a world of its own."""
    fake_connector.register()
    world = fake_connector.world(name, key=f"org-{name}")
    with crm.database.transaction() as session:
        made = systems.add(
            session, name=name, kind="fake", config={"world": name}, reader={"token": "t"}, keys=Keys(b"k" * 32),
            by=make.ADMIN, at=make.NOW,
        )  # fmt: skip
        return Connected(crm.database, crm.keys, world, made.id)


def held(crm: Connected) -> dict[str, list[Any]]:
    """All that history says of a system, without our own numbers."""
    g, s, accounts = GrantRow, StreamRow, AccountRow.system_id == crm.system_id
    of_grant = select(AccountRow.key, EntitlementRow.key, g.source, g.key).select_from(g).join(AccountRow).join(
        EntitlementRow, EntitlementRow.id == g.entitlement_id
    ).where(accounts)  # fmt: skip
    altered = of_grant.join(AlterationRow, AlterationRow.subject_id == g.id).where(AlterationRow.kind == "grant")
    signed = select(LoginRow.key, AccountRow.key, LoginRow.at).outerjoin(
        AccountRow, AccountRow.id == LoginRow.account_id
    )
    receipts = select(
        SnapshotRow.began_at, SnapshotRow.counts, s.stream, s.verdict, s.because, s.dropped, s.distinct, s.rows_digest
    ).join(s, s.snapshot_id == SnapshotRow.id)
    asked = {
        "grants": of_grant.add_columns(g.until, g.effective, g.granted_by, g.began, g.ended),
        "altered": altered.add_columns(AlterationRow.field, AlterationRow.before),
        "logins": signed.where(LoginRow.system_id == crm.system_id),
        "use": select(AccountRow.key, AccountRow.first_login, AccountRow.last_login, AccountRow.ended).where(accounts),
        "privileges": select(AccountRow.key, PrivilegeRow.privilege)
        .join(PrivilegeRow, PrivilegeRow.account_id == AccountRow.id)
        .where(accounts),
        "receipts": receipts.where(SnapshotRow.system_id == crm.system_id),
    }
    with crm.database.reading() as session:
        return {name: sorted(map(repr, session.execute(each))) for name, each in asked.items()}


def begin(world: World) -> None:
    world.put(*(AccountRecord(key, f"{key}@example.com", active=True) for key in PEOPLE))
    world.put(*(EntitlementRecord(key, "set", key, privileges=(Privilege.EXPORT,) * (key == "e0")) for key in HELD))
    world.put(*(GrantRecord(who, what, key=f"{who}{what}") for who in PEOPLE for what in HELD[:3]))
    world.put(*(LoginRecord(f"l{n}", PEOPLE[n % 12], make.NOW + timedelta(hours=n), True) for n in range(30)))


def happen(world: World, chance: random.Random, day: int) -> None:
    """One thing that may be otherwise the next day: granted, changed, gone, back, twice, of nobody, cut short."""
    grants, signs = world.records[Stream.GRANTS], world.records[Stream.LOGINS]
    accounts, at = world.records[Stream.ACCOUNTS], chance.randrange(len(grants))
    grant: Any = grants[at]
    what = chance.randrange(12)
    if what == 0:
        new = GrantRecord(chance.choice(PEOPLE), chance.choice(HELD), source=f"s{day}", key=f"n{day}")
        grants.insert(at, new)
    elif what <= 2:
        del grants[at]
    elif what == 3:
        grants[at] = grant._replace(effective=not grant.effective, until=make.NOW)
    elif what == 4:
        grants.append(grant._replace(granted_by="eve"))  # the same grant once more, told otherwise
    elif what == 5:
        grants[at] = grants[at - 1]  # paging has shifted: one came twice and another never
    elif what == 6:
        grants.append(GrantRecord("ghost", "e1"))
    elif what == 7 and len(accounts) > 6:
        del accounts[chance.randrange(len(accounts))]
    elif what == 8:
        gone = [key for key in PEOPLE if key not in {getattr(each, "key", "") for each in accounts}]
        accounts += [AccountRecord(key, f"{key}@example.com", active=True) for key in gone]
        grants[:] = [each for each in grants if getattr(each, "account_key", "") != "ghost"]
    elif what == 9:
        del signs[: chance.randrange(5)]
        signs.append(
            LoginRecord(f"m{day}", chance.choice([*PEOPLE, "new", None]), make.NOW + timedelta(days=day), True)
        )  # type: ignore[list-item]
    elif what == 10:
        chance.shuffle(grants)
    else:
        world.lost_pages = {Stream.GRANTS: {chance.randrange(3)}}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_left_is_the_same_as_if_the_whole_had_been_merged(crm: Connected, seed: int) -> None:
    whole, worlds = twin(crm, f"whole-{seed}"), (crm.world, fake_connector.world(f"whole-{seed}"))
    whole.world = worlds[1]
    for each in (crm, whole):
        each.world.key = f"org-{each.system_id}"
        begin(each.world)
    chances = [random.Random(seed), random.Random(seed)]
    for day in range(8):
        for each, chance in zip((crm, whole), chances, strict=True):
            each.world.lost_pages = {}
            for _ in range(chance.randrange(3) if day else 0):
                happen(each.world, chance, day)
            each.read(run=f"{each.system_id}-{day}")
            each.at += timedelta(days=1)
        with whole.database.transaction() as session:
            mine = select(SnapshotRow.id).where(SnapshotRow.system_id == whole.system_id)
            session.execute(delete(SpoolRow).where(SpoolRow.snapshot_id.in_(mine)))
        ours, theirs = held(crm), held(whole)
        for told in ours:
            assert ours[told] == theirs[told], f"day {day}: {told}"


def kept(crm: Connected) -> dict[str, int]:
    with crm.database.reading() as session:
        pages = select(SpoolRow.stream, func.count()).group_by(SpoolRow.stream)
        return dict(map(tuple, session.execute(pages)))


def test_only_what_is_otherwise_is_staged_again(crm: Connected) -> None:
    if not crm.database.sqlite:
        return  # PostgreSQL copies, which no event tells of
    begin(crm.world)
    crm.read()
    crm.world.records[Stream.GRANTS][7:9] = [GrantRecord("a1", "e4", key="new")]
    crm.world.put(LoginRecord("later", "a3", make.NOW + timedelta(days=3), True))
    with staged(crm.database) as rows_of:
        snapshot = crm.snapshot(crm.read())
    assert snapshot.counts == {"grants": {"began": 1, "ended": 2}, "logins": {"began": 1}}
    assert sum(rows_of) == 2


def test_nothing_is_kept_of_a_stream_in_which_rows_were_set_aside_or_came_twice(crm: Connected) -> None:
    begin(crm.world)
    crm.read()
    assert kept(crm) == {"grants": 18, "logins": 15}
    crm.world.put(GrantRecord("ghost", "e0"), LoginRecord("x", "ghost", make.NOW, True))
    crm.read()
    assert kept(crm) == {}


def test_a_new_row_that_came_twice_word_for_word_is_said(crm: Connected) -> None:
    begin(crm.world)
    crm.read()
    crm.world.put(*[GrantRecord("a1", "e4", key="new")] * 2)
    number = crm.read()
    with crm.database.reading() as session:
        row = session.get_one(StreamRow, (number, "grants"))
        assert (row.dropped, row.verdict) == (["1 grants came twice and were kept once"], "incomplete")


def test_pages_with_sign_ins_that_are_too_old_are_not_kept(crm: Connected) -> None:
    begin(crm.world)
    crm.read()
    with crm.database.transaction() as session:
        logins.forget(session, before=make.NOW + timedelta(hours=5), by=make.ADMIN, at=make.NOW)
    assert kept(crm) == {"grants": 18, "logins": 12}
    assert crm.snapshot(crm.read()).counts == {"logins": {"began": 5}}  # the system itself still tells them


def test_what_another_release_kept_is_compared_with_nothing(crm: Connected) -> None:
    """It may have taken the same lines otherwise: here it wrote down who granted what, which nobody says."""
    begin(crm.world)
    crm.read()
    with crm.database.transaction() as session:
        session.execute(update(GrantRow).where(GrantRow.key == "a1e1").values(granted_by="eve"))
        session.execute(update(SpoolRow).where(SpoolRow.stream == "grants", SpoolRow.number == 1).values(form="0.0.9"))
    assert crm.snapshot(crm.read()).counts == {"grants": {"changed": 1}}
    with crm.database.transaction() as session:
        session.execute(update(SpoolRow).values(form=None))  # as before pages told
        logins.forget(session, before=make.NOW - timedelta(days=9), by=make.ADMIN, at=make.NOW)
    assert kept(crm) == {"grants": 18}


def test_an_erased_person_is_on_no_page_that_was_kept(crm: Connected) -> None:
    begin(crm.world)
    crm.read()
    with crm.database.transaction() as session:
        person = IdentityRow(key="p", name="Bo", kind="person", began=make.NOW)
        session.add(person)
        session.flush()
        (account,) = rows(session, AccountRow, key="a1")
        account.identity_id = person.id
        session.flush()
        persons.erase(session, person, reason="asked", by=make.ADMIN, at=make.NOW)
    assert kept(crm) == {}


def test_what_went_after_a_reading_that_lost_a_page_ends_at_the_next_whole_one(crm: Connected) -> None:
    """Pages of a reading that could end nothing say less than our rows do, so the next is not compared with them."""
    begin(crm.world)
    crm.read()
    crm.world.lost_pages = {Stream.GRANTS: {17}}
    crm.read()
    assert Stream.GRANTS not in kept(crm)
    crm.world.lost_pages = {}
    gone = crm.world.records[Stream.GRANTS].pop()
    assert gone == GrantRecord("a11", "e2", key="a11e2")
    assert crm.snapshot(crm.read()).counts == {"grants": {"ended": 1}}
