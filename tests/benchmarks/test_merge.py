"""What it costs to merge a reading of many grants, as a ratio to the bare insert of the same rows.

The floor is a staged INSERT … SELECT without any question asked, into the same table with the same indexes and foreign
keys, in a fresh database of the same server, in the same run. Sealing adds what comes before and after: unpacking the
spool, finding ids for the CRM's keys, deriving privileges. BENCH_ROWS says how many grants (1,000,000).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from app.inventory import packing, snapshots
from app.inventory.merges import grants
from app.inventory.merges.sealing import Sealing
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, SnapshotRow, SpoolRow, StreamRow
from app.kit import bulk
from app.kit.db import Database
from connectors.receipt import PageReceipt
from connectors.records import GrantRecord, Stream
from tests import make

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
EACH = 10  # grants of one account
ENTITLEMENTS = 200
PAGE = 2_000
BATCH = 20_000
ALL = ("accounts", "entitlements", "grants")

pytestmark = pytest.mark.bench


def populate(session: Session) -> int:
    """A system with accounts and entitlements, a tenth of which carry a privilege, and no grant yet."""
    system = make.system(session)
    of = {"system_id": system.id, "began": make.LONG_AGO}
    entitlements = [
        of | {"key": f"e{n}", "kind": "set", "name": f"Set {n}", "privileges": ["export"] if n % 10 == 0 else [],
              "native": [], "revocable": True}
        for n in range(ENTITLEMENTS)
    ]  # fmt: skip
    session.execute(insert(EntitlementRow), entitlements)
    for begin in range(0, ROWS // EACH, BATCH):
        accounts = [
            of | {"key": f"a{n}", "username": f"a{n}@example.com", "kind": "person", "active": True, "native": {}}
            for n in range(begin, min(begin + BATCH, ROWS // EACH))
        ]
        session.execute(insert(AccountRow), accounts)
    return system.id


def records(*, changed: int = 0) -> Iterator[GrantRecord]:
    """The grants of one reading; every thousandth was granted by somebody else once `changed` is 1."""
    for n in range(ROWS):
        by = "eve" if changed and n % 1000 == 0 else "ada"
        entitlement = (n // EACH * 7 + n % EACH * 13) % ENTITLEMENTS
        yield GrantRecord(f"a{n // EACH}", f"e{entitlement}", key=f"g{n}", granted=make.LONG_AGO, granted_by=by)


def batches(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def resolved(session: Session, *, changed: int = 0) -> Iterator[list[Any]]:
    accounts = {row.key: row.id for row in session.execute(select(AccountRow.key, AccountRow.id))}
    entitlements = {row.key: row.id for row in session.execute(select(EntitlementRow.key, EntitlementRow.id))}
    for each in records(changed=changed):
        yield [0, accounts[each.account_key], entitlements[each.entitlement_key], each.source, str(each.authority),
               each.key, each.granted, each.granted_by, None, None]  # fmt: skip


def sealing(session: Session, system_id: int, day: int) -> Sealing:
    moment = make.NOW + timedelta(days=day)
    snapshot = make.snapshot(session, session.get_one(make.SystemRow, system_id), at=moment, streams={})
    streams = {
        Stream(name): StreamRow(snapshot_id=snapshot.id, stream=name, verdict="complete", because="", dropped=[])
        for name in ALL
    }
    return Sealing(session, system_id, snapshot.id, moment, streams, {Stream.GRANTS: {"grants": True}})


def timed(act: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def floor(database: Database, system_id: int) -> tuple[float, float]:
    """Seconds for staging the rows, and for inserting them without a question."""
    columns = [*grants.KEY, *grants.COLUMNS]
    with database.transaction() as session:
        staged = grants.new_stage(sealing(session, system_id, 0))
        rows = list(batches(resolved(session), BATCH))
        staging = timed(lambda: [bulk.fill(session, staged, batch) for batch in rows])
        constants = {"system_id": literal(system_id), "began": literal(make.NOW, GrantRow.began.type)}
        chosen = select(*constants.values(), *(staged.c[name] for name in columns))
        bare = insert(GrantRow.__table__).from_select([*constants, *columns], chosen)  # type: ignore[arg-type]
        return staging, timed(lambda: bulk.written(session, bare))


def merge(database: Database, system_id: int, day: int, *, changed: int) -> tuple[float, float, dict[str, int]]:
    """Seconds for staging, and for all that the merge asks and writes."""
    with database.transaction() as session:
        of = sealing(session, system_id, day)
        staged = grants.new_stage(of)
        rows = list(batches(resolved(session, changed=changed), BATCH))
        staging = timed(lambda: [bulk.fill(session, staged, batch) for batch in rows])
        merging = timed(lambda: (bulk.ready(session, staged, grants.KEY), grants.merge_staged(of, staged)))
        return staging, merging, of.counts["grants"]


def spool(database: Database, system_id: int, day: int) -> int:
    """A reading of all grants, spooled and ready to be sealed."""
    moment = make.NOW + timedelta(days=day)
    with database.transaction() as session:
        system = session.get_one(make.SystemRow, system_id)
        snapshot = make.snapshot(
            session, system, at=moment, status="reading", sealed_at=None, streams={"grants": "complete"}
        )
        number = 0
        for number, page in enumerate(batches(records(changed=1), PAGE), 1):
            packed, digest = packing.pack(page)
            receipt = packing.receipt_out(PageReceipt("grants", "GET /grants", len(page), digest, said=ROWS))
            session.add(
                SpoolRow(
                    snapshot_id=snapshot.id, stream="grants", number=number, records=packed,
                    receipt=receipt | {"rows_digest": digest, "records": len(page)}, resume=str(number),
                    form=packing.FORM,
                )
            )  # fmt: skip
        assert number
        return snapshot.id


def seal(database: Database, snapshot_id: int) -> None:
    with database.transaction() as session:
        snapshots.seal(session, snapshot_id, by=make.ADMIN, at=make.NOW)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_merging_grants(kind: str, make_database: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    bare, full = Database(make_database(kind)), Database(make_database(kind))
    lines: list[tuple[str, float, float]] = []
    with bare.transaction() as session:
        lone = populate(session)
    staging, inserting = floor(bare, lone)
    base = staging + inserting
    lines += [("floor: stage", staging, 0), ("floor: INSERT … SELECT", inserting, 0), ("floor", base, base)]
    bare.close()

    with full.transaction() as session:
        system = populate(session)
    told = []
    for name, day, changed in (("first merge", 1, 0), ("0.1 % changed", 2, 1), ("nothing changed", 3, 1)):
        staging, merging, counts = merge(full, system, day, changed=changed)
        told.append(counts)
        lines.append((name, staging + merging, base))
    snapshot = spool(full, system, 4)
    lines.append(("seal, spool to privileges", timed(lambda: seal(full, snapshot)), base))
    with full.reading() as session:
        sealed = session.get_one(SnapshotRow, snapshot)
        assert session.scalar(select(func.count()).select_from(GrantRow)) == ROWS
    full.close()

    with capsys.disabled():
        print(f"\n{kind}, {ROWS:,} grants")
        for name, seconds, against in lines:
            ratio = f"{seconds / against:5.2f} × floor" if against else ""
            print(f"  {name:28} {seconds:7.2f} s  {ratio}")
    assert told == [{"began": ROWS}, {"changed": -(-ROWS // 1000)}, {}]
    assert set(sealed.counts) == {"privileges"}
