"""A stream's pages and receipts: columns that exist, counts before and after, resumption, and honesty about gaps."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.connector import Page
from connectors.errors import Denied, Misread
from connectors.receipt import Verdict, judge
from connectors.records import Record, SettingRecord, Stream
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Part
from connectors.salesforce.reading import read_stream
from connectors.salesforce.soql import Row

COLUMNS = ["Id", "Username", "ProfileId"]


def people(number: int) -> list[dict[str, Any]]:
    return [{"Id": f"005{each:012d}AAA", "Username": f"p{each}@example.com"} for each in range(number)]


def keep(row: Row, _gathered: Gathered) -> Iterator[Record]:
    if row.get("Username") == "odd@example.com":
        raise ValueError("an odd row")
    yield SettingRecord(str(row.get("Id")), None)


def part(**changes: Any) -> Part:
    return Part(**{"name": "User", "source": "User", "wish": ("Id", "Username"), "translate": keep} | changes)


def read(client: Client, *parts: Part, resume: str | None = None, gathered: Gathered | None = None) -> list[Page]:
    return list(read_stream(client, Stream.ACCOUNTS, parts, gathered or Gathered(), resume))


def verdict(pages: list[Page]) -> Verdict:
    return judge([page.receipt for page in pages]).verdict


@pytest.fixture
def paged(org: Any) -> Any:
    org.columns["User"] = list(COLUMNS)
    org.rows["User"] = people(10)
    org.page_size = 4
    return org


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]  # type: ignore[union-attr]


def test_all_pages_counted_before_and_after(paged: Any, client: Client) -> None:
    pages = read(client, part())
    assert keys(pages) == [row["Id"] for row in paged.rows["User"]]
    assert [page.receipt.rows for page in pages] == [4, 4, 2]
    assert [page.receipt.last for page in pages] == [False, False, True]
    assert (pages[0].receipt.said, pages[-1].receipt.said_after) == (10, 10)
    assert pages[-1].resume is None
    assert verdict(pages) is Verdict.COMPLETE
    assert sum(page.receipt.calls for page in pages) == client.calls


def test_only_columns_that_exist_are_asked_for_and_the_others_named(paged: Any, client: Client) -> None:
    pages = read(client, part(wish=("Id", "Username", "NoSuch__c", "Profile.Name", "Nobody.Name")))
    assert pages[0].receipt.missing == ("User.NoSuch__c", "User.Nobody.Name")
    assert "SELECT Id, Username, Profile.Name FROM User ORDER BY Id" in paged.soqls()


def test_a_column_that_describe_promised_and_query_denies_is_left_out(paged: Any, client: Client) -> None:
    message = "No such column 'LicenseDefinitionKey' on entity 'UserLicense'."
    paged.script("LicenseDefinitionKey", lambda _: (400, [{"errorCode": "INVALID_FIELD", "message": message}]))
    wish = ("Id", "Username", "Profile.UserLicense.LicenseDefinitionKey")
    pages = read(client, part(wish=wish))
    assert pages[0].receipt.missing == ("User.Profile.UserLicense.LicenseDefinitionKey",)
    assert verdict(pages) is Verdict.COMPLETE


def test_an_unknown_column_in_the_condition_does_not_loop(paged: Any, client: Client) -> None:
    message = "No such column 'Nope' on entity 'User'."
    paged.script("Nope", lambda _: (400, [{"errorCode": "INVALID_FIELD", "message": message}]))
    with pytest.raises(Misread):
        read(client, part(where="Nope = true"))


def test_every_page_can_be_resumed_from(paged: Any, client: Client) -> None:
    whole = read(client, part())
    for number, page in enumerate(whole[:-1]):
        rest = read(client, part(), resume=page.resume)
        assert keys(rest) == keys(whole[number + 1 :])
        assert verdict(whole[: number + 1] + rest) is Verdict.COMPLETE


def test_a_part_that_explains_later_rows_is_read_again_silently(paged: Any, client: Client) -> None:
    paged.columns["UserLogin"] = ["Id", "UserId"]
    paged.rows["UserLogin"] = [{"Id": "0Yw000000000001AAA", "UserId": "005x"}]

    def note(row: Row, gathered: Gathered) -> Iterator[Record]:
        gathered.group("seen").add(str(row["UserId"]))
        return iter(())

    first = part(name="L", source="UserLogin", wish=("Id", "UserId"), translate=note, gathers=True)
    whole = read(client, first, part())
    assert [page.receipt.part for page in whole] == ["L", "User", "User", "User"]
    gathered = Gathered()
    rest = read(client, first, part(), resume=whole[1].resume, gathered=gathered)
    assert [page.receipt.part for page in rest] == ["User", "User"]
    assert gathered.group("seen") == {"005x"}


@pytest.mark.parametrize("resume", ["", "nonsense", "[]", '[2,0,0,null,null,""]', '[1,7,0,null,null,""]', "{}"])
def test_a_resume_that_is_not_ours_begins_again(paged: Any, client: Client, resume: str) -> None:
    with pytest.raises(Misread) as caught:
        read(client, part(), resume=resume)
    assert caught.value.restart


def test_an_answer_that_ends_too_early_is_incomplete(paged: Any, client: Client) -> None:
    rows = paged.rows["User"]
    paged.script("SELECT Id", lambda _: (200, {"totalSize": 10, "done": True, "records": rows[:4]}))
    assert verdict(read(client, part())) is Verdict.INCOMPLETE


def test_an_answer_that_ends_too_early_and_lies_about_its_size_is_incomplete(paged: Any, client: Client) -> None:
    rows = paged.rows["User"]
    paged.script("SELECT Id", lambda _: (200, {"totalSize": 4, "done": True, "records": rows[:4]}))
    assert verdict(read(client, part())) is Verdict.INCOMPLETE


def test_a_row_that_comes_twice_hides_none_that_is_missing(paged: Any, client: Client) -> None:
    rows = paged.rows["User"]
    paged.script("query/User-8", lambda _: (200, {"totalSize": 10, "done": True, "records": [rows[0], rows[9]]}))
    pages = read(client, part())
    assert len(keys(pages)) == 9
    assert "came twice" in pages[-1].receipt.dropped[0]
    assert verdict(pages) is Verdict.INCOMPLETE


def test_rows_that_come_while_reading_are_explained(paged: Any, client: Client) -> None:
    rows = paged.rows["User"]

    def grown(_what: str) -> tuple[int, Any]:
        paged.rows["User"] = people(11)
        return 200, {"totalSize": 10, "done": True, "records": rows[8:]}

    paged.script("query/User-8", grown)
    assert verdict(read(client, part())) is Verdict.EXPLAINED


def test_an_odd_row_is_dropped_with_its_reason(paged: Any, client: Client) -> None:
    paged.rows["User"][3]["Username"] = "odd@example.com"
    pages = read(client, part())
    assert pages[0].receipt.dropped == ("User 005000000000003AAA: an odd row",)
    assert verdict(pages) is Verdict.COMPLETE


def test_a_circle_of_pages_ends(paged: Any, client: Client) -> None:
    again = {"totalSize": 10, "done": False, "records": [], "nextRecordsUrl": "/services/data/v67.0/query/User-4"}
    paged.script("query/User-4", lambda _: (200, again))
    with pytest.raises(Misread, match="circle"):
        read(client, part())


def test_an_object_that_is_not_there_is_denied_by_name(org: Any, client: Client) -> None:
    with pytest.raises(Denied, match="describe User"):
        read(client, part())


def test_a_missing_feature_is_noted_and_a_missing_right_leaves_it_incomplete(paged: Any, client: Client) -> None:
    absent = {"name": "X", "source": "ExternalClientApplication", "optional": True}
    pages = read(client, part(**absent), part())
    assert pages[0].receipt.missing == ("ExternalClientApplication: not in this org",)
    assert verdict(pages) is Verdict.COMPLETE
    pages = read(client, part(**absent, lacking="View External Client Apps"), part())
    assert pages[0].receipt.missing == ("ExternalClientApplication: View External Client Apps",)
    assert verdict(pages) is Verdict.INCOMPLETE


@pytest.mark.parametrize("apart", [True, False])
def test_what_is_asked_ahead_is_understood_where_it_was_asked_if_each_row_stands_by_itself(
    paged: Any, client: Client, apart: bool
) -> None:
    """So that what waits to be heard is what rows say, and not the rows; a row that comes twice in a window is one."""
    rows = paged.rows["User"]
    cuts = {"w0": rows[:4], "w1": [rows[4], rows[4]], "w2": rows[5:]}
    for name, some in cuts.items():
        said = {"totalSize": len(some), "done": True, "records": some}
        paged.script(f"WHERE {name}", lambda _, said=said: (200, said))
    where: list[str] = []

    def translate(row: Any, gathered: Gathered) -> Any:
        where.append(threading.current_thread().name[:5])
        return part().translate(row, gathered)

    divided = part(windows=lambda *_: ("!", list(cuts)), translate=translate, order="", apart=apart)
    pages = read(client, divided)
    assert keys(pages) == [row["Id"] for row in rows]
    assert pages[1].receipt.dropped == ("User: 1 rows came twice and were counted once",)
    assert where.count("ahead") == (6 if apart else 0)
    assert len(where) == 10


def test_windows_are_one_part_and_can_be_resumed(paged: Any, client: Client) -> None:
    rows = paged.rows["User"]
    cuts = {"w0": rows[:4], "w1": [], "w2": rows[4:]}
    for name, some in cuts.items():
        said = {"totalSize": len(some), "done": True, "records": some}
        paged.script(f"WHERE {name}", lambda _, said=said: (200, said))
    asked: list[tuple[str, int]] = []

    def windows(_client: Client, anchor: str, said: int) -> tuple[str, list[str]]:
        asked.append((anchor, said))
        return f"{anchor}!", list(cuts)

    whole = read(client, part(windows=windows, anchor="a", order=""))
    assert [page.receipt.rows for page in whole] == [4, 0, 6]
    assert verdict(whole) is Verdict.COMPLETE
    rest = read(client, part(windows=windows, anchor="other", order=""), resume=whole[0].resume)
    assert keys(whole[:1] + rest) == [row["Id"] for row in rows]
    assert asked == [("a", 10), ("a!", 10)]
    assert json.loads(whole[0].resume or "")[5] == "a!"
