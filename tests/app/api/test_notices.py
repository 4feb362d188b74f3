"""Channels at the door: what lets one in goes in and never comes out again, and the log shows what became of messages."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.actors.tables import RequestKeyRow
from app.notices.tables import ChannelRow, DeliveryRow
from tests.app.api.house import House

HOOK = {"name": "ops", "kind": "webhook", "secret": {"url": "https://hooks.example.com/deepsecret"}}


def test_a_web_hooks_secret_is_told_once_and_its_address_never_again(house: House) -> None:
    admin = house.client("admin")
    made = admin.post("/api/v1/channels", json=HOOK, headers={"Idempotency-Key": "k1"})
    assert made.status_code == 201
    told = made.json()
    assert told["signing_secret"].startswith("whsec_")
    assert told["shown"] == {"host": "hooks.example.com"}
    again = admin.post("/api/v1/channels", json=HOOK, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()["id"], again.json()["signing_secret"]) == (201, told["id"], None)
    seen = admin.get(f"/api/v1/channels/{told['id']}")
    assert "deepsecret" not in seen.text + admin.get("/api/v1/channels").text
    with house.database.reading() as session:
        kept = str(session.scalars(select(RequestKeyRow.answer)).all())
        sealed = session.scalars(select(ChannelRow.secret).where(ChannelRow.name == "ops")).one()
    assert told["signing_secret"] not in kept
    assert b"deepsecret" not in sealed


def test_a_rotated_secret_is_told_once(house: House) -> None:
    admin = house.client("admin")
    number = admin.post("/api/v1/channels", json=HOOK).json()["id"]
    made = admin.post(f"/api/v1/channels/{number}/rotation", headers={"Idempotency-Key": "k2"})
    assert made.json()["signing_secret"].startswith("whsec_")
    again = admin.post(f"/api/v1/channels/{number}/rotation", headers={"Idempotency-Key": "k2"})
    assert again.json()["signing_secret"] is None
    assert admin.post(f"/api/v1/channels/{number}/rotation").json()["code"] == "rotating"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "a", "kind": "webhook"}, "missing"),
        ({"name": "a", "kind": "webhook", "secret": {"url": "ftp://x"}}, "bad_address"),
        ({"name": "a", "kind": "webhook", "secret": {"url": "https://a:b@example.com"}}, "bad_address"),
        ({"name": "outbox", "kind": "file"}, "name_taken"),
        ({"name": "a", "kind": "file", "config": {"directory": "/etc"}}, "bad_directory"),
        ({"name": "a\nb", "kind": "file"}, "bad_name"),
        ({"name": "a", "kind": "email", "config": {"host": "m.example.com", "sender": "x"}}, "bad_email"),
        (
            {"name": "a", "kind": "email", "config": {"host": "m.example.com", "sender": "x@y.z", "tls": "none"}},
            "tls_needed",
        ),
        ({"name": "a", "kind": "email", "config": {"host": "m", "sender": "x@y.z", "username": "u"}}, "half_a_sign_in"),
        ({"name": "a", "kind": "email", "config": {"host": "m", "sender": "x@y.z", "colour": "u"}}, "strange"),
        ({"name": "a", "kind": "apprise", "secret": {"url": "syslog://localhost"}}, "bad_address"),
        ({"name": "a", "kind": "apprise", "secret": {"url": "json://10.0.0.1"}}, "bad_address"),
        ({"name": "a", "kind": "apprise", "secret": {"url": "nosuchthing://x"}}, "bad_address"),
    ],
)
def test_a_channel_that_cannot_be_is_refused_with_its_reason(shown_house: House, body: object, code: str) -> None:
    answer = shown_house.client("admin").post("/api/v1/channels", json=body)
    assert (answer.status_code in (409, 422), answer.json()["code"]) == (True, code), answer.text


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"events": ["channel.test"], "recipient": "a@b.c"}, "no_such_event"),
        ({"events": ["review.closed"]}, "recipient_missing"),
        ({"events": ["review.closed"], "recipient": "bo"}, "bad_email"),
        ({"events": ["review.closed"], "recipient": "a@b.c\nBcc: e@x.y"}, "bad_email"),
        ({"events": ["review.closed"], "recipient": "actor-nobody"}, "no_actor"),
        ({"events": ["review.closed"], "recipient": "a@b.c", "system": 999}, "no_system"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused_with_its_reason(shown_house: House, asked: object, code: str) -> None:
    body = {"channel": shown_house.channel.id, **asked}  # type: ignore[dict-item]
    answer = shown_house.client("admin").post("/api/v1/subscriptions", json=body)
    assert answer.json()["code"] == code, answer.text


def test_somebody_is_subscribed_and_not_any_more(house: House) -> None:
    admin = house.client("admin")
    body = {"channel": house.channel.id, "events": ["removal.failed"], "recipient": "role:admin", "severity": "high"}
    made = admin.post("/api/v1/subscriptions", json=body).json()
    there = admin.get("/api/v1/subscriptions", params={"channel": house.channel.id}).json()["subscriptions"]
    assert [each["id"] for each in there] == [house.subscription.id, made["id"]]
    assert admin.delete(f"/api/v1/subscriptions/{made['id']}").json()["ended"] is not None
    assert len(admin.get("/api/v1/subscriptions").json()["subscriptions"]) == 1


def test_the_log_is_paged_and_filtered_and_a_message_is_sent_again(house: House) -> None:
    admin = house.client("admin")
    number = house.channel.id
    tested = admin.post(f"/api/v1/channels/{number}/tests").json()
    first = admin.get("/api/v1/deliveries", params={"limit": 1}).json()
    second = admin.get("/api/v1/deliveries", params={"limit": 1, "after": first["next"]}).json()
    assert [first["deliveries"][0]["id"], second["deliveries"][0]["id"]] == [tested["id"], str(house.delivery.id)]
    assert second["next"] is None
    waiting = admin.get("/api/v1/deliveries", params={"status": "waiting"}).json()["deliveries"]
    assert [each["event"] for each in waiting] == ["channel.test"]
    again = admin.post(f"/api/v1/deliveries/{house.delivery.id}/replay")
    assert (again.status_code, again.json()["status"]) == (202, "waiting")
    assert admin.post(f"/api/v1/deliveries/{house.delivery.id}/replay").json()["code"] == "not_ended"
    assert admin.get(f"/api/v1/deliveries/{house.delivery.id}").json()["history"] == []


def test_a_channel_that_somebody_else_switched_is_not_switched_by_who_saw_it_before(house: House) -> None:
    admin = house.client("admin")
    path = f"/api/v1/channels/{house.channel.id}"
    etag = admin.get(path).headers["ETag"]
    assert admin.put(f"{path}/status", json={"status": "off"}, headers={"If-Match": etag}).status_code == 200
    late = admin.put(f"{path}/status", json={"status": "on"}, headers={"If-Match": etag})
    assert (late.status_code, late.json()["facts"]["act"]) == (412, "channel.changed")


def test_everybody_chooses_their_own_hours(house: House) -> None:
    ada = house.client("ada")
    assert ada.get("/api/v1/me/quiet-hours").json()["zone"] is None
    hours = {"zone": "Europe/Berlin", "begins": "18:30", "ends": "08:00", "weekends": True}
    assert ada.put("/api/v1/me/quiet-hours", json=hours).json() == hours
    assert ada.get("/api/v1/me/quiet-hours").json() == hours
    assert house.client("bo").get("/api/v1/me/quiet-hours").json()["zone"] is None


def test_a_removed_channel_is_gone_and_its_log_is_not(house: House) -> None:
    admin = house.client("admin")
    path = f"/api/v1/channels/{house.channel.id}"
    admin.put(f"{path}/status", json={"status": "removed"})
    assert admin.get(path).status_code == 404
    with house.database.reading() as session:
        assert session.get_one(ChannelRow, house.channel.id).secret == b""
        assert session.get_one(DeliveryRow, house.delivery.id).status == "delivered"
