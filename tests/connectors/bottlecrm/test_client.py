"""A refusal is sorted by what to do next, a read is tried again, and a change is sent once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.bottlecrm.auth import Access
from connectors.bottlecrm.client import Client
from connectors.connector import Secret
from connectors.errors import Declined, Denied, Misread, Throttled, Unreachable
from connectors.pacing import Budget
from tests.connectors.bottlecrm.wire import AGAIN, Asked, Reply, Wire, jwt, serving

TOKEN = "bcrm_pat_made-up"
LAST_ADMIN = "The organization must keep at least one active admin."
NO_CHOICE = '"OWNER" is not a valid choice.'


@contextmanager
def talking(
    answer: Callable[[Asked], Reply], kept: list[Secret] | None = None, **access: Any
) -> Iterator[tuple[Client, Wire]]:
    """A client and the server it talks to; it never really waits."""
    with serving(answer) as wire:
        held = access or {"token": TOKEN}
        keep = (kept if kept is not None else []).append
        yield (
            Client(Access(wire.url, **held), keep, budget=Budget(3, 60), sleep=lambda _: None, now=lambda: 1000.0),
            wire,
        )


@pytest.mark.parametrize(
    ("reply", "error", "told"),
    [
        (AGAIN, Denied, "no longer good"),
        ((401, {"detail": "Given token not valid for any token type"}), Denied, "no longer good"),
        ((403, {"error": True, "errors": "Permission Denied"}), Denied, "Permission Denied"),
        ((404, "<html>Page not found</html>"), Misread, "unexpected answer 404"),
        ((404, {"detail": "Not found."}), Misread, "unexpected answer 404"),
        ((200, "<html>a web page</html>"), Misread, "not JSON"),
        ((302, ""), Misread, "302"),
        ((429, {}), Throttled, "too many requests"),
        ((500, "<html>oops</html>"), Unreachable, "the server failed"),
    ],
)
def test_a_read_that_is_refused(reply: Reply, error: type[Exception], told: str) -> None:
    with talking(lambda _: reply) as (client, wire), pytest.raises(error, match=told):
        client.get("/api/teams/x/", may_lack=True)
    assert len(wire.asked) == (3 if error in (Throttled, Unreachable) else 1)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((400, {"error": True, "errors": LAST_ADMIN}), LAST_ADMIN),
        ((400, {"profile_errors": {"role": [NO_CHOICE]}, "error": True}), NO_CHOICE),
        ((400, {"error": True, "errors": {"name": ["This field is required."]}}), "This field is required."),
        ((404, {"detail": "No Profile matches the given query."}), "No Profile matches the given query."),
        ((409, {"error": True, "errors": "This user can't be deleted."}), "This user can't be deleted."),
    ],
)
def test_a_change_that_is_declined_keeps_the_servers_sentence(reply: Reply, said: str) -> None:
    with talking(lambda _: reply) as (client, wire), pytest.raises(Declined) as refused:
        client.change("POST", "/api/user/x/status/", {"status": "Inactive"})
    assert refused.value.said == said
    assert len(wire.asked) == 1


def test_a_change_that_failed_midway_may_have_happened_and_is_not_sent_again() -> None:
    with talking(lambda _: (502, "<html>bad gateway</html>")) as (client, wire), pytest.raises(Unreachable) as lost:
        client.change("DELETE", "/api/org/tokens/x/")
    assert lost.value.ambiguous
    assert len(wire.asked) == 1


def test_a_change_to_a_server_that_is_not_there_did_not_happen() -> None:
    with talking(lambda _: (200, {})) as (client, _):
        pass
    with pytest.raises(Unreachable) as lost:
        client.change("DELETE", "/api/org/tokens/x/")
    assert not lost.value.ambiguous


def test_an_absence_in_bottlecrms_own_words_is_an_answer() -> None:
    with talking(lambda _: (404, {"detail": "No such Team."})) as (client, _):
        assert client.get("/api/teams/x/", may_lack=True).status == 404
        with pytest.raises(Misread):
            client.get("/api/teams/x/")


def test_a_refused_session_is_renewed_once_and_the_read_asked_again() -> None:
    first, second = jwt("access", 9e9, "old"), jwt("access", 9e9, "new")
    renewed = (200, {"access": second, "refresh": jwt("refresh", 9e9, "next")})

    def answer(asked: Asked) -> Reply:
        if asked.path == "/api/auth/refresh-token/":
            return renewed
        return (200, {"fine": True}) if asked.authorization == f"Bearer {second}" else AGAIN

    kept: list[Secret] = []
    with talking(answer, kept, refresh=jwt("refresh", 9e9), access=first) as (client, wire):
        assert client.get("/api/org/settings/").body == {"fine": True}
    assert wire.lines() == ["GET /api/org/settings/", "POST /api/auth/refresh-token/", "GET /api/org/settings/"]
    assert wire.asked[1].authorization is None
    assert [secret["access"] for secret in kept] == [second]


def test_a_session_that_cannot_be_renewed_says_how_to_get_a_new_one() -> None:
    reused = (401, {"error": "Invalid or expired token"})
    refresh = jwt("refresh", 9e9)
    with talking(lambda _: reused, refresh=refresh) as (client, wire), pytest.raises(Denied) as lost:
        client.get("/api/org/settings/")
    assert "sign in to BottleCRM as that admin again" in str(lost.value)
    assert lost.value.missing == "a session: Invalid or expired token"
    assert len(wire.asked) == 1
    assert refresh not in str(lost.value)


def test_a_secret_in_an_answer_is_not_repeated() -> None:
    echoing = (400, {"error": True, "errors": f"what is {TOKEN}?"})
    with talking(lambda _: echoing) as (client, _), pytest.raises(Declined) as refused:
        client.change("POST", "/api/user/x/status/", {})
    assert TOKEN not in str(refused.value) + refused.value.said


@pytest.mark.parametrize("key", ["../org/api-key", "x?status=True", "x%2f..%2fy", "x y", "http://elsewhere.example"])
def test_a_key_cannot_steer_a_request_elsewhere(key: str) -> None:
    with talking(lambda _: (200, {})) as (client, wire), pytest.raises(Misread, match="cannot be part of an address"):
        client.change("DELETE", f"/api/org/tokens/{key}/")
    assert wire.asked == []
