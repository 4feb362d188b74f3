"""What a reading does to history: what began, what changed, what ended, and what must not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from app.inventory import queries, snapshots, sync
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    ChangeRow,
    CredentialRow,
    EdgeRow,
    EntitlementRow,
    GrantRow,
    IntegrationRow,
    LoginRow,
    PrivilegeRow,
    ReturnRow,
    SettingRow,
    SnapshotRow,
    StreamRow,
)
from app.kit.refusal import Refused
from connectors.errors import Unreachable
from connectors.records import (
    SUMS_UP,
    AccountRecord,
    ChangeRecord,
    CredentialRecord,
    EntitlementRecord,
    GrantRecord,
    IntegrationRecord,
    LoginRecord,
    NestingRecord,
    Privilege,
    SettingRecord,
    Stream,
)
from tests import make
from tests.app.inventory.conftest import Connected, rows
from tests.fake_connector import Crash, FakeReader

NOW = make.NOW


def live(crm: Connected) -> dict[str, int]:
    with crm.database.reading() as session:
        return queries.live_counts(session)


def account(crm: Connected, key: str) -> AccountRow:
    with crm.database.reading() as session:
        (row,) = rows(session, AccountRow, key=key)
        return row


def change(crm: Connected, key: str, **fields: Any) -> None:
    of = crm.world.of(Stream.ACCOUNTS)
    (now,) = [each for each in of if isinstance(each, AccountRecord) and each.key == key]
    of[of.index(now)] = replace(now, **fields)


def receipt(crm: Connected, snapshot: int, stream: str) -> StreamRow:
    with crm.database.reading() as session:
        return session.get_one(StreamRow, (snapshot, stream))


def test_a_first_reading_begins_everything(staffed: Connected) -> None:
    snapshot = staffed.snapshot(staffed.read())
    assert snapshot.status == "sealed"
    assert snapshot.counts["accounts"] == {"began": 3}
    assert snapshot.counts["grants"] == {"began": 5}
    with staffed.database.reading() as session:
        assert {each.ended for each in rows(session, GrantRow)} == {None}
        assert {each.began for each in rows(session, AccountRow)} == {snapshot.began_at}


def test_reading_the_same_again_writes_no_row(staffed: Connected) -> None:
    staffed.world.put(
        NestingRecord("admin", "export", "holds"),
        LoginRecord("l1", "bo", NOW, True),
        IntegrationRecord("app", "connected_app", "App", owner_key="bo", scopes=("api",)),
        CredentialRecord("t1", "token", "T", integration_key="app", account_key="bo", scopes=None),
        SettingRecord("mfa", "on"),
        ChangeRecord("h1", NOW, "granted"),
    )
    staffed.read()
    assert staffed.snapshot(staffed.read()).counts == {}
    with staffed.database.reading() as session:
        assert rows(session, AccountChangeRow) == []
        assert rows(session, ReturnRow) == []


def test_a_grant_that_is_gone_from_a_complete_reading_ended_when_that_reading_began(staffed: Connected) -> None:
    staffed.read()
    staffed.world.remove(GrantRecord("bo", "export"))
    snapshot = staffed.snapshot(staffed.read())
    assert snapshot.counts["grants"] == {"ended": 1}
    with staffed.database.reading() as session:
        (ended,) = [each for each in rows(session, GrantRow) if each.ended]
        assert (ended.source, ended.ended) == ("direct", snapshot.began_at)


def test_a_grant_that_is_there_again_is_a_new_row(staffed: Connected) -> None:
    staffed.read()
    staffed.world.remove(GrantRecord("bo", "sales"))
    staffed.read()
    staffed.world.put(GrantRecord("bo", "sales"))
    snapshot = staffed.snapshot(staffed.read())
    assert snapshot.counts["grants"] == {"began": 1}
    bo = account(staffed, "bo")
    with staffed.database.reading() as session:
        held = rows(session, GrantRow, account_id=bo.id, source="direct")
        assert [row.ended is None for row in held] == [False, True, True]


def test_what_is_said_about_a_grant_is_kept_up_to_date_in_its_row(staffed: Connected) -> None:
    staffed.read()
    staffed.world.remove(GrantRecord("bo", "sales"))
    staffed.world.put(GrantRecord("bo", "sales", until=NOW, granted_by="ada"))
    assert staffed.snapshot(staffed.read()).counts["grants"] == {"changed": 1}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda world: world.lost_pages.update({Stream.GRANTS: {0}}),
        lambda world: world.denied.update({Stream.GRANTS: "View Setup"}),
        lambda world: world.unreadable.update({Stream.GRANTS: "View Setup"}),
        lambda world: world.fault(Stream.GRANTS, 1, Unreachable("reset")),
        lambda world: world.denied.update({Stream.ACCOUNTS: "View All Users"}),
        lambda world: world.lost_pages.update({Stream.ACCOUNTS: {1}}),
        lambda world: world.unreadable.update({Stream.ENTITLEMENTS: "View Roles"}),
        lambda world: world.lost_pages.update({Stream.ENTITLEMENTS: {1}}),
    ],
    ids=["page lost", "right withdrawn", "right known missing", "cut off", "accounts denied", "accounts page lost",
         "entitlements denied", "entitlements page lost"],
)  # fmt: skip
def test_a_reading_that_lacks_something_ends_no_grant(staffed: Connected, spoil: Callable[[Any], None]) -> None:
    staffed.read()
    staffed.world.remove(GrantRecord("bo", "export"))
    spoil(staffed.world)
    staffed.read()
    assert live(staffed)["grants"] == 5
    assert live(staffed)["accounts"] == 3
    assert live(staffed)["entitlements"] == 3


def test_a_grant_that_appears_in_an_incomplete_reading_has_begun(staffed: Connected) -> None:
    staffed.read()
    staffed.world.put(GrantRecord("cy", "export"))
    staffed.world.lost_pages[Stream.GRANTS] = {0}
    assert staffed.snapshot(staffed.read()).counts["grants"] == {"began": 1}


def test_an_account_that_is_gone_ended_with_its_grants_and_privileges(staffed: Connected) -> None:
    staffed.read()
    of = staffed.world.records
    of[Stream.ACCOUNTS] = of[Stream.ACCOUNTS][1:]
    of[Stream.GRANTS] = of[Stream.GRANTS][1:]
    snapshot = staffed.snapshot(staffed.read())
    assert snapshot.counts["accounts"] == {"ended": 1}
    assert snapshot.counts["grants"] == {"ended": 1}
    assert account(staffed, "ada").ended == snapshot.began_at
    with staffed.database.reading() as session:
        (told,) = rows(session, AccountChangeRow)
        assert (told.field, told.before, told.after) == ("ended", None, snapshot.began_at.isoformat())
        assert {row.privilege for row in rows(session, PrivilegeRow)} == {"export"}


def test_what_is_back_goes_on_in_its_row_with_the_gap_on_record(staffed: Connected) -> None:
    ada = staffed.world.of(Stream.ACCOUNTS)[0]
    sales = staffed.world.of(Stream.ENTITLEMENTS)[1]
    app = IntegrationRecord("app", "connected_app", "App")
    token = CredentialRecord("t1", "token", "T", integration_key="app")
    staffed.world.records[Stream.GRANTS] = []
    staffed.world.put(app, token)
    staffed.read()
    before = account(staffed, "ada")
    staffed.world.remove(ada, sales, app, token)
    gone = staffed.snapshot(staffed.read())
    for table in ("accounts", "entitlements", "integrations", "credentials"):
        assert gone.counts[table] == {"ended": 1}, table
    staffed.world.put(ada, sales, app, token)
    back = staffed.snapshot(staffed.read())
    for table in ("accounts", "entitlements", "integrations", "credentials"):
        assert back.counts[table] == {"returned": 1}, table
    now = account(staffed, "ada")
    assert (now.id, now.ended, now.began) == (before.id, None, before.began)
    with staffed.database.reading() as session:
        told = {row.kind: (row.gone, row.back) for row in rows(session, ReturnRow)}
        assert told == dict.fromkeys(
            ("account", "entitlement", "integration", "credential"), (gone.began_at, back.began_at)
        )
        presence = [row for row in rows(session, AccountChangeRow) if row.field == "ended"]
        assert [row.before is None for row in presence] == [True, False]


def test_what_changed_on_an_account_is_written_down(staffed: Connected) -> None:
    staffed.read()
    change(staffed, "bo", title="Head", active=None, email=None)
    number = staffed.read()
    assert staffed.snapshot(number).counts["accounts"] == {"changed": 1}
    with staffed.database.reading() as session:
        told = {(row.field, row.before, row.after) for row in rows(session, AccountChangeRow)}
        assert told == {("title", "Clerk", "Head"), ("active", "true", None), ("email", "bo@example.com", None)}
        assert {row.snapshot_id for row in rows(session, AccountChangeRow)} == {number}


def test_last_use_never_moves_backwards(staffed: Connected) -> None:
    change(staffed, "bo", last_login=NOW)
    staffed.read()
    change(staffed, "bo", last_login=NOW - timedelta(days=9))
    staffed.read()
    assert account(staffed, "bo").last_login == NOW
    change(staffed, "bo", last_login=None)
    assert staffed.snapshot(staffed.read()).counts == {}
    change(staffed, "bo", last_login=NOW + timedelta(days=1))
    staffed.read()
    assert account(staffed, "bo").last_login == NOW + timedelta(days=1)


def test_how_far_back_sign_ins_are_known_grows_with_our_own_history(staffed: Connected) -> None:
    """The CRM keeps 90 days; reading daily, we know 91 the day after."""
    change(staffed, "bo", logins_known_since=NOW - timedelta(days=90))
    staffed.read()
    change(staffed, "bo", logins_known_since=NOW - timedelta(days=89))
    staffed.read()
    assert account(staffed, "bo").logins_known_since == NOW - timedelta(days=90)


def test_a_gap_between_readings_is_not_bridged(staffed: Connected) -> None:
    change(staffed, "bo", logins_known_since=NOW - timedelta(days=90))
    staffed.read()
    staffed.at += timedelta(days=200)
    since = staffed.at - timedelta(days=90)
    change(staffed, "bo", logins_known_since=since)
    staffed.read()
    assert account(staffed, "bo").logins_known_since == since


def test_a_reading_that_was_not_complete_bridges_nothing(staffed: Connected) -> None:
    change(staffed, "bo", logins_known_since=NOW - timedelta(days=90))
    staffed.read()
    staffed.world.lost_pages[Stream.ACCOUNTS] = {0}
    staffed.at += timedelta(days=100)
    staffed.read()
    staffed.world.lost_pages.clear()
    since = staffed.at - timedelta(days=1)
    change(staffed, "bo", logins_known_since=since)
    staffed.read()
    assert account(staffed, "bo").logins_known_since == since


def test_the_time_in_which_an_account_was_gone_is_not_bridged(staffed: Connected) -> None:
    change(staffed, "bo", logins_known_since=NOW - timedelta(days=90))
    staffed.read()
    bo = next(each for each in staffed.world.of(Stream.ACCOUNTS) if getattr(each, "key", "") == "bo")
    staffed.world.remove(bo)
    staffed.read()
    staffed.world.put(bo)
    change(staffed, "bo", logins_known_since=NOW - timedelta(days=1))
    staffed.read()
    assert account(staffed, "bo").logins_known_since == NOW - timedelta(days=1)


def test_if_the_system_stops_telling_how_far_back_it_knows_we_stop_claiming_it(staffed: Connected) -> None:
    change(staffed, "bo", logins_known_since=NOW)
    staffed.read()
    change(staffed, "bo", logins_known_since=None)
    staffed.read()
    assert account(staffed, "bo").logins_known_since is None


def test_only_a_sign_in_that_succeeded_is_use(staffed: Connected) -> None:
    day = timedelta(days=1)
    staffed.world.put(
        LoginRecord("l1", "bo", NOW - 3 * day, True),
        LoginRecord("l2", "bo", NOW - 2 * day, True),
        LoginRecord("l3", "bo", NOW - day, False),
        LoginRecord("l4", "bo", NOW, None),
        LoginRecord("l5", "nobody", NOW, True),
        LoginRecord("l6", None, NOW, True),
    )
    number = staffed.read()
    bo = account(staffed, "bo")
    assert (bo.first_login, bo.last_login) == (NOW - 3 * day, NOW - 2 * day)
    assert account(staffed, "ada").last_login is None
    assert receipt(staffed, number, "logins").verdict == "complete"
    with staffed.database.reading() as session:
        assert len(rows(session, LoginRow)) == 6


def test_sign_ins_that_scrolled_out_of_the_log_are_kept(staffed: Connected) -> None:
    staffed.world.put(LoginRecord("l1", "bo", NOW, True))
    staffed.read()
    staffed.world.records[Stream.LOGINS] = [LoginRecord("l2", "bo", NOW - timedelta(days=30), True)]
    staffed.read()
    bo = account(staffed, "bo")
    assert (bo.first_login, bo.last_login) == (NOW - timedelta(days=30), NOW)
    with staffed.database.reading() as session:
        assert len(rows(session, LoginRow)) == 2


def test_a_reading_that_names_nobody_is_not_believed(staffed: Connected) -> None:
    staffed.read()
    staffed.world.records[Stream.ACCOUNTS] = []
    number = staffed.read()
    assert receipt(staffed, number, "accounts").verdict == "incomplete"
    assert live(staffed)["accounts"] == 3


def test_a_complete_reading_without_any_grant_ends_them_all(staffed: Connected) -> None:
    staffed.read()
    staffed.world.records[Stream.GRANTS] = []
    staffed.read()
    assert live(staffed)["grants"] == 0


@pytest.mark.parametrize("counts", [True, False], ids=["counted by the server", "not counted"])
def test_a_row_that_came_twice_is_kept_once_and_may_hide_another(staffed: Connected, counts: bool) -> None:
    """Paging shifted: one grant came twice, another never, and the server's count agrees with the rows."""
    staffed.read()
    staffed.world.counts = counts
    of = staffed.world.of(Stream.GRANTS)
    of[3] = of[2]
    number = staffed.read()
    row = receipt(staffed, number, "grants")
    assert row.dropped == ["1 grants came twice and were kept once"]
    assert row.verdict == ("incomplete" if counts else "complete")
    assert live(staffed)["grants"] == (5 if counts else 4)


