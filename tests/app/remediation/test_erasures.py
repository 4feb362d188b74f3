"""Somebody is taken out of removals that are over, and of no removal that still needs to know whose access it is."""

from __future__ import annotations

import pytest

from app.inventory import persons
from app.kit.db import Database
from app.kit.ids import uuid7
from app.kit.refusal import Refused
from app.ledger.papers import File
from app.remediation import erasures, handovers
from app.remediation.tables import ActRow
from tests import make
from tests.app.api.house import removal_of
from tests.app.review import cast

NOW = make.NOW


def test_removals_that_are_over_name_nobody_and_one_under_way_stops_it(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        row = removal_of(session, cast.opened(session).id, company.system.id)
        row.account_id, row.reason, row.steps = company.account.id, "Bo moved on", ["Open bo@corp"]
        row.target = {"kind": "account", "account_key": "005", "username": "bo@corp"}
        row.before = {"state": "present", "facts": {"name": "Bo"}}
        act = ActRow(id=uuid7(), remediation_id=row.id, number=1, kind="deactivate", says="deactivate bo@corp",
                     request="PATCH /users/bo@corp", status="done")  # fmt: skip
        session.add(act)
        row.status = "by_hand"
        ticket = File("bo.txt", "text/plain", b"closed")
        paper = handovers.hand_in(session, row, ticket, "Bo's ticket", by=make.ADMIN, at=NOW)
        row.status = "open"
        session.flush()
        named = persons.named(session, company.bo)
        with pytest.raises(Refused, match="under way"):
            erasures.erase(session, named, by=make.ADMIN, at=NOW)
        row.status = "undone"
        erasures.erase(session, named, by=make.ADMIN, at=NOW)
        assert row.target == {"kind": "account", "account_key": "005", "username": "(erased)"}
        assert (row.before, row.steps) == ({"state": "present", "facts": {"name": "(erased)"}}, ["Open (erased)"])
        assert (paper.note, paper.name) == ("(erased)", "(erased)")
        assert (row.reason, act.says, act.request) == ("(erased)", "deactivate (erased)", "PATCH /users/(erased)")
