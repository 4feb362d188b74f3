"""A process is killed at any point of opening a review, of closing it, and of promising its removals: all of it is there,
or nothing is, and whoever does it again does it once.

The child is forked and killed with SIGKILL just before each statement that writes, and around its commit; `make soak
LIVES=1 KILLS=1000` kills before any statement, at points drawn from a seed.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER
from app.kit.db import Database
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, PendingRow
from app.remediation import remediations
from app.review import campaigns, decisions
from app.review.tables import CampaignRow
from tests import make
from tests.app.review import cast
from tests.app.review.cast import DUE, NOW, SCOPE, Company

pytestmark = pytest.mark.slow

KILLS, SEED = int(os.environ.get("KILLS", "0")), int(os.environ.get("LIVES_SEED", "0"))
SLOT = "quarterly:2026-Q4"
KEPT = ("campaigns", "campaign_snapshots", "tasks", "items", "decisions", "drift", "remediations", "entries", "pending")
Verb = Callable[[Session], Any]


def _open(session: Session) -> CampaignRow:
    return campaigns.open(session, name="Q4", slot=SLOT, scope=SCOPE, due_at=DUE, by=make.ADMIN, at=NOW)


def _close(session: Session) -> CampaignRow:
    return campaigns.close(session, _campaign(session), unanswered="remove", by=make.ADMIN, at=NOW)


def _promise(session: Session) -> list[int]:
    return remediations.open_for(session, _campaign(session), by=SCHEDULER, at=NOW)


def _campaign(session: Session) -> int:
    return session.scalars(select(CampaignRow.id)).one()


@dataclass
class Tape:
    """The statements of a verb, and where it dies: before the statement of that number, or around the commit."""

    database: Database
    dies_at: int | None = None
    statements: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Hear every statement from now on."""
        event.listen(self.database.writer, "before_cursor_execute", self._statement)

    def forget(self) -> None:
        """Hear nothing any more."""
        event.remove(self.database.writer, "before_cursor_execute", self._statement)

    def _statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self.dies_at == len(self.statements):
            os.kill(os.getpid(), signal.SIGKILL)
        self.statements.append(statement)


def _writes(statements: list[str]) -> list[int]:
    """Those that change what stays: not what a freezing keeps in tables of its own."""
    return [
        number
        for number, said in enumerate(statements)
        if said.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) and "INTO frozen_" not in said.split("SELECT")[0]
    ]


def _rehearsed(database: Database, verb: Verb) -> list[str]:
    """Every statement of a verb, which is undone."""
    tape = Tape(database)
    tape.listen()
    try:
        with database.transaction() as session:
            verb(session)
            session.rollback()
    finally:
        tape.forget()
    return tape.statements


def _killed(database: Database, verb: Verb, dies_at: int, *, before_commit: bool = False) -> None:
    """Do it in a forked process that dies at that statement, just before it commits, or (with neither) just after."""
    child = os.fork()
    if child == 0:
        try:
            for engine in (database.writer, database.reader):
                engine.dispose(close=False)  # the connections are the parent's
            tape = Tape(database, dies_at)
            tape.listen()
            with database.transaction() as session:
                verb(session)
                if before_commit:
                    os.kill(os.getpid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the child ended by itself, {status}"


def _there(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        counts: dict[str, Any] = {
            table: session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in KEPT
        }
        counts["outcomes"] = session.execute(text("SELECT count(*) FROM items WHERE outcome IS NOT NULL")).scalar_one()
        counts["open"] = session.execute(text("SELECT count(*) FROM campaigns WHERE status = 'open'")).scalar_one()
        return counts


def _dies_everywhere(database: Database, verb: Verb, seed: int) -> int:
    """Kill it at each point before its commit, and see that nothing is there; then just after, and see that all is."""
    before, statements = _there(database), _rehearsed(database, verb)
    points = _writes(statements)
    assert len(points) > 3
    if KILLS:
        points = random.Random(f"kill:{seed}").choices(
            range(len(statements)), k=KILLS // 12
        )  # three verbs, two databases; the other half is for removals
    for point in points:
        _killed(database, verb, point)
        assert _there(database) == before, (seed, point, statements[point])
    _killed(database, verb, -1, before_commit=True)
    assert _there(database) == before, "just before the commit"
    _killed(database, verb, -1)
    assert _there(database) != before, "just after the commit"
    return len(points)


def _followed(session: Session, kind: Kind) -> int:
    """How many entries of a kind wait for what follows them."""
    asked = select(PendingRow.entry_id).join(EntryRow, EntryRow.id == PendingRow.entry_id)
    return len(session.scalars(asked.where(EntryRow.kind == kind)).all())


def test_a_review_opens_closes_and_promises_its_removals_once_whatever_dies(database: Database) -> None:
    with database.transaction() as session:
        company = cast.company(session)
    _dies_everywhere(database, _open, SEED)
    opened = _there(database)
    with database.transaction() as session:
        again = _open(session)  # whoever missed that it had opened finds it by its slot
        assert _followed(session, Kind.CAMPAIGN_OPENED) == 1, "nobody hears of it"
        _answer_one(session, company, again)
    assert {**_there(database), "decisions": 0, "outcomes": 0, "entries": 1, "pending": 1} == opened
    _dies_everywhere(database, _close, SEED)
    with database.reading() as session:
        assert _followed(session, Kind.CAMPAIGN_CLOSED) == 1, "what follows the closing is lost"
        silent = session.execute(text("SELECT count(*) FROM items WHERE outcome IS NULL")).scalar_one()
        assert (session.get_one(CampaignRow, again.id).status, silent) == ("closed", 0)
    _dies_everywhere(database, _promise, SEED)
    promised = _there(database)
    with database.transaction() as session:
        _promise(session)
    assert _there(database) == promised, "promised twice"
    assert promised["remediations"] == promised["items"] - 1


def _answer_one(session: Session, company: Company, campaign: CampaignRow) -> None:
    item = cast.items(session, campaign)[f"grant:{company.plain.id}"]
    decisions.record(session, item.id, "keep", reason="seen", by=company.actor(company.ada), at=NOW)
