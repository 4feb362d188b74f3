"""Who is at the door of a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse
from sqlalchemy import select

from app.actors import sessions
from app.actors.actor import Role
from app.actors.policy import May
from app.actors.tables import SessionRow
from app.console import csrf, entering
from app.console import rights as pages
from app.console.entering import Entered
from app.review.tables import DelegationRow
from tests import make
from tests.app.api.house import House
from tests.app.console.visiting import Visitor, stranger, visitor

router = APIRouter()


@router.get("/tried")
def look(visit: Entered) -> PlainTextResponse:
    """A page to look at."""
    return PlainTextResponse(
        f"{visit.actor.name} by {visit.way}, person {visit.actor.identity_id} as {', '.join(visit.actor.roles)}"
    )


@router.post("/tried")
def act(visit: Entered) -> PlainTextResponse:
    """An act."""
    return PlainTextResponse(f"done by {visit.actor.name}")


@pytest.fixture
def tried(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house with one more page, which reviewers may look at and act on."""
    rows = {**pages.RIGHTS, ("GET", "/tried"): May.SEE_OWN_ITEMS, ("POST", "/tried"): May.DECIDE}
    monkeypatch.setattr(entering, "RIGHTS", rows)
    house.app.include_router(router)
    return house


def at(house: House, moment: datetime) -> FastAPI:
    """The same house at another time."""
    house.app.state.means = replace(house.means, clock=lambda: moment)
    return house.app


def test_who_is_signed_in_is_known_as_a_person(tried: House) -> None:
    answer = visitor(tried, "ada").get("/tried")
    assert answer.text == f"Ada by oidc, person {tried.company.ada.id} as reviewer"


def test_a_look_without_a_sign_in_leads_to_it_and_back(tried: House) -> None:
    answer = stranger(tried).get("/tried?page=2&of=a b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/tried%3Fpage%3D2%26of%3Da%2520b")


def test_an_act_without_a_sign_in_is_refused(tried: House) -> None:
    answer = stranger(tried).post("/tried", data={"csrf": csrf.make("guess")})
    assert answer.status_code == 401


def test_an_act_with_the_word_of_its_form_is_done(tried: House) -> None:
    ada = visitor(tried, "ada")
    assert ada.act("/tried").text == "done by Ada"
    assert ada.post("/tried", headers={csrf.HEADER: csrf.make(ada.cookie)}).text == "done by Ada"


@pytest.mark.parametrize("word", ["", "wrong", csrf.make("somebody else's cookie")], ids=["none", "wrong", "another's"])
def test_an_act_without_its_word_is_refused_though_the_cookie_is_right(tried: House, word: str) -> None:
    ada = visitor(tried, "ada")
    same = {"Sec-Fetch-Site": "same-origin"}
    assert ada.post("/tried", data={"csrf": word}, headers=same).status_code == 403
    assert ada.post("/tried", headers=same | {csrf.HEADER: word}).status_code == 403
    assert ada.post("/tried", json={"csrf": word}, headers=same).status_code == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.com"}])
def test_an_act_from_another_site_is_refused_though_word_and_cookie_are_right(
    tried: House, headers: dict[str, str]
) -> None:
    ada = visitor(tried, "ada")
    given = {"csrf": csrf.make(ada.cookie)}
    assert ada.post("/tried", data=given, headers=headers).status_code == 403
    assert ada.post("/tried", data=given).status_code == 200


def test_a_role_that_may_not_is_told_so(tried: House) -> None:
    answer = visitor(tried, Role.SERVICE).get("/tried")
    assert answer.status_code == 403
    assert "You may not see the items given to oneself" in answer.text


def test_who_came_by_a_link_from_a_message_is_a_reviewer_only(tried: House) -> None:
    boss = visitor(tried, "boss", way="link").get("/tried")
    assert boss.text.endswith("as reviewer"), "an admin otherwise"
    ode = visitor(tried, Role.AUDITOR, way="link").get("/tried")
    assert ode.status_code == 403  # who decides on nothing is let in to nothing
    assert "You came by a link from a message" in ode.text


