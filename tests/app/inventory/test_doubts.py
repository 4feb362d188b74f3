"""Lists that nobody counts: what they do not name any more is asked about before it is taken for gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from app.inventory import doubts
from app.inventory.tables import AccountRow, GrantRow, IntegrationRow, StreamRow
from connectors.connector import Look, Page, State, Target
from connectors.errors import Denied, Unreachable
from connectors.records import GrantRecord, IntegrationRecord, Stream
from tests.app.inventory.conftest import Connected, rows
from tests.app.inventory.test_sync import verdicts
from tests.fake_connector import Crash, FakeExecutor, FakeReader

ASKED = frozenset({Stream.ACCOUNTS, Stream.GRANTS, Stream.INTEGRATIONS})


class Uncounted(FakeReader):
    """Counts nothing, and can be asked about one thing. `cut`: how often the first page of a stream is lost."""

    uncounted = ASKED

    def __init__(self, crm: Connected, **cut: int) -> None:
        super().__init__(crm.world)
        crm.world.counts = False
        self.cut = cut

    def pull(self, stream: Stream, resume: str | None = None) -> Iterator[Page]:
        cut = self.cut.get(str(stream), 0)
        self.cut[str(stream)] = cut - 1
        for number, page in enumerate(super().pull(stream, resume)):
            if number or cut < 1:
                yield page

    def look(self, target: Target) -> Look:
        found = FakeExecutor(self.world).look(target)
        return replace(found, asked=f"{found.asked} -> 200")


def live(crm: Connected) -> tuple[int, int]:
    with crm.database.reading() as session:
        return tuple(len(rows(session, of, ended=None)) for of in (AccountRow, GrantRow))  # type: ignore[return-value]


def because(crm: Connected, snapshot: int, stream: str) -> str:
    with crm.database.reading() as session:
        return session.get_one(StreamRow, (snapshot, stream)).because


@pytest.mark.parametrize(("stream", "said"), [("accounts", "ada"), ("grants", "ada admin direct")])
def test_a_list_that_is_cut_short_again_and_again_ends_nobodys_access(
    staffed: Connected, stream: str, said: str
) -> None:
    staffed.read(reader=Uncounted(staffed))
    number = staffed.read(reader=Uncounted(staffed, **{stream: 9}))
    assert verdicts(staffed, number)[stream] == "incomplete"
    assert f"{said} is not in the list and is there" in because(staffed, number, stream)
    assert live(staffed) == (3, 5)


def test_a_list_that_was_cut_short_once_is_read_again_and_whole(staffed: Connected) -> None:
    staffed.read(reader=Uncounted(staffed))
    number = staffed.read(reader=Uncounted(staffed, accounts=1, grants=1))
    assert set(verdicts(staffed, number).values()) == {"complete"}
    assert live(staffed) == (3, 5)


def test_who_is_gone_ends_and_the_receipt_says_who_was_asked_about(staffed: Connected) -> None:
    staffed.read(reader=Uncounted(staffed))
    cy = staffed.world.of(Stream.ACCOUNTS)[2]
    staffed.world.remove(cy, GrantRecord("cy", "sales"), GrantRecord("bo", "export"))
    number = staffed.read(reader=Uncounted(staffed))
    assert set(verdicts(staffed, number).values()) == {"complete"}
    assert live(staffed) == (2, 3)
    with staffed.database.reading() as session:
        told = {of: session.get_one(StreamRow, (number, of)).parts or [] for of in ("accounts", "grants")}
    (accounts,), (grants,) = ([part for part in told[of] if part["part"] == doubts.PART] for of in told)
    assert (accounts["calls"], accounts["asked"]) == (1, "GET account/cy -> 200")
    assert (grants["calls"], grants["asked"]) == (2, "GET grant/bo/export -> 200 and 1 more")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda: Look(State.UNKNOWN, {}, "GET", ""), "does not say whether it is gone"),
        (lambda: raised(Denied("no", missing="a scope")), "no"),
        (lambda: raised(Unreachable("the connection broke")), "the connection broke"),
    ],
)
def test_where_the_system_does_not_say_whether_it_is_gone_nobody_ends(
    staffed: Connected, answer: Callable[[], Look], told: str
) -> None:
    staffed.read(reader=Uncounted(staffed))
    staffed.world.remove(staffed.world.of(Stream.ACCOUNTS)[2], GrantRecord("cy", "sales"))
    reader = Uncounted(staffed)
    reader.look = lambda _: answer()  # type: ignore[method-assign]
    number = staffed.read(reader=reader)
    assert verdicts(staffed, number)["accounts"] == "incomplete"
    assert told in because(staffed, number, "accounts")
    assert live(staffed) == (3, 5)


def raised(error: Exception) -> Look:
    raise error


def test_what_a_server_counts_nobody_asks_about(staffed: Connected) -> None:
    class Counting(Uncounted):
        uncounted = frozenset()

    staffed.read(reader=Counting(staffed))
    staffed.world.remove(staffed.world.of(Stream.ACCOUNTS)[2], GrantRecord("cy", "sales"))
    staffed.read(reader=Counting(staffed))
    assert (staffed.world.looked, live(staffed)) == ([], (2, 4))


def test_a_program_that_is_listed_is_asked_about_and_one_told_by_events_is_not(staffed: Connected) -> None:
    listed = IntegrationRecord("smtp", "smtp_token", "Mail")
    staffed.world.put(listed, IntegrationRecord("app", "app", "App", derived=True, by_events=True))
    staffed.read(reader=Uncounted(staffed))
    staffed.world.records[Stream.INTEGRATIONS] = []
    number = staffed.read(reader=Uncounted(staffed))
    assert [each.integration_key for each in staffed.world.looked] == ["smtp"]
    assert verdicts(staffed, number)["integrations"] == "complete"
    with staffed.database.reading() as session:
        assert [row.key for row in rows(session, IntegrationRow, ended=None)] == ["app"]


def test_a_run_that_goes_on_after_a_crash_asks_nobody_twice(staffed: Connected) -> None:
    staffed.read(reader=Uncounted(staffed))
    staffed.world.remove(staffed.world.of(Stream.ACCOUNTS)[2], GrantRecord("cy", "sales"))
    staffed.at = staffed.at.replace(day=staffed.at.day + 1)
    reader = Uncounted(staffed)
    calls = staffed.pages

    class Dying(list[object]):
        def append(self, told: object) -> None:
            super().append(told)
            if told == ("accounts", 2, 2):  # one page of accounts, then the page that says who was asked about
                raise Crash

    staffed.pages = Dying()  # type: ignore[assignment]
    with pytest.raises(Crash):
        staffed.read(run="nightly", reader=reader)
    staffed.pages = calls
    asked = len(staffed.world.looked)
    number = staffed.read(run="nightly", reader=reader)
    assert [each.account_key for each in staffed.world.looked[asked:]] == ["cy"]  # its grant; the account was answered
    assert set(verdicts(staffed, number).values()) == {"complete"}
    assert live(staffed) == (2, 4)
