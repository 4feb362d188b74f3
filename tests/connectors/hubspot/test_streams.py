"""HubSpot's rows become records; what no row says stays None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.connector import Page
from connectors.errors import Misread
from connectors.hubspot import (
    accounts,
    changes,
    entitlements,
    grants,
    integrations,
    logins,
    seats,
    settings,
    turns,
    usage,
)
from connectors.hubspot.acting import Told
from connectors.hubspot.auth import Principal
from connectors.hubspot.lists import Batch, Shelf, folded
from connectors.hubspot.paths import Place
from connectors.hubspot.wire import Answer
from connectors.receipt import Verdict, judge
from connectors.records import (
    AccountKind,
    ChangeRecord,
    GrantRecord,
    LoginRecord,
    Privilege,
    SettingRecord,
    Stream,
    UsageRecord,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BO = {"id": "7", "email": "Bo@example.com", "firstName": "Bo", "lastName": "Reed", "roleIds": [], "superAdmin": False}


def batch(*rows: dict[str, Any], after: str | None = None, at: datetime | None = NOW) -> Batch:
    return Batch("GET /x", rows, len(rows), "d" * 64, at, after)


def account(known: accounts.Known | None = None, **changes_: Any) -> Any:
    records, dropped = accounts.translate([BO | changes_], known or accounts.Known())
    assert dropped == []
    return records[0]


# --- accounts


def test_a_user_alone_says_neither_active_nor_when_it_signed_in() -> None:
    bo = account()
    assert (bo.key, bo.email, bo.name) == ("7", "Bo@example.com", "Bo Reed")
    assert (bo.active, bo.last_login, bo.logins_known_since, bo.created, bo.licence) == (None,) * 5
    assert bo.kind is AccountKind.UNKNOWN


@pytest.mark.parametrize(
    ("properties", "owner", "archived", "active"),
    [
        ({"hs_deactivated": "true"}, True, False, False),
        ({"hs_deactivated": "false"}, False, True, True),
        ({"hs_deactivated": None}, True, False, True),
        ({"hs_deactivated": None}, False, True, False),
        ({}, False, False, None),
        (None, True, True, True),
        (None, False, True, False),
        (None, False, False, None),
    ],
)
def test_active_is_what_the_other_lists_say(
    properties: dict[str, Any] | None, owner: bool, archived: bool, active: bool | None
) -> None:
    known = accounts.Known()
    if properties is not None:
        known.records["7"] = {"id": "1", "properties": properties}
    if owner:
        known.owners["7"] = {"id": "2", "type": "PERSON"}
    if archived:
        known.archived["7"] = {"id": "2"}
    assert accounts.is_active("7", known) is active


def test_an_owner_without_the_record_that_everybody_else_has_may_not_have_accepted_yet() -> None:
    known = accounts.Known(owners={"7": {"id": "2"}}, records_read=True)
    assert accounts.is_active("7", known) is None


def test_a_user_joined_with_its_owner_and_its_record() -> None:
    known = accounts.Known(
        owners={"7": {"id": "88", "type": "PERSON", "createdAt": "2025-01-02T00:00:00Z"}},
        records={"7": {"id": "99", "createdAt": "2025-03-02T00:00:00Z", "properties": {"hs_job_title": "Seller"}}},
        sign_ins=logins.SignIns(last={"7": NOW}, since=NOW - timedelta(days=90)),
        seats={"7": ("Core", "Sales")},
    )
    bo = account(known)
    assert bo.title == "Seller"
    assert bo.created == datetime(2025, 1, 2, tzinfo=UTC)
    assert bo.kind is AccountKind.PERSON
    assert bo.licence == "Core, Sales"
    assert (bo.last_login, bo.logins_known_since) == (NOW, NOW - timedelta(days=90))
    assert bo.native == {"superAdmin": "false", "hubspot_owner_id": "88", "hs_object_id": "99"}


def test_a_user_without_an_id_is_dropped_with_a_reason() -> None:
    records, dropped = accounts.translate([{"email": "bo@example.com"}], accounts.Known())
    assert records == ()
    assert dropped == ["user bo@example.com: no id"]


# --- sign-ins


def test_sign_ins_are_translated_and_unreadable_ones_said() -> None:
    rows = batch(
        {
            "id": 1,
            "loginAt": "2026-11-20T10:00:00+01:00",
            "userId": 7,
            "loginSucceeded": True,
            "ipAddress": "192.0.2.1",
        },
        {"id": "2", "loginAt": "2026-11-20T10:00:00Z", "email": "BO@example.com"},
        {"id": "3", "loginAt": "yesterday"},
        {"loginAt": "2026-11-20T10:00:00Z"},
        {"id": "4", "loginAt": 1700000000000},
    )
    records, unread = logins.translate(rows, {"bo@example.com": "7"})
    assert records == (
        LoginRecord("1", "7", datetime(2026, 11, 20, 9, tzinfo=UTC), True),
        LoginRecord("2", "7", datetime(2026, 11, 20, 10, tzinfo=UTC), None),
    )
    assert [each.split(":")[0] for each in unread] == ["sign-in 3", "sign-in without an id", "sign-in 4"]


def sign_in(key: str, day: int, user: str | None = "7", succeeded: object = True) -> dict[str, Any]:
    return {"id": key, "loginAt": f"2026-11-{day:02}T00:00:00Z", "userId": user, "loginSucceeded": succeeded}


def test_the_last_success_counts_in_whatever_order_and_a_failure_does_not() -> None:
    pages = [
        batch(sign_in("1", 5), sign_in("2", 9, succeeded=False), after="c"),
        batch(sign_in("3", 7), sign_in("4", 8, succeeded=None)),
    ]
    found, seen = logins.summarise(pages, {})
    assert found.last == {"7": datetime(2026, 11, 7, tzinfo=UTC)}
    assert found.since == NOW - timedelta(days=90)
    assert folded(seen, "sign-ins").rows == 4


def test_a_success_of_nobody_in_particular_may_have_been_anybodys() -> None:
    found, _ = logins.summarise([batch(sign_in("1", 5), sign_in("2", 9, user=None))], {})
    assert found.since == datetime(2026, 11, 9, tzinfo=UTC)
    assert found.nobodys == 1
    found, _ = logins.summarise([batch(sign_in("1", 5), {"id": "2"})], {})
    assert found.since is None
    found, _ = logins.summarise([batch(sign_in("1", 5), at=None)], {})
    assert found.since is None


# --- entitlements and grants


def test_what_a_role_allows_is_not_said_and_a_super_admin_may_everything() -> None:
    role = entitlements.role({"id": "3", "name": "Sales", "requiresBillingWrite": True})
    assert role is not None
    assert (role.key, role.privileges, role.native) == ("role:3", None, ("requiresBillingWrite",))
    assert Privilege.ADMINISTER in (entitlements.SUPER_ADMIN.privileges or ())
    assert entitlements.role({"name": "nameless"}) is None


def test_everything_that_a_user_holds_is_a_grant() -> None:
    user = BO | {
        "superAdmin": True,
        "roleId": "3",
        "roleIds": ["3", "4"],
        "primaryTeamId": "5",
        "secondaryTeamIds": ["6", "5"],
        "seatNames": ["Core"],
    }
    keys = ["super_admin", "role:3", "role:4", "team:5", "team:6"]  # a seat is a licence, and no grant
    assert grants.translate([user], {}) == tuple(GrantRecord("7", key) for key in keys)
    assert grants.translate([BO], {}) == ()


def test_a_teams_own_list_is_the_second_witness() -> None:
    users = [BO | {"primaryTeamId": "5"}, BO | {"id": "8"}]
    members, said = grants.compared(users, [{"id": "5", "userIds": [8, 9], "secondaryUserIds": []}])
    assert members == {"8": ["team:5"]}
    assert len(said) == 3
    assert grants.translate(users, members)[1] == GrantRecord("8", "team:5")
    agreed, nothing = grants.compared(users[:1], [{"id": "5", "userIds": ["7"]}])
    assert (agreed, nothing) == ({}, [])


# --- settings, changes, integrations


def test_details_become_settings() -> None:
    records = settings.translate({"portalId": 42, "additionalCurrencies": ["EUR", "GBP"], "x": None, "deep": {}})
    assert records == (
        SettingRecord("account.additionalCurrencies", "EUR, GBP"),
        SettingRecord("account.portalId", "42"),
        SettingRecord("account.x", None),
    )


def event(key: int, kind: str, day: int, **more: Any) -> dict[str, Any]:
    return {"id": key, "type": kind, "createdAt": f"2026-11-{day:02}T00:00:00Z"} | more


def test_events_say_who_acted_and_upon_whom_and_unknown_types_are_kept() -> None:
    records, unread = changes.translate(
        batch(
            event(1, "REMOVE_USER", 1, userId=7, objectId="8"),
            event(2, "SOMETHING_NEW", 2, actingUser="Bo@example.com", objectId=3),
            {"id": 3, "type": "X"},
        ),
        {"bo@example.com": "7"},
    )
    assert records == (
        ChangeRecord("1", datetime(2026, 11, 1, tzinfo=UTC), "REMOVE_USER", "7", "8"),
        ChangeRecord("2", datetime(2026, 11, 2, tzinfo=UTC), "SOMETHING_NEW", "7", None, "object 3"),
    )
    assert unread == ["event 3: no id, no createdAt or no type"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"userId": 7}, ("7", None, None)),
        ({"userId": 7, "actingUser": "Bo@example.com"}, ("7", None, None)),
        ({"userId": 8, "actingUser": "bo@example.com"}, ("7", "8", None)),  # whose address it is, acted
        ({"userId": 8, "actingUser": "gone@example.com"}, (None, None, "8")),  # somebody acted, and 8 may have
        ({"actingUser": "gone@example.com"}, (None, None, None)),
        ({"actingUser": "bo@example.com"}, ("7", None, None)),
        ({}, (None, None, None)),
    ],
)
def test_who_acted_is_whose_the_address_is_and_not_known_where_nobody_knows_that(
    given: dict[str, Any], told: tuple[str | None, ...]
) -> None:
    (record,), _ = changes.translate(
        batch(event(1, "EXPORT", 1, objectId="all contacts", **given)), {"bo@example.com": "7"}
    )
    assert (record.actor_key, record.subject_key, record.named_key) == told
    (about,), _ = changes.translate(batch(event(1, "REMOVE_USER", 1, objectId="9", **given)), {"bo@example.com": "7"})
    assert (about.actor_key, about.subject_key, about.named_key) == (told[0], "9", told[2])


def test_a_key_is_its_makers_and_nobodys_where_that_is_not_known() -> None:
    for acting, owner in (("bo@example.com", "7"), ("gone@example.com", None)):
        rows = [event(1, "SERVICE_KEY_CREATE", 1, objectId="k", userId=9, actingUser=acting)]
        traces, _ = integrations.replay([batch(*rows)], {"bo@example.com": "7"})
        assert traces["service_key:k"].owner == owner


@pytest.mark.parametrize(
    ("kinds", "key", "active"),
    [
        (["INSTALL_INTEGRATION"], "app:3", True),
        (["INSTALL_INTEGRATION", "UNINSTALL_INTEGRATION"], "app:3", False),
        (["INSTALL_INTEGRATION", "UNINSTALL_INTEGRATION", "INSTALL_INTEGRATION"], "app:3", True),
        (["UNINSTALL_INTEGRATION"], "app:3", False),
        (["PRIVATE_APP_ACCESS_TOKEN_VIEW"], "private_app:3", True),
        (["PRIVATE_APP_ACCESS_TOKEN_CREATE", "PRIVATE_APP_ACCESS_TOKEN_DEACTIVATE"], "private_app:3", False),
        (["SERVICE_KEY_CREATE", "SERVICE_KEY_AUTO_ROTATE"], "service_key:3", True),
        (["SERVICE_KEY_CREATE", "SERVICE_KEY_DEACTIVATE", "SERVICE_KEY_REVEAL"], "service_key:3", False),
    ],
)
def test_the_history_is_replayed_into_what_is_there_now(kinds: Sequence[str], key: str, active: bool) -> None:
    rows = [event(at, kind, at, objectId=3, userId=7) for at, kind in enumerate(kinds, start=1)]
    traces, unread = integrations.replay([batch(*reversed(rows))], {})
    assert unread == []
    assert (list(traces), traces[key].active) == ([key], active)
    records, credentials = integrations.translate(traces.values())
    assert all(record.derived for record in records)
    assert len(credentials) == (0 if key.startswith("app:") else 1)


def test_a_rotated_key_is_as_old_as_its_rotation_and_a_personal_one_is_an_accounts() -> None:
    traces, _ = integrations.replay(
        [
            batch(
                event(1, "SERVICE_KEY_CREATE", 1, objectId="k"),
                event(2, "SERVICE_KEY_ROTATE", 5, objectId="k"),
                event(3, "PERSONAL_ACCESS_KEY_CREATED", 6, userId=7),
                event(4, "LOGIN", 7),
            )
        ],
        {},
    )
    (record,), (rotated, personal) = integrations.translate(traces.values())
    assert record.key == "service_key:k"
    assert rotated.created == datetime(2026, 11, 5, tzinfo=UTC)
    assert (personal.integration_key, personal.account_key) == (None, "7")


def test_our_own_credential_lands_on_the_trace_of_us() -> None:
    own = Principal("42", "7", frozenset({"a"}), "k", Answer("POST /x", 200, b"{}", {}))
    traces, _ = integrations.replay([batch(event(1, "SERVICE_KEY_CREATE", 1, objectId="k", userId=9))], {})
    records, credentials = integrations.with_own(*integrations.translate(traces.values()), own)
    assert [(each.key, each.owner_key, each.scopes) for each in records] == [("service_key:k", "7", ("a",))]
    assert [(each.key, each.active) for each in credentials] == [("token:service_key:k", True)]
    records, credentials = integrations.with_own([], [], own)
    assert records[0].key == "app:k"
    assert not records[0].derived
    assert credentials[0].integration_key == "app:k"


def test_smtp_tokens_are_credentials_and_their_password_stays_out() -> None:
    made = integrations.smtp(
        [{"id": "s1", "campaignName": "receipts", "createdAt": "2026-01-02T00:00:00Z", "password": "hush"}]
    )
    assert [each.key for each in made] == ["smtp_token:s1", "token:smtp_token:s1"]
    assert "hush" not in repr(made)


# --- seats, usage and the audit log


def test_seats_are_counted_and_rows_that_say_nothing_of_them_are_not_without() -> None:
    rows = batch(BO | {"seatNames": ["Core", "Sales"]}, BO | {"id": "8", "seatNames": ["Core"]}, BO | {"id": "9"})
    held = seats.by_user([rows])
    assert held == {"7": ("Core", "Sales"), "8": ("Core",)}
    assert usage.of_seats(seats.counted(held)) == (
        UsageRecord("seat:Core", "Core seat", used=2),
        UsageRecord("seat:Sales", "Sales seat", used=1),
    )
    assert seats.unsaid([rows]) == ()
    assert seats.unsaid([batch()]) == ()
    assert seats.unsaid([batch(BO)]) == ("seats: no row of the user list names any",)


def test_calls_that_hubspot_could_not_count_are_not_none() -> None:
    good = {"name": "private-apps-api-calls-daily", "usageLimit": 500000, "currentUsage": 100, "fetchStatus": "CACHED"}
    records, unread = usage.of_calls([good, good | {"name": "x", "fetchStatus": "TIMEOUT"}, {"currentUsage": 1}])
    name = "private-apps-api-calls-daily"
    assert records == (UsageRecord(f"api:{name}", f"API calls: {name}", used=100, allowed=500000, period="day"),)
    assert unread == (
        "API usage x: HubSpot says TIMEOUT",
        "API usage without a name: HubSpot says nothing of its state",
    )


def test_the_audit_log_tells_who_did_what_and_never_collides_with_the_history() -> None:
    row = {
        "id": "5",
        "category": "PIPELINE",
        "subCategory": "DEAL",
        "action": "UPDATE",
        "targetObjectId": "900",
        "occurredAt": "2026-11-20T10:00:00Z",
        "actingUser": {"userId": 7, "userEmail": "bo@example.com"},
    }
    records, unread = changes.translate_audit(batch(row, {"id": "6", "occurredAt": "2026-11-20T10:00:00Z"}), Told())
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert records == (ChangeRecord("audit:5", at, "PIPELINE/DEAL/UPDATE", "7", text="object 900"),)
    assert unread == ["audit log 6: no id, no occurredAt or neither category nor action"]


def _entry(key: str = "1", *, action: str = "EXPORT", second: int = 0, user: int = 7, target: str | None = "3") -> Any:
    return {
        "id": key, "category": "SECURITY", "action": action, "targetObjectId": target,
        "occurredAt": f"2026-11-20T10:00:{second:02}Z", "actingUser": {"userId": user},
    }  # fmt: skip


def _held_against(*events: ChangeRecord, entry: Any) -> ChangeRecord | None:
    told = Told()
    told.remember(events, datetime(2026, 11, 19, tzinfo=UTC))
    records, unread = changes.translate_audit(batch(entry), told)
    assert bool(unread) is not bool(records)
    return records[0] if records else None


EVENT = ChangeRecord("9", datetime(2026, 11, 20, 10, tzinfo=UTC), "EXPORT", "7", text="object 3")


@pytest.mark.parametrize(
    ("given", "same_as"),
    [
        ({}, "told already"),
        ({"second": 5}, "told already"),
        ({"second": 6}, None),  # as far apart as no two clocks of one CRM
        ({"target": None}, "told already"),
        ({"target": "4"}, "9"),  # the same act, to what is called otherwise: it may be
        ({"action": "CONTACT_EXPORT"}, "9"),
        ({"user": 8}, None),
    ],
)
def test_an_event_that_both_logs_tell_is_one_where_that_can_be_known(
    given: dict[str, Any], same_as: str | None
) -> None:
    found = _held_against(EVENT, entry=_entry(**given))
    assert ("told already" if found is None else found.same_as) == same_as


def test_where_the_history_does_not_say_who_acted_the_audit_log_may_tell_of_the_same() -> None:
    unsure = replace(EVENT, actor_key=None, named_key="7")
    found = _held_against(unsure, entry=_entry())
    assert found is not None
    assert (found.actor_key, found.same_as) == ("7", "9")


def test_each_event_is_one_of_the_other_log_at_most() -> None:
    told = Told()
    told.remember([EVENT, replace(EVENT, key="10", at=EVENT.at + timedelta(seconds=2))], EVENT.at)
    entries = [_entry("1", second=3), _entry("2", second=1), _entry("3", second=2)]
    records, unread = changes.translate_audit(batch(*entries), told)
    assert unread == [f"audit log {key}: the security history has told of it" for key in "12"]
    assert [(record.key, record.same_as) for record in records] == [("audit:3", None)]


def test_what_is_older_than_the_audit_logs_days_is_not_remembered() -> None:
    told = Told()
    told.remember([EVENT], EVENT.at + timedelta(seconds=6))
    assert not told.events


# --- turns and the shelf


def pages(resume: str | None, *sizes: int, first: int = 0) -> list[Page]:
    sheets: list[turns.Sheet] = []
    for size in sizes:
        records = tuple(GrantRecord(str(first + at), "role:1") for at in range(size))
        sheets.append((records, folded([batch()], "users")))
        first += size
    return list(turns.numbered(Stream.GRANTS, sheets, resume))


def test_a_stream_goes_on_after_a_crash_or_begins_again() -> None:
    whole = pages(None, 2, 2, 1)
    assert whole[-1].resume is None
    assert judge([page.receipt for page in whole]).verdict is Verdict.COMPLETE
    assert pages(whole[0].resume, 2, 2, 1) == whole[1:]
    assert pages(whole[1].resume, 2, 2, 1) == whole[2:]
    for changed in ((2, 1), (3, 2, 1)):
        with pytest.raises(Misread) as caught:
            pages(whole[1].resume, *changed)
        assert caught.value.restart
    with pytest.raises(Misread):
        pages(whole[0].resume, 2, 2, 1, first=5)
    with pytest.raises(Misread):
        pages("nonsense", 2)


def test_a_kept_list_is_given_once_to_each_stream_and_costs_nothing() -> None:
    shelf, fetched = Shelf(most=3), []

    def fetch(rows: int = 2) -> Any:
        fetched.append(1)
        yield batch(*({"id": str(at)} for at in range(rows)))

    def calls(stream: Stream) -> int:
        return sum(each.calls for each in shelf.batches(Place.USERS, stream, fetch))

    assert [calls(stream) for stream in (Stream.ACCOUNTS, Stream.GRANTS, Stream.ENTITLEMENTS)] == [1, 0, 0]
    assert len(shelf.rows(Place.USERS)) == 2
    assert calls(Stream.GRANTS) == 1  # asked again: anew
    assert calls(Stream.ACCOUNTS) == 0
    assert len(fetched) == 2
    for _ in range(2):
        assert sum(each.calls for each in shelf.batches(Place.LOGINS, Stream.LOGINS, lambda: fetch(4))) == 1
    assert shelf.rows(Place.LOGINS) == ()  # too large to keep
