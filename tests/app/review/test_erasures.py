"""Somebody is taken out of what reviewers were shown, where the ledger cannot be compared with it any more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Role
from app.inventory import persons, sheets
from app.inventory.naming import GONE
from app.inventory.tables import AccountRow
from app.kit.db import Database
from app.ledger import erasures as of_ledger
from app.ledger import leaves, proofs
from app.review import decisions, drifts, erasures, imports
from app.review.tables import DecisionRow, DriftRow, ImportedDecisionRow, ItemRow
from tests import make
from tests.app.review import cast

NOW = cast.NOW


def _decided(session: Session) -> tuple[cast.Company, list[ItemRow]]:
    company = cast.company(session)
    session.get_one(AccountRow, company.account.id).name = "Bo"
    campaign = cast.opened(session)
    rows = list(cast.items(session, campaign).values())
    for row in rows:
        ada = company.actor(company.ada)
        decisions.record(session, row.id, "remove", reason="Bo moved on", by=ada, at=NOW)
    session.add(
        DriftRow(campaign_id=campaign.id, subject=f"grant:{company.mighty.id}", change="began", privileged=True,
                 shown={"who": {"name": "Bo", "title": "Rep"}})
    )  # fmt: skip
    session.flush()
    drift = session.scalars(select(DriftRow).where(DriftRow.answer.is_(None))).first()
    assert drift is not None
    drifts.decide(session, drift.id, "keep", reason="Bo needs it", by=make.actor(company.flo, Role.ADMIN), at=NOW)
    leaves.integrate(session)
    return company, rows


def _erase(session: Session, company: cast.Company, *, holders: Sequence[str] | None = None) -> int:
    named = persons.named(session, company.bo)
    for each in named.holders if holders is None else holders:
        of_ledger.erase(session, each, by="cli:test", at=NOW)
    return erasures.erase(session, named, by=make.ADMIN, at=NOW)


def test_what_was_shown_and_why_are_blank_and_every_proof_holds(database: Database) -> None:
    with database.transaction() as session:
        company, rows = _decided(session)
        assert _erase(session, company) == 0
        leaves.integrate(session)
        kept = [row.shown for row in session.scalars(select(ItemRow))] + [
            row.shown for row in session.scalars(select(DriftRow))
        ]
        assert len(kept) > len(rows)
        for told in map(json.dumps, kept):
            assert '"Bo"' not in told
            assert "bo@corp" not in told
        assert all(shown["who"]["title"] is None for shown in kept)
        reasons = [*session.scalars(select(DecisionRow.reason)), *session.scalars(select(DriftRow.reason))]
        assert set(reasons) == {"(erased)"}
        assert proofs.examine(session) == []


def test_what_can_still_be_compared_is_left_and_counted(database: Database) -> None:
    """A row that differs from a commitment that can be opened would look like a forgery."""
    with database.transaction() as session:
        company, rows = _decided(session)
        before = {row.id: row.shown for row in rows}
        assert _erase(session, company, holders=[]) == len(rows) + 1
        assert {row.id: row.shown for row in session.scalars(select(ItemRow))} == before
        assert set(session.scalars(select(DecisionRow.reason))) == {"Bo moved on"}


def test_an_account_that_was_nobodys_at_freezing_is_reached_and_one_that_was_somebody_elses_is_not(
    database: Database,
) -> None:
    with database.transaction() as session:
        company = cast.company(session)
        session.get_one(AccountRow, company.account.id).name = "Bo"
        items = cast.items(session, cast.opened(session))
        nobodys, others = items[f"grant:{company.plain.id}"], items[f"grant:{company.mighty.id}"]
        nobodys.subject_identity_id, others.subject_identity_id = None, company.eve.id
        drift = DriftRow(campaign_id=others.campaign_id, subject=f"account:{company.account.id}", change="began",
                         privileged=True, shown={"who": {"name": "Bo"}})  # fmt: skip
        session.add(drift)
        session.flush()
        _erase(session, company)
        assert [row.shown["who"]["name"] for row in (nobodys, others, drift)] == [GONE, "Bo", GONE]


def test_somebody_elses_items_keep_what_was_shown(database: Database) -> None:
    """Ada is named in Bo's as his manager; a name alone does not tell her from a namesake."""
    with database.transaction() as session:
        company, rows = _decided(session)
        named = persons.named(session, company.ada)
        erasures.erase(session, named, by=make.ADMIN, at=NOW)
        assert {row.shown["who"]["name"] for row in rows} == {"Bo"}


def test_reviews_that_were_made_elsewhere_forget_them_too(database: Database) -> None:
    with database.transaction() as session:
        company, _ = _decided(session)
        head = "account,access,decision,decided_by,decided_on,reason"
        bo, other = company.account.username, "somebody@else"
        lines = [head, f"{bo},,approved,Ada,2026-08-31,Bo stays", f"{other},,approved,Ada,2026-08-31,a reason"]
        sheet = sheets.read("past.csv", "\n".join(lines).encode())
        imports.take(session, company.system, sheet, name="Q3", by=make.ADMIN, at=NOW)
        _erase(session, company)
        session.expire_all()
        told = session.scalars(select(ImportedDecisionRow).order_by(ImportedDecisionRow.line)).all()
        assert [(row.account, row.reason) for row in told] == [(GONE, GONE), (other, "a reason")]


def test_who_decided_elsewhere_is_forgotten_as_well(database: Database) -> None:
    with database.transaction() as session:
        company, _ = _decided(session)
        named = replace(persons.named(session, company.bo), own=frozenset({"Bo@Corp.example"}))
        lines = [
            "account,access,decision,decided_by,decided_on,reason",
            "somebody@else,,approved,bo@corp.example,2026-08-31,fine",
            "BO@corp.example,,approved,Ada,2026-08-31,an account that is not there any more",
        ]
        sheet = sheets.read("past.csv", "\n".join(lines).encode())
        imports.take(session, company.system, sheet, name="Q3", by=make.ADMIN, at=NOW)
        erasures.erase(session, named, by=make.ADMIN, at=NOW)
        session.expire_all()
        told = session.scalars(select(ImportedDecisionRow).order_by(ImportedDecisionRow.line)).all()
        assert [(row.account, row.decided_by, row.reason) for row in told] == [
            ("somebody@else", GONE, "fine"), (GONE, "Ada", GONE),
        ]  # fmt: skip
