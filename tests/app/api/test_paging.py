"""Lists by pages: cursors nobody can make up, and no row twice or hidden, whatever comes and goes between two pages."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.api import paging
from app.detection.tables import FindingRow
from app.kit.refusal import Refused
from app.kit.secrets import Keys
from tests import make
from tests.app.api.house import KEYS, House, finding, removal

# --- cursors ---


def test_a_cursor_leads_back_to_its_place() -> None:
    assert paging.read(KEYS, "findings", paging.seal(KEYS, "findings", [1, 7])) == [1, 7]
    assert paging.read(KEYS, "findings", None) is None


def _flip(cursor: str) -> str:
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[-2] ^= 1
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _forge(place: str) -> str:
    return base64.urlsafe_b64encode(b"\0" * 16 + place.encode()).decode().rstrip("=")


FORGED: dict[str, Callable[[str], str]] = {
    "one bit flipped": _flip,
    "the tag alone": lambda cursor: cursor[:20],
    "no tag": lambda _cursor: _forge("[0, 0]"),
    "nothing": lambda _cursor: "",
    "not base64": lambda _cursor: "päge 2",
    "base64 of nothing useful": lambda _cursor: "A",
    "another installation's": lambda _cursor: paging.seal(Keys(b"x" * 32), "findings", [1, 7]),
    "another list's": lambda _cursor: paging.seal(KEYS, "entries", [1, 7]),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_cursor_that_is_not_ours_for_this_list_is_refused(case: str) -> None:
    cursor = FORGED[case](paging.seal(KEYS, "findings", [1, 7]))
    with pytest.raises(Refused) as refused:
        paging.read(KEYS, "findings", cursor)
    assert (refused.value.refusal.code, refused.value.refusal.status) == ("bad_cursor", 400)


def test_a_cursor_outlives_a_change_of_keys() -> None:
    cursor = paging.seal(Keys(b"o" * 32), "findings", [1, 7])
    assert paging.read(Keys(b"n" * 32, [b"o" * 32]), "findings", cursor) == [1, 7]


# --- lists ---


def _walk(house: House, path: str, rows: str, between: Callable[[], Any] | None = None) -> list[Any]:
    """Every row of a list, seven a page; `between` runs after each page."""
    client = house.client("admin")
    seen: list[Any] = []
    after: str | None = None
    while True:
        page = client.get(path, params={"limit": 7} | ({"after": after} if after else {})).json()
        seen += page[rows]
        if between is not None:
            between()
        after = page["next"]
        if after is None:
            return seen
        assert len(page[rows]) == 7, "only the last page may be short"


def test_findings_come_worst_first_each_once(full: House) -> None:
    rows = _walk(full, "/api/v1/findings", "findings")
    order = ["critical", "high", "medium", "low"]
    assert [order.index(row["severity"]) for row in rows] == sorted(order.index(row["severity"]) for row in rows)
    assert len({row["id"] for row in rows}) == len(rows) == 31


def test_a_finding_that_opens_between_two_pages_hides_and_repeats_none(full: House) -> None:
    before = {row["id"] for row in _walk(full, "/api/v1/findings", "findings")}

    def open_one() -> None:
        with full.database.transaction() as session:
            finding(session, full.company, severity="critical")

    rows = [row["id"] for row in _walk(full, "/api/v1/findings", "findings", open_one)]
    assert len(rows) == len(set(rows))
    assert before <= set(rows)


def test_a_finding_that_closes_between_two_pages_hides_no_other(full: House) -> None:
    before = {row["id"] for row in _walk(full, "/api/v1/findings", "findings")}
    closed: list[int] = []

    def close_one() -> None:
        with full.database.transaction() as session:
            row = session.get_one(FindingRow, min(before - set(closed)))
            row.status, row.last_run = "closed", uuid.uuid4()
            closed.append(row.id)

    rows = [row["id"] for row in _walk(full, "/api/v1/findings", "findings", close_one)]
    assert before - set(rows) <= set(closed)


def test_items_come_riskiest_first_each_once(full: House) -> None:
    path = f"/api/v1/campaigns/{full.campaign.id}/items?reviewer={full.company.ada.id}"
    client = full.client("admin")
    seen: list[dict[str, Any]] = []
    after = ""
    while True:
        page = client.get(f"{path}&limit=7{after}").json()
        seen += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert [row["risk"] for row in seen] == sorted((row["risk"] for row in seen), reverse=True)
    assert len({row["id"] for row in seen}) == len(seen) == len(full.items)


def test_a_cursor_of_ones_own_items_does_not_open_another_campaign_or_reviewer(full: House) -> None:
    client = full.client("ada")
    cursor = client.get("/api/v1/items", params={"campaign": full.campaign.id, "limit": 5}).json()["next"]
    assert client.get("/api/v1/items", params={"campaign": full.campaign.id, "after": cursor}).status_code == 200
    assert client.get("/api/v1/items", params={"campaign": 77, "after": cursor}).status_code == 400
    other = full.client("bo").get("/api/v1/items", params={"campaign": full.campaign.id, "after": cursor})
    assert other.status_code == 400


def test_undecided_items_are_those_without_an_answer(full: House) -> None:
    client = full.client("ada")
    ask = {"campaign": full.campaign.id, "undecided": "true", "limit": 200}
    rows = client.get("/api/v1/items", params=ask).json()["items"]
    assert len(rows) == len(full.items) - 1  # one was decided on when the house was furnished
    assert {row["outcome"] for row in rows} == {None}


def test_entries_come_in_the_order_of_the_log(full: House) -> None:
    rows = _walk(full, "/api/v1/ledger/entries", "entries")
    assert [row["number"] for row in rows] == list(range(len(rows)))
    assert rows[0]["kind"] == "installation.made"
    assert rows[0]["at"].startswith(str(make.NOW.year))


# --- every list ---


def _lists(house: House) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in house.app.openapi()["paths"].items():
        operation = methods.get("get", {})
        if operation.get("operationId", "").startswith("list_"):
            asked = {"/api/v1/items": {"campaign": house.campaign.id}}
            asked["/api/v1/campaigns/{campaign_id}/items"] = {"reviewer": house.company.ada.id}
            sorts = [each["schema"]["enum"] for each in operation["parameters"] if each["name"] == "sort"]
            for sort in sorts[0] if sorts else [None]:
                yield path, house.address(path), asked.get(path, {}) | ({"sort": sort} if sort else {})


def test_every_list_walked_one_by_one_is_the_list(shown_house: House) -> None:
    """Whatever its order: each row once, none left out, in the order of the whole."""
    walked = 0
    for path, address, asked in _lists(shown_house):
        client = shown_house.client("ada" if path == "/api/v1/items" else "admin")
        whole = client.get(address, params={**asked, "limit": 200}).json()
        rows = next(name for name in whole if name != "next")
        seen: list[Any] = []
        after: str | None = None
        for _ in range(200):
            page = client.get(address, params={**asked, "limit": 1} | ({"after": after} if after else {})).json()
            seen += page[rows]
            after = page["next"]
            if after is None:
                break
        assert seen == whole[rows], f"{address} {asked}"
        walked += len(seen) > 1
    assert walked >= 9, "lists of one row prove little"


def test_proposals_come_twenty_to_a_page_each_once(house: House) -> None:
    with house.database.transaction() as session:
        for n in range(45):
            person = make.identity(session, department=f"Department {n // 2}", title="Rep")
            make.account(session, house.company.system, identity_id=person.id, matched_by="email")
    client, after, seen = house.client("admin"), {}, list[list[str]]()
    while after is not None:
        page = client.get("/api/v1/bundles/proposals", params={"least": 2, "limit": 50, **after}).json()
        seen.append([job["department"] for job in page["proposals"]])
        after = {"after": page["next"]} if page["next"] else None
    assert [len(page) for page in seen] == [20, 2]
    assert len({department for page in seen for department in page}) == 22


def test_a_filter_that_is_not_known_or_given_twice_is_refused(shown_house: House) -> None:
    client = shown_house.client("admin")
    for path, address, asked in _lists(shown_house):
        for more, code in (({"filter": "x"}, "unknown_parameter"), ({"limit": ["1", "2"]}, "parameter_twice")):
            answer = client.get(address, params={**asked, **more})
            assert (answer.status_code, answer.json()["code"]) == (422, code), path
        assert "limit" in client.get(address, params={**asked, "filter": "x"}).json()["way_out"]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/v1/findings?sort=best", "worst"),
        ("/api/v1/findings?status=ajar", "waived"),
        ("/api/v1/findings?rule=inactiv", "inactive_account"),
        ("/api/v1/campaigns?status=done", "cancelled"),
        ("/api/v1/remediations?status=gone", "verified"),
        ("/api/v1/accounts?kind=robot", "guest"),
        ("/api/v1/ledger/entries?kind=campaign.open", "campaign.opened"),
    ],
)
def test_a_value_that_there_is_none_of_is_refused_and_those_there_are_are_named(
    shown_house: House, path: str, named: str
) -> None:
    answer = shown_house.client("admin").get(path)
    assert answer.status_code == 422
    assert named in answer.text


def test_a_cursor_of_one_order_or_filter_opens_no_other(full: House) -> None:
    client = full.client("admin")
    cursor = client.get("/api/v1/findings", params={"limit": 1}).json()["next"]
    for asked in ({"sort": "newest"}, {"severity": "high"}, {"status": "any"}):
        answer = client.get("/api/v1/findings", params={**asked, "after": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), asked


def test_pages_by_time_and_by_id_go_on_where_they_ended(house_on_both: House) -> None:
    """Times and ids are no JSON; both databases have to find the same place again."""
    house = house_on_both
    with house.database.transaction() as session:
        for hour in range(4):
            finding(session, house.company, opened_at=make.NOW + timedelta(hours=hour, microseconds=hour))
            removal(session, house)
    for path, rows in (("/api/v1/findings?sort=newest", "findings"), ("/api/v1/remediations?sort=due", "remediations")):
        whole = house.client("admin").get(path).json()[rows]
        seen, after = [], ""
        while True:
            page = house.client("admin").get(f"{path}&limit=2{after}").json()
            seen += page[rows]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert [row["id"] for row in seen] == [row["id"] for row in whole]
        assert len(seen) == 5
