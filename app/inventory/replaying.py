"""Reads a sample of accounts again, now, and holds it against the newest snapshot: a test of our own reading.

The draw is seeded, so that anybody can repeat it. Nothing is read inside a transaction, and nothing that was known changes.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import comparison, policy, queries, readers, replays
from app.inventory.comparison import Difference, Known
from app.inventory.replays import Drawn, Found
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, ReplayRow
from app.kit.db import Database
from app.kit.refusal import insist
from app.kit.secrets import Keys
from connectors.connector import Reader, again
from connectors.errors import ConnectorError
from connectors.receipt import PageReceipt, Verdict, judge
from connectors.records import AccountRecord, ChangeRecord, GrantRecord, Stream


def run(
    database: Database,
    system_id: int,
    *,
    sample: int,
    seed: str,
    keys: Keys,
    clock: Callable[[], datetime],
    by: Actor,
    reader: Reader | None = None,
) -> ReplayRow:
    """Draw `sample` accounts of the newest snapshot by `seed`, read them again, and record what differs.

    Refuses a system without a complete reading of accounts, entitlements and grants, and another org than the pinned one.
    """
    began = clock()
    with database.reading() as session:
        drawn, known, since = _draw(session, system_id, sample, seed)
        pinned, name = (system := queries.system(session, system_id)).key, system.name
    if reader is not None:
        found = _again(reader, known, since, began, pinned, name)
    else:
        with readers.open_reader(database, system_id, keys) as opened:
            found = _again(opened, known, since, began, pinned, name)
    with database.transaction() as session:
        return replays.record(session, drawn, found, by=by, at=clock())


def _draw(session: Session, system_id: int, sample: int, seed: str) -> tuple[Drawn, list[Known], datetime]:
    snapshot = queries.latest_sealed(session, system_id)
    read = queries.trusted(session, snapshot.id) if snapshot is not None else frozenset[Stream]()
    insist(policy.why_not_replay(sample=sample, read=read))
    assert snapshot is not None  # noqa: S101  (the policy refused otherwise)
    live = (AccountRow.system_id == system_id, AccountRow.ended.is_(None))
    every = sorted(session.scalars(select(AccountRow.key).where(*live)))
    chosen = tuple(sorted(random.Random(seed).sample(every, min(sample, len(every)))))
    known = _known(session, system_id, chosen)
    grants = sum(len(each.grants) for each in known)
    return Drawn(system_id, snapshot.id, seed, sample, len(every), chosen, grants), known, snapshot.began_at


def _known(session: Session, system_id: int, keys: tuple[str, ...]) -> list[Known]:
    held: dict[int, dict[tuple[str, str], bool | None]] = defaultdict(dict)
    rows = session.scalars(select(AccountRow).where(AccountRow.system_id == system_id, AccountRow.key.in_(keys))).all()
    grants = (
        select(GrantRow.account_id, EntitlementRow.key, GrantRow.source, GrantRow.effective)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.account_id.in_([row.id for row in rows]), GrantRow.ended.is_(None))
    )
    for account_id, key, source, effective in session.execute(grants):
        held[account_id][(key, source)] = effective
    return [
        Known(row.key, {name: getattr(row, name) for name in comparison.FIELDS}, held.get(row.id, {})) for row in rows
    ]


def _again(
    reader: Reader, known: list[Known], since: datetime, began: datetime, pinned: str | None, name: str
) -> Found:
    coverage = reader.check()
    insist(policy.why_not_pin(pinned, coverage.system_key, name=name))
    pages: dict[Stream, list[PageReceipt]] = {Stream.ACCOUNTS: [], Stream.GRANTS: []}
    records: list[Any] = []
    wanted = {each.key for each in known}
    trouble: str | None = None
    try:
        for page in again(reader, sorted(wanted)):
            pages[page.stream].append(page.receipt)
            records += [each for each in page.records if _whose(each) in wanted]
    except ConnectorError as error:
        trouble = str(error)
    told = [judge(receipts) for receipts in pages.values()]
    doubts = [each.because for each in told if each.verdict not in (Verdict.COMPLETE, Verdict.EXPLAINED)]
    because = trouble or "; ".join(doubts) or None
    found = comparison.differences(
        known,
        (each for each in records if isinstance(each, AccountRecord)),
        (each for each in records if isinstance(each, GrantRecord)),
        since=since,
        whole=because is None,
    )
    found = _explained(reader, known, found, since)
    parts = [part for each in told for part in each.parts]
    return Found(comparison.judge(found, because is None), found, parts, coverage.principal, because, began)


def _explained(reader: Reader, known: list[Known], found: list[Difference], since: datetime) -> list[Difference]:
    """Ask the system's own log of changes about differences that nothing else explains."""
    if all(each.because for each in found):
        return found
    changes: list[ChangeRecord] = []
    try:
        for page in reader.pull(Stream.CHANGES):
            changes += [each for each in page.records if isinstance(each, ChangeRecord) and each.at >= since]
    except ConnectorError:
        pass  # without the log, what it would explain stays unexplained
    names = {each.key: [str(each.fields[name]) for name in ("username", "name") if each.fields[name]] for each in known}
    return comparison.explain(found, changes, names)


def _whose(record: Any) -> str | None:
    if isinstance(record, AccountRecord):
        return record.key
    return record.account_key if isinstance(record, GrantRecord) else None