def test_of_rows_that_came_twice_the_last_one_is_believed(staffed: Connected) -> None:
    staffed.world.put(AccountRecord("bo", "bo@example.com", title="Later"))
    number = staffed.read()
    assert account(staffed, "bo").title == "Later"
    assert receipt(staffed, number, "accounts").verdict == "incomplete"


def test_a_grant_of_an_unknown_account_is_set_aside_and_said(staffed: Connected) -> None:
    staffed.read()
    staffed.world.put(GrantRecord("ghost", "sales"), GrantRecord("bo", "phantom"))
    staffed.world.remove(GrantRecord("bo", "export"))
    number = staffed.read()
    row = receipt(staffed, number, "grants")
    assert row.verdict == "incomplete"
    assert row.because == "2 grants set aside: they point to something that was not read"
    assert row.dropped == [
        "2 grants set aside",
        "ghost holds sales: the account was not read",
        "bo holds phantom: the entitlement was not read",
    ]
    assert live(staffed)["grants"] == 5


def test_a_grant_of_an_account_that_just_ended_points_nowhere(staffed: Connected) -> None:
    staffed.read()
    staffed.world.records[Stream.ACCOUNTS] = staffed.world.of(Stream.ACCOUNTS)[:2]
    number = staffed.read()
    assert receipt(staffed, number, "grants").verdict == "incomplete"
    assert live(staffed)["accounts"] == 2


