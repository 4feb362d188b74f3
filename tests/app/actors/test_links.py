"""Links that let somebody in once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.actors import actors, links
from app.actors.actor import Role
from app.actors.tables import ActorRow, LinkRow
from app.kit.db import Database
from app.kit.refusal import Refused
from tests import make


def _ada(session: Session, at: datetime) -> ActorRow:
    return actors.make(session, "Ada", {Role.REVIEWER: None}, by=make.ADMIN, at=at)


def _secret(path: str, door: str = "links") -> str:
    assert path.startswith(f"/{door}/")
    return path.removeprefix(f"/{door}/")


def _opens(database: Database, presented: str, at: datetime, *, first: bool = False) -> bool:
    try:
        with database.transaction() as session:
            links.open(session, presented, first=first, at=at)
    except Refused as refused:
        if (refused.refusal.code, refused.refusal.status) != ("dead_link", 400):
            raise
        return False
    return True


def test_a_link_opens_its_reviewers_share_of_its_campaign(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        given = _secret(links.make(session, ada, 7, by=make.ADMIN, at=at))
        opened = links.open(session, given, at=at)
    assert (opened.purpose, opened.campaign_id) == ("review", 7)
    assert opened.actor is not None
    assert opened.actor.id == ada.id


def test_a_link_opens_once(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        given = _secret(links.make(session, _ada(session, at), 7, by=make.ADMIN, at=at))
    assert _opens(database, given, at)
    assert not _opens(database, given, at)


@pytest.mark.parametrize(("days", "opens"), [(3, True), (6.99, True), (7, False), (400, False)])
def test_a_link_expires(database: Database, at: datetime, days: float, opens: bool) -> None:
    with database.transaction() as session:
        given = _secret(links.make(session, _ada(session, at), 7, days=7, by=make.ADMIN, at=at))
    assert _opens(database, given, at + timedelta(days=days)) == opens


def test_a_link_stops_with_its_actor_and_none_is_made_afterwards(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        given = _secret(links.make(session, ada, 7, by=make.ADMIN, at=at))
        actors.end(session, ada, by=make.ADMIN, at=at)
        with pytest.raises(Refused, match="gets in no more"):
            links.make(session, ada, 7, by=make.ADMIN, at=at)
        with pytest.raises(Refused, match="gets in no more"):
            links.invite(session, ada, by=make.ADMIN, at=at)
    assert not _opens(database, given, at)


def test_a_new_invitation_ends_the_one_before_and_leaves_links_of_messages(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        message = _secret(links.make(session, ada, 7, by=make.ADMIN, at=at))
        first = _secret(links.invite(session, ada, by=make.ADMIN, at=at))
        second = _secret(links.invite(session, ada, by=make.ADMIN, at=at))
    assert [_opens(database, each, at) for each in (first, second, message)] == [False, True, True]
    assert not _opens(database, second, at + links.ENTRY)


def test_only_a_hash_is_kept(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        given = _secret(links.make(session, _ada(session, at), 7, by=make.ADMIN, at=at))
        row = session.get_one(LinkRow, links.id_of(given))
    value = given.partition(".")[2]
    assert len(value) == 43
    assert value.encode() not in row.hash


@pytest.mark.parametrize("presented", ["", ".", "x", "x.y", "ä.ö", "a" * 5000, "\udcff.\udcff", "\x00.x"])
def test_whatever_is_no_link_is_told_the_same(database: Database, at: datetime, presented: str) -> None:
    assert not _opens(database, presented, at)


def test_a_links_id_with_another_secret_opens_nothing_and_spoils_nothing(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        given = _secret(links.make(session, _ada(session, at), 7, by=make.ADMIN, at=at))
    assert not _opens(database, f"{links.id_of(given)}.{'A' * 43}", at)
    assert _opens(database, given, at)


def test_the_first_admin_is_made_by_a_link_while_there_is_none(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        before = links.make_first(session, by=make.ADMIN, at=at)
        given = links.make_first(session, by=make.ADMIN, at=at)
        assert before
        assert given
    assert not _opens(database, _secret(before, "first-admin"), at, first=True)
    assert not _opens(database, _secret(given, "first-admin"), at), "the door of other links does not open it"
    with database.transaction() as session:
        actors.make(session, "Root", {Role.ADMIN: None}, by=make.ADMIN, at=at)
        assert links.make_first(session, by=make.ADMIN, at=at) is None
    assert not _opens(database, _secret(given, "first-admin"), at, first=True), "somebody became admin meanwhile"


def test_an_admin_whose_role_or_self_has_ended_is_none(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        actors.make(session, "Old", {Role.ADMIN: at + timedelta(days=1)}, by=make.ADMIN, at=at)
        assert links.make_first(session, by=make.ADMIN, at=at) is None
        assert links.make_first(session, by=make.ADMIN, at=at + timedelta(days=1)) is not None


def test_old_links_are_forgotten(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        ada = _ada(session, at)
        links.make(session, ada, 7, days=1, by=make.ADMIN, at=at)
        links.make(session, ada, 7, days=9, by=make.ADMIN, at=at)
        links.forget(session, before=at + timedelta(days=5))
        assert len(session.query(LinkRow).all()) == 1
