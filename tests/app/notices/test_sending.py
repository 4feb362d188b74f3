"""Messages leave once, are tried until they arrive or are given up, and whatever happens is in the log."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.kit.refusal import Refused
from app.ledger.kinds import Kind
from app.notices import channels, deliveries, policy, queries, sending
from app.notices.carriers.carrier import Outcome, Result
from app.notices.policy import ChannelStatus
from app.notices.tables import ChannelRow, DeliveryRow
from tests import make
from tests.app.notices.desk import KEYS, Desk, Postbox, Receiver, both, postbox, signature


def hook(desk: Desk, receiver: Receiver, **given: Any) -> ChannelRow:
    return desk.channel("webhook", secret={"url": receiver.url}, **given)


def waiting(desk: Desk, channel: ChannelRow, number: int = 1, **given: Any) -> list[DeliveryRow]:
    """Messages that wait for this channel, each about a cause of its own."""
    rows = []
    with desk.database.transaction() as session:
        for _ in range(number):
            rows.append(make.delivery(session, channel, made_at=desk.now, **given))
    return rows


def one(desk: Desk, row: DeliveryRow) -> DeliveryRow:
    with desk.database.reading() as session:
        return queries.delivery(session, row.id)


def change(desk: Desk, verb: Callable[..., Any], row: Any, *args: Any, **given: Any) -> Any:
    """Do a verb to a row as it is now."""
    with desk.database.transaction() as session:
        return verb(session, session.get_one(type(row), row.id), *args, by=make.ADMIN, at=desk.now, **given)


# --- web hooks ---


@both
def test_a_web_hook_arrives_signed_and_is_written_down(desk: Desk, receiver: Receiver) -> None:
    (row,) = waiting(desk, hook(desk, receiver))
    assert desk.send() == {"delivered": 1}
    ((headers, body),) = receiver.got
    assert desk.signing is not None
    assert headers["webhook-signature"] == signature(desk.signing, headers, body)
    assert headers["webhook-id"] == f"msg_{row.id.hex}"
    assert int(headers["webhook-timestamp"]) == int(desk.now.timestamp())
    assert headers["content-type"] == "application/json"
    assert one(desk, row).status == "delivered"
    with desk.database.reading() as session:
        ((kept),) = queries.tries(session, row.id)
    assert (kept.outcome, kept.code) == ("delivered", 204)
    assert [entry.body["counts"] for entry in desk.told(Kind.NOTICES_SENT)] == [{"delivered": 1}]
    assert desk.send() == {}
    assert len(receiver.got) == 1


def test_a_receiver_with_the_library_takes_it_and_nobody_else_s(desk: Desk, receiver: Receiver) -> None:
    from app.kit import clock

    desk.now = clock.now()  # the library looks at the clock itself
    waiting(desk, hook(desk, receiver))
    desk.send()
    ((headers, body),) = receiver.got
    assert desk.signing is not None
    assert Webhook(desk.signing).verify(body, headers)["type"] == "removal.failed"
    for forged in (body.replace(b"1", b"2"), body + b" "):
        with pytest.raises(WebhookVerificationError):
            Webhook(desk.signing).verify(forged, headers)


@both
def test_a_failing_receiver_is_tried_again_under_the_same_name_until_it_takes_it(
    desk: Desk, receiver: Receiver
) -> None:
    (row,) = waiting(desk, hook(desk, receiver))
    receiver.answers = [(500, {}), (503, {}), (204, {})]
    assert desk.send() == {"later": 1}
    assert desk.send() == {}  # it rests
    desk.later(seconds=31)
    assert desk.send() == {"later": 1}
    desk.later(seconds=61)
    assert desk.send() == {"delivered": 1}
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.got}) == 3
    assert one(desk, row).tries == 3


def test_fifty_tries_in_three_days_and_no_more(desk: Desk, receiver: Receiver) -> None:
    row = waiting(desk, hook(desk, receiver))[0]
    receiver.always = (500, {})
    began = desk.now
    while one(desk, row).status == "waiting" and desk.now - began < timedelta(days=4):
        desk.send()
        ahead = one(desk, row).not_before - desk.now
        desk.later(seconds=max(ahead.total_seconds(), 60) + 1)
    assert one(desk, row).status == "failed"
    assert len(receiver.got) == 50
    assert timedelta(days=2) < desk.now - began < timedelta(days=3, hours=3)


def test_a_channel_that_failed_for_three_days_is_switched_off_and_somebody_else_hears_of_it(
    desk: Desk, receiver: Receiver
) -> None:
    channel = hook(desk, receiver)
    desk.channel("file", recipient="it@example.com")
    receiver.always = (500, {})
    for _ in range(14):
        waiting(desk, channel)
        desk.send()
        desk.later(hours=6)
    assert desk.again(channel).status == "dead"
    calls = len(receiver.got)
    desk.tell()
    desk.send()
    assert len(receiver.got) == calls
    assert [mail["Subject"] for mail in desk.mails()] == ["Channel out of order: webhook"]


@both
def test_a_receiver_that_is_gone_is_switched_off_at_once(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    rows = waiting(desk, channel, 2)
    receiver.always = (410, {})
    desk.send()
    assert len(receiver.got) == 1
    assert desk.again(channel).status == "dead"
    assert sorted(one(desk, row).status for row in rows) == ["failed", "waiting"]
    assert [entry.body["status"] for entry in desk.told(Kind.CHANNEL_CHANGED)] == ["dead"]


def test_a_message_that_is_not_wanted_is_tried_a_few_times_only(desk: Desk, receiver: Receiver) -> None:
    (row,) = waiting(desk, hook(desk, receiver))
    receiver.always = (400, {})
    for _ in range(60):
        desk.send()
        desk.later(hours=1)
    assert (one(desk, row).status, len(receiver.got)) == ("failed", deliveries.NOT_WANTED)
    assert one(desk, row).because == "answered 400"


@pytest.mark.parametrize("asked", ["7200", "Mon, 16 Nov 2026 11:00:00 GMT"])
def test_a_receiver_that_asks_for_time_gets_it(desk: Desk, receiver: Receiver, asked: str) -> None:
    (row,) = waiting(desk, hook(desk, receiver))
    receiver.answers = [(429, {"Retry-After": asked})]
    desk.send()
    assert one(desk, row).not_before == desk.now + timedelta(hours=2)
    desk.later(hours=1, minutes=59)
    assert desk.send() == {}
    desk.later(minutes=2)
    assert desk.send() == {"delivered": 1}


def test_a_redirect_is_not_followed(desk: Desk, receiver: Receiver) -> None:
    waiting(desk, hook(desk, receiver))
    receiver.always = (302, {"Location": receiver.url + "/elsewhere"})
    assert desk.send() == {"later": 1}
    assert len(receiver.got) == 1


def test_a_private_address_is_never_called(desk: Desk, receiver: Receiver) -> None:
    desk.allow_private = False
    for number, url in enumerate(
        ("https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://metadata.example/")
    ):
        desk.resolve = lambda host, _: ["169.254.169.254"] if host.endswith(".example") else [host]
        (row,) = waiting(desk, desk.channel("webhook", name=f"w{number}", secret={"url": url}))
        assert desk.send() == {"later": 1}
        assert "not an address on the open internet" in str(one(desk, row).because)
    assert receiver.got == []


def test_a_plain_http_address_is_not_called_where_private_ones_are_not(desk: Desk, receiver: Receiver) -> None:
    desk.allow_private = False
    (row,) = waiting(desk, hook(desk, receiver))
    desk.send()
    assert receiver.got == []
    assert "https://" in str(one(desk, row).because)


# --- secrets ---


@both
def test_for_a_day_after_a_rotation_both_secrets_hold(desk: Desk, receiver: Receiver) -> None:
    channel, old = hook(desk, receiver), desk.signing
    new = change(desk, channels.rotate, channel, keys=KEYS)
    assert old is not None
    assert new != old
    waiting(desk, channel)
    desk.send()
    headers, body = receiver.got[-1]
    assert headers["webhook-signature"].split(" ") == [signature(new, headers, body), signature(old, headers, body)]
    with pytest.raises(Refused, match="still signs"):
        change(desk, channels.rotate, channel, keys=KEYS)
    desk.later(hours=24)
    waiting(desk, channel)
    desk.send()
    headers, body = receiver.got[-1]
    assert headers["webhook-signature"].split(" ") == [signature(new, headers, body)]
    assert change(desk, channels.rotate, channel, keys=KEYS) != new


def test_no_secret_lies_open_in_the_database(desk: Desk, receiver: Receiver) -> None:
    hook(desk, receiver)
    desk.channel("slack", secret={"url": "https://hooks.slack.com/services/T0/B0/deepsecret"})
    email = {"host": "mail.example.com", "sender": "r@example.com", "username": "r"}
    desk.channel("email", config=email, secret={"password": "hunter2"}, events=())
    file = Path(str(desk.database.url.database))
    everything = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))  # its log included
    assert b"hooks.slack.com" in everything
    assert desk.signing is None
    for secret in (b"deepsecret", b"hunter2", receiver.url.encode(), b"whsec_"):
        assert secret not in everything
    with desk.database.reading() as session:
        shown = {row.name: row.shown for row in queries.channels(session)}
    assert shown["slack"] == {"host": "hooks.slack.com"}


def test_a_rotated_key_of_the_installation_opens_channels_again(desk: Desk, receiver: Receiver) -> None:
    from app.kit.secrets import Keys

    channel = hook(desk, receiver)
    fresh = Keys(b"n" * 32, [b"k" * 32])
    with desk.database.transaction() as session:
        assert channels.reseal(session, keys=fresh) == 1
        assert channels.reseal(session, keys=fresh) == 0
    opened = Keys(b"n" * 32).open_mapping(desk.again(channel).secret, where=channels.place(channel.id))
    assert opened["url"] == receiver.url


# --- nothing lost, nothing twice ---


@both
def test_what_a_dead_worker_had_in_its_hands_is_sent_again_under_the_same_name(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    rows = waiting(desk, channel, 3)

    class Died(BaseException):
        pass

    def dies(self: Any, message: Any, at: Any) -> Outcome:
        raise Died

    from app.notices.carriers.webhook import WebhookCarrier

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WebhookCarrier, "send", dies)
        with pytest.raises(Died):
            desk.send()
    assert sorted(one(desk, row).status for row in rows) == ["sending", "waiting", "waiting"]
    assert desk.send() == {"delivered": 2}  # the one in doubt is left alone for a while
    desk.later(minutes=16)
    assert desk.send() == {"recovered": 1, "delivered": 1}
    names = [headers["webhook-id"] for headers, _ in receiver.got]
    assert sorted(names) == sorted(f"msg_{row.id.hex}" for row in rows)


_SEND = """
import sys
from pathlib import Path
from app.kit.db import Database
from tests.app.notices.desk import Desk
from tests import make
Desk(Database(sys.argv[1]), Path(sys.argv[2])).send()
"""


def test_a_worker_that_is_killed_while_it_sends_loses_nothing(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    rows = waiting(desk, channel, 2)
    receiver.hangs.set()
    command = [sys.executable, "-c", _SEND, str(desk.database.url), str(desk.home)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as worker:
        deadline = time.monotonic() + 30
        while not receiver.got:
            assert time.monotonic() < deadline, "the worker never sent anything"
            time.sleep(0.02)
        worker.kill()
    receiver.hangs.clear()
    desk.later(minutes=16)
    assert desk.send() == {"recovered": 1, "delivered": 2}
    names = [headers["webhook-id"] for headers, _ in receiver.got]
    assert sorted(set(names)) == sorted(f"msg_{row.id.hex}" for row in rows)
    assert len(names) == 3  # the one in doubt came twice, under one name


@both
def test_two_workers_send_nothing_twice(desk: Desk, receiver: Receiver) -> None:
    waiting(desk, hook(desk, receiver), 12)
    with ThreadPoolExecutor(3) as workers:
        told = [each.result() for each in [workers.submit(desk.send) for _ in range(3)]]
    assert sum(each.get("delivered", 0) for each in told) == 12
    assert len(receiver.got) == 12
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 12


@both
def test_a_worker_that_was_only_slow_does_not_undo_what_another_did(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    (row,) = waiting(desk, channel)
    with desk.database.transaction() as session:
        slow = deliveries.claim(session, channel.id, wanted=lambda *_: True, at=desk.now)
    assert slow is not None
    desk.later(minutes=16)
    assert desk.send() == {"recovered": 1, "delivered": 1}
    with desk.database.transaction() as session:
        failed = Outcome(Result.TROUBLE, "it took too long")
        assert deliveries.settle(session, slow, failed, at=desk.now) == "delivered"
    assert one(desk, row).status == "delivered"


@both
def test_what_was_delivered_or_failed_can_be_sent_again_and_nothing_else(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    (row,) = waiting(desk, channel)
    with pytest.raises(Refused, match="waiting"):
        change(desk, deliveries.replay, row)
    desk.send()
    change(desk, deliveries.replay, row)
    assert desk.send() == {"delivered": 1}
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len(desk.told(Kind.NOTICE_REPLAYED)) == 1
    change(desk, channels.switch, channel, ChannelStatus.OFF)
    with pytest.raises(Refused, match="channel is off"):
        change(desk, deliveries.replay, row)


@both
def test_what_waits_for_longer_than_three_days_is_given_up(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    change(desk, channels.switch, channel, ChannelStatus.OFF)
    (row,) = waiting(desk, channel)
    desk.later(days=2, hours=23)
    assert desk.send() == {}
    desk.later(hours=2)
    assert desk.send() == {"expired": 1}
    assert receiver.got == []
    change(desk, channels.switch, channel, ChannelStatus.ON)
    change(desk, deliveries.replay, one(desk, row))
    assert desk.send() == {"delivered": 1}


def test_one_hanging_channel_holds_up_nobody_else(desk: Desk, receiver: Receiver) -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        desk.timeout_s = 0.4
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        waiting(desk, desk.channel("webhook", name="hangs", secret={"url": url}))
        waiting(desk, hook(desk, receiver), 5)
        assert desk.send() == {"later": 1, "delivered": 5}


@both
def test_the_log_is_forgotten_after_its_days_and_what_still_waits_is_not(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    waiting(desk, channel, 2)
    desk.send()
    change(desk, channels.switch, channel, ChannelStatus.OFF)
    (left,) = waiting(desk, channel)
    with desk.database.transaction() as session:
        assert deliveries.forget(session, before=desk.now) == 0
        assert deliveries.forget(session, before=desk.now + timedelta(seconds=1)) == 2
    assert [row.id for row in desk.deliveries()] == [left.id]


# --- tests of channels ---


@both
def test_a_test_is_sent_at_once_tried_once_and_remembered(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    receiver.answers = [(500, {})]
    desk.test(channel)
    assert desk.send() == {"failed": 1}
    assert desk.again(channel).tested_well is False
    assert [entry.body["well"] for entry in desk.told(Kind.CHANNEL_TESTED)] == [False]
    with desk.database.reading() as session:
        assert [row.id for row in queries.unwell(session)] == [channel.id]
    desk.test(channel)  # it rests, and a test asks whether it works now
    assert desk.send() == {"delivered": 1}
    assert desk.again(channel).tested_well is True
    assert receiver.bodies()[-1]["type"] == "channel.test"
    with desk.database.reading() as session:
        assert queries.unwell(session) == []


def test_a_test_that_failed_is_told_by_the_other_channels(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    desk.channel("file", recipient="it@example.com", events=["channel.failed"])
    receiver.always = (404, {})
    desk.test(channel)
    desk.send()
    desk.tell()
    desk.later(minutes=1)
    desk.send()
    assert [mail["To"] for mail in desk.mails()] == ["it@example.com"]


def test_a_channel_is_not_asked_to_say_that_it_is_out_of_order(desk: Desk, receiver: Receiver) -> None:
    receiver.always = (404, {})
    desk.test(hook(desk, receiver))
    desk.send()
    assert desk.tell().made == 0


def test_a_test_comes_before_whatever_else_waits(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    waiting(desk, channel, 3)
    desk.later(minutes=1)
    desk.test(channel)
    receiver.answers = [(204, {}), (500, {})]
    assert desk.send() == {"delivered": 1, "later": 1}
    assert receiver.bodies()[0]["type"] == "channel.test"


def test_a_mail_channel_writes_its_test_to_itself(desk: Desk) -> None:
    desk.test(desk.channel("file", recipient="it@example.com", config={"sender": "r@example.com"}))
    assert desk.send() == {"delivered": 1}
    assert [mail["To"] for mail in desk.mails()] == ["r@example.com"]


# --- mail ---


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postbox]:
    with postbox(tmp_path_factory.mktemp("mail")) as box:
        yield box


def test_mail_goes_out_by_a_real_server_and_a_reader_without_an_address_gets_none(desk: Desk, server: Postbox) -> None:
    server.mails.clear()
    config = {
        "host": "localhost", "port": str(server.port), "sender": "r@example.com", "username": "rolecall",
        "ca_file": server.ca_file,
    }  # fmt: skip
    channel = desk.channel("email", config=config, secret={"password": "secret"}, recipient="it@example.com")
    with desk.database.transaction() as session:
        bo, nobody = make.identity(session, "Bo", emails=("bo@example.com",)), make.identity(session, "Cy", emails=())
    (mine,) = waiting(desk, channel, whom=f"identity:{bo.id}")
    (lost,) = waiting(desk, channel, whom=f"identity:{nobody.id}")
    assert desk.send() == {"delivered": 1, "failed": 1}
    assert [to for _, to, _ in server.mails] == [["bo@example.com"]]
    assert (one(desk, mine).status, one(desk, lost).because) == ("delivered", "no address of the reader is known")
    assert desk.again(channel).failures == 0


def test_many_messages_are_sent_in_one_run(desk: Desk, receiver: Receiver) -> None:
    waiting(desk, hook(desk, receiver), 60)
    assert desk.send() == {"delivered": 60}


def test_a_run_ends_after_its_time_and_leaves_the_rest(desk: Desk, receiver: Receiver) -> None:
    waiting(desk, hook(desk, receiver), 10)

    def clock() -> Any:
        return desk.later(seconds=30)

    import dataclasses

    post = dataclasses.replace(desk.post, clock=clock)
    told = sending.send_due(post)
    assert 0 < told["delivered"] < 10
    assert len(desk.deliveries(DeliveryRow.status == "waiting")) == 10 - told["delivered"]


# --- statuses ---


def test_a_message_that_was_put_into_a_digest_or_dropped_stays_there() -> None:
    assert policy.MOVES[policy.Status.FOLDED] == policy.MOVES[policy.Status.DROPPED] == frozenset()
    assert set(policy.MOVES) == set(policy.Status)
    assert set(policy.CHANNEL_MOVES) == set(ChannelStatus)


@both
def test_the_database_refuses_a_second_message_about_one_cause(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    waiting(desk, channel, cause="campaign:1:opened")
    with pytest.raises(Exception, match=r"(?i)unique"):
        waiting(desk, channel, cause="campaign:1:opened")


@both
def test_counts_say_where_a_channels_messages_stand(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    waiting(desk, channel, 2)
    desk.send()
    waiting(desk, channel)
    with desk.database.reading() as session:
        assert queries.counts(session, channel.id) == {"delivered": 2, "waiting": 1}
        assert session.scalar(select(func.count()).select_from(DeliveryRow)) == 3


def test_a_secret_that_does_not_open_is_the_channels_trouble(desk: Desk, receiver: Receiver) -> None:
    channel = hook(desk, receiver)
    (row,) = waiting(desk, channel)
    with desk.database.transaction() as session:
        session.execute(update(ChannelRow).values(secret=KEYS.seal(b"{}", where="system:1:reader")))
    assert desk.send() == {"later": 1}
    assert "enter it anew" in str(one(desk, row).because)


def test_the_outbox_cannot_be_led_out_of_the_home(desk: Desk) -> None:
    for directory in ("/etc", "../elsewhere", "a/../../b", "x\n"):
        with pytest.raises(Refused):
            desk.channel("file", name=f"f{len(directory)}", config={"directory": directory}, recipient="it@example.com")
