"""A scripted CRM, connected, and a way to read it again and again as days go by."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory import sync, systems
from app.inventory.tables import SnapshotRow, SystemRow
from app.kit.db import Database
from app.kit.secrets import Keys
from connectors.records import AccountRecord, EntitlementRecord, GrantRecord, Privilege, Stream
from tests import fake_connector, make
from tests.fake_connector import FakeReader, World

READER = {"token": "reader-s3cret"}
EXECUTOR = {"token": "executor-s3cret"}


@dataclass
class Connected:
    """A system of the fake kind with its world; `read()` reads it once, a day after the last time."""

    database: Database
    keys: Keys
    world: World
    system_id: int
    at: datetime = make.NOW
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    pages: list[tuple[str, int, int]] = field(default_factory=list)

    def read(self, *, run: str | None = None, streams: Sequence[Stream] | None = None, **given: Any) -> int:
        if run is None:
            self.at += timedelta(days=1)
        return sync.run(
            self.database,
            self.system_id,
            run=run or f"run-{next(self.runs)}",
            keys=self.keys,
            clock=lambda: self.at,
            by=make.ADMIN,
            streams=streams,
            on_page=lambda *told: self.pages.append(told),
            reader=given.get("reader") or FakeReader(self.world),
        )

    def snapshot(self, number: int) -> SnapshotRow:
        with self.database.reading() as session:
            return session.get_one(SnapshotRow, number)


@pytest.fixture
def keys() -> Keys:
    return Keys(b"k" * 32)


@pytest.fixture
def crm(database: Database, keys: Keys) -> Connected:
    """A connected CRM with nothing in it."""
    fake_connector.register()
    world = fake_connector.world("acme")
    with database.transaction() as session:
        system = systems.add(
            session, name="Acme", kind="fake", config={"world": "acme"}, reader=READER, executor=EXECUTOR, keys=keys,
            by=make.ADMIN, at=make.NOW,
        )  # fmt: skip
    return Connected(database, keys, world, system.id)


@pytest.fixture
def staffed(crm: Connected) -> Connected:
    """Ada administers, Bo sells, Cy has left; five grants on three entitlements."""
    crm.world.put(
        AccountRecord("ada", "ada@example.com", email="ada@example.com", active=True, title="Head"),
        AccountRecord("bo", "bo@example.com", email="bo@example.com", active=True, title="Clerk"),
        AccountRecord("cy", "cy@example.com", email="cy@example.com", active=False),
        EntitlementRecord("admin", "profile", "Admin", privileges=(Privilege.ADMINISTER, Privilege.EXPORT)),
        EntitlementRecord("sales", "profile", "Sales", privileges=()),
        EntitlementRecord("export", "set", "Export", privileges=(Privilege.EXPORT,)),
        GrantRecord("ada", "admin"),
        GrantRecord("bo", "sales"),
        GrantRecord("bo", "export"),
        GrantRecord("bo", "export", source="team:north"),
        GrantRecord("cy", "sales"),
    )
    return crm


def rows(session: Session, of: Any, **given: Any) -> Sequence[Any]:
    """All rows of a table, in order of id."""
    return session.scalars(select(of).filter_by(**given).order_by(*of.__table__.primary_key.columns)).all()


def system_of(session: Session, crm: Connected) -> SystemRow:
    return session.get_one(SystemRow, crm.system_id)
