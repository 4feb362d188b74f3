"""A worker dies without a word, in the middle of a reading or of removals: nothing is lost, nothing has an effect twice.

On SQLite the worker is started again over the same home; on PostgreSQL a second one, which was there all the time, takes
over. The sandboxes live in the test's own process, so they saw every call of the dead and of the living.
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.actors.actor import Actor, Role
from app.cli import stage as stages
from app.cli.stage import ADMIN, Stage
from app.cli.telling import Telling
from app.detection.tables import FindingRow
from app.inventory import readers
from app.inventory.tables import AccountRow, IdentityRow, LoginRow, SnapshotRow, SpoolRow, StreamRow, SystemRow
from app.kit import clock
from app.ledger import entries
from app.ledger import queries as ledger
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.means import review_limits
from app.remediation.tables import ActRow, RemediationRow
from app.review import campaigns, decisions, queries, tasks
from app.review.decisions import Ask
from app.review.tables import ItemRow, TaskRow
from app.worker import Worker
from tests.journeys import stagehands
from tests.journeys.forerunner import Forked

pytestmark = pytest.mark.slow

PEOPLE = 80
EACH = 2  # removals of each kind of thing in each CRM: what is killed in the middle needs no more to go on with
SLOW = {"fault": "latency", "ms": 40, "times": None}
SLOWER = SLOW | {"ms": 500}
QUICK = {"clear": True}
LOST = {"fault": "lost_reply", "times": 1, "path": "/sobjects/|/settings/users/"}  # and not a signing in


@dataclass
class Crew:
    """The workers of an installation: one on SQLite, two on PostgreSQL, whose place nobody takes when one dies."""

    stage: Stage
    environ: dict[str, str]
    stack: ExitStack
    workers: dict[str, Forked] = field(default_factory=dict)

    def join(self) -> None:
        """One more worker, and wait until it works."""
        home = Path(self.environ["ROLECALL_HOME"])
        before = set(home.glob("work-*.log"))
        made = self.stack.enter_context(stagehands.process(self.environ, "work"))
        (log,) = stagehands.until(lambda: set(home.glob("work-*.log")) - before, what="a worker's log")
        said = stagehands.until(lambda: re.search(r"working as (\S+);", log.read_text()), what="a worker's word")
        self.workers[said.group(1)] = made

    def kill_who_does(self, key: str) -> None:
        """SIGKILL to whoever has this job."""
        if self.stage.means.database.sqlite:
            (name,) = self.workers
        else:
            with self.stage.means.database.reading() as session:
                asked = text("SELECT executor_id FROM dbos.workflow_status WHERE workflow_uuid = :key")
                name = str(session.scalar(asked, {"key": key}))
        stagehands.end(self.workers.pop(name), signal.SIGKILL)

    def go_on(self) -> None:
        """Somebody works again: who is left, or else a worker that starts now."""
        if not self.workers:
            self.join()


@pytest.fixture(params=["sqlite", "postgresql"])
def crew(
    request: pytest.FixtureRequest,
    make_database: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Crew]:
    home, embedded = tmp_path / "home", request.param == "sqlite"
    url = f"sqlite:///{home}/demo/rolecall.db" if embedded else make_database("postgresql")
    environ = stagehands.environment(home, url)
    for name, value in environ.items():
        if name.startswith("ROLECALL_"):
            monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        stage = stack.enter_context(
            stages.set_up(Telling(True), keep=False, people=PEOPLE, seed=7, database_url=url, page_size=200, work=False)
        )
        made = Crew(stage, environ, stack)
        for _ in range(1 if embedded else 2):
            made.join()
        yield made


def test_a_worker_is_killed_in_the_middle_of_a_reading(crew: Crew) -> None:
    stage = crew.stage
    stagehands.order(stage.sandboxes["salesforce"], "faults", SLOW)
    key = ask_for_a_reading(stage, "salesforce")
    stagehands.until(lambda: spooled(stage, "logins") >= 4, what="a part of the sign-ins")
    crew.kill_who_does(key)
    assert snapshots(stage) == {key: "reading"}
    concluded = streams_concluded(stage)
    assert {"accounts", "entitlements", "grants"} <= concluded.keys()
    crew.go_on()
    stagehands.until(lambda: snapshots(stage) != {key: "reading"}, what="the reading's end", every=0.5)
    assert snapshots(stage) == {key: "sealed"}
    told = streams_concluded(stage)
    read = {stream: told[stream][0] for stream in told if stream != "sessions"}  # those are switched off
    assert set(read.values()) <= {"complete", "explained"}
    assert concluded.items() <= streams_concluded(stage).items(), "a stream that was read was read again"
    broken = calls_of(stage)
    until_idle(stage)

    stagehands.order(stage.sandboxes["salesforce"], "faults", QUICK)
    again = ask_for_a_reading(stage, "salesforce")
    stagehands.until(lambda: snapshots(stage).get(again) == "sealed", what="an undisturbed reading", every=0.5)
    assert changes_of(stage, again).keys() <= {"logins", "usage"}, (
        "the broken reading is not what an undisturbed one sees"
    )
    undisturbed = calls_of(stage) - broken
    truth = stagehands.asked(stage.sandboxes["salesforce"], "truth")["counts"]
    assert live(stage, AccountRow) == truth["User"]
    assert live(stage, LoginRow) == rows_said(stage, again, "logins")
    entering = calls_of_entering(stage)
    # Again: signing in, and of the four streams under way what each asks before its first page and the pages in flight.
    assert undisturbed <= broken <= undisturbed * 4 // 3 + entering, "what was read already was asked for again"


def test_a_worker_is_killed_in_the_middle_of_removals(crew: Crew) -> None:
    stage = crew.stage
    campaign = open_review(stage)
    promised = decide(stage, campaign)
    stages.switch_writing_on(stage)
    for running in stage.sandboxes.values():
        stagehands.order(running, "faults", SLOWER)
    close(stage, campaign)
    key = stagehands.until(lambda: removing(stage, "salesforce"), what="the removals of Salesforce")
    stagehands.until(lambda: acts(stage)["begun"], what="the first call")
    crew.kill_who_does(key)
    assert acts(stage)["begun"] == 1, "the dead left no call without an end"
    for running in stage.sandboxes.values():
        stagehands.order(running, "faults", QUICK | SLOW)
    crew.go_on()
    stagehands.until(lambda: acts(stage)["done"] >= EACH, what="some calls")
    crew.kill_who_does(key)
    crew.go_on()
    for running in stage.sandboxes.values():
        stagehands.order(running, "faults", QUICK)
    outcomes = stagehands.until(lambda: settled(stage), what="every removal's outcome", every=0.5)
    assert sum(outcomes.values()) == promised
    assert outcomes["verified"] > 2 * EACH
    nothing_happened_twice(stage)


def test_a_reply_is_lost_on_its_way_from_the_crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLECALL_HOME", str(tmp_path))
    with ExitStack() as stack:
        stage = stack.enter_context(stages.set_up(Telling(True), keep=False, people=PEOPLE, seed=7, work=False))
        worker = Worker(stage.means, scheduled=False, poll_s=0.05, first_pause_s=0.2)
        worker.start()
        stack.callback(worker.stop)
        campaign = open_review(stage)
        promised = decide(stage, campaign)
        stages.switch_writing_on(stage)
        for running in stage.sandboxes.values():
            stagehands.order(running, "faults", LOST)
        close(stage, campaign)
        outcomes = stagehands.until(lambda: settled(stage), what="every removal's outcome", every=0.5)
        assert sum(outcomes.values()) == promised
        lost = [call for call in stagehands.changes(stage) if call.endswith("None")]
        assert len(lost) == len(stage.sandboxes), "no reply was lost"
        nothing_happened_twice(stage)


def ask_for_a_reading(stage: Stage, kind: str) -> str:
    """Ask for a reading of one system; returns the job's key."""
    at = clock.now()
    with stage.means.database.transaction() as session:
        number = session.scalars(select(SystemRow.id).where(SystemRow.kind == kind)).one()
        asked = Entry(Kind.SYNC_REQUESTED, f"system:{number}", {"system": number, "because": "a journey"})
        return f"read_system:{entries.record(session, asked, by=ADMIN.id, at=at)}"


