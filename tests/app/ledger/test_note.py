"""Signed notes and checkpoints, against the vector that Go's own implementation publishes."""

from datetime import UTC, datetime

import pytest

from app.ledger import note
from app.ledger.note import BadNote, Checkpoint

PETER = note.parse_verifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
SAYS = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = (
    SAYS
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ADA = note.signer("rolecall.example/ada", [b"a" * 32])
EVE = note.signer("rolecall.example/ada", [b"e" * 32])
AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
CHECKPOINT = Checkpoint(ADA.origin, 3, b"r" * 32, AT)


def test_the_published_note_opens_with_the_published_key() -> None:
    assert note.opened(SIGNED, [PETER]) == (SAYS, [PETER])
    assert str(PETER) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_one_changed_letter_and_the_note_does_not_open() -> None:
    with pytest.raises(BadNote, match="does not belong"):
        note.opened(SIGNED.replace("answer", "Answer"), [PETER])


def test_a_checkpoint_says_again_what_was_signed() -> None:
    signed = note.sign(note.render(CHECKPOINT), ADA)
    assert signed.startswith("rolecall.example/ada\n3\ncnJy")
    assert note.checkpoint(signed, ADA.verifiers) == CHECKPOINT


def test_another_key_of_the_same_name_is_not_believed() -> None:
    signed = note.sign(note.render(CHECKPOINT), EVE)
    with pytest.raises(BadNote, match="not signed by a key that is trusted"):
        note.checkpoint(signed, ADA.verifiers)


def test_a_checkpoint_in_anothers_name_is_refused_though_the_signature_is_right() -> None:
    signed = note.sign(note.render(Checkpoint("rolecall.example/bo", 3, b"r" * 32)), ADA)
    with pytest.raises(BadNote, match="signed by somebody else"):
        note.checkpoint(signed, ADA.verifiers)


def test_signatures_of_strangers_do_not_disturb() -> None:
    signed = note.sign(note.render(CHECKPOINT), ADA)
    witnessed = signed + "— witness.example/w AAAAAHNpZ25hdHVyZQ==\n"
    assert note.checkpoint(witnessed, ADA.verifiers) == CHECKPOINT


def test_old_and_new_key_sign_together_when_one_hands_over_to_the_other() -> None:
    both = note.signer(ADA.origin, [b"n" * 32, b"a" * 32])
    signed = note.sign(note.render(CHECKPOINT), both, former=1)
    assert note.checkpoint(signed, ADA.verifiers) == CHECKPOINT
    assert note.opened(signed, both.verifiers)[1] == both.verifiers


@pytest.mark.parametrize(
    "text",
    ["", "no signature\n", "text\n\n", "text\n\n- dash AAAA\n", "text\n\n— name !!!!\n", "text\n\n— name AAAA\n",
     SIGNED.rstrip("\n"), SIGNED.replace("answer", "ans\twer"), SIGNED + "trailing\n"],
)  # fmt: skip
def test_what_is_no_note_is_said_not_to_be_one(text: str) -> None:
    with pytest.raises(BadNote):
        note.opened(text, [PETER])


@pytest.mark.parametrize(
    "text",
    ["origin\n3\n", "origin\n03\ncnJy\n", "origin\n-1\ncnJy\n", "origin\n3\ncnJy\n", "origin\nthree\n" + "A" * 43 + "=\n",
     "origin\n3\n" + "A" * 42 + "B=\n", f"origin\n3\n{'A' * 43}=\nat noon\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_said_not_to_be_one(text: str) -> None:
    with pytest.raises(BadNote):
        note.parse(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_a_log_cannot_be_named_so_that_its_notes_would_not_parse(name: str) -> None:
    with pytest.raises(BadNote, match="cannot name a log"):
        note.signer(name, [b"a" * 32])


@pytest.mark.parametrize("text", ["no end", "an empty line\n\nin it\n", "a bell\x07\n"])
def test_text_that_a_note_cannot_carry_is_not_signed(text: str) -> None:
    with pytest.raises(BadNote, match="lines"):
        note.sign(text, ADA)


@pytest.mark.parametrize("text", ["", "a+b", "a+00000000+AQ==", str(PETER).replace("c74f20a3", "c74f20a4")])
def test_a_verifying_key_that_was_mistyped_is_noticed(text: str) -> None:
    with pytest.raises(BadNote):
        note.parse_verifier(text)