def test_a_nesting_that_points_nowhere_costs_the_entitlements_their_trust(staffed: Connected) -> None:
    staffed.read()
    staffed.world.put(NestingRecord("admin", "phantom", "holds"))
    staffed.world.remove(
        *[each for each in staffed.world.of(Stream.ENTITLEMENTS) if getattr(each, "key", "") == "export"]
    )
    staffed.world.remove(GrantRecord("bo", "export"), GrantRecord("bo", "export", source="team:north"))
    number = staffed.read()
    assert receipt(staffed, number, "entitlements").verdict == "incomplete"
    assert live(staffed)["entitlements"] == 3
    assert live(staffed)["grants"] == 5


def test_an_integration_of_an_unknown_owner_is_kept_without_it(staffed: Connected) -> None:
    staffed.world.put(
        IntegrationRecord("app", "connected_app", "App", owner_key="ghost"),
        CredentialRecord("t1", "token", "T", integration_key="phantom", account_key="bo"),
    )
    number = staffed.read()
    row = receipt(staffed, number, "integrations")
    assert row.verdict == "complete"
    assert len(row.dropped) == 2
    with staffed.database.reading() as session:
        (integration,) = rows(session, IntegrationRow)
        (credential,) = rows(session, CredentialRow)
        assert integration.owner_account_id is None
        assert (credential.integration_id, credential.account_id) == (None, account(staffed, "bo").id)


