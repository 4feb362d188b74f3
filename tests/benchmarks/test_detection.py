"""What asking every rule costs, beside one bare ordered scan of the same rows in the same run.

BENCH_ROWS is the number of grants (default 1,000,000; a tenth as many accounts). The ratios are the figures.
"""

from __future__ import annotations

import os
import time
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.detection import detect
from app.detection.judgement import Judgement
from app.detection.limits import Limits
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, ObservationRow, PrivilegeRow
from app.kit.db import Database
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.bench
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
EACH = 10  # grants of one account
KINDS = 200  # entitlements
TITLES = 400
TOUCHED = 1_000  # one account in so many: what a reading changed


def _company(session: Session) -> int:
    """A system with `ROWS` grants, of people who keep to the rules."""
    people, old = ROWS // EACH, NOW - timedelta(400)
    boss = make.identity(session, "Boss", emails=("boss@b.example",))
    system = make.system(session, kind="salesforce", owner_key=boss.key)
    streams = dict.fromkeys(("accounts", "entitlements", "grants", "logins", "integrations", "factors"), "complete")
    make.snapshot(session, system, streams=streams)
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


def _asked(session: Session, system: int, only: set[int] | None = None) -> tuple[float, int]:
    begun = time.perf_counter()
    found = sum(isinstance(each, Judgement) for each in detect.judgements(session, system, Limits(), at=NOW, only=only))
    return time.perf_counter() - begun, found


def test_every_rule_costs_at_most_ten_bare_scans_and_what_was_touched_a_tenth_of_that(database: Database) -> None:
    with database.transaction() as session:
        system = _company(session)
    with database.transaction() as session:
        _bare(session, system)
        floor = min(_bare(session, system) for _ in range(2))
        whole, found = _asked(session, system)
        first = session.scalars(select(AccountRow.id).where(AccountRow.system_id == system).limit(1)).one()
        touched, _ = _asked(session, system, set(range(first, first + ROWS // EACH, TOUCHED)))
        tracemalloc.start()
        _asked(session, system)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    print(
        f"\n{ROWS} grants: bare scan {floor:.2f} s; every rule {whole:.2f} s ({whole / floor:.1f} times), {found} told; "
        f"0.1 % touched {touched:.2f} s ({touched / whole:.3f} of that); at most {most / 2**20:.0f} MB"
    )
    assert whole <= 10 * floor
    assert touched <= whole / 10
    assert most < 150 * 2**20
