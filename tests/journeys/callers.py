"""Who looks around in a house where a quarter was played: an admin, an auditor, and a reviewer amid the next one."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import actors, sessions
from app.actors.actor import Actor, Role
from app.actors.tables import ActorRow
from app.cli.installation import opened
from app.cli.stage import ADMIN
from app.console import entering
from app.inventory.tables import IdentityRow
from app.main import create_app
from app.means import Means
from app.review import campaigns, decisions
from app.review.decisions import Ask
from app.review.tables import CampaignRow, ItemRow, TaskRow
from tests import crawling

LINES = frozenset({"/checklist/{line}"})  # no two rest on the same


def look_around(home: Path) -> list[str]:
    """Everything that leads nowhere in the demo played at `home`, for each of three who follow every link."""
    with opened(home=home, database_url=f"sqlite:///{home}/rolecall.db", requests_per_minute=1_000_000) as means:
        with means.database.transaction() as session:
            admin = actors.make(session, "Al Admin", {Role.ADMIN: None}, by=ADMIN, at=means.clock())
            until = means.clock() + timedelta(days=9)
            auditor = actors.make(session, "Aud Itor", {Role.AUDITOR: until}, by=ADMIN, at=means.clock())
            reviewer, items = _answered(session, means)
        visit = _visitors(means)
        first = crawling.crawl(visit(admin), whole=LINES)
        told = [first, crawling.crawl(visit(auditor), most=1), crawling.crawl(visit(reviewer), *items)]
    assert {"/checklist/{line}", "/campaigns/{campaign_id}/closure", "/removals/{remediation_id}"} <= set(first.opened)
    assert "/reviews/{campaign_id}/submission" in told[-1].opened
    return [wrong for each in told for wrong in each.wrong]


def _visitors(means: Means) -> Callable[[ActorRow], TestClient]:
    """Browsers for one app over this house. What the app did not foresee is an answer of 500, as it is for people."""
    app, name, limits = create_app(means), entering.cookie_of(means.settings), entering.limits(means.settings)

    def visit(row: ActorRow) -> TestClient:
        with means.database.transaction() as session:
            _, value = sessions.begin(
                session, row, way="oidc", entry=os.urandom(32), limits=limits, campaign_id=None, at=means.clock()
            )
        browser = TestClient(app, base_url=means.settings.base_url, raise_server_exceptions=False)
        browser.cookies.set(name, value)
        return browser

    return visit


def _answered(session: Session, means: Means) -> tuple[ActorRow, list[str]]:
    """The next review, and who holds a definition in it and has answered everything; the pages of one item of each kind."""
    at, former = means.clock(), session.scalars(select(CampaignRow)).one()
    scope = {**former.scope, "many_answers": "asked once more", "control_owner": None}  # it is nobody's evidence
    again = campaigns.open(session, name="The next one", scope=scope, due_at=at + timedelta(days=9), by=ADMIN, at=at)
    mine = select(ItemRow).join(TaskRow, TaskRow.id == ItemRow.task_id).where(ItemRow.campaign_id == again.id)
    definitions = mine.where(ItemRow.kind == "definition").with_only_columns(TaskRow.reviewer_id)
    whose = session.scalars(definitions.order_by(ItemRow.id).limit(1)).one()
    person = session.get_one(IdentityRow, whose)
    items = session.scalars(mine.where(TaskRow.reviewer_id == whose).order_by(ItemRow.id)).all()
    by = Actor("test:reviewer", person.name, frozenset({Role.REVIEWER}), person.id, "test")
    kinds = {item.kind: item for item in items}
    asks = [Ask(item.id, "remove" if item in kinds.values() else "keep", "seen") for item in items]
    assert not [each for each in decisions.record_many(session, asks, by=by, at=at) if each.refusal]
    row = actors.make(session, person.name, {Role.REVIEWER: None}, person_key=person.key, by=ADMIN, at=at)
    return row, [f"/reviews/{again.id}/items/{item.id}" for item in kinds.values()]
