"""Pages understood by another process say what they would have said here, and what that process cannot say is read here."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from connectors import pacing
from connectors.connector import Aside, Packed, Page
from connectors.errors import Misread
from connectors.receipt import Verdict, judge
from connectors.records import GrantRecord, Record, Stream
from connectors.salesforce import reading
from connectors.salesforce.client import Client
from connectors.salesforce.parts import Gathered, Odd, Part
from connectors.salesforce.reading import read_stream

ROWS = [{"Id": f"0Pa{n:012d}AAA", "AssigneeId": f"005{n % 7:012d}AAA", "Set": f"0PS{n % 3}"} for n in range(40)]


class Process:
    """Does what another process would: by what it is handed over as bytes alone."""

    def __init__(self, able: Callable[[int], bool] = lambda _: True) -> None:
        self.able, self.asked, self.kept = able, 0, list[Sequence[Record]]()

    def __call__(self, understand: Callable[..., Any], *given: object) -> Any:
        self.asked += 1
        if not self.able(self.asked):
            return None
        function, arguments = pickle.loads(pickle.dumps((understand, given)))
        said = function(*arguments)
        if said is None:
            return None
        self.kept.append(said[0])
        return pickle.loads(pickle.dumps((Packed(pickle.dumps(said[0]), "digest", len(said[0]), None), said[1])))


def held(row: Any, gathered: Gathered) -> Sequence[Record]:
    """A function of a module, as the connector's own are: it has to be found again in the other process."""
    if row["Set"] == "odd":
        raise Odd("an odd one, token=secret123")
    return (GrantRecord(row["AssigneeId"], gathered.table("names")[row["Set"]], until=gathered.at),)


def part(**changes: Any) -> Part:
    wish = ("Id", "AssigneeId", "Set")
    given = {"name": "Held", "source": "Held", "wish": wish, "translate": held, "order": "", "apart": True}
    return Part(**given | {"windows": lambda *_: ("!", ["w0", "w1", "w2"])} | changes)


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a minute goes by between any two answers."""
    minutes = count()
    monkeypatch.setattr(reading, "LARGE", 30)
    monkeypatch.setattr(
        pacing, "server_time", lambda _: datetime(2026, 11, 16, 9, tzinfo=UTC) + timedelta(minutes=next(minutes))
    )


@pytest.fixture
def crm(org: Any) -> Any:
    """Three windows: of one page, of three, and of one."""
    org.columns["Held"] = ["Id", "AssigneeId", "Set"]
    org.rows["Held"] = ROWS
    says(org, "w0", ROWS[:10])
    says(org, "w1", ROWS[10:16], ROWS[16:22], ROWS[22:30])
    says(org, "w2", ROWS[30:])
    return org


def says(org: Any, window: str, *pages: list[Any]) -> None:
    """What the window's pages hold."""
    total = sum(map(len, pages))

    def page(number: int) -> tuple[int, Any]:
        last = number + 1 == len(pages)
        said = {"totalSize": total, "done": last, "records": pages[number]}
        return 200, said if last else said | {"nextRecordsUrl": f"/services/data/v67.0/query/{window}-{number + 1}"}

    org.script(f"WHERE {window}", lambda _: page(0))
    org.script(rf"query/{window}-\d", lambda address: page(int(address[-1])))


def read(client: Client, aside: Aside | None, **changes: Any) -> list[Page]:
    gathered = Gathered()
    gathered.table("names").update({f"0PS{n}": f"set {n}" for n in range(3)})
    gathered.at = datetime(2020, 1, 1, tzinfo=UTC)
    return list(read_stream(client, Stream.GRANTS, [part(**changes)], gathered, None, aside=aside))


def records(pages: list[Page]) -> list[tuple[Any, bool]]:
    """Each record, and whether it goes by its own page's clock, which is the server's."""
    found = []
    for page in pages:
        for each in pickle.loads(page.packed.data) if page.packed else page.records:
            found.append((each._replace(until=None), each.until == page.receipt.at))
    return found


def told(pages: list[Page]) -> list[Any]:
    """All but the moment, and the price of signing in and describing, which the first to read pays."""
    return [
        (replace(page.receipt, at=None, calls=min(page.receipt.calls, 1)), page.resume, page.many) for page in pages
    ]


def test_it_is_as_if_it_had_been_understood_here(crm: Any, client: Client) -> None:
    process = Process()
    here, there = read(client, None), read(client, process)
    assert records(there) == records(here) != []
    assert told(there) == told(here)
    assert [page.packed is not None for page in there] == [False, True, True, True, True]  # the first shows the columns
    assert process.asked == 4
    assert {by_its_clock for _, by_its_clock in records(there)} == {True}
    assert judge([page.receipt for page in there]).verdict is Verdict.COMPLETE


@pytest.mark.parametrize("unable", [{1}, {2, 4}, {1, 2, 3, 4}])
def test_what_the_process_does_not_say_is_read_here(crm: Any, client: Client, unable: set[int]) -> None:
    here, there = read(client, None), read(client, Process(lambda number: number not in unable))
    assert records(there) == records(here)
    assert told(there) == told(here)
    assert sum(page.packed is None for page in there) == 1 + len(unable)


@pytest.mark.parametrize(
    "pages", [[ROWS[10:16], ROWS[15:22], ROWS[22:30]], [ROWS[10:30], [ROWS[12]]], [[ROWS[10]] * 2]]
)
def test_a_row_that_comes_twice_in_a_window_is_one(crm: Any, client: Client, pages: list[list[Any]]) -> None:
    says(crm, "w1", *pages)
    here, there = read(client, None), read(client, Process())
    assert records(there) == records(here)
    assert told(there) == told(here)
    assert any("came twice" in sentence for page in there for sentence in page.receipt.dropped)


def test_what_is_dropped_is_told_and_no_secret_with_it(crm: Any, client: Client) -> None:
    says(crm, "w1", [*ROWS[10:16], ROWS[16] | {"Set": "odd"}])
    here, there = read(client, None), read(client, Process())
    assert told(there) == told(here)
    (dropped,) = there[1].receipt.dropped
    assert there[1].packed is not None
    assert "an odd one" in dropped
    assert "secret123" not in dropped


def test_rows_without_id_are_read_here(crm: Any, client: Client) -> None:
    says(crm, "w1", [{"AssigneeId": "005", "Set": "0PS1"}] * 2)
    there = read(client, Process())
    assert there[1].packed is None
    assert (there[1].receipt.rows, there[1].many) == (2, 2)


def test_a_cut_answer_is_asked_for_again_and_one_that_is_no_page_is_misread(crm: Any, client: Client) -> None:
    whole = json.dumps({"totalSize": 20, "done": True, "records": ROWS[10:30]}).encode()
    crm.once("WHERE w1", (200, whole[:200]), (200, whole))
    assert records(read(client, Process())) == records(read(client, None))
    assert sum("w1" in soql for soql in crm.soqls()) == 3
    crm.script("WHERE w1", lambda _: (200, {"totalSize": 20, "records": []}))
    with pytest.raises(Misread, match="not a query result"):
        read(client, Process())
    crm.script("WHERE w1", lambda _: (200, {"totalSize": 20, "done": False, "records": []}))
    with pytest.raises(Misread, match="does not say how to go on"):
        read(client, Process())


def test_small_parts_and_those_that_rest_on_each_other_are_never_handed_over(
    crm: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process()
    read(client, process, apart=False)
    monkeypatch.setattr(reading, "LARGE", 41)
    read(client, process)
    assert process.asked == 0
