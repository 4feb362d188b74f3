"""A failure is a page with a reason and a way out; the API's stay problem details."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.console import failures, headers
from app.kit.refusal import Refusal, Refused
from tests.app.api.house import House


@pytest.fixture
def client(shown_house: House) -> TestClient:
    """An app with a page for each way to fail."""
    app = FastAPI()
    app.state.means = replace(shown_house.means)

    @app.get("/refused/{status}")
    def refused(status: int) -> None:
        raise Refused(Refusal("made_up", "<b>Bo</b> was first.", "Look again.", status=status))

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("a secret")

    failures.install(app)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 422, 429, 503])
def test_a_refusal_is_a_page_with_its_reason_and_the_way_out(client: TestClient, status: int) -> None:
    answer = client.get(f"/refused/{status}")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert failures.TITLES[status] in answer.text
    assert "&lt;b&gt;Bo&lt;/b&gt; was first." in answer.text
    assert "Look again." in answer.text


def test_the_script_gets_a_piece_and_not_a_page(client: TestClient) -> None:
    answer = client.get("/refused/412", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "was first." in answer.text


def test_what_nobody_foresaw_is_said_without_a_trace_and_under_the_policy(client: TestClient) -> None:
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert "nothing was changed" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"] == headers.POLICY


def test_a_path_that_does_not_fit_is_said_in_plain_words(client: TestClient) -> None:
    answer = client.get("/refused/soon")
    assert answer.status_code == 422
    assert "status" in answer.text
    assert "Traceback" not in answer.text


def test_nothing_there_is_a_page_for_people_and_a_problem_for_programs(shown_house: House) -> None:
    people, programs = shown_house.client().get("/nowhere"), shown_house.client().get("/api/v1/nowhere")
    assert (people.status_code, programs.status_code) == (404, 404)
    assert "There is no such page." in people.text
    assert programs.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("came", ["/campaigns/3?after=7", "/", "/reviews/1?q=a%2Fb&x=//y"])
def test_a_refusal_leads_back_to_where_somebody_came_from(client: TestClient, came: str) -> None:
    answer = client.get("/refused/409", headers={"Referer": f"http://testserver{came}"})
    assert f'<a href="{html.escape(came)}">Back to where you were</a>' in answer.text
    assert '<a href="/">To the start</a>' in answer.text


@pytest.mark.parametrize(
    "came",
    [
        "https://elsewhere.example/campaigns/3", "http://testserver.elsewhere.example/x", "http://testserver@elsewhere.example/x",
        "http://testserver:81/x", "javascript://testserver/%0aalert(1)", "//testserver/x", "http://testserver//elsewhere.example",
        "http://testserver/\\elsewhere.example", "http://testserver/api/v1/items", "http://testserver", "http://[", "",
        "http://testserver/refused/409",
    ],
)  # fmt: skip
def test_it_leads_nowhere_else(client: TestClient, came: str) -> None:
    """Not to another site, to no request of a program's, and to the refused page itself not either."""
    answer = client.get("/refused/409", headers={"Referer": came})
    assert answer.status_code == 409
    assert "Back to where" not in answer.text
    assert answer.text.count('href="/"') >= 1
