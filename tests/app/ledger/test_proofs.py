"""Proofs that leave the house are believed elsewhere, with nothing but the checkpoint."""

import uuid
from datetime import datetime

import pytest

from app.kit.db import Database
from app.ledger import checkpoints, entries, leaves, note, proofs, tree
from app.ledger.entries import Entry
from app.ledger.kinds import Kind

SIGNER = note.signer("rolecall.example/test", [b"1" * 32])


def grow(database: Database, at: datetime, count: int) -> tuple[list[uuid.UUID], note.Checkpoint]:
    with database.transaction() as session:
        many = [Entry(Kind.DECISION_RECORDED, "item:1", {"n": n}) for n in range(count)]
        made = entries.record_many(session, many, by="ada", at=at)
    with database.transaction() as session:
        leaves.integrate(session)
        row = checkpoints.sign(session, SIGNER, by="test", at=at)
    assert row is not None
    return made, note.checkpoint(row.note, SIGNER.verifiers)


def test_an_entry_is_proved_to_be_in_every_later_checkpoint(database: Database, at: datetime) -> None:
    made, first = grow(database, at, 300)
    _, second = grow(database, at, 300)
    with database.frozen() as session:
        for number in (0, 1, 255, 256, 299):
            for checkpoint in (first, second):
                proof = proofs.inclusion(session, made[number], checkpoint.size)
                assert proof.number == number
                assert tree.verify_inclusion(proof.leaf, number, proof.size, proof.hashes, checkpoint.root)


def test_an_entry_is_not_proved_in_a_checkpoint_before_it(database: Database, at: datetime) -> None:
    _, first = grow(database, at, 3)
    made, _ = grow(database, at, 1)
    with database.frozen() as session, pytest.raises(LookupError, match="not among the first 3"):
        proofs.inclusion(session, made[0], first.size)


def test_two_checkpoints_are_proved_to_be_of_one_log(database: Database, at: datetime) -> None:
    _, first = grow(database, at, 260)
    _, second = grow(database, at, 300)
    with database.frozen() as session:
        proof = proofs.consistency(session, first.size, second.size)
        assert tree.verify_consistency(first.size, second.size, first.root, second.root, proof)
        assert not tree.verify_consistency(first.size, second.size, second.root, first.root, proof)


def test_a_proof_of_leaves_that_were_cut_off_cannot_be_made(database: Database, at: datetime) -> None:
    grow(database, at, 3)
    with database.frozen() as session, pytest.raises(LookupError):
        proofs.consistency(session, 3, 5)
