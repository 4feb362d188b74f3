"""What reading a CRM costs: a whole reading, against the bare download of the same pages, and what reading it again writes.

The floor is taken in the same run: the same requests, as many at once, the bodies read and thrown away. The sandbox is a
process of its own. BENCH_PEOPLE is the size of its company (default 5,000). Times depend on the machine; the ratios are
the figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from sqlalchemy import select

from app.inventory import sync, systems
from app.inventory.tables import SnapshotRow, StreamRow
from app.kit import clock
from app.kit.db import Database
from app.kit.secrets import Keys
from tests import make

pytestmark = pytest.mark.bench
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "5000"))
KEYS = Keys(bytes(32))
_SERVE = ("-m", "connectors.sandbox.serve", "salesforce", "--people", str(PEOPLE), "--seed", "7")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[dict[str, Any]]:
    """A pretend Salesforce: where it is, and how to sign in."""
    with subprocess.Popen([sys.executable, *_SERVE], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        yield json.loads(serving.stdout.readline())
        serving.terminate()


@dataclass
class Wire:
    """Every request for rows that was sent, so that the floor can send the same."""

    sent: list[tuple[requests.PreparedRequest, int]] = field(default_factory=list)  # with the status it was answered
    bytes: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        plain = requests.Session.send

        def send(session: requests.Session, request: requests.PreparedRequest, **given: Any) -> requests.Response:
            answer = plain(session, request, **given)
            if request.method == "GET":
                with self.counting:
                    self.sent.append((request, answer.status_code))
                    self.bytes += len(answer.content)
            return answer

        patch.setattr(requests.Session, "send", send)

    def again(self) -> float:
        """Seconds for the same requests, as many at once as a reading has under way, bodies read and thrown away."""

        def take(share: int) -> int:
            with requests.Session() as session:
                answers = ((session.send(request), status) for request, status in self.sent[share :: sync.AT_ONCE])
                return sum(self._size(answer, status) for answer, status in answers)

        began = time.perf_counter()
        with ThreadPoolExecutor(sync.AT_ONCE) as pool:
            size = sum(pool.map(take, range(sync.AT_ONCE)))
        assert size == pytest.approx(self.bytes, rel=0.01), "the floor downloaded something else"
        return time.perf_counter() - began

    @staticmethod
    def _size(answer: requests.Response, status: int) -> int:
        assert answer.status_code == status, answer.text
        return len(answer.content)


def connect(database: Database, sandbox: dict[str, Any]) -> int:
    given = sandbox["credentials"]
    config = {name: str(value) for name, value in given.items() if not isinstance(value, dict)}
    others = ("client_secret", "password", "security_token")  # one way of signing in is enough
    reader = {name: value for name, value in given["reader"].items() if name not in others}
    with database.transaction() as session:
        row = systems.add(
            session, name="Sales org", kind="salesforce", config=config, reader=reader, keys=KEYS, by=make.ADMIN,
            at=clock.now(),
        )  # fmt: skip
        return row.id


def read(database: Database, system: int, run: str) -> tuple[float, SnapshotRow, int, int]:
    """Read once: seconds, the snapshot, its rows and pages."""
    began = time.perf_counter()
    number = sync.run(database, system, run=run, keys=KEYS, clock=clock.now, by=make.ADMIN)
    took = time.perf_counter() - began
    with database.reading() as session:
        snapshot = session.get_one(SnapshotRow, number)
        streams = session.scalars(select(StreamRow).where(StreamRow.snapshot_id == number)).all()
    assert snapshot.status == "sealed", snapshot.because
    told = {row.verdict for row in streams if row.stream != "sessions"}  # which nobody switched on
    assert told <= {"complete", "explained"}, [(r.stream, r.because) for r in streams]
    return took, snapshot, sum(row.rows for row in streams), sum(row.pages for row in streams)


def test_a_reading_against_the_bare_download_of_its_pages(
    database: Database, sandbox: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    system, wire = connect(database, sandbox), Wire()
    with monkeypatch.context() as patch:
        wire.listen(patch)
        first, _, rows, pages = read(database, system, "first")
    floor = min(wire.again(), wire.again())
    again, snapshot, _, _ = read(database, system, "again")
    kind = "sqlite" if database.sqlite else "postgresql"
    print(
        f"\nsync, {kind}, {PEOPLE:,} people: {rows:,} rows, {len(wire.sent)} calls, {wire.bytes / 1e6:.1f} MB", end=": "
    )
    print(f"bare download {floor:.1f} s; first reading {first:.1f} s, ratio {first / floor:.2f}", end="; ")
    print(f"with nothing changed {again:.1f} s, ratio {again / floor:.2f}, {pages} pages spooled")
    written = {table: counts for table, counts in snapshot.counts.items() if table not in ("logins", "usage")}
    assert written == {}, "nothing had changed"
    assert snapshot.counts.get("logins", {}).get("began", 0) <= 3  # our own signing in
