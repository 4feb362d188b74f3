"""Whom and what the ledger's keys mean, told to those who may see it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import actors
from app.actors.actor import Role
from app.kit import ids
from app.kit.db import Database
from app.remediation.tables import ActRow
from app.review.tables import ItemRow
from app.stories import called
from tests import make
from tests.app.api.house import finding, removal_of
from tests.app.review import cast
from tests.app.stories.town import EVE, NOW, SEC

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # looks up keys, nothing else
SERVICE = make.actor(None, Role.SERVICE, name="Bot")


def _named_of_each_kind(session: Session) -> dict[str, str]:
    """Subjects, and what they should be called."""
    company = cast.company(session)
    campaign = cast.opened(session)
    item = session.scalars(select(ItemRow).where(ItemRow.subject == f"grant:{company.plain.id}")).one()
    removal = removal_of(session, campaign.id, company.system.id)
    removal.grant_id, removal.account_id = company.plain.id, company.account.id
    act = ActRow(
        id=ids.uuid7(), remediation_id=removal.id, number=1, kind="remove_grant", says="", request="", status="begun"
    )
    session.add(act)
    session.flush()
    ada = actors.make(session, "Ada L", {Role.REVIEWER: None}, by=make.ADMIN, at=NOW)
    reading = make.snapshot(session, company.system)
    return {
        f"actor:{ada.id}": "Ada L", f"system:{company.system.id}": "Sales org", f"campaign:{campaign.id}": "Q4",
        f"account:{company.account.id}": company.account.name or company.account.username,
        f"identity:{company.bo.id}": "Bo", f"item:{item.id}": "Bo: Sales rep", f"remediation:{removal.id}": "Bo: Sales rep",
        f"act:{act.id}": "Bo: Sales rep", f"snapshot:{reading.id}": f"reading {reading.id} of Sales org",
        f"finding:{finding(session, company).id}": "Inactive account",
    }  # fmt: skip


def test_what_the_ledger_names_by_a_key_has_a_name_for_whoever_may_see_it(database: Database) -> None:
    with database.transaction() as session:
        named = _named_of_each_kind(session)
        others = ["checklist", "item:999", "item:x", "act:no", "nothing:1"]
        assert called.subjects(session, [*named, *others], by=SEC) == named
        assert called.subjects(session, named, by=EVE) == {}
        seen = {each.partition(":")[0] for each in called.subjects(session, named, by=SERVICE)}
        assert not seen & {"item", "account", "identity", "act", "remediation"}, "names of people are not for everybody"


def test_an_author_is_called_by_name_and_so_is_who_was_spoken_for(database: Database) -> None:
    with database.transaction() as session:
        bo = make.identity(session, "Bo", key="P17")
        row = actors.make(session, "Ada L", {Role.REVIEWER: None}, by=make.ADMIN, at=NOW)
        wanted = {row.id, "scheduler", f"cli:ivo for person:{bo.key}", f"demo:{bo.key}", "cli:ivo"}
        assert called.authors(session, wanted, by=SEC) == {
            row.id: "Ada L", "scheduler": "the scheduler", "cli:ivo for person:P17": "Bo, through cli:ivo",
            "demo:P17": "Bo",
        }  # fmt: skip
        assert set(called.authors(session, wanted, by=EVE)) == {row.id, "scheduler"}
