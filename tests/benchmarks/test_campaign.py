"""What a review costs: launching it, paging through it, deciding in it, each beside its floor in the same run.

BENCH_ROWS is the number of grants (default 1,000,000). Times depend on the machine; the ratios are the figures. Launching
and deciding are told in seconds of a core, ours and the floor's by turns.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import MetaData, String, Table, and_, cast, false, func, insert, literal, select, text, update
from sqlalchemy.orm import Session, aliased

from app.actors.actor import Actor, Role
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow, SystemRow
from app.kit import ids, postgres
from app.kit.db import Base, Database
from app.ledger.tables import EntryRow, LeaflessRow, PersonalRow
from app.review import campaigns, decisions, queries
from app.review.decisions import Ask
from app.review.queries import Cursor
from app.review.tables import CampaignSnapshotRow, DecisionRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast as company
from tests.app.review.cast import DUE, NOW, SCOPE
from tests.benchmarks import again
from tests.benchmarks.spent import by, cores

pytestmark = pytest.mark.bench
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
EACH = 10  # grants of one account
SINGLE, TOGETHER, BULK, TURNS, PAGES = 200, 20, 5_000, 3, 300
RUNS = 3 if ROWS <= 200_000 else 1


def _company(database: Database, name: str, grants: int) -> None:
    """A system with `grants` grants; half of its people report to one boss, the others in teams of 12."""
    people = max(grants // EACH, 24)
    with database.transaction() as session:
        system = make.system(session, name=name, owner_key="cy")
        make.snapshot(session, system)
        boss = make.identity(session, "Boss", key=f"{name}-boss")
        kept = {"kind": "person", "began": NOW - timedelta(days=400)}
        chiefs = [{"key": f"{name}-m{n}", "name": f"Chief {n}", **kept} for n in range(people // 24)]
        session.execute(insert(IdentityRow), chiefs)
        first = session.scalars(select(IdentityRow.id).where(IdentityRow.key == f"{name}-m0")).one()
        session.execute(
            insert(IdentityRow),
            [
                {
                    "key": f"{name}-{n}",
                    "name": f"Person {n}",
                    "title": "Representative",
                    "department": "Sales",
                    "manager_id": boss.id if n % 2 else first + n // 2 // 12 % len(chiefs),
                    **kept,
                }
                for n in range(people)
            ],
        )
        base = session.scalars(select(IdentityRow.id).where(IdentityRow.key == f"{name}-0")).one()
        session.execute(
            insert(AccountRow),
            [
                {
                    "system_id": system.id,
                    "key": f"005{n:012d}",
                    "username": f"person-{n}@{name}.example",
                    "email": f"person-{n}@{name}.example",
                    "active": True,
                    "kind": "person",
                    "last_login": NOW - timedelta(days=n % 200),
                    "native": {},
                    "identity_id": base + n,
                    "began": NOW - timedelta(days=400),
                }
                for n in range(people)
            ],
        )
        for n in range(EACH):
            make.entitlement(session, system, label=f"Set {n}", privileges=["export"] if n == 0 else [])
        edges = select(
            AccountRow.system_id,
            AccountRow.id,
            EntitlementRow.id,
            literal("direct"),
            literal("crm"),
            AccountRow.began,
        ).join(EntitlementRow, EntitlementRow.system_id == AccountRow.system_id)
        names = ["system_id", "account_id", "entitlement_id", "source", "authority", "began"]
        session.execute(insert(GrantRow).from_select(names, edges.where(AccountRow.system_id == system.id)))
    with database.transaction() as session:
        session.execute(text("ANALYZE"))


def _launched(
    database: Database, tables: Sequence[Table], name: str, runs: range, previous: int | None = None
) -> tuple[int, float, float, float]:
    """The last of some launches of one scope, each beside its floors in the same state of both tables; the least of each:
    of ours, of ready rows that are copied, and of rows made of the inventory and of what was said in `previous`."""
    ours, least, made = [], [], []
    for run in runs:
        began = cores(database)
        with database.transaction() as session:
            scope = SCOPE | {"systems": [name]}
            campaign = campaigns.open(session, name=f"{name} {run}", scope=scope, due_at=DUE, by=make.ADMIN, at=NOW).id
        ours.append(cores(database) - began)
        least.append(_floor(database, tables[0], campaign))
        made.append(_made(database, tables[1], campaign, previous))
    return campaign, min(ours), min(least), min(made)


def _floor_table(database: Database, name: str) -> Table:
    """A table like `items`, with the same constraints and indexes."""
    apart = MetaData()
    for table in Base.metadata.sorted_tables:
        table.to_metadata(apart)
    made = ItemRow.__table__.to_metadata(apart, name=name)  # type: ignore[attr-defined]
    for number, part in enumerate([*made.indexes, *made.constraints]):
        part.name = f"{name}_{number}"
    made.create(database.writer)
    return made


def _floor(database: Database, floor: Table, campaign: int) -> float:
    """One INSERT…SELECT of the same items, read in the order of their ids; keys are checked as ours checks them."""
    began = cores(database)
    names = [column.name for column in floor.c if column.name != "id"]  # numbered by the table, as items are
    same = select(*(ItemRow.__table__.c[name] for name in names)).where(ItemRow.campaign_id == campaign)
    with database.transaction() as session, postgres.parents_known(session):
        session.execute(insert(floor).from_select(names, same, include_defaults=False))
    return cores(database) - began


def _made(database: Database, floor: Table, campaign: int, previous: int | None) -> float:
    """One INSERT…SELECT for each kind, straight out of the inventory: whoever manages a person is asked, each row shows
    who, what and how by the database's own JSON, and what the `previous` review's item of the same subject came to; use,
    peers, findings, risk and advice are not worked out."""
    began = cores(database)
    for kind in ("grant", "account"):
        row = _row(kind, campaign, previous, "json_object" if database.sqlite else "json_build_object")
        with database.transaction() as session, postgres.parents_known(session):
            session.execute(insert(floor).from_select(list(row.selected_columns.keys()), row, include_defaults=False))
    took = cores(database) - began
    with database.transaction() as session:
        there = select(func.count()).where(floor.c.campaign_id == campaign)
        assert session.scalar(there) == session.scalar(select(func.count()).where(ItemRow.campaign_id == campaign))
        for shown in (floor.c.shown, ItemRow.shown):
            one = session.scalars(select(shown).where(shown.table.c.campaign_id == campaign).limit(1)).one()
            assert (one.get("last") or {}).get("answer") == (None if previous is None else "remove")
    return took


def _row(kind: str, campaign: int, previous: int | None, json: str) -> Any:
    build, manager, former = getattr(func, json), aliased(IdentityRow), aliased(ItemRow)
    who = build(
        *(
            "name",
            IdentityRow.name,
            "account",
            AccountRow.username,
            "kind",
            AccountRow.kind,
            "active",
            AccountRow.active,
        ),
        *("title", IdentityRow.title, "department", IdentityRow.department, "manager", manager.name),
        *("employed", IdentityRow.ended.is_(None), "matched_by", AccountRow.matched_by),
    )
    what = build(
        *("kind", EntitlementRow.kind, "label", EntitlementRow.label, "name", EntitlementRow.name),
        *("key", EntitlementRow.key, "description", EntitlementRow.description, "privileges", "[]"),
    )
    how = build(
        *("source", GrantRow.source, "authority", GrantRow.authority, "since", cast(GrantRow.began, String)),
        *("granted_by", GrantRow.granted_by, "until", cast(GrantRow.until, String), "effective", GrantRow.effective),
    )
    account = build(
        "kind", "account", "label", AccountRow.username, "name", AccountRow.key, "licence", AccountRow.licence
    )
    held = kind == "grant"
    said = build("campaign", "large 0", "closed", "2026-09-30", "answer", former.outcome, "settled", former.settled)
    told = build(
        *("who", who, "what", what if held else account, *(("how", how) if held else ()), "system", SystemRow.name),
        *(("last", said) if previous is not None else ()),
    )
    subject = GrantRow if held else AccountRow
    named = literal(f"{kind}:") + cast(subject.id, String)
    rows = (
        select(
            literal(campaign).label("campaign_id"), TaskRow.id.label("task_id"), literal(kind).label("kind"),
            named.label("subject"), SystemRow.id.label("system_id"),
            AccountRow.id.label("account_id"), *((GrantRow.id.label("grant_id"),) if held else ()),
            IdentityRow.id.label("subject_identity_id"), literal("manager").label("chosen_by"),
            false().label("privileged"), literal(0).label("risk"), told.label("shown"), false().label("alone"),
            literal(1).label("round"), literal(1).label("version"),
        )
        .select_from(AccountRow)
        .join(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        .join(manager, manager.id == IdentityRow.manager_id)
        .join(TaskRow, and_(TaskRow.campaign_id == campaign, TaskRow.reviewer_id == manager.id))
        .join(CampaignSnapshotRow, CampaignSnapshotRow.campaign_id == campaign)
        .join(SystemRow, and_(SystemRow.id == AccountRow.system_id, SystemRow.id == CampaignSnapshotRow.system_id))
    )  # fmt: skip
    if held:
        rows = rows.join(GrantRow, and_(GrantRow.account_id == AccountRow.id, GrantRow.ended.is_(None)))
        rows = rows.join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
    if previous is None:
        return rows
    return rows.outerjoin(former, and_(former.campaign_id == previous, former.subject == named))


def _median(runs: int, act: Callable[[], Any]) -> float:
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2]


def _reviewer(session: Session, campaign: int) -> tuple[Actor, int]:
    """Whoever has most to do, and how much."""
    reviewer, count = session.execute(
        select(TaskRow.reviewer_id, func.count())
        .join(ItemRow, ItemRow.task_id == TaskRow.id)
        .where(TaskRow.campaign_id == campaign)
        .group_by(TaskRow.reviewer_id)
        .order_by(func.count().desc())
        .limit(1)
    ).one()
    return Actor("boss", "Boss", frozenset({Role.REVIEWER}), reviewer), count


@contextmanager
def _table(title: str) -> Iterator[Callable[..., None]]:
    lines: list[str] = []
    yield lambda what, took, unit, *floors: lines.append(
        f"  {what:<58}{took:>10.2f} {unit:<3}" + "".join(f"  {took / each:>5.2f} x ({each:.2f})" for each in floors)
    )
    print(f"\n{title}\n" + "\n".join(lines))


def test_what_a_review_costs(database: Database) -> None:
    with database.transaction() as session:
        company.company(session)
    sizes = {"small": 10_000, "large": ROWS}
    with _table(f"{database.url.get_backend_name()}, {ROWS:,} grants") as line:
        tables = [_floor_table(database, name) for name in ("items_copied", "items_made")]
        launched = {}
        for name, grants in sizes.items():
            _company(database, name, grants)
            launched[name], took, *floors = _launched(database, tables, name, range(RUNS))
            with database.reading() as session:
                made = session.scalars(select(func.count()).where(ItemRow.campaign_id == launched[name])).one()
            assert made >= grants
            line(f"launch, {made:,} items", took, "s", *floors)
        for campaign in launched.values():
            _pages(database, campaign, line)
        _deciding(database, launched["large"], line)
        _bulk(database, launched["large"], line)
        _closing(database, launched["large"], line)
        _, took, *floors = _launched(database, tables, "large", range(RUNS, 2 * RUNS), launched["large"])
        line("launch of the next one, with what was said last time", took, "s", *floors)


def _pages(database: Database, campaign: int, line: Callable[..., None]) -> None:
    with database.reading() as session:
        boss, count = _reviewer(session, campaign)
        deep = session.execute(
            select(ItemRow.risk, ItemRow.id)
            .join(TaskRow, TaskRow.id == ItemRow.task_id)
            .where(TaskRow.reviewer_id == boss.identity_id, TaskRow.campaign_id == campaign)
            .order_by(ItemRow.risk.desc(), ItemRow.id)
            .offset(count * 9 // 10)
            .limit(1)
        ).one()
        for what, after in (("first", None), ("deep", Cursor(deep.risk, deep.id))):

            def page(after: Cursor | None = after) -> None:
                session.expunge_all()
                assert len(queries.queue(session, campaign, by=boss, after=after).items) == 50

            line(f"{what} page of 50 out of a queue of {count:,}", _median(PAGES, page) * 1e3, "ms")
        began = time.perf_counter()
        queries.progress(session, campaign)
        line("progress of the campaign", (time.perf_counter() - began) * 1e3, "ms")


def _some(session: Session, campaign: int, boss: Actor, skip: int, count: int) -> list[int]:
    queue = select(ItemRow.id).join(TaskRow, TaskRow.id == ItemRow.task_id)
    mine = queue.where(TaskRow.campaign_id == campaign, TaskRow.reviewer_id == boss.identity_id)
    return list(session.scalars(mine.order_by(ItemRow.id).offset(skip).limit(count)))


def _core(session: Session, item_ids: list[int]) -> None:
    """The same rows as a decision writes, by the barest statements."""
    session.execute(
        select(ItemRow.id, ItemRow.version, ItemRow.shown, TaskRow.reviewer_id)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .where(ItemRow.id.in_(item_ids))
    ).all()
    session.execute(
        update(ItemRow.__table__)  # type: ignore[arg-type]
        .where(ItemRow.id.in_(item_ids), ItemRow.version == 1)
        .values(outcome="remove", version=2)
    )
    made = [ids.uuid7() for _ in item_ids]
    body = {"campaign": 1, "item": 1, "about": "grant:1", "answer": "remove", "change_to": None, "way": "cli"}
    row = {"kind": "decision.recorded", "author": "boss", "at": NOW, "body": body, "leaf": b"\0" * 32}
    session.execute(
        insert(EntryRow.__table__),  # type: ignore[arg-type]
        [{"id": key, "subject": f"item:{item}", **row} for key, item in zip(made, item_ids, strict=True)],
    )
    session.execute(
        insert(LeaflessRow.__table__),  # type: ignore[arg-type]
        [{"entry_id": key, "leaf": b"\0" * 32} for key in made],
    )
    session.execute(
        insert(PersonalRow.__table__),  # type: ignore[arg-type]
        [
            {"entry_id": key, "field": field, "salt": b"\0" * 32, "value": "x" * 64, "person": "identity:1"}
            for key in made
            for field in ("shown", "reason")
        ],
    )
    told = {"answer": "remove", "reason": "unused", "by": "boss", "way": "cli", "at": NOW}
    session.execute(
        insert(DecisionRow.__table__),  # type: ignore[arg-type]
        [{"id": key, "item_id": item, **told} for key, item in zip(made, item_ids, strict=True)],
    )


def _deciding(database: Database, campaign: int, line: Callable[..., None]) -> None:
    """One by one, in turn with the floors, so that a busy machine slows all."""
    with database.reading() as session:
        boss, _ = _reviewer(session, campaign)
        mine = _some(session, campaign, boss, 0, 1 + SINGLE * 3)

    def decide(items: list[int]) -> None:
        with database.transaction() as session:
            decisions.record(session, items[0], "remove", reason="unused", by=boss, at=NOW)

    took = _by_turns(database, decide, [[item] for item in mine], together=TOGETHER)
    line("one decision, with its ledger entry and commit", took[0] * 1e3, "ms", *(each * 1e3 for each in took[1:]))


def _bulk(database: Database, campaign: int, line: Callable[..., None]) -> None:
    parts = 1 + TURNS * 3
    with database.reading() as session:
        boss, _ = _reviewer(session, campaign)
        mine = _some(session, campaign, boss, 1 + SINGLE * 3, BULK * parts)
    size = len(mine) // parts

    def decide(items: list[int]) -> None:
        asks = [Ask(item, "remove", f"unused {item}") for item in items]
        with database.transaction() as session:
            results = decisions.record_many(session, asks, by=boss, at=NOW)
        assert all(result.refusal is None for result in results)

    took = _by_turns(database, decide, [mine[start : start + size] for start in range(0, size * parts, size)])
    line(f"{size:,} decisions at once, with their ledger entries", took[0], "s", *took[1:])


def _by_turns(
    database: Database, decide: Callable[[list[int]], None], calls: list[list[int]], together: int = 1
) -> tuple[float, ...]:
    """What deciding takes, what its very statements take, and what the barest ones for the same rows do, each about items
    that nobody has decided on: the median of turns in which each has some calls `together`, since reading the clocks of
    every process takes as long as a decision. What is caught is of the first call, which counts for nothing else."""
    first, *calls = calls
    with again.caught(database) as sent:
        decide(first)

    def bare(items: list[int]) -> None:
        with database.transaction() as session:
            _core(session, items)

    taken: tuple[list[float], ...] = ([], [], [])
    for start in range(0, len(calls), together * 3):
        written = []
        for place, took in enumerate(taken):
            mine = calls[start + place * together : start + (place + 1) * together]
            ready = [again.about(sent, dict(zip(first, items, strict=True))) for items in mine]
            acts = [
                [partial(decide, items) for items in mine],
                [partial(again.send, database, each) for each in ready],
                [partial(bare, items) for items in mine],
            ][place]
            before = again.counted(database) if start == 0 else {}
            took.append(by(database, lambda acts=acts: [act() for act in acts]) / together)  # type: ignore[misc]
            if start == 0:
                written.append(again.written(before, again.counted(database)))
                with database.reading() as session:
                    about = list(chain.from_iterable(mine))
                    moved = select(func.count()).where(ItemRow.id.in_(about), ItemRow.outcome == "remove")
                    assert session.scalar(moved) == len(about)
        assert all(each == written[0] for each in written), written
    return tuple(sorted(each)[len(each) // 2] for each in taken)


def _closing(database: Database, campaign: int, line: Callable[..., None]) -> None:
    began = time.perf_counter()
    with database.transaction() as session:
        closed = campaigns.close(session, campaign, unanswered="remove", by=make.ADMIN, at=NOW)
    line("closing, silence becomes removal, drift listed", time.perf_counter() - began, "s")
    assert closed.status == "closed"
