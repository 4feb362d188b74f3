"""A signed message: what makes it genuine and fresh, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from app.actors import signature
from app.actors.signature import Message

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
OURS, THEIRS = "whsec_" + "A" * 43 + "=", "whsec_" + "B" * 43 + "="
BODY = '{"decisions":[]}'


def _message(secret: str = OURS, number: str = "msg_1", at: datetime = AT, **given: object) -> Message:
    signed = Webhook(secret).sign(number, at, BODY)
    values = {"id": number, "timestamp": str(int(at.timestamp())), "signature": signed, "body": BODY.encode()}
    return Message(**(values | given))  # type: ignore[arg-type]


def _code(message: Message, *secrets: str, at: datetime = AT) -> str | None:
    refusal = signature.why_not(message, secrets or (OURS,), at)
    return refusal.code if refusal else None


def test_what_the_secret_signed_just_now_is_taken() -> None:
    assert _code(_message()) is None


def test_two_signatures_and_two_secrets_are_one_exchange() -> None:
    both = f"{_message(THEIRS).signature} {_message().signature}"
    assert _code(_message(signature=both)) is None
    assert _code(_message(THEIRS), OURS, THEIRS) is None


@pytest.mark.parametrize(
    "given",
    [
        {"id": "msg_2"},
        {"id": ""},
        {"timestamp": str(int(AT.timestamp()) + 1)},
        {"timestamp": ""},
        {"timestamp": "now"},
        {"timestamp": "9" * 11},
        {"timestamp": "9" * 40},
        {"body": b'{"decisions": []}'},
        {"body": b"\xff"},
        {"signature": ""},
        {"signature": "v1,"},
        {"signature": "v1,é"},
        {"signature": "v2" + _message().signature[2:]},
        {"signature": "v1a" + _message().signature[2:]},
        {"signature": " ".join(["v1,x"] * 4 + [_message().signature])},
    ],
    ids=str,
)
def test_what_was_exchanged_or_left_out_is_forged(given: dict[str, object]) -> None:
    assert _code(_message(**given)) == "bad_signature"  # type: ignore[arg-type]


def test_another_secret_signs_nothing_here() -> None:
    assert _code(_message(THEIRS)) == "bad_signature"


def test_a_full_stop_in_the_id_could_move_the_bounds_of_what_was_signed() -> None:
    assert _code(_message(number="msg.1")) == "bad_signature"


@pytest.mark.parametrize(
    ("late", "code"), [(0, None), (300, None), (301, "stale_message"), (-300, None), (-301, "stale_message")]
)
def test_a_message_counts_for_five_minutes_by_our_clock(late: int, code: str | None) -> None:
    assert _code(_message(), at=AT + timedelta(seconds=late)) == code


def test_only_a_genuine_message_is_told_that_it_is_late() -> None:
    assert _code(_message(THEIRS), at=AT + timedelta(hours=1)) == "bad_signature"
