"""Somebody left, and their admin token of Rolecall itself still opens everything: found, reviewed, taken away, proved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import jobs
from app.actors import actors, tokens
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRow, TokenRow
from app.detection.tables import FindingRow
from app.inventory import identities, systems
from app.inventory.tables import CredentialRow, IdentityRow
from app.kit.db import Database
from app.kit.refusal import Refused
from app.means import review_limits
from app.remediation.tables import RemediationRow
from app.review import campaigns, decisions, tasks
from app.review.tables import ItemRow, TaskRow
from tests import make
from tests.app.running import Here, Installation

pytestmark = pytest.mark.slow

START = make.NOW
PEOPLE = """id,emails,name,manager,start,end
ada,ada@example.com,Ada,,2020-01-01,
bo,bo@example.com,Bo,ada,2020-01-01,2026-10-01
flo,flo@example.com,Flo,,2020-01-01,
fay,fay@example.com,Fay,,2020-01-01,
"""


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Installation:
    return Installation(database, tmp_path / "home", START)


def _read(house: Installation, system: int) -> int:
    house.later(minutes=10)
    snapshot = jobs.read_system(house.means, Here(f"{system}@{house.now}"), {"system": system})["snapshot"]
    with house.database.transaction() as session:
        identities.match(session, by=make.ADMIN, at=house.now)
    jobs.detect(house.means, Here(f"detect@{house.now}"), {"system": system})
    jobs.prove(house.means, Here(f"prove@{house.now}"), {"snapshot": snapshot})
    return int(snapshot)


def _enters(house: Installation, token: str) -> bool:
    with house.database.reading() as session:
        try:
            tokens.enter(session, token, at=house.now)
        except Refused:
            return False
        return True


def _furnished(house: Installation) -> tuple[int, str, str]:
    """Bo was an admin here, beside Flo; his token is good for a year. Gives Rolecall's number and both tokens."""
    roster = house.roster(PEOPLE)
    with house.database.transaction() as session:
        before = house.now - timedelta(days=200)
        made = {}
        for name in ("bo", "flo"):
            row = actors.make(
                session,
                name,
                {Role.ADMIN: None},
                email=f"{name}@example.com",
                person_key=name,
                by=make.ADMIN,
                at=before,
            )
            made[name] = tokens.make(session, row, "laptop", days=300, by=make.ADMIN, at=before)
        ourselves = systems.found_ourselves(session, "rolecall/test", by=make.ADMIN, at=house.now)
    _read(house, roster.id)
    _read(house, ourselves.id)
    return ourselves.id, made["bo"], made["flo"]


def _reviewed(house: Installation, system: int) -> int:
    """Ada reviews what Bo has here, and wants it gone."""
    with house.database.transaction() as session:
        scope = {"systems": ["Rolecall"], "fallback": "flo", "second_fallback": "fay"}
        campaign = campaigns.open(
            session, name="Ourselves", scope=scope, due_at=house.now + timedelta(days=9),
            limits=review_limits(house.means.settings), by=make.ADMIN, at=house.now,
        )  # fmt: skip
        people = {row.key: row for row in session.scalars(select(IdentityRow))}
        by = {
            row.id: Actor(f"actor-{key}", row.name, frozenset({Role.REVIEWER}), row.id) for key, row in people.items()
        }
        for item in session.scalars(select(ItemRow).where(ItemRow.campaign_id == campaign.id)):
            about_bo = item.subject_identity_id == people["bo"].id
            answer = "remove" if about_bo else "keep"
            reviewer = session.execute(_reviewer(item)).scalar_one()
            assert reviewer != item.subject_identity_id, "nobody reviews what is their own, here no less"
            decisions.record(session, item.id, answer, reason="left in October", by=by[reviewer], at=house.now)
        for task in session.scalars(select(TaskRow).where(TaskRow.campaign_id == campaign.id)):
            tasks.submit(session, task.id, by=by[task.reviewer_id], at=house.now)
        campaigns.close(session, campaign.id, by=make.ADMIN, at=house.later(minutes=1))
        return campaign.id


def _reviewer(item: ItemRow) -> Any:
    return select(TaskRow.reviewer_id).where(TaskRow.id == item.task_id)


def test_a_leavers_admin_token_is_found_reviewed_taken_away_and_proved(house: Installation) -> None:
    system, his, hers = _furnished(house)
    assert _enters(house, his)
    with house.database.reading() as session:
        found = select(FindingRow.rule).where(FindingRow.system_id == system, FindingRow.status == "open")
        assert {"leaver_active", "leaver_credential"} <= set(session.scalars(found))

    campaign = _reviewed(house, system)
    jobs.open_removals(house.means, Here("open"), {"campaign": campaign})
    jobs.remove(house.means, Here("remove"), {"system": system})
    assert not _enters(house, his)
    assert _enters(house, hers)
    with house.database.reading() as session:
        bo = session.scalars(select(ActorRow).where(ActorRow.name == "bo")).one()
        assert bo.ended is not None
        assert session.get_one(TokenRow, his.split("_")[1]).revoked is not None
        assert set(session.scalars(select(RemediationRow.status))) == {"acted"}  # said, and not proved yet

    _read(house, system)
    with house.database.reading() as session:
        assert set(session.scalars(select(RemediationRow.status))) == {"verified"}
        gone = select(CredentialRow.ended).where(CredentialRow.key == f"token:{his.split('_')[1]}")
        assert session.scalars(gone).one() is not None
        open_ = select(FindingRow.rule).where(FindingRow.system_id == system, FindingRow.status == "open")
        assert not {"leaver_active", "leaver_credential"} & set(session.scalars(open_))


def test_the_last_admin_stays_whatever_a_review_says(house: Installation) -> None:
    """Flo ends by hand meanwhile: Bo, whom the review wants gone, is the last one who could let anybody in."""
    system, his, _ = _furnished(house)
    campaign = _reviewed(house, system)
    with house.database.transaction() as session:
        flo = session.scalars(select(ActorRow).where(ActorRow.name == "flo")).one()
        actors.end(session, flo, by=make.ADMIN, at=house.later(minutes=1))
    jobs.open_removals(house.means, Here("open"), {"campaign": campaign})
    jobs.remove(house.means, Here("remove"), {"system": system})
    with house.database.reading() as session:
        assert session.scalars(select(ActorRow.ended).where(ActorRow.name == "bo")).one() is None
        by_kind = dict(session.execute(select(RemediationRow.kind, RemediationRow.status)).all())
    assert by_kind == {"account": "declined", "grant": "declined", "credential": "acted"}
    assert not _enters(house, his)
