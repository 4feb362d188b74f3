"""Signing in at the identity provider: a real one, and one that lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import requests
from oidc_provider_mock import User, run_server_in_thread
from sqlalchemy import func, select

from app import settings
from app.actors.tables import ActorRow, FailedEntryRow, SessionRow
from app.kit import clock
from tests import make
from tests.app.api.house import House
from tests.app.console import hostile
from tests.app.console.hostile import Hostile
from tests.app.console.visiting import Visitor, stranger, visitor

ROLES = "admin=rolecall-admins; reviewer=managers; auditor=auditors"


def configured(house: House, issuer: str, **given: str) -> House:
    """The house with a provider."""
    values = {
        "ROLECALL_OIDC_ISSUER": issuer, "ROLECALL_OIDC_CLIENT_ID": hostile.CLIENT,
        "ROLECALL_OIDC_CLIENT_SECRET": hostile.SECRET, "ROLECALL_OIDC_ROLES": ROLES,
    }  # fmt: skip
    names = {f"ROLECALL_{name.upper()}": value for name, value in given.items()}
    house.means = house.app.state.means = replace(house.means, settings=settings.read(values | names))
    return house


@pytest.fixture(scope="module")
def liar_running() -> Iterator[Hostile]:
    with hostile.serving() as told:
        yield told


@pytest.fixture
def liar(liar_running: Hostile) -> Hostile:
    """A provider that is honest until a test has it lie."""
    liar_running.__dict__.update(Hostile(issuer=liar_running.issuer).__dict__)
    return liar_running


def begin(browser: Visitor, after: str = "") -> dict[str, str]:
    """Press the button; what the provider is asked for."""
    answer = browser.get("/sign-in/provider", params={"next": after})
    assert answer.status_code == 303, answer.text
    return {name: one[0] for name, one in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def come(
    house: House, liar: Hostile, browser: Visitor | None = None, after: str = "", **changed: Any
) -> httpx2.Response:
    """One whole sign-in, with what a test changes about the way back."""
    browser = browser or stranger(house)
    asked = begin(browser, after)
    back = {"state": asked["state"], "code": liar.grant(asked)} | changed
    return browser.get("/sign-in/callback", params={name: value for name, value in back.items() if value is not None})


def count(house: House, row: Any) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def test_somebody_signs_in_at_a_real_provider(house: House) -> None:
    told = {"name": "Ada L.", "email": "Ada@Example.com", "email_verified": True, "groups": ["managers"]}
    ada = User(sub="ada-1", claims=told)
    with run_server_in_thread(user_claims=[ada]) as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        configured(house, issuer)
        house.means = house.app.state.means = replace(house.means, clock=clock.now)  # its tokens are of today
        browser = stranger(house)
        answer = browser.get("/sign-in/provider", params={"next": "/campaigns"})
        asked = requests.post(answer.headers["location"], data={"sub": "ada-1"}, allow_redirects=False, timeout=5)
        back = asked.headers["location"].removeprefix(house.means.settings.base_url)
        answer = browser.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/campaigns"), answer.text
        replayed = browser.get(back)
    assert replayed.status_code == 400
    assert count(house, SessionRow) == 1
    with house.database.reading() as session:
        row = session.scalars(select(ActorRow).where(ActorRow.subject == "ada-1")).one()
    assert (row.issuer, row.name, row.email) == (issuer, "Ada L.", "ada@example.com")


def test_the_provider_is_asked_with_pkce_nonce_and_state(house: House, liar: Hostile) -> None:
    configured(house, liar.issuer)
    asked, again = begin(stranger(house)), begin(stranger(house))
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == "http://127.0.0.1:8321/sign-in/callback"
    assert all(len(asked[name]) >= 43 and asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))


def test_an_honest_answer_signs_in_and_leads_on(house: House, liar: Hostile) -> None:
    browser = stranger(configured(house, liar.issuer))
    answer = come(house, liar, browser, after="/findings?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/findings?page=2")
    assert browser.get("/sign-in").headers["location"] == "/"


LIES = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "other-app"},
    "another audience beside ours": {"aud": ["rolecall", "other-app"]},
    "made for another party": {"azp": "other-app"},
    "another issuer": {"iss": "https://evil.example.com"},
    "expired": {"exp": hostile.NOW - 3600, "iat": hostile.NOW - 7200},
    "no end": {"exp": None},
    "from tomorrow": {"iat": hostile.NOW + 86_400, "exp": hostile.NOW + 90_000},
    "not yet": {"nbf": hostile.NOW + 86_400},
    "nobody": {"sub": None},
    "nobody, at length": {"sub": "x" * 256},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_signs_nobody_in(house: House, liar: Hostile, lie: str) -> None:
    configured(house, liar.issuer)
    liar.claims = LIES[lie]
    answer = come(house, liar)
    assert (answer.status_code, count(house, SessionRow)) == (502, 0), answer.text
    assert "Sign in again" in answer.text or "Tell your IT" in answer.text


@pytest.mark.parametrize("signs", ["none", "HS256", "forged"])
def test_a_token_that_the_issuer_did_not_sign_signs_nobody_in(house: House, liar: Hostile, signs: str) -> None:
    configured(house, liar.issuer)
    liar.signs = signs
    assert come(house, liar).status_code == 502
    assert count(house, SessionRow) == 0


def test_a_token_for_us_and_others_is_taken_if_it_was_made_for_us(house: House, liar: Hostile) -> None:
    configured(house, liar.issuer)
    liar.claims = {"aud": ["other-app", "rolecall"], "azp": "rolecall"}
    assert come(house, liar).status_code == 303


def test_keys_may_change_and_are_fetched_no_more_often_than_needed(house: House, liar: Hostile) -> None:
    configured(house, liar.issuer)
    moment = house.means.clock()
    house.app.state.means = house.means = replace(house.means, clock=lambda: moment)
    assert come(house, liar).status_code == 303
    assert come(house, liar).status_code == 303
    assert liar.calls.count("/jwks_uri") == 1
    liar.key, liar.shown = 1, [0, 1]
    assert come(house, liar).status_code == 502  # a minute has to pass: a flood of made-up keys must not become ours
    moment += timedelta(minutes=2)
    assert come(house, liar).status_code == 303
    assert liar.calls.count("/jwks_uri") == 2


@pytest.mark.parametrize(
    "back",
    [{"state": "forged"}, {"state": None}, {"state": ""}, {"state": "ä\x00"}, {"iss": "https://evil.example.com"}],
    ids=["forged", "missing", "empty", "odd", "another issuer"],
)
def test_a_forged_state_is_a_400_in_plain_words(house: House, liar: Hostile, back: dict[str, str | None]) -> None:
    answer = come(configured(house, liar.issuer), liar, **back)
    assert (answer.status_code, count(house, SessionRow)) == (400, 0)
    assert "was not begun in this browser" in answer.text
    assert "/token_endpoint" not in liar.calls


def test_an_answer_in_another_browser_signs_nobody_in(house: House, liar: Hostile) -> None:
    """Else somebody could have a victim act in the attacker's account."""
    asked = begin(stranger(configured(house, liar.issuer)))
    back = {"state": asked["state"], "code": liar.grant(asked)}
    assert stranger(house).get("/sign-in/callback", params=back).status_code == 400
    other = stranger(house)
    begin(other)
    answer = other.get("/sign-in/callback", params=back)
    assert answer.status_code == 400
    assert "was not begun in this browser" in answer.text  # and it is not left to the provider to find out


