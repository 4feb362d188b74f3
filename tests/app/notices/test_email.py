"""Mail to a real SMTP server on this machine: encrypted or not at all, and nobody can add a header to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from app.notices import composing
from app.notices.carriers.carrier import Outcome, Result, Ways
from app.notices.carriers.email import EmailCarrier
from app.notices.shapes import Message
from tests import make
from tests.app.notices.desk import Postbox, parsed, postbox
from tests.app.notices.messages import FACTS, message


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postbox]:
    """A server that offers STARTTLS and insists on it and on a sign-in."""
    with postbox(tmp_path_factory.mktemp("mail")) as box:
        yield box


@pytest.fixture
def box(server: Postbox) -> Postbox:
    server.mails.clear()
    server.encrypted.clear()
    server.signed_in.clear()
    server.refuses.clear()
    server.after_text.clear()
    server.connections = 0
    return server


def carrier(box: Postbox, password: str = "secret", **config: str) -> EmailCarrier:
    told = {
        "host": box.host, "port": str(box.port), "sender": "rolecall@reviews.example.com", "username": "rolecall",
        "ca_file": box.ca_file,
    }  # fmt: skip
    return EmailCarrier(told | config, {"password": password}, Ways(Path(), timeout_s=5))


def sent(box: Postbox, *messages: Message, **config: str) -> list[Outcome]:
    way = carrier(box, **config)
    try:
        return [way.send(each, make.NOW) for each in messages]
    finally:
        way.close()


def test_a_mail_arrives_encrypted_and_signed_in_with_the_headers_it_needs(box: Postbox) -> None:
    assert [each.result for each in sent(box, message())] == [Result.DELIVERED]
    ((sender, to, mail),) = box.mails
    assert (sender, to) == ("rolecall@reviews.example.com", ["bo@example.com"])
    assert (box.encrypted, box.signed_in) == ([True], [True])
    assert mail["Subject"] == "Review opened: Q4 2026"
    assert mail["From"] == "Rolecall <rolecall@reviews.example.com>"
    assert mail["Message-ID"] == f"<msg_{'0' * 31}7@reviews.example.com>"
    assert parsedate_to_datetime(mail["Date"]) == make.NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None  # a reviewer is asked to do something; there is nothing to leave


def test_a_mail_says_the_same_as_text_and_as_a_page(box: Postbox) -> None:
    sent(box, message())
    mail = box.mails[0][2]
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    for said in ("38 items to decide on, by 30 November 2026, 16:00 (UTC).", "https://rolecall.example.com/reviews/12"):
        assert said in text
        assert said in page
    assert "<img" not in page  # nothing is fetched, so nobody learns when it was read
    assert "<script" not in page


def test_a_subscription_says_where_it_is_ended(box: Postbox) -> None:
    sent(box, message(manage="/settings/channels"))
    assert box.mails[0][2]["List-Unsubscribe"] == "<https://rolecall.example.com/settings/channels>"


def test_several_mails_take_one_connection_and_a_dropped_one_costs_none(box: Postbox) -> None:
    way = carrier(box)
    try:
        assert way.send(message(), make.NOW).result is Result.DELIVERED
        assert way.send(message(), make.NOW).result is Result.DELIVERED
        assert box.connections == 1
        assert way._open is not None
        way._open.sock.shutdown(socket.SHUT_RDWR)  # what a server does after some idle minutes
        assert way.send(message(), make.NOW).result is Result.DELIVERED
        assert (box.connections, len(box.mails)) == (2, 3)
    finally:
        way.close()


def test_a_message_is_the_same_message_each_time_it_is_sent(box: Postbox) -> None:
    sent(box, message(), message())
    first, second = (mail["Message-ID"] for _, _, mail in box.mails)
    assert first == second


# --- encryption ---


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    with postbox(tmp_path, tls="implicit") as box:
        assert [each.result for each in sent(box, message(), tls="implicit")] == [Result.DELIVERED]
        assert (box.encrypted, box.signed_in) == ([True], [True])


def test_a_server_that_offers_no_encryption_gets_nothing(tmp_path: Path) -> None:
    with postbox(tmp_path, offers=False) as box:
        (outcome,) = sent(box, message())
        assert outcome.result is Result.TROUBLE
        assert "STARTTLS" in outcome.said
        assert box.mails == []


def test_a_certificate_that_nobody_vouches_for_is_no_encryption(box: Postbox) -> None:
    (outcome,) = sent(box, message(), ca_file="")
    assert outcome.result is Result.TROUBLE
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.said
    assert box.mails == []


def test_a_certificate_of_another_name_is_refused(box: Postbox) -> None:
    (outcome,) = sent(box, message(), host="127.0.0.1")
    assert (outcome.result, box.mails) == (Result.TROUBLE, [])


# --- what servers say ---


def test_a_wrong_password_is_the_channels_trouble_and_is_not_repeated_in_words(box: Postbox) -> None:
    way = carrier(box, password="hunter2-wrong")
    outcome = way.send(message(), make.NOW)
    way.close()
    assert (outcome.result, outcome.code) == (Result.TROUBLE, 535)
    assert "hunter2" not in outcome.said


@pytest.mark.parametrize(
    ("answer", "result"), [("450 come back later", Result.LATER), ("550 nobody of that name", Result.NEVER)]
)
def test_one_refused_address_is_that_messages_own_matter(box: Postbox, answer: str, result: Result) -> None:
    box.refuses["gone@example.com"] = answer
    outcomes = sent(box, message(to="gone@example.com"), message())
    assert [each.result for each in outcomes] == [result, Result.DELIVERED]
    assert answer[4:] in outcomes[0].said
    assert len(box.mails) == 1
    assert box.connections == 1


@pytest.mark.parametrize(("answer", "result"), [("451 later", Result.LATER), ("554 no", Result.NEVER)])
def test_a_text_that_is_refused_is_sorted_by_its_first_digit(box: Postbox, answer: str, result: Result) -> None:
    box.after_text.append(answer)
    assert [each.result for each in sent(box, message(), message())] == [result, Result.DELIVERED]


def test_a_server_that_is_away_is_trouble() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (outcome,) = sent(Postbox(port=taken.getsockname()[1]), message(), host="127.0.0.1", ca_file="")
    assert (outcome.result, outcome.code) == (Result.TROUBLE, None)


def test_a_server_that_says_nothing_is_left_after_a_while() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        threading.Thread(target=lambda: silent.accept(), daemon=True).start()
        config = {"host": "127.0.0.1", "port": str(silent.getsockname()[1]), "sender": "r@example.com"}
        outcome = EmailCarrier(config, {}, Ways(Path(), timeout_s=0.2)).send(message(), make.NOW)
    assert outcome.result is Result.TROUBLE


# --- nobody adds a header ---

NASTY = (
    "Q4\r\nBcc: eve@example.com",
    "Q4\nBcc: eve@example.com\n\nhello",
    "Q4\x00\x0bBcc: eve@example.com",
    "Q4\u2028Bcc: eve@example.com",
)


@pytest.mark.parametrize("name", NASTY)
def test_a_name_with_line_breaks_adds_no_header(box: Postbox, name: str) -> None:
    assert [each.result for each in sent(box, message(facts={**FACTS, "name": name}))] == [Result.DELIVERED]
    ((_, to, mail),) = box.mails
    assert to == ["bo@example.com"]
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Review opened: Q4 Bcc:")
    assert mail.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    "address",
    [
        "bo@example.com\r\nBcc: eve@example.com", "bo@example.com\nRCPT TO:<eve@example.com>", "bo@example.com,eve@e.com",
        "bo@example.com eve@example.com", "<bo@example.com>", "bo", "", "bö@example.com", "bo@example.com\x00",
    ],
)  # fmt: skip
def test_an_address_that_is_none_gets_nothing_and_nobody_else_does(box: Postbox, address: str) -> None:
    outcomes = sent(box, message(to=address), message())
    assert [each.result for each in outcomes] == [Result.NEVER, Result.DELIVERED]
    assert [to for _, to, _ in box.mails] == [["bo@example.com"]]


def test_a_domain_beyond_ascii_is_written_as_servers_want_it() -> None:
    made = parsed(composing.mail(message(to="bo@müller.example"), sender="r@example.com", at=make.NOW).as_bytes())
    assert made["To"] == "bo@xn--mller-kva.example"


def test_markup_in_a_name_is_text() -> None:
    evil = message(facts={**FACTS, "name": "<script>alert(1)</script><a href='https://evil.example'>x</a>"})
    page = composing.mail(evil, sender="r@example.com", at=make.NOW).get_body(("html",))
    assert page is not None
    assert "<script" not in page.get_content()
    assert "evil.example'" not in page.get_content()


def test_a_long_name_is_cut_for_the_subject_and_not_folded_into_another_header(box: Postbox) -> None:
    sent(box, message(facts={**FACTS, "name": "ü" * 400}))
    mail = box.mails[0][2]
    assert len(str(mail["Subject"])) <= 150
    assert str(mail["Subject"]).endswith("ü…")
