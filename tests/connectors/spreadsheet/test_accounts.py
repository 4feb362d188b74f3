"""Rows of an export become accounts and grants, or are refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.delimited import Row
from connectors.records import AccountRecord, EntitlementRecord, GrantRecord, Privilege
from connectors.spreadsheet import accounts, columns, grants
from connectors.spreadsheet.dates import Order

BO = {"Email": "Bo@Example.com"}


def export(*rows: dict[str, str], preset: str = "plain", order: Order | None = None) -> accounts.Export:
    header = list(dict.fromkeys(name for row in rows for name in row))
    lines = [Row(at, tuple(row.get(name, "") for name in header)) for at, row in enumerate(rows, start=2)]
    found = columns.recognise(header, columns.Preset(preset), {}, "x.csv")
    return accounts.translate(found, lines, ZoneInfo("UTC"), order)


def only(of: accounts.Export) -> AccountRecord:
    (account,) = of.accounts
    return account


def test_a_salesforce_row_becomes_an_account_with_its_grants() -> None:
    row = {
        "User ID": "005000000000001AAA",
        "Username": "bo@northwind-sandbox.example",
        "Email": "bo@example.com",
        "First Name": "Bo",
        "Last Name": "Reed",
        "Active": "1",
        "Profile: Name": "System Administrator",
        "Role: Name": "East; North",
        "Last Login": "2026-03-04 05:06",
        "Created Date": "2020-01-02",
    }
    of = export(row, preset="salesforce")
    account = only(of)
    assert (account.key, account.name, account.active) == ("005000000000001AAA", "Bo Reed", True)
    assert account.last_login == datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    assert account.logins_known_since == account.last_login
    assert grants.grants(of) == tuple(
        GrantRecord(account.key, key) for key in ("profile:System Administrator", "role:East", "role:North")
    )
    admin, role, _ = grants.entitlements(of, columns.Preset.SALESFORCE)
    assert admin.privileges is not None
    assert Privilege.ADMINISTER in admin.privileges
    assert not admin.revocable
    assert role == EntitlementRecord("role:East", "role", "East")


def test_a_hubspot_row_becomes_an_account_with_super_admin_and_teams() -> None:
    row = BO | {
        "Super admin": "Yes",
        "Main team": "Sales",
        "Additional teams": "EMEA; Deals",
        "Seat": "Core",
        "Role": "--",
    }
    of = export(row, BO | {"Email": "eve@example.com", "Super admin": "No"}, preset="hubspot")
    assert [grant.entitlement_key for grant in grants.grants(of)] == [
        "super_admin:Super admin",
        "team:Sales",
        "team:EMEA",
        "team:Deals",
        "seat:Core",
    ]
    assert of.accounts[0].licence == "Core"
    assert of.accounts[0].key == "bo@example.com"


@pytest.mark.parametrize(
    ("cells", "active"),
    [
        ({"Active": "TRUE"}, True),
        ({"Active": "0"}, False),
        ({"Status": "Deactivated"}, False),
        ({"Status": "Active"}, True),
        ({"Status": "Pending"}, None),
        ({"Deactivated": "No"}, True),
        ({"Deactivated": "Deactivated"}, False),
        ({"Active": "", "Status": ""}, None),
        ({}, None),
    ],
)
def test_active_is_what_the_columns_say_and_none_when_they_do_not(cells: dict[str, str], active: bool | None) -> None:
    of = export(BO | cells)
    assert only(of).active is active
    assert of.dropped == ()


def test_columns_that_contradict_each_other_about_active_say_nothing() -> None:
    of = export(BO | {"Active": "Yes", "Status": "Deactivated"})
    assert only(of).active is None
    assert of.dropped == ("line 2: kept, but its columns contradict each other about whether it is active",)


def test_an_empty_last_login_is_never_only_where_the_vendor_means_it_so() -> None:
    row = BO | {"Username": "bo", "Last Login": "", "Created Date": "2020-01-02"}
    assert only(export(row, preset="salesforce")).logins_known_since == datetime(2020, 1, 2, tzinfo=UTC)
    assert only(export(BO | {"Last Login": "", "Created": "2020-01-02"})).logins_known_since is None


def test_an_unreadable_date_is_left_out_and_said_and_never_taken_for_never() -> None:
    row = BO | {"Username": "bo", "Last Login": "03/04/2026", "Created Date": "2020-01-02"}
    of = export(row, preset="salesforce")
    assert (only(of).last_login, only(of).logins_known_since) == (None, None)
    assert of.dropped == (
        "line 2: kept without last_login: '03/04/2026' may be day first or month first; say dates=dmy or dates=mdy",
    )
    assert only(export(row, preset="salesforce", order=Order.DMY)).last_login == datetime(2026, 4, 3, tzinfo=UTC)


def test_a_column_that_proves_its_order_is_believed_and_the_receipt_says_so() -> None:
    of = export(BO | {"Last Login": "03/04/2026"}, {"Email": "eve@example.com", "Last Login": "25/04/2026"})
    assert of.accounts[0].last_login == datetime(2026, 4, 3, tzinfo=UTC)
    assert of.orders == {"last_login": "dmy (proven by the column)"}


def test_rows_of_one_account_are_one_account_unless_they_contradict_each_other() -> None:
    first, second = BO | {"Name": "Bo", "Role": "A"}, BO | {"Name": "Bo", "Role": "B"}
    of = export(first, second, first)
    assert len(of.accounts) == 1
    assert of.holds["bo@example.com"] == (("role", "A"), ("role", "B"))
    assert of.dropped == ("line 4: repeats an earlier line about bo@example.com",)
    of = export(first, second | {"Name": "Robert"})
    assert of.accounts == ()
    assert of.dropped[0] == "line 2: refused: lines 2, 3 contradict each other about bo@example.com"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Email": ""}, "no id, no username and no e-mail"),
        ({"Role": "#N/A"}, "role is #N/A: a formula without a usable value"),
    ],
)
def test_a_row_that_cannot_be_trusted_is_refused(change: dict[str, str], why: str) -> None:
    of = export(BO | {"Name": "Bo"} | change)
    assert of.accounts == ()
    assert of.dropped == (f"line 2: refused: {why}",)


def test_a_word_that_is_neither_yes_nor_no_is_said() -> None:
    of = export(BO | {"Active": "perhaps"})
    assert only(of).active is None
    assert of.dropped == ("line 2: kept without active: 'perhaps' is neither yes nor no",)
