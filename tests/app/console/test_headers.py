"""What every answer says to the browser, also when it is a failure."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from app import settings
from app.console import headers
from app.main import create_app
from app.means import Means
from tests.app.api.house import KEYS, House


@pytest.mark.parametrize("path", ["/health", "/api/v1/me", "/there/is/none", "/favicon.ico"])
def test_every_answer_forbids_what_is_not_ours(shown_house: House, path: str) -> None:
    found = shown_house.client(strict=False).get(path).headers
    assert {name: found.get(name) for name in headers.HEADERS if name != "Cache-Control"} == {
        name: value for name, value in headers.HEADERS.items() if name != "Cache-Control"
    }
    assert found["cache-control"]


@pytest.mark.parametrize("path", ["/sign-in", "/links/none", "/there/is/none"])
def test_no_page_can_be_shown_in_a_frame_of_anothers(shown_house: House, path: str) -> None:
    found = shown_house.client(strict=False).get(path).headers
    assert "frame-ancestors 'none'" in found["content-security-policy"].split("; ")
    assert found["x-frame-options"] == "DENY"


def test_the_policy_lets_no_page_run_or_style_inline() -> None:
    assert "default-src 'none'" in headers.POLICY
    assert "frame-ancestors 'none'" in headers.POLICY
    assert "unsafe" not in headers.POLICY
    assert "data:" not in headers.POLICY


@pytest.mark.parametrize(("url", "said"), [("https://rolecall.example.com", True), ("http://127.0.0.1:8321", False)])
def test_only_who_is_reached_by_https_insists_on_it(shown_house: House, url: str, said: bool) -> None:
    chosen = settings.read({}, base_url=url)
    app = create_app(Means(shown_house.database, KEYS, chosen, shown_house.means.clock))
    assert ("strict-transport-security" in TestClient(app).get("/health").headers) is said
