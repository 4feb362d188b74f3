"""A process is killed at any point of taking access away, proving it, undoing that, and giving it an end: the CRM sees no
effect twice and no second call without a look between, and whoever goes on comes to the same outcome.

The child is forked, and killed with SIGKILL before and after each of its commits, after each look and on either side of
each call; `make soak LIVES=1 KILLS=1000` kills before any statement too, at points drawn from a seed.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.actors.actor import SCHEDULER, Actor, Role
from app.inventory.tables import AccountRow, GrantRow
from app.kit.refusal import Refused
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation import comebacks, queries, undoings, verify
from app.remediation.tables import ActRow, RemediationRow
from app.review.tables import DecisionRow
from tests import make
from tests.app.remediation.conftest import Town
from tests.app.remediation.readings import COMPLETE
from tests.lives import wrong
from tests.lives.book import Book

pytestmark = pytest.mark.slow

KILLS, SEED = int(os.environ.get("KILLS", "0")), int(os.environ.get("LIVES_SEED", "0"))
EVE = Actor("eve", "Eve", frozenset({Role.IT_SECURITY}))
Phase = Callable[["Case"], object]


@dataclass
class Case:
    """One removal, of Bo number so and so."""

    town: Town
    book: Book
    subject: str
    name: str
    made: list[Any] = field(default_factory=list)  # what gives it back
    snapshot: int = 0

    def row(self, session: Session) -> RemediationRow:
        mine = (RemediationRow.subject == self.subject, RemediationRow.undoes_id.is_(None))
        return session.scalars(select(RemediationRow).where(*mine)).one()

    def all(self) -> dict[str, str]:
        with self.town.database.reading() as session:
            rows = session.scalars(select(RemediationRow).where(RemediationRow.subject == self.subject))
            return {row.wish: row.status for row in rows}


# --- what is done, by whoever lives ---


def carry_out(case: Case) -> object:
    """The lane."""
    return case.town.carry_out(open_executor=case.book.open)


def prove(case: Case) -> object:
    """What follows a reading."""
    with case.town.database.transaction() as session:
        told = verify.verify(session, case.snapshot, by=SCHEDULER, at=case.town.now)
        return told, comebacks.notice(session, case.snapshot, by=SCHEDULER, at=case.town.now)


def undo(case: Case) -> object:
    """A new decision; who does it again is told that it was done."""
    with suppress(Refused), case.town.database.transaction() as session:
        undoings.undo(session, case.row(session), "needed after all", by=EVE, at=case.town.now)
    return None


def read(case: Case) -> None:
    """A reading that shows what is in the CRM, sealed; nothing is proved yet."""
    case.town.later(hours=1)
    with case.book.open() as crm, case.town.database.transaction() as session:
        snapshot = make.snapshot(session, case.town.system(session), at=case.town.now, streams=COMPLETE)
        case.snapshot = snapshot.id
        row = case.row(session)
        if row.grant_id is not None:
            session.get_one(GrantRow, row.grant_id).until = row.until if case.name in crm.ends else None  # type: ignore[attr-defined]
        else:
            session.get_one(AccountRow, row.account_id).active = case.name in crm.present  # type: ignore[attr-defined]
    case.town.later(minutes=1)


# --- how it dies ---


@dataclass
class Killer:
    """Counts points, and dies at one of them."""

    dies_at: int
    statements: bool
    passed: int = 0

    def point(self, *_: Any) -> None:
        """Here."""
        if self.passed == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed += 1

    def watch(self, case: Case) -> None:
        """Only ever in the child, which nobody survives."""
        event.listen(Session, "before_commit", self.point)
        event.listen(Session, "after_commit", self.point)
        if self.statements:
            event.listen(case.town.database.writer, "before_cursor_execute", self.point)
        book = case.book
        book.before_look = book.before_effect = book.after_effect = self.point


def dies(case: Case, phase: Phase, at: int, *, statements: bool = False) -> bool:
    """Do it in a forked process that dies at that point; False: it has fewer, and came to its end."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            for engine in (case.town.database.writer, case.town.database.reader):
                engine.dispose(close=False)  # the connections are the parent's
            Killer(at, statements).watch(case)
            phase(case)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"the child failed at point {at} of {phase.__name__}"
    return os.WIFSIGNALED(status)