@pytest.mark.parametrize(
    ("later", "welcome"),
    [(timedelta(minutes=119), True), (timedelta(minutes=121), False), (timedelta(hours=13), False)],
)
def test_a_sign_in_ends_by_itself(tried: House, later: timedelta, welcome: bool) -> None:
    ada = visitor(tried, "ada")
    at(tried, make.NOW + later)
    assert (ada.get("/tried").status_code == 200) == welcome


def test_clicks_keep_a_sign_in_alive_but_not_for_ever(tried: House) -> None:
    ada, hours = visitor(tried, "ada"), 0
    while hours < 24:
        hours += 1
        at(tried, make.NOW + timedelta(hours=hours))
        if ada.get("/tried").status_code != 200:
            break
    assert hours == 12


def test_a_click_is_noted_once_a_minute(tried: House) -> None:
    ada = visitor(tried, "ada")
    seen = []
    for seconds in (30, 59, 61, 62):
        at(tried, make.NOW + timedelta(seconds=seconds))
        assert ada.get("/tried").status_code == 200
        with tried.database.reading() as session:
            seen.append((session.get_one(SessionRow, ada.session).seen - make.NOW).total_seconds())
    assert seen == [0, 0, 61, 61]


def test_a_session_that_was_ended_opens_nothing(tried: House) -> None:
    ada = visitor(tried, "ada")
    with tried.database.transaction() as session:
        sessions.end(session, session.get_one(SessionRow, ada.session), by=make.ADMIN, at=make.NOW)
    assert ada.get("/tried").status_code == 303


def test_a_cookie_of_ones_own_making_opens_nothing(tried: House) -> None:
    browser: Visitor = stranger(tried)
    browser.cookies.set("rolecall", "A" * 43)
    assert browser.get("/tried").status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        None, "", "evil", "https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "/\t/evil.example.com",
        "/a\\b", "/a\nLocation: x", "javascript:alert(1)", "/" + "a" * 3000, "\\\\evil", "/\x7f", "///evil.example.com",
    ],
)  # fmt: skip
def test_no_path_leads_to_another_site(path: str | None) -> None:
    assert entering.ours(path) == "/"


@pytest.mark.parametrize("path", ["/", "/reviews/3?page=2#items", "/people/a%2Fb?next=//x"])
def test_a_path_of_ours_is_gone_on_to(path: str) -> None:
    assert entering.ours(path) == path


@pytest.mark.parametrize("field", ["reason", "to", "nul \x00"])
def test_text_that_no_database_keeps_is_refused_in_a_form_and_an_address(house: House, field: str) -> None:
    ada = visitor(house, "ada")
    form = {"to": "cy", "until": "2026-11-21", "reason": "away"} | {field: "from a PDF\x00"}
    answer = ada.act("/reviews/delegations", form)
    assert (answer.status_code, "cannot be kept (NUL)" in answer.text) == (422, True)
    with house.database.reading() as session:
        assert session.scalars(select(DelegationRow)).all() == []
    assert ada.get("/reviews/delegations", params={"after": "\x00"}).status_code == 422


def test_a_file_whose_name_no_database_keeps_is_refused(house: House) -> None:
    admin = visitor(house, "admin")
    part = 'Content-Disposition: form-data; name="file"; filename="a\x00.png"\r\nContent-Type: image/png\r\n\r\nx'
    answer = admin.post(
        f"/removals/{house.remediation.id}/evidence",
        content=f"--b\r\n{part}\r\n--b--\r\n".encode(),
        headers={
            "Content-Type": "multipart/form-data; boundary=b",
            "Sec-Fetch-Site": "same-origin",
            csrf.HEADER: csrf.make(admin.cookie),
        },
    )
    assert (answer.status_code, "cannot be kept (NUL)" in answer.text) == (422, True)
