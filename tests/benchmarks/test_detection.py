"""What asking every rule costs, beside one bare ordered scan of the same rows in the same run.

BENCH_ROWS is the number of grants (default 1,000,000; a tenth as many accounts). The ratios are the figures.
"""

from __future__ import annotations

import os
import time
import tracemalloc
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.detection import detect, findings, narrowing
from app.detection.judgement import Judgement
from app.detection.limits import Limits
from app.detection.narrowing import Passing
from app.inventory import queries as inventory
from app.inventory.tables import (
    AccountRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    ObservationRow,
    PrivilegeRow,
    SystemRow,
)
from app.kit.db import Database
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.bench
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
EACH = 10  # grants of one account
KINDS = 200  # entitlements
TITLES = 400
TOUCHED = 1_000  # one account in so many: what a reading changed
RUNS = 2  # by turns with the scan; the least of each counts, since others may be at work on the same machine
STREAMS = dict.fromkeys(("accounts", "entitlements", "grants", "logins", "integrations", "factors"), "complete")


def _company(session: Session) -> int:
    """A system with `ROWS` grants, of people who keep to the rules."""
    people, old = ROWS // EACH, NOW - timedelta(400)
    boss = make.identity(session, "Boss", emails=("boss@b.example",))
    system = make.system(session, kind="salesforce", owner_key=boss.key)
    make.snapshot(session, system, streams=STREAMS)
    kinds = [make.entitlement(session, system, description="Why.").id for _ in range(KINDS)]
    able = make.entitlement(session, system, privileges=["export"], description="Why.").id
    first = max(session.scalars(select(IdentityRow.id)).all()) + 1
    for at in range(0, people, 5_000):
        some = range(at, min(people, at + 5_000))
        session.execute(insert(IdentityRow), [_person(n, first, boss.id) for n in some])
        session.execute(insert(AccountRow), [_account(n, first, system.id, old) for n in some])
        session.execute(insert(ObservationRow), [_factor(n, first, system.id, old) for n in some])
        session.execute(
            insert(GrantRow),
            [_grant(first + n, system.id, kinds[(n % TITLES + k * 7) % KINDS], old) for n in some for k in range(EACH)],
        )
        holders = [first + n for n in some if n % 20 == 0]
        session.execute(insert(GrantRow), [_grant(holder, system.id, able, old) for holder in holders])
        session.execute(insert(PrivilegeRow), [_power(holder, system.id, able) for holder in holders])
    return system.id


def _person(n: int, first: int, boss: int) -> dict[str, Any]:
    return {
        "id": first + n, "key": f"b-{n}", "name": f"P {n}", "kind": "person", "engagement": "employee", "manager_id": boss,
        "title": f"Title {n % TITLES}", "department": "Sales", "began": NOW - timedelta(400),
    }  # fmt: skip


def _account(n: int, first: int, system: int, old: Any) -> dict[str, Any]:
    return {
        "id": first + n, "system_id": system, "key": f"k-{n}", "username": f"p{n}@b.example", "email": f"p{n}@b.example",
        "active": True, "frozen": False, "kind": "person", "created": old, "last_login": NOW - timedelta(n % 20),
        "logins_known_since": old, "native": {"UserType": "Standard"}, "identity_id": first + n, "began": old,
        "department": "Sales",
    }  # fmt: skip


def _factor(n: int, first: int, system: int, old: Any) -> dict[str, Any]:
    return {
        "system_id": system, "stream": "factors", "key": f"f-{n}", "kind": "factor", "name": "security_key",
        "account_id": first + n, "facts": {"phishing_resistant": True}, "began": old,
    }  # fmt: skip


def _grant(account: int, system: int, entitlement: int, old: Any) -> dict[str, Any]:
    return {
        "system_id": system, "account_id": account, "entitlement_id": entitlement, "source": "direct", "authority": "crm",
        "began": old,
    }  # fmt: skip


def _power(account: int, system: int, entitlement: int) -> dict[str, Any]:
    return {
        "system_id": system, "account_id": account, "privilege": "export", "entitlement_id": entitlement,
        "path": str(entitlement),
    }  # fmt: skip


def _bare(session: Session, system: int) -> float:
    """The floor: the grants with their accounts and entitlements, in order of account, and nothing done with them."""
    begun = time.perf_counter()
    rows = (
        select(GrantRow.id, AccountRow.id, AccountRow.username, AccountRow.last_login, EntitlementRow.name)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.system_id == system, GrantRow.ended.is_(None))
        .order_by(AccountRow.id)
    )
    count = sum(1 for _ in session.execute(rows.execution_options(yield_per=1_000)))
    assert count >= ROWS
    return time.perf_counter() - begun


def _asked(session: Session, system: int, at: datetime, *, narrow: bool) -> tuple[float, int, Passing]:
    """A pass as the job does it: how to go is part of what it costs."""
    begun = time.perf_counter()
    how = narrowing.passing(session, system, Limits(), narrow=narrow, at=at)
    told = detect.judgements(session, system, Limits(), at=at, only=how.touched)
    found = sum(isinstance(each, Judgement) for each in told)
    return time.perf_counter() - begun, found, how


def _read_again(session: Session, system: int, at: datetime) -> None:
    """A reading that changed one account in a thousand: a third each signed in, lost a grant, or got one."""
    some = session.scalars(
        select(AccountRow.id).where(AccountRow.system_id == system, AccountRow.id % TOUCHED == 0)
    ).all()
    make.snapshot(session, session.get_one(SystemRow, system), streams=STREAMS, at=at)
    used, lost, given = some[::3], some[1::3], some[2::3]
    session.execute(update(AccountRow).where(AccountRow.id.in_(used)).values(last_login=at, touched=at))
    first = select(func.min(GrantRow.id)).where(GrantRow.account_id.in_(lost)).group_by(GrantRow.account_id)
    session.execute(update(GrantRow).where(GrantRow.id.in_(first)).values(ended=at))
    kind = make.entitlement(session, session.get_one(SystemRow, system), description="Why.").id
    session.execute(insert(GrantRow), [_grant(each, system, kind, at) for each in given])


def test_every_rule_costs_at_most_ten_bare_scans_and_what_was_touched_a_tenth_of_that(database: Database) -> None:
    later = NOW + timedelta(hours=4)
    with database.transaction() as session:
        system = _company(session)
    with database.transaction() as session:
        _bare(session, system)
        whole, part, floor = [], [], [_bare(session, system)]
        for _ in range(RUNS):
            took, found, how = _asked(session, system, NOW, narrow=False)
            whole.append(took)
            floor.append(_bare(session, system))
        findings.reconcile(
            session, narrowing.SOURCE, [], rules=[], system_id=system, basis=how.basis, by=make.ADMIN, at=NOW,
            snapshot_id=inventory.latest_sealed(session, system).id,
        )  # fmt: skip
        _read_again(session, system, later)
        for _ in range(RUNS + 1):
            took, _, how = _asked(session, system, later, narrow=True)
            part.append(took)
        assert how.touched is not None, how.because
        tracemalloc.start()
        _asked(session, system, NOW, narrow=False)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    print(
        f"\n{ROWS} grants: bare scan {min(floor):.2f} s; every rule {min(whole):.2f} s "
        f"({min(whole) / min(floor):.1f} times), {found} told; 0.1 % changed: {how.because}, {min(part):.2f} s "
        f"({min(part) / min(whole):.3f} of that); at most {most / 2**20:.0f} MB"
    )
    assert min(whole) <= 10 * min(floor)
    assert min(part) <= min(whole) / 10
    assert most < 150 * 2**20
