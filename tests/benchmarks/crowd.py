"""Many reviewers at once: a review in which each has a share, and what each does with it over HTTP.

A share is fifteen items. Its reviewer reads it, decides three one by one, one from two windows at once and through both
processes (one wins, the other is told so), and the rest in one call that is sent twice at the same moment under one key, as
a client does that heard nothing. Then the share is submitted.

Every window is a client of its own, as a browser is. One client for all looks through a thousand connections at each
call, comes so late to what it has to send that a server has put away the connection which it meant to use (after 75 idle
seconds), and takes for the servers' slowness what is its own.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2
from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from app.actors import actors, tokens
from app.actors.actor import Role
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IdentityRow
from app.kit.db import Database
from app.ledger import leaves, proofs
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.review import campaigns
from app.review.tables import DecisionRow, ItemRow, TaskRow
from tests import make
from tests.app.review import cast

TEAM, HELD = 3, 4  # people of one reviewer, and what each holds; with the accounts, fifteen items


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody with a share, and the tokens of two windows of theirs."""

    name: str
    tokens: tuple[str, str]


@dataclass
class Told:
    """What the crowd was told: answers by status, how long each took, and which decisions were acknowledged."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    acknowledged: Counter[int] = field(default_factory=Counter)  # decisions by item
    late: float = (
        0.0  # seconds by which the crowd itself came late to what it had to do: at most this is not the servers'
    )
    cores: float = 0.0  # seconds of a core that the crowd took

    def line(self, what: str) -> str:
        """How long an act took: half of them, 95 and 99 of a hundred."""
        times = sorted(self.took[what])
        parts = (times[min(len(times) * part // 100, len(times) - 1)] * 1e3 for part in (50, 95, 99))
        return f"  {what:<34}{len(times):>6}" + "".join(f"{each:>10.0f} ms" for each in parts)


def found(database: Database, count: int, at: datetime) -> tuple[int, list[Reviewer]]:
    """A company of `count` reviewers and their teams, a review of it that has just opened, and how each gets in."""
    with database.transaction() as session:
        cast.roster(session, at=at)
        owner = make.identity(session, "Cy", key="cy")
        for key in ("flo", "fay"):
            make.identity(session, key.title(), key=key)
        system = make.system(session, name="Sales org", owner_key=owner.key)
        make.snapshot(session, system, at=at)
        _people(session, system.id, count, at)
        campaign = campaigns.open(
            session, name="Crowd", scope=cast.SCOPE, due_at=at + (cast.DUE - cast.NOW), by=make.ADMIN, at=at
        ).id
    with database.transaction() as session:
        return campaign, [_entered(session, number, at) for number in range(count)]


def _people(session: Session, system: int, count: int, at: datetime) -> None:
    kept = {"kind": "person", "began": at}
    session.execute(insert(IdentityRow), [{"key": f"chief-{n}", "name": f"Chief {n}", **kept} for n in range(count)])
    chiefs = dict(session.execute(select(IdentityRow.key, IdentityRow.id)).all())
    team = [
        {"key": f"person-{n}", "name": f"Person {n}", "manager_id": chiefs[f"chief-{n // TEAM}"], **kept}
        for n in range(count * TEAM)
    ]
    session.execute(insert(IdentityRow), team)
    rows = session.execute(select(IdentityRow.key, IdentityRow.id).where(IdentityRow.manager_id.is_not(None)))
    like = {"system_id": system, "active": True, "kind": "person", "native": {}, "began": at, "last_login": at}
    session.execute(
        insert(AccountRow),
        [{"key": key, "username": f"{key}@corp.example", "identity_id": person, **like} for key, person in rows],
    )
    for n in range(HELD):
        make.entitlement(session, session.get_one(make.SystemRow, system), label=f"Set {n}", privileges=[])
    edges = select(
        AccountRow.system_id, AccountRow.id, EntitlementRow.id, literal("direct"), literal("crm"), AccountRow.began
    ).join(EntitlementRow, EntitlementRow.system_id == AccountRow.system_id)
    names = ["system_id", "account_id", "entitlement_id", "source", "authority", "began"]
    session.execute(insert(GrantRow).from_select(names, edges))


def _entered(session: Session, number: int, at: datetime) -> Reviewer:
    key = f"chief-{number}"
    row = actors.make(session, key, {Role.REVIEWER: None}, person_key=key, by=make.ADMIN, at=at)
    first, second = (tokens.make(session, row, window, days=1, by=make.ADMIN, at=at) for window in ("one", "two"))
    return Reviewer(key, (first, second))


async def come(urls: Sequence[str], campaign: int, reviewers: Sequence[Reviewer]) -> Told:
    """Let all reviewers do their shares at the same time, each window on a connection that it keeps."""
    told, context, began = Told(), ssl.create_default_context(), time.process_time()
    watching = asyncio.create_task(_watch(told))
    async with AsyncExitStack() as stack:
        shares = []
        for each in reviewers:
            windows = [
                await stack.enter_async_context(
                    httpx2.AsyncClient(timeout=300, verify=context, trust_env=False, base_url=url)
                )
                for url in urls
            ]
            shares.append(_share(windows, campaign, each, told))
        for ended in await asyncio.gather(*shares, return_exceptions=True):
            if ended is not None and not isinstance(ended, httpx2.TransportError):
                raise ended
    watching.cancel()
    told.cores = time.process_time() - began
    return told


async def _watch(told: Told) -> None:
    """How late the crowd comes to what it has to do."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.2)
        told.late = max(told.late, time.perf_counter() - before - 0.2)


