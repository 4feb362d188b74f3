"""Questions asked side by side: the answers stay in order, what waits is bounded, trouble comes where it belongs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from connectors.connector import Page
from connectors.errors import Misread
from connectors.receipt import Verdict, judge
from connectors.records import GrantRecord, Stream
from connectors.salesforce import ahead, flags, grants
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered
from connectors.salesforce.reader import SalesforceReader
from tests.connectors.salesforce.conftest import OURS


def counting(number: int, pages: int, _line: Client) -> Iterator[str]:
    yield from (f"{number}.{page}" for page in range(pages))


def test_answers_come_in_the_order_of_the_questions(client: Client) -> None:
    sizes = [3, 0, 7, 1, 12, 2]
    asks = [partial(counting, number, size) for number, size in enumerate(sizes)]
    heard = [(number, said) for number, said in ahead.in_order(client, asks)]
    assert heard == [(number, f"{number}.{page}") for number, size in enumerate(sizes) for page in range(size)]
    assert list(ahead.in_order(client, [])) == []


def test_the_calls_of_other_lines_are_charged_to_who_asked(org: Any, client: Client) -> None:
    org.rows["User"] = [{"Id": "1"}]
    asks = [partial(ask_twice, number) for number in range(5)]
    assert len(list(ahead.in_order(client, asks))) == 10
    assert client.spent == client.calls == 11  # and one to sign in


def ask_twice(_number: int, line: Client) -> Iterator[int]:
    yield line.count("User")
    yield line.count("User")


def test_nobody_runs_further_ahead_than_a_few_pages(client: Client) -> None:
    asked = [0] * 6
    first = threading.Event()

    def ask(number: int, _line: Client) -> Iterator[int]:
        for page in range(50):
            asked[number] += 1
            if number == 1 and page == ahead.PAGES:
                first.set()
            yield page

    hearing = ahead.in_order(client, [partial(ask, number) for number in range(6)])
    next(hearing)
    assert first.wait(5)  # the second question goes on while the first is being heard
    assert max(asked[1:4]) <= ahead.PAGES + 1
    assert asked[4:] == [0, 0]
    assert len(list(hearing)) == 6 * 50 - 1


def test_trouble_comes_after_what_was_heard_before_it(client: Client) -> None:
    def breaking(_line: Client) -> Iterator[str]:
        yield "one"
        raise Misread("cut")

    hearing = ahead.in_order(client, [partial(counting, 0, 2), breaking, partial(counting, 2, 2)])
    assert [next(hearing)[1] for _ in range(3)] == ["0.0", "0.1", "one"]
    with pytest.raises(Misread, match="cut"):
        next(hearing)


def test_whoever_stops_listening_stops_the_asking(client: Client) -> None:
    before = threading.active_count()
    hearing = ahead.in_order(client, [partial(counting, number, 1000) for number in range(8)])
    next(hearing)
    hearing.close()
    assert threading.active_count() == before


# --- assignments, divided by account ---

PEOPLE = [f"005{number:012d}AAA" for number in range(300)]
ROWS = [
    {"Id": f"0Pa{person:06d}{each:06d}AAA", "AssigneeId": PEOPLE[person], "PermissionSetId": f"0PS{each:012d}AAA"}
    for person in range(300)
    for each in range(person % 4)
]
OWNED = f"0PS{2:012d}AAA"  # by a profile: its assignments are no grants


@pytest.fixture
def many(org: Any, client: Client) -> Client:
    """An org that understands conditions on the assignee, in pages of ten, and gives each page its link."""
    org.columns["PermissionSet"] = ["Id", "IsOwnedByProfile", *(flags.column(flag) for flag in flags.FLAGS)]
    org.columns |= {"User": ["Id", "ProfileId", "UserRoleId"], "GroupMember": ["Id", "GroupId", "UserOrGroupId"]}
    org.columns["PermissionSetAssignment"] = ["Id", "AssigneeId", "PermissionSetId"]
    org.rows["User"] = [{"Id": person} for person in PEOPLE]
    org.rows["PermissionSet"] = [{"Id": OWNED, "IsOwnedByProfile": True}]
    held = {"Id": "1", "PermissionSet": {flags.column(flag): True for flag in flags.FLAGS}}

    def assignments(said: str) -> tuple[int, Any]:
        begin = 0
        if said.startswith("/"):
            begin, soql = int(said.rsplit("-", 1)[-1]), links[said.rsplit("/", 1)[-1].split("-")[0]]
        else:
            soql = said
        low, high = re.search(r"AssigneeId >= '(\w+)'", soql), re.search(r"AssigneeId < '(\w+)'", soql)
        rows = [r for r in ROWS if (not low or r["AssigneeId"] >= low[1]) and (not high or r["AssigneeId"] < high[1])]
        if "COUNT()" in soql:
            return 200, {"totalSize": len(rows), "done": True, "records": []}
        name, done = f"L{abs(hash(soql))}", begin + 10 >= len(rows)
        links[name] = soql
        body = {"totalSize": len(rows), "done": done, "records": rows[begin : begin + 10]}
        return 200, body if done else body | {"nextRecordsUrl": f"/services/data/v67.0/query/{name}-{begin + 10}"}

    links: dict[str, str] = {}
    org.script("FROM PermissionSetAssignment", assignments)
    org.script(r"GET \S+/query/L\d+-\d+", assignments)
    org.script(f"AssigneeId = '{OURS}'", lambda _: (200, {"totalSize": 1, "done": True, "records": [held]}))
    client.access = replace(client.access, page_size=10)
    return client


def read(client: Client, resume: str | None = None) -> list[Page]:
    return list(SalesforceReader(client).pull(Stream.GRANTS, resume))


def held(pages: list[Page]) -> list[tuple[str, str]]:
    return [(r.account_key, r.entitlement_key) for page in pages for r in page.records if isinstance(r, GrantRecord)]


def assigned(pages: list[Page]) -> list[Page]:
    return [page for page in pages if page.receipt.part == "PermissionSetAssignment"]


def test_assignments_are_divided_and_every_one_is_read_once_with_its_call_counted(many: Client) -> None:
    pages = read(many)
    whole = held(assigned(pages))
    real = [row for row in ROWS if row["PermissionSetId"] != OWNED]
    assert sorted(whole) == sorted((row["AssigneeId"], row["PermissionSetId"]) for row in real) != []
    assert len({page.receipt.asked for page in assigned(pages)}) > 4
    assert judge([page.receipt for page in pages]).verdict is Verdict.COMPLETE
    assert sum(page.receipt.calls for page in pages) == many.calls


def test_divided_assignments_can_be_resumed_from_any_page(many: Client) -> None:
    pages = read(many)
    whole = held(pages)
    for number in (2, len(pages) // 2, len(pages) - 3):
        again = [*pages[: number + 1], *read(many, pages[number].resume)]
        assert held(again) == whole
        assert judge([page.receipt for page in again]).verdict is Verdict.COMPLETE


def test_an_org_that_does_not_order_references_is_read_in_one_piece(org: Any, many: Client) -> None:
    org.script(
        "AssigneeId <", lambda _: (400, [{"errorCode": "MALFORMED_QUERY", "message": "invalid operator on id field"}])
    )
    pages = read(many)
    assert len({page.receipt.asked for page in assigned(pages)}) == 1
    assert len(held(assigned(pages))) == sum(row["PermissionSetId"] != OWNED for row in ROWS)


def test_a_place_in_a_division_that_is_no_more_begins_again(many: Client) -> None:
    place = json.loads(next(page.resume for page in assigned(read(many)) if page.resume))
    place[2:] = [99, None, len(ROWS), place[5]]
    with pytest.raises(Misread) as caught:
        read(many, json.dumps(place))
    assert caught.value.restart


@pytest.mark.parametrize("said", [0, 59, 61, 1000])
def test_the_windows_of_a_division_leave_nobody_out(client: Client, org: Any, said: int) -> None:
    gathered = Gathered(marks=PEOPLE[::50])
    client.access = replace(client.access, page_size=10)
    _, cuts = grants.by_account(gathered, client, "", said)
    for person in [*PEOPLE, "005zzzzzzzzzzzzAAA", "005000000000000"]:
        within = 0
        for cut in cuts:
            low, high = re.search(r">= '(\w+)'", cut), re.search(r"< '(\w+)'", cut)
            within += (not low or person >= low[1]) and (not high or person < high[1])
        assert within == 1


def test_the_windows_of_a_division_fill_their_pages(client: Client, org: Any) -> None:
    """A server may give somewhat fewer rows than are asked for, and still every window takes three pages, nearly full."""
    gathered, people = Gathered(), [f"005{n:012d}" for n in range(10_000)]
    for person in people:
        list(grants.profile_and_role({"Id": person, "ProfileId": "00eA"}, gathered))
    held, given = 10, 1920  # assignments of each, and rows on each page
    _, cuts = grants.by_account(gathered, client, "", held * len(people))
    edges = [found[1] for cut in cuts if (found := re.search(r">= '(\w+)'", cut))]
    bounds = [0, *(people.index(edge) for edge in edges), len(people)]
    pages = sum(-(-(high - low) * held // given) for low, high in pairwise(bounds))
    assert pages <= 1.04 * len(people) * held / given
