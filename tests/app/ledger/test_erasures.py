"""A person can be taken out of the ledger, and what the ledger proves stays proved."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from app.kit.db import Database
from app.ledger import checkpoints, entries, erasures, leaves, note, proofs, queries, tree
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, PersonalRow

SIGNER = note.signer("rolecall.example/test", [b"1" * 32])


def test_an_erased_person_is_gone_and_every_proof_still_holds(database: Database, at: datetime) -> None:
    told = [
        Entry(Kind.TASK_REASSIGNED, "task:1", {"n": 1}, {"from": "Bo Berg", "to": "Ada"}, "identity:7"),
        Entry(Kind.TASK_REASSIGNED, "task:2", {"n": 2}, {"from": "Eve"}, "identity:8"),
    ]
    with database.transaction() as session:
        made = entries.record_many(session, told, by="admin", at=at)
        leaves.integrate(session)
        row = checkpoints.sign(session, SIGNER, by="test", at=at)
    assert row is not None
    with database.transaction() as session:
        assert [(each.field, each.value) for each in queries.personal(session, "identity:7")] == [
            ("from", "Bo Berg"),
            ("to", "Ada"),
        ]
        assert erasures.erase(session, "identity:7", by="admin", at=at) == 2
    with database.frozen() as session:
        assert list(queries.personal(session, "identity:7")) == []
        assert [each.value for each in queries.personal(session, "identity:8")] == ["Eve"]
        proof = proofs.inclusion(session, made[0], row.size)
        assert tree.verify_inclusion(proof.leaf, proof.number, proof.size, proof.hashes, row.root)
        assert proofs.examine(session) == []
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == Kind.PERSON_ERASED)).one()
        assert (entry.subject, entry.body) == ("identity:7", {"values": 2})


def test_an_erased_value_is_no_longer_in_the_file(database: Database, at: datetime) -> None:
    if database.sqlite:
        with database.transaction() as session:
            told = Entry(Kind.TASK_REASSIGNED, "task:1", {}, {"from": "Bo Unmistakable Berg"}, "identity:7")
            entries.record(session, told, by="admin", at=at)
        with database.transaction() as session:
            erasures.erase(session, "identity:7", by="admin", at=at)
        path = Path(str(database.url.database))
        database.close()  # folds the write-ahead log in
        assert b"Unmistakable" not in path.read_bytes()
    else:
        with database.reading() as session:  # PostgreSQL frees the space with its next vacuum: docs/ledger.md
            assert session.scalars(select(PersonalRow)).all() == []


def test_asking_twice_is_written_down_twice(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        assert erasures.erase(session, "identity:7", by="admin", at=at) == 0
        assert erasures.erase(session, "identity:7", by="admin", at=at) == 0
        assert len(session.scalars(select(EntryRow)).all()) == 2
