"""A packet of several rounds shows every answer, and whoever holds the key still cannot tell another story of them."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evidence import samples, turns
from app.evidence.verify import verify
from app.inventory.tables import AccountRow, EntitlementRow, IdentityRow, SystemRow
from app.kit.db import Database
from app.ledger import note
from app.ledger.note import Signer
from app.ledger.tables import EntryRow
from app.review import campaigns, decisions, rounds, tasks
from app.review.decisions import Ask
from app.review.tables import ItemRow, TaskRow
from tests import make
from tests.app.evidence import review
from tests.app.evidence.review import NOW
from tests.app.evidence.test_verify import Files, edited, failed, resealed

LATER = NOW + timedelta(hours=3)
RULE = {"percent": 50, "fast_seconds": 5, "bulk": 4}
SCOPE: dict[str, Any] = {
    "then": [{"name": "Again", "where": "privileged", "ask": [{"person": "flo"}], "due_days": 7}],
    "outcome": "any_removal",
}


@dataclass
class Packet:
    """One honest packet of two rounds: the privileged grant was kept, then removed by Flo."""

    path: Path
    files: Files
    signer: Signer
    item: int


@pytest.fixture(scope="module")
def packet(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Packet:
    home = tmp_path_factory.mktemp("rounds")
    shutil.copy(sqlite_template, home / "rolecall.db")
    database = Database(f"sqlite:///{home / 'rolecall.db'}")
    with database.transaction() as session:
        told = review.frozen(session, **SCOPE)
        _answer(session, told.campaign, "keep", NOW + timedelta(hours=2))
        begun = rounds.go_on(session, told.campaign, by=make.ADMIN, at=LATER)
        assert begun.asked == 1
        _answer(session, told.campaign, "remove", LATER)
        campaigns.close(session, told.campaign, by=make.ADMIN, at=LATER)
        review.remediations.open_for(session, told.campaign, by=make.ADMIN, at=LATER)
        item = session.scalars(select(ItemRow.id).where(ItemRow.round == 2)).one()
    sealed = review.build(database, told.campaign, home / "packet.zip")
    database.close()
    with zipfile.ZipFile(sealed.path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    signer = note.signer(note.parse_verifier(sealed.key).name, review.KEYS.derive_all("checkpoints"))
    return Packet(sealed.path, files, signer, item)


def _answer(session: Session, campaign: int, answer: str, at: Any, *, at_once: bool = False) -> None:
    """Everybody answers what is open, and submits."""
    mine = select(TaskRow).where(TaskRow.campaign_id == campaign, TaskRow.status == "open").order_by(TaskRow.id)
    for task in session.scalars(mine.execution_options(populate_existing=True)).all():
        by = make.actor(session.get_one(IdentityRow, task.reviewer_id))
        open_items = select(ItemRow.id).where(ItemRow.task_id == task.id, ItemRow.outcome.is_(None))
        items = session.scalars(open_items).all()
        if at_once:
            decisions.record_many(session, [Ask(item, answer, "seen") for item in items], by=by, at=at)
        for item in () if at_once else items:
            decisions.record(session, item, answer, reason="seen", by=by, at=at)
        tasks.submit(session, task.id, by=by, at=at)


def _line(packet: Packet) -> dict[str, Any]:
    lines = [json.loads(line) for line in packet.files["decisions.jsonl"].splitlines()]
    found: dict[str, Any] = next(each for each in lines if each["item"] == packet.item)
    return found


def test_every_rounds_answer_is_told_and_verifies(packet: Packet) -> None:
    verdict = verify(packet.path)
    assert verdict.holds, [check for check in verdict.checks if not check.holds]
    line = _line(packet)
    assert [(each["round"], each["answer"]) for each in line["decisions"]] == [(1, "keep"), (2, "remove")]
    assert [(each["round"], each["answer"]) for each in line["rounds"]] == [(1, "keep")]
    assert (line["round"], line["outcome"], line["reviewer"]) == (2, "remove", "flo")


def _of(packet: Packet, change: Callable[[dict[str, Any]], object]) -> Callable[[Files], Files]:
    def apply(lines: list[Any]) -> None:
        change(next(each for each in lines if each["item"] == packet.item))

    return edited("decisions.jsonl", apply)


LIES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "the first round said something else": (
        lambda line: line["rounds"][0].update(answer="remove"),
        "round 1 is told as remove, and was answered keep",
    ),
    "there was no first round": (lambda line: line.update(rounds=[], round=1), "asked about other items"),
    "it was not asked again": (
        lambda line: line.update(round=1, rounds=[], decisions=line["decisions"][:1], outcome="keep"),
        "the log holds 1 decisions that the packet leaves out",
    ),
    "the same person was asked in both": (
        lambda line: line["rounds"][0].update(reviewer_identity=line["reviewer_identity"]),
        "somebody was asked in two of its rounds",
    ),
    "the removal was the first round's": (
        lambda line: line["decisions"][1].update(round=1),
        "is not what the log says",
    ),
    "it came to something else": (lambda line: line.update(outcome="keep"), "ended as keep, but was answered remove"),
}


@pytest.mark.parametrize("lie", LIES)
def test_even_with_the_key_no_other_story_of_the_rounds_can_be_told(packet: Packet, tmp_path: Path, lie: str) -> None:
    change, told = LIES[lie]
    files = _of(packet, change)(packet.files)
    assert told in failed(resealed(tmp_path / "packet.zip", files, packet.signer))


def test_a_rule_that_the_log_does_not_know_changes_nothing(packet: Packet, tmp_path: Path) -> None:
    cover = json.loads(packet.files["cover.json"])
    cover["scope"]["outcome"] = "first"
    files = packet.files | {"cover.json": json.dumps(cover).encode()}
    assert "the scope on the cover is not that of the log" in failed(
        resealed(tmp_path / "packet.zip", files, packet.signer)
    )


@dataclass
class Drawn:
    """One honest packet of a review that looks at a sample again: of nine answers in one call, half are drawn."""

    path: Path
    files: Files
    signer: Signer
    body: dict[str, Any]


def _more(session: Session, system: SystemRow, bo: IdentityRow, plain: EntitlementRow) -> None:
    account = session.scalars(select(AccountRow).where(AccountRow.identity_id == bo.id)).one()
    for _ in range(8):
        make.grant(session, account, make.entitlement(session, system))


@pytest.fixture(scope="module")
def drawn(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    home = tmp_path_factory.mktemp("sample")
    shutil.copy(sqlite_template, home / "rolecall.db")
    database = Database(f"sqlite:///{home / 'rolecall.db'}")
    with database.transaction() as session:
        told = review.frozen(session, populate=_more, attention={"percent": 50, "ask": [{"person": "flo"}], "bulk": 4})
        _answer(session, told.campaign, "keep", NOW + timedelta(hours=2), at_once=True)
        rounds.go_on(session, told.campaign, by=make.ADMIN, at=LATER)
        _answer(session, told.campaign, "keep", LATER + timedelta(hours=1))
        campaigns.close(session, told.campaign, by=make.ADMIN, at=LATER + timedelta(hours=2))
        body = session.scalars(select(EntryRow.body).where(EntryRow.kind == "round.begun")).one()
    sealed = review.build(database, told.campaign, home / "packet.zip")
    database.close()
    with zipfile.ZipFile(sealed.path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    signer = note.signer(note.parse_verifier(sealed.key).name, review.KEYS.derive_all("checkpoints"))
    return Drawn(sealed.path, files, signer, body)


def test_the_verifier_draws_the_sample_again(drawn: Drawn) -> None:
    verdict = verify(drawn.path)
    assert verdict.holds, [check for check in verdict.checks if not check.holds]
    assert drawn.body["marked"] >= 8
    assert drawn.body["asked"] == -(-drawn.body["marked"] // 2)


def _words(drawn: Drawn) -> samples.Asked:
    asked = samples.Asked(RULE)
    for line in drawn.files["decisions.jsonl"].splitlines():
        list(turns.of_item(json.loads(line), asked))
    return asked


@pytest.mark.parametrize(
    ("body", "rule", "said"),
    [
        ({}, RULE, None),
        ({"percent": 20}, RULE, "another share"),
        ({}, None, "another share"),
        ({"drawn_digest": "0" * 64}, RULE, "other items than its seed draws"),
        ({"seed": "another"}, RULE, "other items than its seed draws"),
        ({"marked": 3}, RULE, "called for a second look"),
        ({"marked_digest": "0" * 64}, RULE, "called for a second look"),
        ({}, RULE | {"bulk": 5_000}, "called for a second look"),
        ({"leaf": 0}, RULE, "called for a second look"),
    ],
)
def test_no_other_sample_can_be_told(drawn: Drawn, body: dict[str, Any], rule: Any, said: str | None) -> None:
    begun = drawn.body | {"leaf": 10_000} | body
    words = [each for each in _words(drawn).words if each.order and _round_of(drawn, each.entry) == 1]
    told = list(samples.wrong(begun, words, rule))
    assert (told == []) if said is None else any(said in each for each in told), told


def _round_of(drawn: Drawn, entry: str) -> int:
    lines = [json.loads(line) for line in drawn.files["decisions.jsonl"].splitlines()]
    return next(said["round"] for line in lines for said in line["decisions"] if said["entry"] == entry)


@pytest.mark.parametrize("opened", [None, {}, {"seed_digest": "0" * 64}])
def test_a_sample_drawn_by_a_seed_that_nobody_committed_to_is_refused(opened: dict[str, str] | None) -> None:
    nobody = hashlib.sha256(b"").hexdigest()
    begun = [{
        "round": 2, "seed": "abc", "percent": 10, "marked": 0, "marked_digest": nobody, "drawn_digest": nobody, "leaf": 9,
        "digest": hashlib.sha256(b"7\n").hexdigest(),
    }]  # fmt: skip
    asked = samples.Asked({"percent": 10, "fast_seconds": 5, "bulk": 20})
    asked.items[2].append(7)
    told = list(turns.of_log(begun, asked, opened))
    assert any("another seed" in each for each in told)
    honest = {"seed_digest": hashlib.sha256(b"abc").hexdigest()}
    assert list(turns.of_log(begun, asked, honest)) == []
