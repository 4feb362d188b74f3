"""What was signed about the log cannot be unsaid."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from app.kit.db import Database
from app.ledger import checkpoints, entries, leaves, note, proofs, queries, tree
from app.ledger.checkpoints import BrokenLog
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.note import Signer
from app.ledger.tables import CheckpointRow, EntryRow

ORIGIN = "rolecall.example/test"
SIGNER = note.signer(ORIGIN, [b"1" * 32])
MINUTE = timedelta(minutes=1)


def write(database: Database, at: datetime, count: int = 3) -> None:
    with database.transaction() as session:
        many = [Entry(Kind.DECISION_RECORDED, "item:1", {"n": n}) for n in range(count)]
        entries.record_many(session, many, by="ada", at=at)
    with database.transaction() as session:
        leaves.integrate(session)


def sign(
    database: Database, at: datetime, signer: Signer = SIGNER, heartbeat: timedelta | None = None
) -> CheckpointRow | None:
    with database.transaction() as session:
        return checkpoints.sign(session, signer, by="scheduler", at=at, heartbeat=heartbeat)


def edit(database: Database, *statements: str) -> None:
    """What somebody with the database's own password can do: take the guards off first."""
    with database.transaction() as session:
        if database.sqlite:
            for name in ("entries", "leaves"):
                for verb in ("update", "delete"):
                    session.execute(text(f"DROP TRIGGER {name}_no_{verb}"))
        else:
            for name in ("entries", "leaves"):
                session.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER {name}_append_only"))
        for statement in statements:
            session.execute(text(statement))


def test_a_checkpoint_says_size_and_root_and_is_signed(database: Database, at: datetime) -> None:
    write(database, at)
    row = sign(database, at)
    assert row is not None
    with database.reading() as session:
        signed = note.checkpoint(row.note, queries.verifiers(session))
        assert (signed.origin, signed.size, signed.at) == (ORIGIN, 3, at)
        assert signed.root == tree.root(3, queries.nodes(session)) == row.root


def test_an_empty_log_has_nothing_to_sign(database: Database, at: datetime) -> None:
    assert sign(database, at, heartbeat=timedelta(0)) is None


def test_nothing_new_is_signed_only_when_silence_lasted(database: Database, at: datetime) -> None:
    write(database, at)
    assert sign(database, at) is not None
    assert sign(database, at + MINUTE) is None
    assert sign(database, at + MINUTE, heartbeat=2 * MINUTE) is None
    beat = sign(database, at + 2 * MINUTE, heartbeat=2 * MINUTE)
    assert beat is not None
    assert beat.size == 3


def test_a_log_that_was_cut_off_is_not_signed_again(database: Database, at: datetime) -> None:
    write(database, at)
    sign(database, at)
    edit(database, "DELETE FROM leaves WHERE number = 2")
    with pytest.raises(BrokenLog, match="cut off"):
        sign(database, at + MINUTE, heartbeat=MINUTE)


def test_a_log_that_was_edited_is_not_signed_again(database: Database, at: datetime) -> None:
    write(database, at)
    sign(database, at)
    other = tree.leaf_hash(b"other").hex()
    value = f"x'{other}'" if database.sqlite else f"'\\x{other}'"
    edit(database, f"UPDATE leaves SET hash = {value} WHERE number = 1")
    write(database, at)
    with pytest.raises(BrokenLog, match="not those that were signed"):
        sign(database, at + MINUTE)


@pytest.mark.parametrize(
    ("statement", "trouble"),
    [
        ("UPDATE entries SET author = 'eve' WHERE id = (SELECT entry_id FROM leaves WHERE number = 1)", "leaf 1"),
        ("DELETE FROM leaves WHERE number = 2", "signed at 3"),
        ("DELETE FROM leaves WHERE number = 0", "leaf 0 is missing"),
    ],
)
def test_looking_at_the_whole_log_finds_what_was_done_to_it(
    database: Database, at: datetime, statement: str, trouble: str
) -> None:
    write(database, at)
    sign(database, at)
    with database.frozen() as session:
        assert proofs.examine(session) == []
    edit(database, statement)
    with database.frozen() as session:
        assert any(trouble in each for each in proofs.examine(session))


def test_entries_cut_off_before_anything_was_signed_are_missed_too(database: Database, at: datetime) -> None:
    write(database, at)
    edit(database, "DELETE FROM leaves WHERE number = 2")
    with database.frozen() as session:
        assert proofs.examine(session) == ["3 entries, but 2 leaves and 0 that wait for one"]


def test_a_clock_that_was_set_back_is_noticed(database: Database, at: datetime) -> None:
    write(database, at)
    sign(database, at)
    write(database, at)
    sign(database, at - MINUTE)
    with database.frozen() as session:
        assert ["clock was set back" in each for each in proofs.examine(session)] == [True]


def test_a_new_key_is_handed_over_to_by_the_former_one(database: Database, at: datetime) -> None:
    write(database, at)
    first = sign(database, at)
    rotated = note.signer(ORIGIN, [b"2" * 32, b"1" * 32])
    write(database, at)
    second = sign(database, at + MINUTE, rotated)
    write(database, at)
    third = sign(database, at + 2 * MINUTE, rotated)
    assert first is not None
    assert second is not None
    assert third is not None
    with database.frozen() as session:
        old, new = queries.keys(session)
        assert old.handover is None
        assert new.handover == second.note
        assert note.checkpoint(new.handover, SIGNER.verifiers).size == 6
        with pytest.raises(note.BadNote):
            note.checkpoint(third.note, SIGNER.verifiers)
        assert note.checkpoint(third.note, queries.verifiers(session)).size == third.size
        assert proofs.examine(session) == []
        told = session.scalars(select(EntryRow).where(EntryRow.kind == Kind.KEY_ROTATED)).one()
        assert told.body == {"purpose": "checkpoints", "key": new.verifier, "handed_over": True}


def test_a_key_without_the_former_one_is_used_and_said_not_to_be_handed_over(database: Database, at: datetime) -> None:
    write(database, at)
    sign(database, at)
    write(database, at)
    sign(database, at + MINUTE, note.signer(ORIGIN, [b"2" * 32, b"3" * 32]))
    with database.frozen() as session:
        assert [row.handover for row in queries.keys(session)] == [None, None]
        told = session.scalars(select(EntryRow).where(EntryRow.kind == Kind.KEY_ROTATED)).one()
        assert told.body["handed_over"] is False


def test_the_database_keeps_no_private_key(database: Database, at: datetime) -> None:
    write(database, at)
    sign(database, at)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CheckpointRow)) == 1
        assert all("1" * 32 not in row.verifier for row in queries.keys(session))
