"""Every mistake in a configuration is named at once, and a session's refresh token is never used before it is kept."""

from __future__ import annotations

import pytest

from connectors.bottlecrm.auth import Access, Session, SignIn, read_access
from connectors.connector import Secret
from tests.connectors.bottlecrm.wire import jwt

URL = "https://crm.example.com"
TOKEN = "bcrm_pat_made-up"
REFRESH = jwt("refresh", 2e9)


@pytest.mark.parametrize(
    ("config", "secret", "mistake"),
    [
        ({"url": "crm.example.com"}, {"token": TOKEN}, "url: must be an address"),
        ({"url": "http://crm.example.com"}, {"token": TOKEN}, "url: must begin with https"),
        ({}, {"token": TOKEN}, "url: must be an address"),
        ({"url": URL, "colour": "red"}, {"token": TOKEN}, "colour: not a setting"),
        ({"url": URL, "login_days": "500"}, {"token": TOKEN}, "login_days: must be a whole number from 1 to 400"),
        ({"url": URL, "page_size": "1"}, {"token": TOKEN}, "page_size: must be a whole number from 2 to 1000"),
        ({"url": URL}, {}, "give either token"),
        ({"url": URL}, {"token": TOKEN, "refresh": REFRESH}, "give either token"),
        ({"url": URL}, {"token": "abc"}, "does not begin with bcrm_pat_"),
        ({"url": URL}, {"refresh": jwt("access")}, "is not a refresh token"),
        ({"url": URL}, {"refresh": jwt("refresh", org=None)}, "names no organisation"),
        ({"url": URL}, {"token": TOKEN, "password": "x"}, "secret password: not one of"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(config: dict[str, str], secret: Secret, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake) as refused:
        read_access(config, secret)
    assert TOKEN not in str(refused.value)


def test_an_address_may_end_in_api_or_a_slash() -> None:
    assert read_access({"url": f"{URL}/api/"}, {"token": TOKEN}).url == URL


def sign_in(access: str, kept: list[Secret], renewed: list[str], fails: int = 0) -> SignIn:
    """A session whose renewals are numbered; `keep` fails the first `fails` times."""

    def renew(refresh: str) -> Session:
        renewed.append(refresh)
        return Session(jwt("access", 4600, f"a{len(renewed)}"), jwt("refresh", 2e9, f"r{len(renewed)}"))

    failing = iter([True] * fails)

    def keep(secret: Secret) -> None:
        if next(failing, False):
            raise OSError("the disk is full")
        kept.append(secret)

    return SignIn(Access(URL, refresh=REFRESH, access=access), keep, renew, now=lambda: 1000.0)


def test_a_session_that_is_still_good_is_used_as_it_is() -> None:
    kept: list[Secret] = []
    good = jwt("access", 1061)
    assert sign_in(good, kept, []).header() == f"Bearer {good}"
    assert kept == []


def test_a_session_about_to_end_is_renewed_and_kept_whole() -> None:
    kept: list[Secret] = []
    renewed: list[str] = []
    held = sign_in(jwt("access", 1060), kept, renewed)
    header = held.header()
    assert renewed == [REFRESH]
    assert kept == [{"refresh": jwt("refresh", 2e9, "r1"), "access": jwt("access", 4600, "a1")}]
    assert header == f"Bearer {kept[0]['access']}"
    assert held.header() == header


def test_a_session_that_could_not_be_kept_is_not_used_and_is_offered_again() -> None:
    kept: list[Secret] = []
    renewed: list[str] = []
    held = sign_in("", kept, renewed, fails=1)
    with pytest.raises(OSError, match="the disk is full"):
        held.header()
    assert held.header() == f"Bearer {jwt('access', 4600, 'a1')}"
    assert renewed == [REFRESH], "the used refresh token is not sent a second time"
    assert [secret["refresh"] for secret in kept] == [jwt("refresh", 2e9, "r1")]


def test_what_is_held_is_not_shown() -> None:
    access = read_access({"url": URL}, {"refresh": REFRESH, "access": jwt("access")})
    assert "eyJ" not in repr(access)
    assert "eyJ" not in repr(Session("eyJ1", "eyJ2"))
