"""notices: a channel is added, tried, listened to and taken away by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.cli.saying import Place
from tests.app.notices.desk import receiving


def test_a_folder_is_tried_listed_and_seen_by_the_doctor(empty: Place) -> None:
    assert empty.rolecall("notices", "list", "--json").json() == {"channels": [], "subscriptions": []}
    assert "nobody is told anything" in empty.rolecall("doctor").well().all
    made = empty.rolecall("notices", "add", "file", "outbox", "--set", "sender=r@example.com", "--json").json()
    assert (made["name"], made["signing_secret"]) == ("outbox", None)
    assert empty.rolecall("notices", "test", "outbox", "--json").json()["status"] == "delivered"
    (mail,) = (empty.home / "outbox").glob("*.eml")
    assert "Test from Rolecall" in mail.read_text()
    told = empty.rolecall("notices", "list", "--json").json()
    assert [each["recipient"] for each in told["subscriptions"]] == ["concerned", "role:it_security", "role:admin"]
    assert told["channels"][0]["deliveries"] == {"delivered": 1}
    assert "channel outbox: on; last delivered just now" in empty.rolecall("doctor").well().all
    (logged,) = empty.rolecall("notices", "log", "--json").json()
    assert (logged["event"], logged["tries"]) == ("channel.test", 1)
    empty.rolecall("notices", "replay", logged["id"]).well()
    assert len(list((empty.home / "outbox").glob("*.eml"))) == 1  # the same message is the same file


def test_a_web_hook_that_fails_is_said_to_and_does_not_give_its_address_away(empty: Place, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    with receiving() as receiver:
        secret.write_text(json.dumps({"url": receiver.url + "/deepsecret"}))
        private = {"ROLECALL_ALLOW_PRIVATE_ADDRESSES": "true"}
        made = empty.rolecall("notices", "add", "webhook", "ops", "--secret", str(secret), "--json").json()
        assert made["signing_secret"].startswith("whsec_")
        empty.rolecall("notices", "test", "ops").refused("It did not arrive", "https://")
        receiver.always = (401, {})
        empty.rolecall("notices", "test", "ops", **private).refused("answered 401")
        assert "✗ channel ops" in empty.rolecall("doctor").well().all
        receiver.always = (204, {})
        empty.rolecall("notices", "test", "ops", **private).well()
        said = empty.rolecall("notices", "list").all + empty.rolecall("notices", "log").all
        assert "deepsecret" not in said
        fresh = empty.rolecall("notices", "rotate", "ops").well().out.strip().splitlines()[-1]
        assert fresh.startswith("whsec_")
        assert fresh != made["signing_secret"]
        empty.rolecall("notices", "rotate", "ops").refused("still signs")


def test_a_subscription_and_quiet_hours_are_made_and_ended(empty: Place) -> None:
    empty.rolecall("notices", "add", "file", "outbox", "--quietly").well()
    empty.rolecall("actor", "add", "Ada", "--role", "admin", "--email", "ada@example.com").well()
    said = empty.rolecall(
        "notices",
        "subscribe",
        "outbox",
        "--event",
        "review.closed",
        "--to",
        "role:admin",
        "--severity",
        "low",
        "--digest",
    )
    assert "number 1" in said.well().all
    (there,) = empty.rolecall("notices", "list", "--json").json()["subscriptions"]
    assert (there["events"], there["severity"], there["digest"]) == (["review.closed"], "low", True)
    empty.rolecall("notices", "unsubscribe", "1").well()
    assert empty.rolecall("notices", "list", "--json").json()["subscriptions"] == []
    empty.rolecall("notices", "quiet", "ada@example.com", "--from", "18:00", "--zone", "Europe/Berlin").well()
    empty.rolecall("notices", "quiet", "channel:outbox", "--from", "22:00").well()
    empty.rolecall("notices", "switch", "outbox", "off").well()
    empty.rolecall("notices", "test", "outbox").refused("off")
    empty.rolecall("notices", "switch", "outbox", "removed").well()
    assert empty.rolecall("notices", "list", "--json").json()["channels"] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "pigeon", "x"), ("pigeon", "webhook")),
        (("add", "file", "x", "--set", "sender"), ("NAME=VALUE",)),
        (("add", "slack", "x"), ("url is missing",)),
        (("test", "nothing"), ("no channel", "outbox")),
        (("switch", "outbox", "dead"), ("removed",)),
        (("subscribe", "outbox", "--event", "nothing", "--to", "a@b.c"), ("no event", "review.closed")),
        (("subscribe", "outbox"), ("who is written to", "concerned")),
        (("unsubscribe", "99"), ("no subscription 99",)),
        (("replay", "99"), ("no message's id", "notices log")),
        (("quiet", "nobody@example.com"), ("nobody@example.com",)),
        (("quiet", "channel:outbox", "--from", "8pm"), ("20:00",)),
        (("quiet", "channel:outbox", "--zone", "Mars/Olympus"), ("Mars/Olympus", "Europe/Berlin")),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(one: Place, words: tuple[str, ...], told: tuple[str, ...]) -> None:
    one.rolecall("notices", *words).refused(*told)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An installation with one channel."""
    made = Place(tmp_path_factory.mktemp("notices") / "home", {}, None)
    made.rolecall("notices", "add", "file", "outbox").well()
    return made
