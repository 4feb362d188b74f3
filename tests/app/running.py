"""An installation for jobs and workers: a scripted CRM and a roster, in a database, with a clock that moves when told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select

from app import settings
from app.inventory import rosters, systems
from app.inventory.tables import SnapshotRow, SystemRow
from app.kit.db import Database
from app.kit.secrets import Keys
from app.ledger import entries, signing
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.means import Means
from connectors.connector import ActKind
from connectors.records import AccountKind, AccountRecord
from tests import fake_connector, make
from tests.fake_connector import World

T = TypeVar("T")
_names = itertools.count(1)


class Here:
    """A job's steps, run on the spot and kept nowhere."""

    attempt = 1

    def __init__(self, key: str = "run") -> None:
        self.key = key

    def step(self, name: str, run: Callable[[], T]) -> T:
        return run()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("no job sleeps")


@dataclass
class Installation:
    """What jobs act with. `clock` gives `now`, which moves only when told to."""

    database: Database
    home: Path
    now: datetime
    given: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.database.transaction() as session:
            signing.found(session, version="0", demo=False, by=make.ADMIN.id, at=self.now)

    @property
    def means(self) -> Means:
        url = self.database.url.render_as_string(hide_password=False)
        chosen = {
            "home": self.home,
            "database_url": url,
            "key": "00" * 32,
            "heartbeat_seconds": 1,
            "takeover_seconds": 3,
            "control_owner_required": False,
        }
        return Means(self.database, Keys(bytes(32)), settings.read({}, **(chosen | self.given)), lambda: self.now)

    def later(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now

    def connect(self, *records: Any) -> tuple[SystemRow, World]:
        """A system whose CRM is in memory and holds these records."""
        fake_connector.register()
        name = f"world-{next(_names)}"
        world = fake_connector.world(name, key=name, now=self.now).put(*records)
        with self.database.transaction() as session:
            row = systems.add(
                session, name=name, kind=fake_connector.KIND, config={"world": name}, reader={"token": "t"},
                executor={"token": "e"}, keys=self.means.keys, by=make.ADMIN, at=self.now,
            )  # fmt: skip
            systems.switch_writing(session, row, list(ActKind), by=make.ADMIN, at=self.now)
        return row, world

    def roster(self, text: str) -> SystemRow:
        """A roster, handed in now."""
        with self.database.transaction() as session:
            row = systems.add(
                session, name="people", kind="roster", config={}, reader={}, keys=self.means.keys, by=make.ADMIN,
                at=self.now,
            )  # fmt: skip
            rosters.upload(
                session, row, text.encode(), source="a test", extracted_at=self.now, by=make.ADMIN, at=self.now
            )
        return row

    def ask(self, system: SystemRow) -> str:
        """Ask for a reading; returns the key its job gets."""
        with self.database.transaction() as session:
            entry = Entry(Kind.SYNC_REQUESTED, f"system:{system.id}", {"system": system.id, "because": "a test"})
            return f"read_system:{entries.record(session, entry, by=make.ADMIN.id, at=self.now)}"

    def count(self, row: Any, *where: Any) -> int:
        """How many rows there are."""
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(row).where(*where)) or 0

    def told(self, kind: Kind) -> list[EntryRow]:
        """The ledger's entries of one kind, oldest first."""
        with self.database.reading() as session:
            found = select(EntryRow).where(EntryRow.kind == kind).order_by(EntryRow.at, EntryRow.id)
            return list(session.scalars(found))

    def sealed(self, system: SystemRow) -> int:
        """How many readings of a system were sealed."""
        return self.count(SnapshotRow, SnapshotRow.system_id == system.id, SnapshotRow.status == "sealed")


def idle_account(at: datetime, key: str = "bo") -> AccountRecord:
    """Somebody who has not signed in for a year."""
    return AccountRecord(
        key, f"{key}@example.com", email=f"{key}@example.com", active=True, kind=AccountKind.PERSON,
        created=at - timedelta(days=900), last_login=at - timedelta(days=365), logins_known_since=at - timedelta(days=900),
    )  # fmt: skip