def test_privileges_are_derived_through_nesting_with_their_path_and_circles_end(staffed: Connected) -> None:
    staffed.world.put(
        EntitlementRecord("group", "group", "G", privileges=()),
        EntitlementRecord("inner", "group", "I", privileges=()),
        NestingRecord("group", "inner", "group"),
        NestingRecord("inner", "export", "set"),
        NestingRecord("inner", "group", "group"),
        GrantRecord("cy", "group"),
    )
    staffed.read()
    with staffed.database.reading() as session:
        ids = {row.key: row.id for row in rows(session, EntitlementRow)}
        (cys,) = rows(session, PrivilegeRow, account_id=account(staffed, "cy").id)
        assert cys.privilege == "export"
        assert cys.path == f"{ids['group']}>{ids['inner']}>{ids['export']}"
        assert cys.entitlement_id == ids["group"]
    staffed.world.remove(NestingRecord("inner", "export", "set"))
    snapshot = staffed.snapshot(staffed.read())
    assert snapshot.counts == {"entitlement_edges": {"ended": 1}, "privileges": {"ended": 1}}
    with staffed.database.reading() as session:
        assert [row.ended is None for row in rows(session, EdgeRow)].count(False) == 1


def test_what_a_sum_leaves_out_is_not_brought_back_by_its_parts(staffed: Connected) -> None:
    staffed.world.put(
        EntitlementRecord("muted", "permission_set_group", "Without export", privileges=(Privilege.CUSTOMIZE,)),
        EntitlementRecord("untold", "permission_set_group", "Not up to date", privileges=None),
        NestingRecord("muted", "export", SUMS_UP),
        NestingRecord("untold", "export", SUMS_UP),
        GrantRecord("cy", "muted"),
    )
    staffed.read()
    with staffed.database.reading() as session:
        cys = rows(session, PrivilegeRow, account_id=account(staffed, "cy").id)
        assert [row.privilege for row in cys] == ["customize"]
    staffed.world.put(GrantRecord("cy", "untold"))
    staffed.read()
    with staffed.database.reading() as session:
        cys = rows(session, PrivilegeRow, account_id=account(staffed, "cy").id)
        assert sorted(row.privilege for row in cys) == ["customize", "export"]


