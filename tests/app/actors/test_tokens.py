"""Bearer tokens: what lets somebody in, and what does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.actors import actors, policy, tokens
from app.actors.actor import Role
from app.actors.policy import May
from app.actors.tables import ActorRow, TokenRow
from app.kit.db import Base, Database
from app.kit.refusal import Refusal, Refused
from app.ledger.tables import EntryRow
from tests import make


def _ada(session: Session, at: datetime, **given: Any) -> ActorRow:
    return actors.make(session, "Ada", {Role.REVIEWER: None}, by=make.ADMIN, at=at, **given)


def _token(session: Session, at: datetime, *, days: int = 30) -> str:
    return tokens.make(session, _ada(session, at), "laptop", days=days, by=make.ADMIN, at=at)


def _no(session: Session, presented: str, at: datetime) -> Refusal:
    with pytest.raises(Refused) as refused:
        tokens.enter(session, presented, at=at)
    return refused.value.refusal


def test_a_token_lets_its_actor_in_with_its_roles(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        presented = _token(session, at)
    with database.reading() as session:
        actor, _ = tokens.enter(session, presented, at=at)
    assert (actor.name, actor.roles, actor.way) == ("Ada", {Role.REVIEWER}, "token")


def test_no_column_of_any_table_holds_the_secret(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        presented = _token(session, at)
    secret = presented.split("_", 2)[2]
    with database.reading() as session:
        assert session.scalars(select(TokenRow.hash)).all() == [hashlib.sha256(secret.encode()).digest()]
        for table in Base.metadata.sorted_tables:
            if inspect(database.reader).has_table(table.name):
                rows = repr(session.execute(select(table)).all())
                assert secret not in rows, f"{table.name} holds a token's secret"


def test_two_tokens_never_share_a_secret_of_256_bits(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        made = {tokens.make(session, ada, "x", days=1, by=make.ADMIN, at=at).split("_", 2)[2] for _ in range(20)}
    assert len(made) == 20
    assert min(map(len, made)) >= 43  # 32 bytes in base64


def _revoke(session: Session, at: datetime) -> None:
    tokens.revoke(session, session.scalars(select(TokenRow)).one(), by=make.ADMIN, at=at)


def _end(session: Session, at: datetime) -> None:
    actors.end(session, session.scalars(select(ActorRow)).one(), by=make.ADMIN, at=at)


def _nothing(session: Session, at: datetime) -> None:
    pass


REFUSED: dict[str, tuple[Callable[[Session, datetime], None], Callable[[str], str], timedelta]] = {
    "expired": (_nothing, lambda token: token, timedelta(days=30)),
    "revoked": (_revoke, lambda token: token, timedelta(0)),
    "its actor has ended": (_end, lambda token: token, timedelta(0)),
    "another secret": (_nothing, lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"), timedelta(0)),
    "a secret cut short": (_nothing, lambda token: token[:-1], timedelta(0)),
    "an unknown token": (_nothing, lambda token: f"rolecall_000000000000_{token.split('_', 2)[2]}", timedelta(0)),
    "no secret at all": (_nothing, lambda token: "_".join(token.split("_")[:2]), timedelta(0)),
    "another prefix": (_nothing, lambda token: token.replace("rolecall", "github"), timedelta(0)),
    "nothing": (_nothing, lambda _token: "", timedelta(0)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(database: Database, at: datetime, case: str) -> None:
    change, presenting, later = REFUSED[case]
    with database.transaction() as session:
        presented = _token(session, at)
        change(session, at)
    with database.reading() as session:
        refusal = _no(session, presenting(presented), at + later)
    assert refusal == Refusal("not_signed_in", "This token is not valid.", "Ask an admin for a new one.", status=401), (
        f"{case} can be told from the others"
    )


def test_a_token_is_good_until_the_last_moment_of_its_time(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        presented = _token(session, at, days=1)
    with database.reading() as session:
        assert tokens.enter(session, presented, at=at + timedelta(days=1) - timedelta(microseconds=1))


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_is_good_for_a_day_at_least_and_a_year_at_most(database: Database, at: datetime, days: int) -> None:
    with pytest.raises(Refused, match="1 to 365 days"), database.transaction() as session:
        _token(session, at, days=days)


def test_revoking_again_changes_nothing_and_is_not_written_down_again(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        _token(session, at)
        _revoke(session, at)
        _revoke(session, at + timedelta(days=1))
        kinds = session.scalars(select(EntryRow.kind)).all()
        assert session.scalars(select(TokenRow.revoked)).one() == at
    assert sorted(kinds) == ["actor.made", "token.made", "token.revoked"]


def test_the_ledger_names_the_token_by_the_part_that_may_be_shown(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        presented = _token(session, at)
        body = session.scalars(select(EntryRow.body).where(EntryRow.kind == "token.made")).one()
    assert body["token"] == presented.split("_")[1]


def test_a_use_is_noted_once_in_five_minutes(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        presented = _token(session, at)
        _, row = tokens.enter(session, presented, at=at)
        assert tokens.is_stale(row, at)
        tokens.note_use(session, row.id, at=at)
    with database.reading() as session:
        _, row = tokens.enter(session, presented, at=at)
        assert row.last_used == at
        assert not tokens.is_stale(row, at + timedelta(minutes=5))
        assert tokens.is_stale(row, at + timedelta(minutes=5, seconds=1))


def test_why_a_token_does_not_enter_is_one_rule(at: datetime) -> None:
    later, earlier = at + timedelta(seconds=1), at - timedelta(seconds=1)
    assert policy.why_not_enter(revoked=None, expires=later, ended=None, at=at) is None
    for revoked, expires, ended in ((earlier, later, None), (None, at, None), (None, later, earlier)):
        refusal = policy.why_not_enter(revoked=revoked, expires=expires, ended=ended, at=at)
        assert refusal is not None
        assert refusal.status == 401


def test_whoever_gets_in_no_more_is_given_no_token(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        actors.end(session, ada, by=make.ADMIN, at=at)
        with pytest.raises(Refused, match="gets in no more"):
            tokens.make(session, ada, "late", days=1, by=make.ADMIN, at=at)


def test_a_token_that_was_cut_down_may_do_what_its_scope_and_its_actor_allow(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = actors.make(session, "Ada", {Role.IT_SECURITY: None}, by=make.ADMIN, at=at)
        scope = ["see_findings", "run_actors"]
        presented = tokens.make(session, ada, "narrow", days=1, scope=scope, by=make.ADMIN, at=at)
        actor, _ = tokens.enter(session, presented, at=at)
        whole, _ = tokens.enter(session, tokens.make(session, ada, "all", days=1, by=make.ADMIN, at=at), at=at)
    assert policy.why_not(actor, May.SEE_FINDINGS) is None
    assert policy.why_not(whole, May.SEE_SYSTEMS) is None
    narrow, never = policy.why_not(actor, May.SEE_SYSTEMS), policy.why_not(actor, May.RUN_ACTORS)
    assert narrow is not None
    assert (narrow.code, narrow.status, "see_systems" in narrow.way_out) == ("not_in_scope", 403, True)
    assert never is not None
    assert never.code == "not_allowed", "a scope gives nothing that the roles do not"


@pytest.mark.parametrize("scope", [[], ["see_all"], ["SEE_FINDINGS"], ["see_findings", "burn"]])
def test_a_scope_names_acts_that_there_are(database: Database, at: datetime, scope: list[str]) -> None:
    with database.transaction() as session, pytest.raises(Refused) as caught:
        tokens.make(session, _ada(session, at), "odd", days=1, scope=scope, by=make.ADMIN, at=at)
    assert (caught.value.refusal.code, "see_findings" in caught.value.refusal.way_out) == ("bad_scope", True)
