"""What a packet costs: seconds and memory to build and to verify, against bare reading of the same decisions.

The memory is Python's own peak. Building must stay flat; verifying keeps a few hundred bytes for each decision.
"""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.evidence.verify import verify
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, SystemRow
from app.kit.db import Database
from app.review import decisions
from app.review.decisions import Ask
from app.review.tables import DecisionRow, ItemRow, TaskRow
from tests import make
from tests.app.evidence import review

pytestmark = pytest.mark.bench
ITEMS = 20_000


def grown(database: Database, items: int) -> review.Review:
    """A closed review of this many items, one account to a grant."""
    with database.transaction() as session:
        told = review.frozen(session, populate=lambda *found: many(*found, items // 2))
        mine = select(ItemRow.id, TaskRow.reviewer_id).join(TaskRow, TaskRow.id == ItemRow.task_id).order_by(ItemRow.id)
        by_reviewer: dict[int, list[int]] = {}
        for item, reviewer in session.execute(mine):
            by_reviewer.setdefault(reviewer, []).append(item)
        for reviewer, mine_only in by_reviewer.items():
            person = session.get_one(IdentityRow, reviewer)
            for begin in range(0, len(mine_only), 5_000):
                asks = [Ask(item, "keep", "his job") for item in mine_only[begin : begin + 5_000]]
                decisions.record_many(session, asks, by=make.actor(person), at=review.NOW)
        review.closed(session, told)
    return told


def many(session: Session, system: SystemRow, bo: IdentityRow, role: EntitlementRow, count: int) -> None:
    """So many accounts of Bo's, each with the same role."""
    rows = [
        {"system_id": system.id, "key": f"k{n}", "username": f"k{n}", "email": f"k{n}@x.org", "name": f"Person {n}",
         "active": True, "frozen": False, "kind": "person", "native": {}, "identity_id": bo.id, "began": make.LONG_AGO}
        for n in range(count)
    ]  # fmt: skip
    session.execute(insert(AccountRow), rows)
    accounts = session.scalars(select(AccountRow.id).where(AccountRow.key.like("k%"))).all()
    session.execute(
        insert(GrantRow),
        [
            {"system_id": system.id, "account_id": account, "entitlement_id": role.id, "source": "direct",
             "authority": "crm", "began": make.LONG_AGO}
            for account in accounts
        ],
    )  # fmt: skip


def test_a_packet_of_many_items(database: Database, tmp_path: Path) -> None:
    told = grown(database, ITEMS)
    began = time.perf_counter()
    with database.frozen() as session:
        read = sum(1 for _ in session.execute(select(ItemRow, DecisionRow).join(DecisionRow)))
    floor = time.perf_counter() - began
    began = time.perf_counter()
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    built = time.perf_counter() - began
    tracemalloc.start()
    review.build(database, told.campaign, tmp_path / "again.zip")
    building = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    began = time.perf_counter()
    verdict = verify(sealed.path, key=sealed.key)
    verified = time.perf_counter() - began
    tracemalloc.start()
    verify(sealed.path)
    verifying = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kind = "sqlite" if database.sqlite else "postgresql"
    print(
        f"\npacket, {kind}, {read:,} items: built in {built:.1f} s ({built / floor:.0f} times reading them), peak "
        f"{building / 2**20:.0f} MB, {sealed.path.stat().st_size / 2**20:.1f} MB; verified in {verified:.1f} s, peak "
        f"{verifying / 2**20:.0f} MB"
    )
    assert verdict.holds, [check for check in verdict.checks if not check.holds]