def spooled(stage: Stage, stream: str) -> int:
    """How many pages of a stream wait to be sealed."""
    counted = select(func.count()).select_from(SpoolRow).where(SpoolRow.stream == stream)
    with stage.means.database.reading() as session:
        return session.scalar(counted) or 0


def snapshots(stage: Stage) -> dict[str, str]:
    """Every run of a CRM's reading with what became of it; this installation reads itself once, beside them."""
    found = select(SnapshotRow.run, SnapshotRow.status).join(SystemRow, SystemRow.id == SnapshotRow.system_id)
    with stage.means.database.reading() as session:
        return {row.run: row.status for row in session.execute(found.where(SystemRow.kind != "rolecall"))}


def streams_concluded(stage: Stage) -> dict[str, tuple[Any, ...]]:
    """Verdict, calls and moments of every stream of the first reading that came to its end."""
    told = select(StreamRow).where(StreamRow.snapshot_id == 1, StreamRow.ended_at.is_not(None))
    with stage.means.database.reading() as session:
        return {
            row.stream: (row.verdict, row.rows, row.pages, row.calls, row.began_at, row.ended_at)
            for row in session.scalars(told)
        }


def changes_of(stage: Stage, run: str) -> dict[str, Any]:
    """What a reading began, ended or changed in our rows."""
    with stage.means.database.reading() as session:
        counts: dict[str, Any] = session.scalars(select(SnapshotRow.counts).where(SnapshotRow.run == run)).one()
        return counts