def test_a_nesting_does_not_end_in_a_reading_that_lacks_a_page(staffed: Connected) -> None:
    nested = NestingRecord("admin", "export", "holds")
    staffed.world.put(nested)
    staffed.read()
    staffed.world.remove(nested)
    staffed.world.lost_pages[Stream.ENTITLEMENTS] = {0}
    staffed.read()
    with staffed.database.reading() as session:
        assert [row.ended for row in rows(session, EdgeRow)] == [None]


def test_a_grant_without_effect_brings_no_privilege_and_one_of_unknown_effect_does(staffed: Connected) -> None:
    staffed.world.put(
        GrantRecord("cy", "admin", effective=False),
        GrantRecord("cy", "export", effective=None),
    )
    staffed.read()
    with staffed.database.reading() as session:
        held = rows(session, PrivilegeRow, account_id=account(staffed, "cy").id)
        assert [row.privilege for row in held] == ["export"]
        assert queries.live_counts(session)["grants"] == 7


def test_two_ways_to_one_entitlement_are_one_privilege(staffed: Connected) -> None:
    staffed.read()
    with staffed.database.reading() as session:
        assert len(rows(session, PrivilegeRow, account_id=account(staffed, "bo").id)) == 1


def test_an_entitlement_that_does_not_tell_what_it_allows_stays_unknown(staffed: Connected) -> None:
    staffed.world.put(EntitlementRecord("role", "role", "R", privileges=None))
    staffed.read()
    with staffed.database.reading() as session:
        found = rows(session, EntitlementRow, privileges=None)
        assert [row.key for row in found] == ["role"]


def test_settings_keep_the_reading_in_which_they_took_their_value(staffed: Connected) -> None:
    staffed.world.put(SettingRecord("mfa", "on"), SettingRecord("ip", "any"))
    first = staffed.read()
    staffed.world.records[Stream.SETTINGS] = [SettingRecord("mfa", "off")]
    second = staffed.read()
    assert first != second
    with staffed.database.reading() as session:
        assert [(row.key, row.value, row.snapshot_id) for row in rows(session, SettingRow)] == [("mfa", "off", second)]