def test_an_answer_counts_for_ten_minutes_and_once(house: House, liar: Hostile) -> None:
    configured(house, liar.issuer)
    liar.once = False  # it would take the code a second time; we do not
    browser = stranger(house)
    asked = begin(browser)
    jar = dict(browser.cookies)
    back = {"state": asked["state"], "code": liar.grant(asked)}
    assert browser.get("/sign-in/callback", params=back).status_code == 303
    assert browser.get("/sign-in/callback", params=back).status_code == 400
    thief = stranger(house)
    thief.cookies.update(jar)
    answer = thief.get("/sign-in/callback", params=back)
    assert (answer.status_code, count(house, SessionRow)) == (400, 1)
    assert "used already" in answer.text
    slow = stranger(house)
    asked = begin(slow)
    house.app.state.means = replace(house.means, clock=lambda: make.NOW + timedelta(minutes=10))
    answer = slow.get("/sign-in/callback", params={"state": asked["state"], "code": liar.grant(asked)})
    assert answer.status_code == 400


def test_a_code_that_the_provider_does_not_take_is_a_400(house: House, liar: Hostile) -> None:
    answer = come(configured(house, liar.issuer), liar, code="stolen")
    assert answer.status_code == 400
    assert "did not confirm this sign-in (invalid_grant)" in answer.text


def test_the_provider_may_say_no(house: House, liar: Hostile) -> None:
    answer = come(configured(house, liar.issuer), liar, code=None, error="access_denied<script>")
    assert answer.status_code == 403
    assert "did not let you through (access_deniedscript)" in answer.text


