"""A house as big as the biggest that we promise to serve, made set-wise: `fill(house, accounts)`.

Everything that a page lists is there in numbers: people, accounts, grants, privileges, programs, keys, findings, a review
with items for forty reviewers, readings, entries of the ledger, actors.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import DeclarativeBase, Session

from app.actors import actors
from app.actors.actor import Role
from app.detection.tables import FindingEventRow, FindingRow
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    IntegrationRow,
    PrivilegeRow,
)
from app.ledger import entries, leaves
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review.tables import ItemRow, TaskRow
from tests import make
from tests.app.api.house import House

NOW = make.NOW
LONG_AGO = NOW - timedelta(days=400)
ALWAYS = 10**6  # ids begin here, beside what is in the house already
REVIEWERS, KINDS_OF_ACCESS, SYSTEMS = 40, 200, 12
FIRST = ("Ada", "Bo", "Cleo", "Dov", "Eve", "Fay", "Gus", "Hal", "Ida", "Jan", "Kim", "Lea", "Mia", "Noa", "Ole", "Pia")


def fill(house: House, accounts: int) -> None:
    """Put that many accounts beside what is there, and of everything else in proportion."""
    with house.database.transaction() as session:
        _people(session, house, accounts)
        _access(session, house, accounts)
        _findings(session, house, accounts // 5)
        _review(session, house, accounts // 5)
        _around(session, house, accounts)
        leaves.integrate(session)
    with house.database.transaction() as session:
        session.execute(text("ANALYZE"))


def _put(session: Session, row: type[DeclarativeBase], rows: Iterator[Mapping[str, Any]]) -> None:
    """Ten thousand at a time, so that a hundred thousand need no room."""
    batch: list[Mapping[str, Any]] = []
    for each in rows:
        batch.append(each)
        if len(batch) == 10_000:
            session.execute(insert(row), batch)
            batch = []
    if batch:
        session.execute(insert(row), batch)


def _people(session: Session, house: House, count: int) -> None:
    known = {"kind": "person", "began": LONG_AGO}
    _put(session, IdentityRow, (
        {"id": ALWAYS + n, "key": f"e{n}", "name": f"{FIRST[n % 16]} Number{n}", "department": f"Department {n % 50}",
         "title": f"Title {n % 30}", "manager_id": ALWAYS + n % REVIEWERS if n >= REVIEWERS else None, **known}
        for n in range(count)
    ))  # fmt: skip
    _put(session, IdentityEmailRow, ({"email": f"e{n}@example.com", "identity_id": ALWAYS + n} for n in range(count)))
    system = house.company.system.id
    _put(session, AccountRow, (
        {"id": ALWAYS + n, "system_id": system, "key": f"005{n}", "username": f"e{n}@crm.example.com",
         "email": f"e{n}@example.com", "name": f"{FIRST[n % 16]} Number{n}", "active": n % 9 > 0, "kind": "person",
         "last_login": NOW - timedelta(days=n % 300), "native": {}, "began": LONG_AGO,
         "identity_id": ALWAYS + n if n % 20 else None, "matched_by": "email" if n % 20 else None}
        for n in range(count)
    ))  # fmt: skip


def _access(session: Session, house: House, count: int) -> None:
    system = house.company.system.id
    _put(session, EntitlementRow, (
        {"id": ALWAYS + n, "system_id": system, "key": f"0PS{n}", "kind": "permission_set", "name": f"Set_{n}",
         "label": f"Set {n}", "privileges": ["export"] if n % 10 == 0 else [], "native": [], "revocable": True,
         "began": LONG_AGO}
        for n in range(KINDS_OF_ACCESS)
    ))  # fmt: skip
    _put(session, GrantRow, (
        {"id": ALWAYS + 3 * n + each, "system_id": system, "account_id": ALWAYS + n, "source": "direct",
         "entitlement_id": ALWAYS + (n + 67 * each) % KINDS_OF_ACCESS, "authority": "crm", "began": LONG_AGO}
        for n in range(count) for each in range(3)
    ))  # fmt: skip
    _put(session, PrivilegeRow, (
        {"system_id": system, "account_id": ALWAYS + n, "privilege": "export", "entitlement_id": ALWAYS + n % 200,
         "path": str(ALWAYS + n % 200)}
        for n in range(0, count, 10)
    ))  # fmt: skip
    _put(session, IntegrationRow, (
        {"id": ALWAYS + n, "system_id": system, "key": f"app{n}", "kind": "connected_app", "name": f"Program {n}",
         "owner_account_id": ALWAYS + n, "native": {}, "began": LONG_AGO, "active": True, "derived": False}
        for n in range(count // 200)
    ))  # fmt: skip
    _put(session, CredentialRow, (
        {"id": ALWAYS + n, "system_id": system, "key": f"tok{n}", "kind": "oauth_token", "label": f"Token {n}",
         "account_id": ALWAYS + n, "integration_id": ALWAYS + n % (count // 200), "active": True, "native": {},
         "began": LONG_AGO, "created": LONG_AGO}
        for n in range(count // 50)
    ))  # fmt: skip


def _findings(session: Session, house: House, count: int) -> None:
    rules = ("inactive_account", "leaver_active", "privileged_without_reason", "dormant_credential", "never_used")
    _put(session, FindingRow, (
        {"id": ALWAYS + n, "source": "detection", "rule": rules[n % 5], "subject": f"account:{ALWAYS + n}",
         "system_id": house.company.system.id, "account_id": ALWAYS + n, "identity_id": ALWAYS + n if n % 20 else None,
         "severity": ("critical", "high", "medium", "low")[n % 4], "status": "open" if n % 3 else "closed",
         "because": f"last signed in {n % 300} days ago", "facts": {}, "opened_at": NOW - timedelta(days=n % 90),
         "last_seen_at": NOW, "last_run": uuid.UUID(int=n), "closed_at": None if n % 3 else NOW}
        for n in range(count)
    ))  # fmt: skip
    _put(session, FindingEventRow, (
        {"finding_id": ALWAYS + n, "kind": "opened", "at": NOW, "by": "scheduler", "because": "first seen"}
        for n in range(count)
    ))  # fmt: skip


def _review(session: Session, house: House, count: int) -> None:
    """Items for forty reviewers and for Ada, as they were frozen with one of hers."""
    campaign, like = house.campaign.id, house.plain
    _put(
        session,
        TaskRow,
        ({"id": ALWAYS + n, "campaign_id": campaign, "reviewer_id": ALWAYS + n} for n in range(REVIEWERS)),
    )
    own = min(count // 10, 1_000)
    _put(session, ItemRow, (
        {"id": ALWAYS + n, "campaign_id": campaign, "task_id": like.task_id if n < own else ALWAYS + n % REVIEWERS,
         "kind": "grant", "subject": f"grant:{ALWAYS + n}", "system_id": like.system_id, "account_id": ALWAYS + n // 3,
         "grant_id": ALWAYS + n, "subject_identity_id": ALWAYS + n // 3, "chosen_by": "manager",
         "privileged": n % 40 == 0, "risk": (n % 40 == 0 and 50) or 1, "shown": dict(like.shown), "version": 1,
         "outcome": "keep" if n % 3 == 0 else None}
        for n in range(count)
    ))  # fmt: skip


def _around(session: Session, house: House, count: int) -> None:
    for n in range(SYSTEMS):
        made = make.system(session, name=f"Org {n}")
        for days in range(30):
            make.snapshot(session, made, at=NOW - timedelta(days=days + 1), counts={"accounts": {"began": 1}})
    said = [Entry(Kind.DECISION_RECORDED, f"item:{n}", {"answer": "keep", "item": n}) for n in range(count // 20)]
    for each in _slices(said, 500):
        entries.record_many(session, each, by="cli:bench", at=NOW)
    for n in range(min(count // 500, 200)):
        actors.make(session, f"Actor {n}", {Role.REVIEWER: None}, person_key=f"e{n}", by=make.ADMIN, at=NOW)


def _slices(said: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    return (said[at : at + size] for at in range(0, len(said), size))
