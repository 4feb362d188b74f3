"""The worker: hands over what follows, once; signs the ledger in its own time; minds the clock with others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from app import jobs
from app.detection.tables import FindingRow, RunRow
from app.inventory.tables import SnapshotRow
from app.kit.db import Database
from app.kit.engine import RunStatus
from app.ledger import entries
from app.ledger import queries as ledger
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import CheckpointRow, LeafRow, PendingRow
from app.review import schedules
from app.review.tables import CampaignRow
from app.worker import Worker
from app.worker import _trigger as trigger
from tests import make
from tests.app.review import cast
from tests.app.running import Installation, idle_account

QUICK: dict[str, Any] = {"scheduled": False, "poll_s": 0.05, "first_pause_s": 0.05}


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Installation:
    return Installation(database, tmp_path / "home", make.NOW)


@pytest.fixture
def working(house: Installation) -> Iterator[Callable[[], Worker]]:
    """Starts the house's worker; stopped at the end."""
    started: list[Worker] = []

    def start() -> Worker:
        house.home.mkdir(exist_ok=True)
        worker = Worker(house.means, **QUICK)
        worker.start()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.stop()


# --- what follows ---


def test_a_reading_is_followed_by_the_rules(house: Installation, working: Callable[[], Worker]) -> None:
    system, _ = house.connect(idle_account(house.now))
    house.ask(system)
    working().wait_until_idle(30)
    assert house.sealed(system) == 1
    assert house.count(RunRow) == 2, "the rules, and what is held beside the job's model"
    assert house.count(FindingRow, FindingRow.system_id == system.id) > 0
    assert house.count(PendingRow) == 0


def test_what_was_handed_over_twice_is_done_once(house: Installation, working: Callable[[], Worker]) -> None:
    """The worker died after it handed the entry to the engine, and before it could forget it."""
    system, world = house.connect(idle_account(house.now))
    key = house.ask(system)
    worker = working()
    worker.wait_until_idle(30)
    served = list(world.served)
    with house.database.transaction() as session:
        entry = house.told(Kind.SYNC_REQUESTED)[0]
        session.execute(insert(PendingRow).values(entry_id=entry.id, kind=entry.kind))
    worker.wait_until_idle(30)
    assert house.count(PendingRow) == 0
    assert (house.count(SnapshotRow), world.served) == (1, served)
    assert [run.key for run in worker.engine.list(name="read_system")] == [key]


def test_what_was_asked_for_while_nobody_worked_is_done_on_return(
    house: Installation, working: Callable[[], Worker]
) -> None:
    systems = [house.connect(idle_account(house.now))[0] for _ in range(3)]
    for system in systems:
        house.ask(system)
    working().wait_until_idle(30)
    assert [house.sealed(system) for system in systems] == [1, 1, 1]


def test_a_job_that_is_refused_says_why_and_the_others_go_on(
    house: Installation, working: Callable[[], Worker]
) -> None:
    with house.database.transaction() as session:
        asked = Entry(Kind.REMOVAL_REQUESTED, "system:999", {"system": 999})
        lost = entries.record(session, asked, by=make.ADMIN.id, at=house.now)
    system, _ = house.connect(idle_account(house.now))
    house.ask(system)
    worker = working()
    worker.wait_until_idle(30)
    run = worker.engine.find(f"remove:{lost}")
    assert run is not None
    assert (run.status, bool(run.because)) == (RunStatus.FAILED, True)
    assert house.sealed(system) == 1


def test_a_log_that_was_cut_off_is_not_signed_again_and_work_goes_on(
    house: Installation, working: Callable[[], Worker], caplog: pytest.LogCaptureFixture
) -> None:
    system, _ = house.connect(idle_account(house.now))
    with house.database.transaction() as session:
        session.add(CheckpointRow(size=1000, root=bytes(32), at=house.now, note="of a longer log"))
    worker = working()
    worker.wait_until_idle(30)
    house.ask(system)
    worker.wait_until_idle(30)
    assert house.sealed(system) == 1
    assert house.count(CheckpointRow) == 1
    assert "nothing is signed any more: " in caplog.text
    assert "1000 were signed" in caplog.text