def promised(town: Town, book: Book, number: int, *, boxed: bool) -> Case:
    """Bo's account, or something that Bo may keep for some days, is to go."""
    with town.database.transaction() as session:
        bo = town.account(session, key=f"bo{number}")
        subject: Any = town.grant(session, bo) if boxed else bo
        item = town.decided(session, subject)
        name = max(town.crm.present - book.present - {bo.key}, default=bo.key) if boxed else bo.key
        if boxed:
            told = session.scalars(select(DecisionRow).where(DecisionRow.item_id == item.id)).one()
            told.until = town.now + timedelta(days=300)
        made = item.subject
    book.present |= town.crm.present
    town.open_all()
    return Case(town, book, made, name)


def lives_on(case: Case, phase: Phase, kill: Callable[[Case, Phase], None], ends: dict[str, str]) -> None:
    """Be killed in it, and go on; then it is as it would have been."""
    kill(case, phase)
    phase(case)
    assert case.all() == ends, phase.__name__
    with case.town.database.reading() as session:
        assert not session.scalars(select(ActRow).where(ActRow.status == "begun")).all(), "a call has no end"
    assert list(wrong.blind(case.book.calls())) == []


def told_once(case: Case) -> None:
    """What happened is told as often as it happened."""
    with case.town.database.reading() as session:
        rows = session.scalars(select(RemediationRow).where(RemediationRow.subject == case.subject)).all()
        mine = [f"remediation:{row.id}" for row in rows]
        told = Counter(session.scalars(select(EntryRow.kind).where(EntryRow.subject.in_(mine))))
        ends = Counter(
            session.scalars(select(ActRow.status).where(ActRow.remediation_id.in_([row.id for row in rows])))
        )
        gives_back = [queries.undoing(session, row.id) for row in rows]
    assert (told[Kind.REMEDIATION_OPENED], told[Kind.REMEDIATION_UNDONE]) == (2, 1)
    assert told[Kind.REMEDIATION_VERIFIED] == 2
    assert sum(each is not None for each in gives_back) == 1
    changes = case.book.changes(case.name)
    assert ends["done"] <= changes.total() <= ends["done"] + ends["ambiguous"]
    assert changes.total() == 2, "taken away once, and given back once"


def a_life(
    town: Town, book: Book, number: int, kill: Callable[[Case, Phase], None], *, boxed: bool, whole: bool = True
) -> None:
    """A removal from its promise to its proof, and if `whole` to its undoing, killed in each of its phases."""
    case, wish = promised(town, book, number, boxed=boxed), "time_box" if boxed else "remove"
    lives_on(case, carry_out, kill, {wish: "acted"})
    assert book.changes(case.name).total() == 1
    read(case)
    lives_on(case, prove, kill, {wish: "verified"})
    if not whole:
        return
    lives_on(case, undo, kill, {wish: "undone", "restore": "open"})
    lives_on(case, carry_out, kill, {wish: "undone", "restore": "acted"})
    read(case)
    lives_on(case, prove, kill, {wish: "undone", "restore": "verified"})
    told_once(case)


POINTS = {carry_out: 12, prove: 2, undo: 2}  # the commits of each, the looks, and both sides of the call


@pytest.mark.parametrize("boxed", [False, True], ids=["taken away", "given an end"])
def test_a_removal_comes_to_the_same_whatever_dies(town: Town, tmp_path: Path, boxed: bool) -> None:
    if boxed and not town.database.sqlite:
        return  # the same statements; what differs is what the CRM is asked
    undoes = POINTS[carry_out] if town.database.sqlite else POINTS[undo]  # giving back runs the same statements
    book, kills = Book(file=tmp_path / "crm.jsonl", clock=town.clock), Counter[str]()
    for number in range(max(POINTS.values()) + 1):

        def everywhere(case: Case, phase: Phase, number: int = number) -> None:
            if number <= POINTS[phase]:  # at the last there is nothing left to die at
                kills[phase.__name__] += dies(case, phase, number)

        a_life(town, book, number, everywhere, boxed=boxed, whole=number <= undoes)
    back = min(undoes + 1, POINTS[carry_out])
    assert kills == {"carry_out": 12 + back, "prove": 4, "undo": 2}, "a point more or less than is killed at"


def test_a_removal_comes_to_the_same_wherever_it_dies(town: Town, tmp_path: Path) -> None:
    book, rng = Book(file=tmp_path / "crm.jsonl", clock=town.clock), random.Random(f"removals:{SEED}")
    kills, number = Counter[str](), 0

    def somewhere(case: Case, phase: Phase) -> None:
        kills[phase.__name__] += dies(case, phase, rng.randrange(60 if phase is carry_out else 15), statements=True)

    while kills.total() < (KILLS // 4 or 2):  # two databases; the other half is for reviews, and two show that it runs
        a_life(town, book, number, somewhere, boxed=rng.random() < 0.4)
        number += 1
    print(f"{kills.total()} kills of {number} removals: {dict(kills)}")