def test_the_systems_own_log_is_kept_whole(staffed: Connected) -> None:
    staffed.world.put(ChangeRecord("h1", NOW, "granted"))
    staffed.read()
    staffed.world.records[Stream.CHANGES] = [ChangeRecord("h2", NOW, "revoked", text="x" * 5000)]
    staffed.read()
    with staffed.database.reading() as session:
        assert [row.key for row in rows(session, ChangeRow)] == ["h1", "h2"]


def test_who_acted_stays_known_when_a_later_reading_cannot_tell_it_any_more(staffed: Connected) -> None:
    """Of whoever was removed meanwhile the system may not say any more whose address it was."""
    told = ChangeRecord("h1", NOW, "exported", actor_key="bo", subject_key="cy")
    unsure = ChangeRecord("h1", NOW, "exported", named_key="cy")
    for record, known in ((unsure, (None, None, "cy")), (told, ("bo", "cy", None)), (unsure, ("bo", "cy", None))):
        staffed.world.records[Stream.CHANGES] = [record]
        staffed.read()
        with staffed.database.reading() as session:
            (row,) = rows(session, ChangeRow)
            assert (row.actor_key, row.subject_key, row.named_key) == known


def test_text_that_is_too_long_is_cut_and_marked_and_does_not_stop_the_sealing(staffed: Connected) -> None:
    change(staffed, "bo", name="é" * 1000)
    number = staffed.read()
    assert staffed.snapshot(number).status == "sealed"
    name = account(staffed, "bo").name
    assert name is not None
    assert len(name) == 300
    assert "…" in name
    assert staffed.snapshot(staffed.read()).counts == {}


def test_nul_in_what_a_crm_says_is_left_out_and_the_rest_is_kept(staffed: Connected) -> None:
    change(staffed, "bo", name="Bo\x00 Brandt", title="He\x00ad")
    number = staffed.read()
    assert staffed.snapshot(number).status == "sealed"
    bo = account(staffed, "bo")
    assert (bo.name, bo.title) == ("Bo Brandt", "Head")
    assert staffed.snapshot(staffed.read()).counts == {}


def test_sealing_twice_changes_nothing(staffed: Connected) -> None:
    number = staffed.read()
    with staffed.database.transaction() as session:
        before = session.get_one(SnapshotRow, number).digest
        assert snapshots.seal(session, number, by=make.ADMIN, at=NOW).digest == before


def test_on_postgresql_a_reading_has_room_to_be_merged_in_and_no_less_than_was_given(staffed: Connected) -> None:
    if staffed.database.sqlite:
        return
    room = text("SHOW work_mem")
    for given, then in (("4MB", "64MB"), ("256MB", "256MB")):
        number = _spooled(staffed, given)
        with staffed.database.transaction() as session:
            session.execute(text(f"SET LOCAL work_mem = '{given}'"))
            snapshots.seal(session, number, by=make.ADMIN, at=NOW)
            assert session.scalar(room) == then