def test_a_bug_in_one_round_does_not_end_the_work(
    make_database: Callable[[str], str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = Installation(Database(make_database("sqlite")), tmp_path, make.NOW)
    bugs = [ZeroDivisionError("a bug")]

    def clock() -> datetime:
        if bugs:
            raise bugs.pop()
        return house.now

    worker = Worker(replace(house.means, clock=clock), **QUICK)
    worker.start()
    try:
        system, _ = house.connect(idle_account(house.now))
        house.ask(system)
        worker.wait_until_idle(30)
    finally:
        worker.stop()
    assert house.sealed(system) == 1
    assert "a bug" in caplog.text


# --- signing ---


def test_checkpoints_are_signed_every_minute_if_there_is_news_and_every_hour_if_there_is_none(
    house: Installation,
) -> None:
    worker = Worker(house.means, **QUICK)

    def signed(*, news: bool, **later: float) -> int:
        if news:
            with house.database.transaction() as session:
                entries.record(session, Entry(Kind.SNAPSHOT_FAILED, "snapshot:1"), by="x", at=house.now)
        house.later(**later)
        worker.sign()
        return house.count(CheckpointRow)

    assert signed(news=False) == 1
    assert signed(news=True, seconds=30) == 1
    assert signed(news=False, seconds=31) == 2
    assert signed(news=False, minutes=30) == 2
    assert signed(news=False, minutes=31) == 3
    with house.database.reading() as session:
        sizes = session.scalars(select(CheckpointRow.size).order_by(CheckpointRow.id)).all()
    assert sizes == [1, 2, 2]  # the first entry says that this installation was made


def test_a_checkpoint_covers_what_was_written_just_before(house: Installation) -> None:
    worker = Worker(house.means, **QUICK)
    with house.database.transaction() as session:
        entries.record(session, Entry(Kind.SNAPSHOT_FAILED, "snapshot:1"), by="x", at=house.now)
    worker.sign(now=True)
    worker.sign(now=True)
    with house.database.reading() as session:
        latest = ledger.latest_checkpoint(session)
    assert latest is not None
    assert latest.size == house.count(LeafRow) == 2


# --- by the clock ---


def test_a_tick_is_of_the_operators_own_clock(house: Installation) -> None:
    nightly = next(tick for tick in jobs.SCHEDULE if tick.job == "read_all")
    house.given["time_zone"] = "Pacific/Auckland"
    assert jobs.slot(nightly, house.now.astimezone(house.means.settings.zone)) == "read_all:2026-11-16"
    house.later(hours=3)  # 1 a.m. of the next day there
    assert jobs.slot(nightly, house.now.astimezone(house.means.settings.zone)) == "read_all:2026-11-17"


REPLICA = """
import sys
from datetime import datetime
from pathlib import Path
from app import jobs
from app.kit.db import Database
from app.worker import Worker
from tests.app.running import Installation
house = Installation(Database(sys.argv[1]), Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
worker = Worker(house.means, scheduled=False, poll_s=0.05)
worker.start()
for line in sys.stdin:
    word, _, given = line.strip().partition(" ")
    if word == "at":
        house.now = datetime.fromisoformat(given)
    elif word == "tick":
        for tick in jobs.SCHEDULE:
            if tick.job == given:
                worker._tick(tick)
                worker._tick(tick)
    else:
        worker.wait_until_idle(60)
    print(word, flush=True)
worker.stop()
"""


@dataclass
class Replicas:
    """Workers in processes of their own, on one database, who hear what they are told at the same virtual moment."""

    house: Installation
    processes: list[subprocess.Popen[str]]

    def hear(self, job: str, at: datetime) -> None:
        """It is `at` everywhere, and the clock strikes for a job: for each replica twice. Returns when all is done."""
        self._all(f"at {at.isoformat()}")
        self._all(f"tick {job}")
        self._all("idle")

    def _all(self, line: str) -> None:
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
        for process in self.processes:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == line.split()[0]


@pytest.fixture
def replicas(make_database: Callable[[str], str], tmp_path: Path) -> Iterator[Replicas]:
    house = Installation(Database(make_database("postgresql")), tmp_path, make.NOW)
    given = (house.database.url.render_as_string(hide_password=False), str(tmp_path), house.now.isoformat())
    command = [sys.executable, "-c", REPLICA, *given]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    made = Replicas(house, [subprocess.Popen(command, **pipes) for _ in range(2)])
    yield made
    for process in made.processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    house.database.close()


def test_of_two_workers_that_hear_the_same_tick_one_does_the_job(replicas: Replicas) -> None:
    """A nightly reading is asked for once; a review opens within a minute of its time, once, and once on the return."""
    house = replicas.house
    with house.database.transaction() as session:
        for _ in range(3):  # of a kind that no worker there knows: what counts is that they were asked for once
            make.system(session, kind="unheard")
    for at in (house.now, house.now, house.now + timedelta(days=1)):
        replicas.hear("read_all", at)
    days = [entry.at for entry in house.told(Kind.SYNC_REQUESTED)]
    assert days == [house.now] * 3 + [house.now + timedelta(days=1)] * 3
    _reviews_open_in_time(replicas)


def _reviews_open_in_time(replicas: Replicas) -> None:
    house = replicas.house
    noon, scope = make.NOW.replace(hour=12), cast.SCOPE | {"systems": ["Sales org"]}
    with house.database.transaction() as session:
        cast.company(session, read_at=noon)
        for name, hour in (("Punctual", 12), ("Missed", 14)):
            schedules.add(
                session, name=name, zone="UTC", scope=scope, opens_on_day=47, opens_at_hour=hour, by=make.ADMIN,
                at=noon - timedelta(days=30),
            )  # fmt: skip
    struck = trigger(next(tick for tick in jobs.SCHEDULE if tick.job == "open_due_campaigns"), ZoneInfo("UTC"))
    at = noon - timedelta(seconds=90)
    for _ in range(3):  # the clock's own strokes: a minute before, the moment itself, a minute later
        at = struck.get_next_fire_time(None, at + timedelta(seconds=1))
        replicas.hear("open_due_campaigns", at)
    replicas.hear("open_due_campaigns", noon + timedelta(hours=5))  # nobody worked at two
    opened = [(entry.body["planned_at"][11:16], entry.at, entry.body["late_minutes"])
              for entry in house.told(Kind.CAMPAIGN_OPENED)]  # fmt: skip
    assert opened == [("12:00", noon, 0), ("14:00", noon + timedelta(hours=5), 3 * 60)]
    assert house.count(CampaignRow) == 2


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_the_clock_strikes_for_reviews_every_minute_also_when_it_is_set_forward_or_back(zone: str) -> None:
    struck = trigger(next(tick for tick in jobs.SCHEDULE if tick.job == "open_due_campaigns"), ZoneInfo(zone))
    for day in (
        datetime(2026, 3, 29, tzinfo=UTC),
        datetime(2026, 4, 4, 12, tzinfo=UTC),
        datetime(2026, 10, 24, 23, tzinfo=UTC),
    ):
        at = day
        while at < day + timedelta(hours=6):
            following = struck.get_next_fire_time(None, at + timedelta(seconds=1)).astimezone(UTC)
            assert timedelta(0) < following - at <= timedelta(seconds=60)
            at = following


def test_what_the_night_missed_is_done_on_the_return_and_once(house: Installation) -> None:
    with house.database.transaction() as session:
        make.system(session)
    nightly = next(tick for tick in jobs.SCHEDULE if tick.job == "read_all")

    def works(until: Callable[[Worker], None] = lambda _: None) -> int:
        worker = Worker(house.means, poll_s=0.05)
        worker.start()
        until(worker)
        worker.wait_until_idle(60)
        worker.stop()
        return len(house.told(Kind.SYNC_REQUESTED))

    assert works() == 0  # a new installation has missed nothing
    assert works(lambda worker: worker._tick(nightly)) == 1
    house.later(hours=24)  # the service was down for the night and comes back at nine, then again a moment later
    assert [works(), works()] == [2, 2]