async def _share(windows: Sequence[httpx2.AsyncClient], campaign: int, reviewer: Reviewer, told: Told) -> None:
    async def ask(what: str, window: int, verb: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {reviewer.tokens[window]}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        began = time.perf_counter()
        try:
            answer = await windows[window].request(verb, f"/api/v1{path}", json=body, headers=sent)
        except httpx2.TransportError as error:
            told.troubles.append(f"{what}, after {time.perf_counter() - began:.1f} s: {_chain(error)}")
            raise
        told.took[what].append(time.perf_counter() - began)
        told.statuses[what, answer.status_code] += 1
        if answer.status_code not in (200, 412):
            told.troubles.append(f"{what}: {answer.status_code} {answer.text[:200]}")
        return answer

    listed = (await ask("a share is read", 0, "GET", f"/items?campaign={campaign}&limit=50")).json()["items"]
    fought, *rest = listed
    for item in rest[:3]:
        said = {"answer": "keep", "reason": "works with it"}
        given = await ask("one decision", 0, "PUT", f"/items/{item['id']}/decision", said, If_Match='"1"')
        told.acknowledged[item["id"]] += given.status_code == 200
    both = await asyncio.gather(
        *(
            ask("one item from two windows", n, "PUT", f"/items/{fought['id']}/decision", said, If_Match='"1"')
            for n, said in enumerate(({"answer": "keep", "reason": "mine"}, {"answer": "remove", "reason": "no"}))
        )
    )
    told.acknowledged[fought["id"]] += sum(answer.status_code == 200 for answer in both)
    many = {"decisions": [{"item": item["id"], "answer": "keep", "reason": "job", "version": 1} for item in rest[3:]]}
    twice = await asyncio.gather(
        *(ask("eleven in one call, sent twice", n, "POST", "/decisions", many, Idempotency_Key="bulk") for n in (0, 1))
    )
    if all(answer.status_code == 200 for answer in twice):
        first, again = (answer.json() for answer in twice)
        if first != again:
            told.troubles.append(f"{reviewer.name}: the same key was answered differently")
        told.acknowledged.update(result["item"] for result in first["results"] if result["decided"])
    await ask("a share is submitted", 0, "PUT", f"/tasks/{fought['task_id']}/submission", {})


def _chain(error: BaseException | None) -> str:
    said = []
    while error is not None:
        said.append(repr(error))
        error = error.__cause__ or error.__context__
    return " from ".join(said)


def number(database: Database) -> None:
    """What a worker does: every entry gets its place in the tree."""
    left = 1
    while left:
        with database.transaction() as session:
            left = leaves.integrate(session)


def wrong(database: Database, campaign: int, told: Told) -> list[str]:
    """What is not as it was acknowledged; empty when nothing was lost and nothing doubled."""
    with database.reading() as session:
        made = dict(session.execute(select(DecisionRow.item_id, func.count()).group_by(DecisionRow.item_id)).all())
        entries = set(session.scalars(select(EntryRow.id).where(EntryRow.kind == Kind.DECISION_RECORDED)))
        ids = set(session.scalars(select(DecisionRow.id)))
        items = session.execute(
            select(ItemRow.id, ItemRow.version, ItemRow.outcome, DecisionRow.answer)
            .outerjoin(DecisionRow, DecisionRow.item_id == ItemRow.id)
            .where(ItemRow.campaign_id == campaign)
        ).all()
        drafts = session.scalars(select(func.count()).where(TaskRow.status != "submitted")).one()
        troubles = proofs.examine(session)
    acknowledged = {item: count for item, count in told.acknowledged.items() if count}
    for item in sorted(made.keys() | acknowledged.keys()):
        if made.get(item, 0) != acknowledged.get(item, 0):
            troubles.append(f"item {item}: {made.get(item, 0)} decisions, {acknowledged.get(item, 0)} acknowledged")
    for row in items:
        if row.version != 2 or row.outcome != row.answer:
            troubles.append(f"item {row.id} is {row.outcome} at version {row.version}, and was answered {row.answer}")
    if entries != ids:
        troubles.append(f"{len(entries)} entries for {len(ids)} decisions")
    return troubles + ([f"{drafts} shares were not submitted"] if drafts else [])