def calls_of(stage: Stage) -> int:
    """How many calls the pretend Salesforce has answered."""
    return int(stagehands.asked(stage.sandboxes["salesforce"], "calls")["total"])


def calls_of_entering(stage: Stage) -> int:
    """What it costs to sign in and to find out what may be read."""
    before = calls_of(stage)
    with stage.means.database.reading() as session:
        number = session.scalars(select(SystemRow.id).where(SystemRow.kind == "salesforce")).one()
    with readers.open_reader(stage.means.database, number, stage.means.keys) as reader:
        reader.check()
    return calls_of(stage) - before


def rows_said(stage: Stage, run: str, stream: str) -> int:
    """How many rows a reading says it saw of a stream."""
    rows = select(StreamRow.rows).join(SnapshotRow, SnapshotRow.id == StreamRow.snapshot_id)
    with stage.means.database.reading() as session:
        return session.scalars(rows.where(SnapshotRow.run == run, StreamRow.stream == stream)).one()


def live(stage: Stage, row: Any) -> int:
    """How many rows of a kind there are now."""
    with stage.means.database.reading() as session:
        counted = select(func.count()).select_from(row)
        return session.scalar(counted.where(row.ended.is_(None)) if hasattr(row, "ended") else counted) or 0


def until_idle(stage: Stage) -> None:
    """Wait until nothing is to be handed over any more."""

    def idle() -> bool:
        with stage.means.database.reading() as session:
            return not ledger.unnumbered(session) and not ledger.pending(session, limit=1)

    stagehands.until(idle, what="the relay's end")


def open_review(stage: Stage) -> int:
    """Read everything and open a review of it."""
    for wave in (("roster",), ("salesforce", "hubspot")):
        for run in [ask_for_a_reading(stage, kind) for kind in wave]:
            stagehands.until(lambda run=run: snapshots(stage).get(run) == "sealed", what=run, every=0.5)  # type: ignore[misc]
    stagehands.until(lambda: judged(stage), what="findings in both systems", every=0.5)
    at = clock.now()
    with stage.means.database.transaction() as session:
        scope = {"systems": "all", "fallback": stage.fallback, "second_fallback": stage.second, "many_answers": "all"}
        limits = replace(review_limits(stage.means.settings), owned=False)
        row = campaigns.open(
            session, name="Q4", scope=scope, due_at=at + timedelta(days=14), limits=limits, by=ADMIN, at=at
        )
        return row.id


def judged(stage: Stage) -> bool:
    """Whether the rules have been asked of both CRMs."""
    found = select(SystemRow.kind).join(FindingRow, FindingRow.system_id == SystemRow.id).distinct()
    with stage.means.database.reading() as session:
        return set(session.scalars(found.where(FindingRow.source == "detection"))) >= set(stage.sandboxes)