def test_a_provider_that_does_not_answer_is_told_with_the_way_out(house: House, liar: Hostile) -> None:
    configured(house, liar.issuer)
    asked_for = stranger(house)
    asked = begin(asked_for)
    liar.status = 503
    away = asked_for.get("/sign-in/callback", params={"state": asked["state"], "code": liar.grant(asked)})
    assert away.status_code == 503
    gone = stranger(configured(house, "http://127.0.0.1:9"))  # nobody listens there
    house.app.state.provider = None
    answer = gone.get("/sign-in/provider")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert "an admin can give you a sign-in link meanwhile" in answer.text
    assert count(house, FailedEntryRow) == 0, "the provider's fault is nobody's failed try"


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example.com"}, {"token_endpoint": "http://evil.example.com/t"}, {"jwks_uri": "file:///x"}],
    ids=["issuer", "token endpoint", "keys"],
)  # fmt: skip
def test_a_provider_that_names_odd_addresses_is_not_believed(
    house: House, liar: Hostile, metadata: dict[str, str]
) -> None:
    configured(house, liar.issuer)
    liar.metadata = metadata
    browser = stranger(house)
    answer = browser.get("/sign-in/provider")
    if answer.status_code == 303:
        asked = {name: one[0] for name, one in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        answer = browser.get("/sign-in/callback", params={"state": asked["state"], "code": liar.grant(asked)})
    assert answer.status_code == 502
    assert "was not accepted" in answer.text


def test_groups_and_address_may_come_from_userinfo(house: House, liar: Hostile) -> None:
    configured(house, liar.issuer)
    liar.claims = {"groups": None, "email": None, "email_verified": None}
    liar.userinfo = {"sub": "ada-1", "groups": ["managers"], "email": "ada@example.com", "email_verified": True}
    assert come(house, liar).status_code == 303
    house.app.state.provider = None
    liar.userinfo = liar.userinfo | {"sub": "eve-1"}
    assert come(house, liar).status_code == 502


@pytest.mark.parametrize(
    ("claims", "given", "said"),
    [
        ({"groups": ["cooks"]}, {}, "who administer Rolecall"),
        ({"groups": None, "_claim_names": {"groups": "src1"}}, {}, "in so many groups"),
        ({"email": "ada@other.example.com"}, {"oidc_email_domains": "example.com"}, "an address of example.com"),
        ({"email_verified": False}, {"oidc_email_domains": "example.com"}, "not verified"),
    ],
    ids=["no group", "too many groups", "another domain", "not verified"],
)
def test_who_may_not_come_in_is_told_whom_to_ask(
    house: House, liar: Hostile, claims: dict[str, Any], given: dict[str, str], said: str
) -> None:
    configured(house, liar.issuer, **given)
    liar.claims = claims
    answer = come(house, liar)
    assert (answer.status_code, count(house, SessionRow)) == (403, 0)
    assert said in answer.text


@pytest.mark.parametrize("after", ["https://evil.example.com", "//evil.example.com", "/\\evil.example.com"])
def test_signing_in_leads_to_no_other_site(house: House, liar: Hostile, after: str) -> None:
    browser = stranger(configured(house, liar.issuer))
    assert "evil" not in browser.get("/sign-in", params={"next": after}).text
    assert come(house, liar, browser, after=after).headers["location"] == "/"
    assert browser.get("/sign-in", params={"next": after}).headers["location"] == "/"


def test_a_session_planted_beforehand_is_not_the_one_that_is_signed_in(house: House, liar: Hostile) -> None:
    """Session fixation: Eve gives the victim her own cookie, and waits."""
    configured(house, liar.issuer)
    browser, eve = stranger(house), visitor(house, "eve")
    browser.cookies.set("rolecall", eve.cookie)
    answer = come(house, liar, browser)
    assert answer.status_code == 303
    fresh = answer.cookies["rolecall"]
    assert fresh != eve.cookie
    with house.database.reading() as session:
        assert session.get_one(SessionRow, eve.session).ended is not None


@pytest.mark.parametrize(
    ("base", "name"), [("http://127.0.0.1:8321", "rolecall"), ("https://rolecall.example.com", "__Host-rolecall")]
)
def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House, liar: Hostile, base: str, name: str) -> None:
    configured(house, liar.issuer, base_url=base)
    answer = come(house, liar)
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{name}="))
    flags = {each.strip().lower() for each in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert ("secure" in flags) == base.startswith("https")
    assert not any(each.startswith("domain") for each in flags)


def test_signing_out_ends_the_session_and_not_only_the_cookie(house: House) -> None:
    ada = visitor(house, "ada")
    answer = ada.act("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    with house.database.reading() as session:
        assert session.get_one(SessionRow, ada.session).ended == house.means.clock()


def test_without_a_provider_the_page_says_how_people_come_in(house: House) -> None:
    browser = stranger(house)
    assert "rolecall actor link" in browser.get("/sign-in").text
    assert browser.get("/sign-in/provider").status_code == 404
    assert browser.get("/sign-in/callback?code=1&state=2").status_code == 404


def test_who_fails_too_often_has_to_wait(house: House, liar: Hostile) -> None:
    configured(house, liar.issuer, failed_entries="3")
    for n in range(3):
        assert come(house, liar, state=f"guess-{n}").status_code == 400
    answer = come(house, liar)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
    assert "Wait 15 minutes" in answer.text
    house.app.state.means = replace(house.means, clock=lambda: make.NOW + timedelta(minutes=15))
    house.app.state.provider = None
    liar.claims = {"iat": hostile.NOW + 900, "exp": hostile.NOW + 1200}
    assert come(house, liar).status_code == 303
