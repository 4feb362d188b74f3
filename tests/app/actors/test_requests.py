"""Requests answered once: the same Idempotency-Key does nothing again."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from app.actors import actors, requests
from app.actors.actor import Role
from app.actors.tables import ActorRow, RequestKeyRow
from app.kit.db import Database
from app.kit.refusal import Refused
from tests import make

BODY = b'POST /api/v1/actors\n{"name": "Ada"}'


def _make_once(database: Database, at: datetime, *, key: str = "k-1", body: bytes = BODY, by: Any = make.ADMIN) -> Any:
    """A write as a door does it: claim, act, keep the answer, in one transaction."""
    with database.transaction() as session:
        known = requests.claim(session, key, body, by=by, at=at)
        if known is not None:
            return known
        row = actors.make(session, "Ada", {Role.REVIEWER: None}, by=by, at=at)
        answer = {"id": row.id}
        requests.answer(session, key, 201, answer, by=by)
        return 201, answer


def _made(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(ActorRow)) or 0


def test_the_same_key_and_body_give_the_same_answer_and_do_nothing_again(database: Database, at: datetime) -> None:
    assert _make_once(database, at) == _make_once(database, at)
    assert _made(database) == 1


def test_the_same_key_with_another_body_is_refused(database: Database, at: datetime) -> None:
    _make_once(database, at)
    with pytest.raises(Refused) as refused:
        _make_once(database, at, body=BODY.replace(b"Ada", b"Eve"))
    assert (refused.value.refusal.code, refused.value.refusal.status) == ("key_reused", 422)
    assert _made(database) == 1


def test_the_same_key_of_somebody_else_is_another_key(database: Database, at: datetime) -> None:
    eve = make.actor(None, Role.ADMIN)
    theirs = _make_once(database, at, body=b"another body", by=eve)
    mine = _make_once(database, at)
    assert _made(database) == 2
    assert _make_once(database, at) == mine
    assert _make_once(database, at, body=b"another body", by=eve) == theirs


def test_a_request_that_failed_leaves_its_key_free(database: Database, at: datetime) -> None:
    with suppress(ZeroDivisionError), database.transaction() as session:
        assert requests.claim(session, "k-1", BODY, by=make.ADMIN, at=at) is None
        raise ZeroDivisionError
    _make_once(database, at)
    assert _made(database) == 1


def test_two_at_once_do_it_once_and_both_have_the_answer(database: Database, at: datetime) -> None:
    """The second waits for the first to commit; it neither acts too nor answers with nothing."""
    claimed, go_on = threading.Event(), threading.Event()
    answers: dict[str, Any] = {}

    def first() -> None:
        with database.transaction() as session:
            assert requests.claim(session, "k-1", BODY, by=make.ADMIN, at=at) is None
            claimed.set()
            assert go_on.wait(20)
            row = actors.make(session, "Ada", {Role.REVIEWER: None}, by=make.ADMIN, at=at)
            requests.answer(session, "k-1", 201, {"id": row.id}, by=make.ADMIN)
            answers["first"] = (201, {"id": row.id})

    def second() -> None:
        answers["second"] = _make_once(database, at)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert claimed.wait(20)
    threads[1].start()
    threads[1].join(0.3)
    assert "second" not in answers, "the second did not wait"
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert answers["first"] == answers["second"]
    assert _made(database) == 1


def test_when_the_first_fails_the_second_does_it(database: Database, at: datetime) -> None:
    claimed, go_on = threading.Event(), threading.Event()
    answers: list[Any] = []

    def first() -> None:
        with suppress(ZeroDivisionError), database.transaction() as session:
            requests.claim(session, "k-1", BODY, by=make.ADMIN, at=at)
            claimed.set()
            assert go_on.wait(20)
            raise ZeroDivisionError

    failing = threading.Thread(target=first)
    waiting = threading.Thread(target=lambda: answers.append(_make_once(database, at)))
    failing.start()
    assert claimed.wait(20)
    waiting.start()
    go_on.set()
    failing.join(30)
    waiting.join(30)
    assert answers[0][0] == 201
    assert _made(database) == 1


def test_keys_are_kept_with_a_digest_and_not_with_the_body(database: Database, at: datetime) -> None:
    _make_once(database, at, body=b"a secret wish")
    with database.reading() as session:
        row = session.scalars(select(RequestKeyRow)).one()
    assert len(row.digest) == 32
    assert row.digest != b"a secret wish"