def decide(stage: Stage, campaign: int) -> int:
    """Take away some of what is wrong in each system, and some roles beside; keep the rest. Returns how many go."""
    removed = 0
    with stage.means.database.reading() as session:
        crms = session.scalars(select(SystemRow.id).where(SystemRow.kind.in_(stage.sandboxes))).all()
        left = Counter(dict.fromkeys(product(crms, ("account", "credential", "grant")), EACH))
        rows = session.scalars(
            select(IdentityRow)
            .join(TaskRow, TaskRow.reviewer_id == IdentityRow.id)
            .where(TaskRow.campaign_id == campaign)
            .order_by(IdentityRow.id)
        ).all()
    for person in rows:
        by = Actor(f"journey:{person.key}", person.name, frozenset({Role.REVIEWER}), person.id)
        with stage.means.database.transaction() as session:
            asks = []
            for item in queries.queue(session, campaign, by=by, limit=5000).items:
                away = may_go(item) and left[item.system_id, item.kind] > 0
                left[item.system_id, item.kind] -= away
                asks.append(Ask(item.id, "remove" if away else "keep", "seen", item.version))
            results = decisions.record_many(session, asks, by=by, at=clock.now())
            assert [result.refusal for result in results if result.refusal] == []
            mine = select(TaskRow.id).where(TaskRow.campaign_id == campaign, TaskRow.reviewer_id == person.id)
            tasks.submit(session, session.scalars(mine).one(), by=by, at=clock.now())
        removed += sum(ask.answer == "remove" for ask in asks)
    return removed


def may_go(item: ItemRow) -> bool:
    """An account or a token with a finding that calls for its removal, or a role that allows nothing special.

    Not a licence: this org takes none away by API, and which grants come first in a queue is a matter of chance.
    """
    if str(item.shown.get("what", {}).get("kind", "")).endswith("_licence"):
        return False
    found = {finding["rule"] for finding in item.shown.get("findings", [])}
    return bool(found - {"privileged_without_reason"}) or (item.kind == "grant" and not item.privileged)


def close(stage: Stage, campaign: int) -> None:
    """Close the review; what follows is the workers' errand."""
    with stage.means.database.transaction() as session:
        campaigns.close(session, campaign, by=ADMIN, at=clock.now())


def removing(stage: Stage, kind: str) -> str | None:
    """The job that carries out a system's removals, once it was asked for."""
    with stage.means.database.reading() as session:
        number = session.scalars(select(SystemRow.id).where(SystemRow.kind == kind)).one()
        asked = select(EntryRow.id).where(
            EntryRow.kind == Kind.REMOVAL_REQUESTED, EntryRow.subject == f"system:{number}"
        )
        entry = session.scalars(asked).first()
    return f"remove:{entry}" if entry else None


def acts(stage: Stage) -> Counter[str]:
    """Calls in Salesforce by how they ended."""
    told = (
        select(ActRow.status, func.count())
        .join(RemediationRow, RemediationRow.id == ActRow.remediation_id)
        .join(SystemRow, SystemRow.id == RemediationRow.system_id)
        .where(SystemRow.kind == "salesforce")
        .group_by(ActRow.status)
    )
    with stage.means.database.reading() as session:
        return Counter({row[0]: row[1] for row in session.execute(told)})


def settled(stage: Stage) -> Counter[str] | None:
    """What became of every removal, once nothing moves any more."""
    told = select(RemediationRow.status, func.count()).group_by(RemediationRow.status)
    with stage.means.database.reading() as session:
        outcomes = Counter({row[0]: row[1] for row in session.execute(told)})
    return outcomes if outcomes and outcomes.keys() <= {"verified", "by_hand", "declined"} else None


def nothing_happened_twice(stage: Stage) -> None:
    """Every call that changed something was made once, and is written down as made."""
    calls = (call.rpartition(" ") for call in stagehands.changes(stage))
    made = Counter(call for call, _, status in calls if status in ("200", "201", "204", "None"))
    assert [call for call, times in made.items() if times > 1 and "[redacted]" not in call] == []
    with stage.means.database.reading() as session:
        ends = Counter(session.scalars(select(ActRow.status)))
    assert ends["begun"] == 0
    assert ends["done"] <= made.total() <= ends["done"] + ends["ambiguous"]
