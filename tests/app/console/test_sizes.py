"""What is too large is refused, at every write, before anything of it is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.api import rights as calls
from app.console import rights as pages
from app.console import sizes
from tests.app.api.house import House
from tests.app.console.visiting import visitor

CALLS = [(method, path) for method, path in calls.RIGHTS if method != "GET"]
PAGES = [path for method, path in pages.RIGHTS if method == "POST" and path != "/evidence/verification"]


def _huge() -> Iterator[bytes]:
    """Seventeen megabytes that do not say how many they are."""
    yield from (b"x" * sizes.MB for _ in range(17))


@pytest.mark.parametrize(("method", "path"), CALLS, ids=lambda part: part)
def test_a_call_that_says_it_is_too_large_is_refused(shown_house: House, method: str, path: str) -> None:
    headers = {"Content-Length": str(64 * sizes.MB), "Content-Type": "application/json"}
    answer = shown_house.client("admin").request(method, shown_house.address(path), content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", PAGES)
def test_a_form_that_says_it_is_too_large_is_a_page_that_says_so(shown_house: House, path: str) -> None:
    headers = {"Content-Length": str(22 * sizes.MB), "Content-Type": "application/x-www-form-urlencoded"}
    address = path.replace("{link}", "none").replace("{kind}", "salesforce")
    answer = visitor(shown_house, "admin").post(shown_house.address(address), content=b"a=b", headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html")
    assert "larger than" in answer.text


@pytest.mark.parametrize("length", ["-1", "1e9", "9" * 30])
def test_a_size_that_is_none_is_refused(shown_house: House, length: str) -> None:
    answer = shown_house.client("ada").post("/api/v1/decisions", content=b"{}", headers={"Content-Length": length})
    assert answer.status_code == 413


def test_what_does_not_say_its_size_is_cut_off_where_it_grows_too_large(shown_house: House) -> None:
    ada = shown_house.client("ada")
    answer = ada.post("/api/v1/decisions", content=_huge(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    hook = shown_house.address("/api/v1/hooks/{hook_id}/decisions")
    assert shown_house.client().post(hook, content=_huge()).status_code == 413
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    page = visitor(shown_house, "admin").post("/campaigns/new", content=_huge(), headers=form)
    assert page.status_code == 413


def test_five_thousand_decisions_with_the_longest_reasons_fit(shown_house: House) -> None:
    asked = {"decisions": [{"item": n, "answer": "keep", "reason": "x" * 2_000} for n in range(10**6, 10**6 + 5_000)]}
    answer = shown_house.client("ada").post("/api/v1/decisions", json=asked)
    assert (answer.status_code, answer.json()["decided"]) == (200, 0)
