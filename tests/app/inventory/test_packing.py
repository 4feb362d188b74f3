"""A page goes into the spool and comes out as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.inventory import packing
from connectors.receipt import PageReceipt
from connectors.records import (
    AccountRecord,
    ChangeRecord,
    CredentialRecord,
    EndpointRecord,
    EntitlementRecord,
    FactorRecord,
    GrantRecord,
    IntegrationRecord,
    LoginRecord,
    NestingRecord,
    ObjectRightRecord,
    PackageRecord,
    PersonRecord,
    Privilege,
    Record,
    SessionRecord,
    SettingRecord,
    UsageRecord,
)

AT = datetime(2026, 11, 16, 9, 30, 1, 250, tzinfo=timezone(timedelta(hours=2)))
RECORDS: list[Record] = [
    AccountRecord("a", "a@example.com", native={"b": "2", "a": "1"}, created=AT, last_login=AT, active=False),
    EntitlementRecord("e", "role", "Röle", privileges=(Privilege.EXPORT,), native=("X",)),
    EntitlementRecord("f", "role", "R", privileges=None),
    NestingRecord("e", "f", "holds"),
    GrantRecord("a", "e", granted=AT, until=None, effective=False),
    LoginRecord("l", None, AT, None),
    IntegrationRecord("i", "app", "App", scopes=("x",), last_used=AT),
    CredentialRecord("c", "token", "Token", expires=AT),
    SettingRecord("s", None),
    ChangeRecord("h", AT, "did"),
    ObjectRightRecord("e:Contact", "e", "Contact", read=True, delete=False),
    FactorRecord("t", "a", "totp", registered=AT),
    SessionRecord("d", "a", "web", began=AT),
    PackageRecord("k", "Packed", licences_used=3, expires=AT),
    EndpointRecord("n", "remote_site", "Site", guarded=False, native={"b": "2", "a": "1"}),
    UsageRecord("u", "API calls", used=3, allowed=100, period="day"),
    PersonRecord("p", "P", emails=("p@example.com",), start=date(2020, 1, 2)),
]


def test_every_kind_of_record_is_tried() -> None:
    assert {type(record).__name__ for record in RECORDS} == set(packing.KINDS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_kind_of_record_comes_out_as_it_went_in(record: Record) -> None:
    kind = type(record).__name__
    (row,) = packing.unpack(packing.pack([record])[0])[kind]
    told = dict(zip(packing.FIELDS[kind], row, strict=True))
    for name, value in told.items():
        expected = getattr(record, name)
        assert value == (list(expected) if isinstance(expected, tuple) else expected), name


def test_a_pages_digest_is_that_of_its_rows_alone() -> None:
    assert packing.pack(RECORDS)[1] == packing.pack(RECORDS)[1]
    assert packing.pack(RECORDS)[1] != packing.pack(RECORDS[:-1])[1]


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without its zone"):
        packing.pack([LoginRecord("l", None, datetime(2026, 1, 1), None)])


def test_text_that_no_database_keeps_is_cleaned() -> None:
    (row,) = packing.unpack(packing.pack([SettingRecord("s", "a\0b\ud800c")])[0])["SettingRecord"]
    assert row == ["s", "ab?c"]


def test_a_receipt_comes_out_as_it_went_in() -> None:
    receipt = PageReceipt(
        "p", "GET /", 3, "d", at=AT.astimezone(UTC), said=3, last=True, dropped=("x",), missing=("y",)
    )
    kept = packing.receipt_out(receipt) | {"dropped": ["x"], "missing": ["y"], "rows_digest": "r"}
    assert packing.receipt_in(kept) == receipt


def test_what_only_looks_like_a_character_that_is_cleaned_stays() -> None:
    value = r"C:\u0000 and \\u0000"
    assert packing.unpack(packing.pack([SettingRecord("s", value)])[0])["SettingRecord"] == [["s", value]]


def test_other_rows_of_a_page_that_is_cleaned_stay_as_they_are() -> None:
    (spoilt, whole) = packing.unpack(packing.pack([SettingRecord("s\0", "\ud800"), RECORDS[0]])[0]).values()
    assert spoilt == packing.unpack(packing.pack([RECORDS[0]])[0])["AccountRecord"]
    assert whole == [["s", "?"]]


def test_every_row_of_a_kind_that_is_compared_by_line_is_a_line() -> None:
    grants: list[Record] = [GrantRecord(f"a\n{each}", "e],[", until=AT) for each in range(3)]
    packed, _ = packing.pack(grants)
    found = packing.lines(packed, "GrantRecord")
    assert len(found) == 3
    assert packing.of_lines(found) == packing.unpack(packed, times=False)["GrantRecord"]


def test_moments_are_of_utc_whichever_zone_they_came_in() -> None:
    came: list[Record] = [LoginRecord("l", None, AT, None), LoginRecord("m", None, AT.astimezone(UTC), None)]
    one, other = packing.unpack(packing.pack(came)[0], times=False)["LoginRecord"]
    assert one[2] == other[2] == "2026-11-16T07:30:01.000250Z"