def test_two_readings_of_one_system_are_sealed_one_after_the_other(staffed: Connected) -> None:
    """The second waits for the first to commit, sees what it wrote, and writes nothing twice."""
    numbers = [_spooled(staffed, run) for run in ("a", "b")]
    sealed_first, second_writes = threading.Event(), threading.Event()

    def slowly() -> None:
        with staffed.database.transaction() as session:
            snapshots.seal(session, numbers[0], by=make.ADMIN, at=NOW)
            sealed_first.set()
            second_writes.wait(1)  # it must not come so far before this commits

    def watch(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if sealed_first.is_set() and statement.startswith("INSERT INTO accounts"):
            second_writes.set()

    event.listen(staffed.database.writer, "before_cursor_execute", watch)
    first = threading.Thread(target=slowly)
    first.start()
    assert sealed_first.wait(20)
    with staffed.database.transaction() as session:
        assert not second_writes.is_set()
        second = snapshots.seal(session, numbers[1], by=make.ADMIN, at=NOW)
    first.join()
    assert second.counts == {}
    assert live(staffed)["grants"] == 5


def _spooled(crm: Connected, run: str) -> int:
    """A reading that was spooled whole and not sealed: the process died in between."""

    def die(stream: str, _page: int, _rows: int) -> None:
        if stream == "changes":
            raise Crash

    with pytest.raises(Crash):
        sync.run(
            crm.database, crm.system_id, run=run, keys=crm.keys, clock=lambda: NOW, by=make.ADMIN, on_page=die,
            reader=FakeReader(crm.world),
        )  # fmt: skip
    with crm.database.reading() as session:
        (row,) = rows(session, SnapshotRow, run=run)
        return row.id


def test_what_was_given_up_is_not_sealed_and_what_was_sealed_is_not_given_up(staffed: Connected) -> None:
    sealed = staffed.read()
    staffed.world.check_fault = Unreachable("no answer")
    failed = staffed.read()
    with staffed.database.transaction() as session:
        with pytest.raises(Refused):
            snapshots.seal(session, failed, by=make.ADMIN, at=NOW)
        assert snapshots.fail(session, sealed, "no", by=make.ADMIN, at=NOW).status == "sealed"


def test_two_systems_with_the_same_keys_do_not_touch_each_other(staffed: Connected) -> None:
    staffed.read()
    first, staffed.system_id = staffed.system_id, _another(staffed)
    staffed.world.records[Stream.GRANTS] = []
    assert staffed.snapshot(staffed.read()).counts["accounts"] == {"began": 3}
    with staffed.database.reading() as session:
        assert queries.live_counts(session, [first])["grants"] == 5
        assert queries.live_counts(session, [staffed.system_id])["grants"] == 0
        assert len(rows(session, PrivilegeRow, system_id=first)) == 3


def test_what_is_there_in_one_system_brings_nothing_back_in_another(staffed: Connected) -> None:
    staffed.read()
    ada = staffed.world.of(Stream.ACCOUNTS)[0]
    staffed.world.remove(ada)
    gone = staffed.snapshot(staffed.read())
    staffed.world.put(ada)
    staffed.system_id = _another(staffed)
    staffed.read()
    with staffed.database.reading() as session:
        assert [row.ended for row in rows(session, AccountRow, key="ada")] == [gone.began_at, None]


def test_an_account_that_ended_can_do_nothing_even_where_its_grants_are_not_known(staffed: Connected) -> None:
    staffed.read()
    staffed.world.records[Stream.ACCOUNTS] = staffed.world.of(Stream.ACCOUNTS)[1:]
    staffed.world.denied[Stream.GRANTS] = "View Setup"
    staffed.read()
    assert live(staffed)["grants"] == 5
    with staffed.database.reading() as session:
        assert rows(session, PrivilegeRow, privilege="administer") == []


def _another(crm: Connected) -> int:
    with crm.database.transaction() as session:
        return make.system(session, kind="fake", config={"world": "acme"}, key=None).id


def test_what_is_told_by_events_ends_by_an_event_and_keeps_what_was_told_once(staffed: Connected) -> None:
    app = IntegrationRecord("app:7", "app", "App 7", owner_key="bo", active=True, created=NOW, by_events=True)
    token = CredentialRecord("token:7", "service_key", "Key 7", account_key="bo", created=NOW, by_events=True)
    staffed.world.put(app, token)
    staffed.read()
    staffed.world.remove(app, token)  # the history scrolled, or a page of it was lost
    number = staffed.read()
    assert receipt(staffed, number, "integrations").verdict == "complete"
    with staffed.database.reading() as session:
        assert [row.ended for of in (IntegrationRow, CredentialRow) for row in rows(session, of)] == [None, None]
    staffed.world.put(IntegrationRecord("app:7", "app", "App 7", active=False, by_events=True))
    staffed.world.put(replace(token, account_key=None, created=None, active=False))
    staffed.read()
    bo = account(staffed, "bo")
    with staffed.database.reading() as session:
        (program,), (key,) = (rows(session, of) for of in (IntegrationRow, CredentialRow))
    assert (program.active, program.created, program.owner_account_id) == (False, NOW, bo.id)
    assert (key.active, key.created, key.account_id) == (False, NOW, bo.id)


def test_a_program_of_a_list_ends_when_it_is_not_in_the_list_any_more(staffed: Connected) -> None:
    app = IntegrationRecord("app:8", "connected_app", "App 8", owner_key="bo", created=NOW)
    staffed.world.put(app)
    staffed.read()
    staffed.world.remove(app)
    staffed.world.put(IntegrationRecord("app:9", "connected_app", "App 9"))
    staffed.read()
    staffed.world.put(replace(app, created=None))
    staffed.read()
    with staffed.database.reading() as session:
        eight, nine = rows(session, IntegrationRow)
    assert (eight.ended, eight.created, nine.ended) == (None, None, None)  # it is back, and says less of itself
    with staffed.database.reading() as session:
        assert [row.kind for row in rows(session, ReturnRow)] == ["integration"]
