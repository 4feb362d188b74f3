"""What a review leaves out takes the word of whom its scope names: once for a review, once a year for a schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.actors.actor import SCHEDULER
from app.kit.db import Database
from app.kit.refusal import Refused
from app.ledger.tables import EntryRow, PersonalRow
from app.review import campaigns, exclusions, schedules, scope
from app.review.exclusions import Approval
from tests import make
from tests.app.review import cast
from tests.app.review.cast import DUE, NOW, SCOPE

EXCLUDE = [{"where": "temporary", "reason": "they end by themselves"}]
WITHOUT = [{"system": "Sales org", "kind": "integration", "reason": "read by hand"}]
LEFT = {"exclude": EXCLUDE, "approver": "fay"}
FAY = Approval("actor-fay", 7, "they do end", NOW)
NARROW = scope.read(SCOPE | LEFT)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, None),
        ({"approval": None}, "not_approved"),
        ({"approval": replace(FAY, identity_id=8)}, "bad_approval"),
        ({"approval": replace(FAY, identity_id=None), "approver_id": None}, "bad_approval"),
        ({"by": replace(make.ADMIN, id="actor-fay")}, "bad_approval"),
        ({"by": replace(make.ADMIN, identity_id=7)}, "bad_approval"),
        ({"set_up_by": 7, "by": SCHEDULER}, "bad_approval"),
        ({"at": NOW + timedelta(days=366)}, None),
        ({"at": NOW + timedelta(days=367)}, "not_approved"),
        ({"asked": scope.read(SCOPE | {"without": WITHOUT})}, "not_approved"),  # it names nobody
        ({"asked": scope.read(SCOPE | {"without": WITHOUT, "approver": "fay"})}, None),
        ({"asked": scope.read(SCOPE), "approval": None}, None),
    ],
)
def test_whose_word_it_takes(given: dict[str, Any], code: str | None) -> None:
    usual = {"approval": FAY, "approver_id": 7, "set_up_by": 3, "by": make.ADMIN, "at": NOW, "asked": NARROW} | given
    refusal = exclusions.why_not_excluded(usual.pop("asked"), usual.pop("approval"), usual.pop("approver_id"), **usual)
    assert (refusal.code if refusal else None) == code
    assert exclusions.kept(FAY.written()) == FAY


def test_a_review_keeps_whose_word_it_is_and_the_log_has_it_as_theirs(database: Database) -> None:
    with database.transaction() as session:
        cast.company(session)
        assert cast.refusal(session, scope=LEFT, approval=None).code == "not_approved"
        assert cast.refusal(session, scope={"without": WITHOUT}).code == "not_approved"
        row = cast.opened(session, scope=LEFT)
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "exclusions.approved")).one()
        assert (entry.author, entry.subject) == ("actor-approver", f"campaign:{row.id}")
        assert entry.body["asked_by"] == make.ADMIN.id
        assert "read by hand" not in str(entry.body)
        told = session.scalars(select(PersonalRow.value).where(PersonalRow.entry_id == entry.id)).all()
        assert told == ["it is read by hand"]
        assert row.approval is not None
        assert row.approval["granted_by"] == "actor-approver"


def test_a_schedule_keeps_the_word_until_something_else_is_left_out(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        word = cast.approval(session, "fay")
        asked = {"name": "Q", "zone": "UTC", "scope": SCOPE | LEFT, "by": make.ADMIN, "at": NOW}
        with pytest.raises(Refused, match=r"waits for the word of Fay \(fay-.*@example.com\)"):
            schedules.add(session, **asked)  # type: ignore[arg-type]
        row = schedules.add(session, **asked, approval=word)  # type: ignore[arg-type]
        schedules.change(session, row.id, due_days=30, by=make.ADMIN, at=NOW)
        more = SCOPE | LEFT | {"exclude": [*EXCLUDE, {"where": "new", "reason": "they are young"}]}
        with pytest.raises(Refused, match=r"waits for the word of Fay \(fay-.*@example.com\)"):
            schedules.change(session, row.id, scope=more, by=make.ADMIN, at=NOW)
        with pytest.raises(Refused, match="who sets it up"):
            schedules.change(session, row.id, due_days=31, by=company.actor(company.fay), at=NOW)
        again = Approval("actor-approver", company.fay.id, "and they are young", NOW)
        schedules.change(session, row.id, scope=more, approval=again, by=make.ADMIN, at=NOW)
        authors = session.scalars(select(EntryRow.author).where(EntryRow.kind == "exclusions.approved")).all()
        assert authors == ["actor-approver"] * 2
        opened: dict[str, Any] = {
            "name": "Q 1", "scope": row.scope, "due_at": DUE, "approval": exclusions.kept(row.approval),
            "configurer_id": row.configurer_id, "by": SCHEDULER,
        }  # fmt: skip
        with pytest.raises(Refused, match="over a year ago"):
            campaigns.open(session, **opened | {"approval": replace(again, at=NOW - timedelta(days=367))}, at=NOW)
        assert campaigns.open(session, **opened, at=NOW).approval is not None
        schedules.change(session, row.id, scope=SCOPE, by=make.ADMIN, at=NOW)
        assert row.approval is None
