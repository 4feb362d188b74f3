"""What asking every rule costs, beside one bare ordered scan of the same rows in the same run.

BENCH_ROWS is the number of grants (default 1,000,000; a tenth as many accounts). The ratios are the figures, in seconds of
a core; memory is that of a process of its own that asks about half of the accounts, and about all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
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
from tests.benchmarks import spent
from tests.make import NOW

pytestmark = pytest.mark.bench
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
EACH = 10  # grants of one account
KINDS = 200  # entitlements
TITLES = 400
TOUCHED = 1_000  # one account in so many: what a reading changed
RUNS = 2  # by turns with the scan; the least of each counts, since others may be at work on the same machine
STREAMS = dict.fromkeys(("accounts", "entitlements", "grants", "logins", "integrations", "factors"), "complete")


def _company(session: Session) -> tuple[int, list[int], int]:
    """A system, and what is held in it: the entitlements that most hold, and the one that gives a privilege."""
    boss = make.identity(session, "Boss", emails=("boss@b.example",))
    system = make.system(session, kind="salesforce", owner_key=boss.key)
    make.snapshot(session, system, streams=STREAMS)
    kinds = [make.entitlement(session, system, description="Why.").id for _ in range(KINDS)]
    able = make.entitlement(session, system, privileges=["export"], description="Why.").id
    return system.id, kinds, able


def _staff(session: Session, system: int, kinds: list[int], able: int, people: range) -> None:
    """People who keep to the rules, with their accounts and ten grants each."""
    old, first, boss = NOW - timedelta(400), 1_000, session.scalars(select(IdentityRow.id)).first()
    assert boss is not None
    for at in range(people.start, people.stop, 5_000):
        some = range(at, min(people.stop, at + 5_000))
        session.execute(insert(IdentityRow), [_person(n, first, boss) for n in some])
        session.execute(insert(AccountRow), [_account(n, first, system, old) for n in some])
        session.execute(insert(ObservationRow), [_factor(n, first, system, old) for n in some])
        session.execute(
            insert(GrantRow),
            [_grant(first + n, system, kinds[(n % TITLES + k * 7) % KINDS], old) for n in some for k in range(EACH)],
        )
        holders = [first + n for n in some if n % 20 == 0]
        session.execute(insert(GrantRow), [_grant(holder, system, able, old) for holder in holders])
        session.execute(insert(PrivilegeRow), [_power(holder, system, able) for holder in holders])


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


def _bare(session: Session, system: int) -> None:
    """The floor: the grants with their accounts and entitlements, in order of account, and nothing done with them."""
    rows = (
        select(GrantRow.id, AccountRow.id, AccountRow.username, AccountRow.last_login, EntitlementRow.name)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.system_id == system, GrantRow.ended.is_(None))
        .order_by(AccountRow.id)
    )
    count = sum(1 for _ in session.execute(rows.execution_options(yield_per=1_000)))
    assert count >= ROWS


def asked(session: Session, system: int, at: datetime, *, narrow: bool) -> tuple[int, Passing]:
    """A pass as the job does it, with how many judgements it gave: how to go is part of what it costs."""
    how = narrowing.passing(session, system, Limits(), narrow=narrow, at=at)
    told = detect.judgements(session, system, Limits(), at=at, only=how.touched)
    return sum(isinstance(each, Judgement) for each in told), how


def _peak(database: Database, system: int) -> dict[str, float]:
    """Megabytes of a process that asks about everybody: before it does, and at its height."""
    url = database.url.render_as_string(hide_password=False)
    told = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.asking", url, str(system)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


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
    later, people = NOW + timedelta(hours=4), ROWS // EACH
    with database.transaction() as session:
        system, kinds, able = _company(session)
        _staff(session, system, kinds, able, range(people // 2))
    half = _peak(database, system)
    with database.transaction() as session:
        _staff(session, system, kinds, able, range(people // 2, people))
    if not database.sqlite:
        with database.transaction() as session:
            session.execute(text("ANALYZE"))  # a server does so unasked after a while; nobody does on SQLite
    whole, part, floor, how, found = [], [], [], None, 0
    with database.transaction() as session:
        _bare(session, system)
        for _ in range(RUNS):
            floor.append(spent.by(database, lambda: _bare(session, system)))
            began = spent.cores(database)
            found, how = asked(session, system, NOW, narrow=False)
            whole.append(spent.cores(database) - began)
        findings.reconcile(
            session, narrowing.SOURCE, [], rules=[], system_id=system, basis=how.basis, by=make.ADMIN, at=NOW,
            snapshot_id=inventory.latest_sealed(session, system).id,
        )  # fmt: skip
        _read_again(session, system, later)
    with database.transaction() as session:
        for _ in range(RUNS + 3):
            began = spent.cores(database)
            _, how = asked(session, system, later, narrow=True)
            part.append(spent.cores(database) - began)
        assert how.touched is not None, how.because
    full = _peak(database, system)
    print(
        f"\n{ROWS} grants: bare scan {min(floor):.2f} s; every rule {min(whole):.2f} s "
        f"({min(whole) / min(floor):.1f} times), {found} told; 0.1 % changed: {how.because}, {min(part):.2f} s "
        f"({min(part) / min(whole):.3f} of that); memory {full['before']:.0f} MB before, at most {half['peak']:.0f} MB "
        f"for half, {full['peak']:.0f} MB for all"
    )
    assert min(whole) <= 10 * min(floor)
    assert min(part) <= min(whole) / 10
    assert full["peak"] - half["peak"] < 0.1 * half["peak"]
