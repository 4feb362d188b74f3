"""The link in a reviewer's mail: made for one try, for one person and review, and kept nowhere."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import actors, links
from app.actors.actor import Role
from app.actors.tables import ActorRoleRow, ActorRow, LinkRow
from app.inventory.tables import IdentityRow
from app.kit.refusal import Refused
from app.notices import admissions, sending
from app.notices.events import FOR_REVIEWERS
from app.notices.tables import DeliveryRow
from tests import make
from tests.app.notices.desk import BASE_URL, Desk, both
from tests.app.review import cast


def _enter(session: Session, row: DeliveryRow, at: datetime) -> str | None:
    return admissions.path(session, row, by=make.ADMIN, at=at)


def send(desk: Desk) -> dict[str, int]:
    return sending.send_due(dataclasses.replace(desk.post, entering=_enter))


def link(desk: Desk, number: int = -1) -> str:
    text = desk.mails()[number].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(rf"{BASE_URL}/links/(\S+)", text)
    assert found is not None, text
    return found[1]


@pytest.fixture
def company(desk: Desk) -> cast.Company:
    """A review that Ada has just heard of."""
    desk.channel(recipient="concerned", events=FOR_REVIEWERS)
    with desk.database.transaction() as session:
        company = cast.company(session)
        cast.opened(session, at=desk.now)
    desk.tell()
    return company


@both
def test_a_mail_lets_its_reviewer_in_once_and_for_that_review_alone(desk: Desk, company: cast.Company) -> None:
    assert send(desk) == {"delivered": 1}
    with desk.database.transaction() as session:
        opened = links.open(session, link(desk), at=desk.now)
        assert opened.actor is not None
        assert (opened.actor.person_key, opened.campaign_id) == (company.ada.key, 1)
        roles = session.scalars(select(ActorRoleRow.role).where(ActorRoleRow.actor_id == opened.actor.id))
        assert list(roles) == ["reviewer"]  # nobody was an actor before; a reviewer is one now, and no more than that
    with desk.database.transaction() as session, pytest.raises(Refused):
        links.open(session, link(desk), at=desk.now)


def test_the_link_lies_nowhere_but_in_the_mail(desk: Desk, company: cast.Company) -> None:
    send(desk)
    value = link(desk).partition(".")[2]
    for row in desk.deliveries():
        assert value not in str({column.name: getattr(row, column.name) for column in row.__table__.columns})


def test_an_actor_who_is_there_is_not_made_twice(desk: Desk, company: cast.Company) -> None:
    with desk.database.transaction() as session:
        roles = {Role.ADMIN: None}
        known = actors.make(session, "Ada", roles, person_key=company.ada.key, by=make.ADMIN, at=desk.now)
    send(desk)
    with desk.database.reading() as session:
        assert session.scalars(select(LinkRow.actor_id)).all() == [known.id]
        assert session.scalars(select(ActorRow.id)).all() == [known.id]


def test_whoever_gets_in_no_more_is_told_and_not_let_in(desk: Desk, company: cast.Company) -> None:
    with desk.database.transaction() as session:
        roles = {Role.REVIEWER: None}
        known = actors.make(session, "Ada", roles, person_key=company.ada.key, by=make.ADMIN, at=desk.now)
        actors.end(session, known, by=make.ADMIN, at=desk.now)
    assert send(desk) == {"delivered": 1}
    text = desk.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"{BASE_URL}/reviews/1" in text
    assert "/links/" not in text


def test_a_manager_who_is_told_of_others_gets_no_way_in(desk: Desk, company: cast.Company) -> None:
    with desk.database.transaction() as session:
        boss = make.identity(session, "Zoe", emails=("zoe@example.com",))
        session.get_one(IdentityRow, company.ada.id).manager_id = boss.id
    desk.later(days=21 + 3)
    desk.tell()
    send(desk)
    texts = {str(mail["To"]): str(mail.get_body(("plain",)).get_content()) for mail in desk.mails()}  # type: ignore[union-attr]
    assert "/links/" not in texts["zoe@example.com"]


def test_each_try_has_a_link_of_its_own(desk: Desk, company: cast.Company) -> None:
    send(desk)
    first = link(desk)
    desk.now += timedelta(days=14)
    desk.tell()
    send(desk)
    assert link(desk) != first
