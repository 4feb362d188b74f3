"""Hooks: whose program may decide by signed messages, for how long, and with which secret."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks.webhooks import Webhook

from app.actors import actors, hooks, roles
from app.actors.actor import Role
from app.actors.signature import Message
from app.actors.tables import ActorRow, HookRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.kit.secrets import Keys
from app.ledger.tables import EntryRow
from tests import make

KEYS = Keys(b"k" * 32)
DAY = timedelta(days=1)


def _ada(session: Session, at: datetime, *held: Role) -> ActorRow:
    return actors.make(session, "Ada", dict.fromkeys(held or (Role.REVIEWER,)), by=make.ADMIN, at=at)


def _made(session: Session, at: datetime, *held: Role) -> tuple[HookRow, str]:
    return hooks.make(session, _ada(session, at, *held), "chat bot", days=30, keys=KEYS, by=make.ADMIN, at=at)


def _message(signing: str, at: datetime) -> Message:
    return Message("msg_1", str(int(at.timestamp())), Webhook(signing).sign("msg_1", at, "{}"), b"{}")


def _enter(session: Session, hook: HookRow, signing: str, at: datetime, keys: Keys = KEYS) -> str:
    try:
        return hooks.enter(session, hook.id, _message(signing, at), keys=keys, at=at)[0].name
    except Refused as refused:
        return refused.refusal.code


def test_whoever_comes_by_a_hook_is_a_reviewer_who_decides_and_nothing_else(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        hook, signing = _made(session, at, Role.ADMIN, Role.REVIEWER)
    with database.reading() as session:
        actor, _ = hooks.enter(session, hook.id, _message(signing, at), keys=KEYS, at=at)
    assert (actor.name, actor.roles, actor.way, actor.scope) == ("Ada", {Role.REVIEWER}, "hook", {"decide"})


def test_the_secret_is_kept_sealed_and_said_nowhere(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        hook, signing = _made(session, at)
        other, theirs = hooks.make(
            session, session.get_one(ActorRow, hook.actor_id), "x", days=1, keys=KEYS, by=make.ADMIN, at=at
        )
        assert signing.encode() not in hook.secret
        assert signing not in json.dumps([row.body for row in session.scalars(select(EntryRow))])
        other.secret = hook.secret  # copied from one row to another it opens nothing
        session.flush()
        with pytest.raises(Exception, match="moved here from elsewhere"):
            hooks.enter(session, other.id, _message(theirs, at), keys=KEYS, at=at)


@pytest.mark.parametrize("days", [0, 366])
def test_a_hook_ends(database: Database, at: datetime, days: int) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        with pytest.raises(Refused, match="1 to 365"):
            hooks.make(session, ada, "bot", days=days, keys=KEYS, by=make.ADMIN, at=at)
        hook, signing = hooks.make(session, ada, "bot", days=30, keys=KEYS, by=make.ADMIN, at=at)
        assert _enter(session, hook, signing, at + 30 * DAY - timedelta(seconds=1)) == "Ada"
        assert _enter(session, hook, signing, at + 30 * DAY) == "bad_signature"


def test_a_hook_is_for_whoever_may_decide(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        with pytest.raises(Refused, match="may not decide"):
            _made(session, at, Role.SERVICE)
        ada = _ada(session, at)
        actors.end(session, ada, by=make.ADMIN, at=at)
        with pytest.raises(Refused, match="gets in no more"):
            hooks.make(session, ada, "bot", days=30, keys=KEYS, by=make.ADMIN, at=at)


def test_a_hook_stops_with_its_actor_and_with_its_role(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        hook, signing = _made(session, at, Role.REVIEWER, Role.SERVICE)
        ada = session.get_one(ActorRow, hook.actor_id)
        roles.take(session, ada, Role.REVIEWER, by=make.ADMIN, at=at)
        actor, _ = hooks.enter(session, hook.id, _message(signing, at), keys=KEYS, at=at)
        assert actor.roles == set()  # the door refuses who may not decide
        actors.end(session, ada, by=make.ADMIN, at=at)
        assert _enter(session, hook, signing, at) == "bad_signature"


def test_ended_it_takes_nothing_and_its_secret_is_gone(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        hook, signing = _made(session, at)
        hooks.end(session, hook, by=make.ADMIN, at=at)
        hooks.end(session, hook, by=make.ADMIN, at=at)
        assert hook.secret == b""
        assert _enter(session, hook, signing, at) == "bad_signature"
        kinds = session.scalars(select(EntryRow.kind).where(EntryRow.kind.like("hook.%")).order_by(EntryRow.kind))
        assert kinds.all() == ["hook.ended", "hook.made"]
        with pytest.raises(Refused, match="has ended"):
            hooks.rotate(session, hook, keys=KEYS, by=make.ADMIN, at=at)


def test_a_former_secret_counts_for_a_day_beside_the_new_one(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        hook, former = _made(session, at)
        signing = hooks.rotate(session, hook, keys=KEYS, by=make.ADMIN, at=at)
        assert signing != former
        with pytest.raises(Refused, match="still counts"):
            hooks.rotate(session, hook, keys=KEYS, by=make.ADMIN, at=at + DAY / 2)
        assert _enter(session, hook, former, at + DAY - timedelta(seconds=1)) == "Ada"
        assert _enter(session, hook, former, at + DAY) == "bad_signature"
        assert _enter(session, hook, signing, at + DAY) == "Ada"
        third = hooks.rotate(session, hook, keys=KEYS, by=make.ADMIN, at=at + DAY)
        assert _enter(session, hook, former, at + DAY) == "bad_signature"
        assert {_enter(session, hook, each, at + DAY) for each in (signing, third)} == {"Ada"}


def test_another_key_of_the_installation_seals_it_anew(database: Database, at: datetime) -> None:
    both, new = Keys(b"n" * 32, [b"k" * 32]), Keys(b"n" * 32)
    with database.transaction() as session:
        hook, signing = _made(session, at)
        assert (hooks.reseal(session, keys=both), hooks.reseal(session, keys=both)) == (1, 0)
        assert _enter(session, hook, signing, at, new) == "Ada"
