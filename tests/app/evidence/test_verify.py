"""Whatever is done to a packet, the auditor's machine notices and says what."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.evidence import claims, manifest, reconciliation
from app.evidence.manifest import File
from app.evidence.packets import Sealed
from app.evidence.verify import main, verify
from app.kit.db import Database
from app.kit.secrets import Keys
from app.ledger import note
from app.ledger.note import Signer
from app.review import decisions, policy
from app.review.tables import ItemRow
from tests import make
from tests.app.evidence import review

Files = dict[str, bytes]
LATER = review.NOW + timedelta(days=1)


@dataclass
class Sample:
    """One honest packet, its files, the key that sealed it, and a checkpoint from before."""

    sealed: Sealed
    files: Files
    signer: Signer
    earlier: str
    database: Path


@pytest.fixture(scope="module")
def sample(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    home = tmp_path_factory.mktemp("sample")
    shutil.copy(sqlite_template, home / "rolecall.db")
    database = Database(f"sqlite:///{home / 'rolecall.db'}")
    told = review.whole(database, demo=True, owned=True)
    earlier = review.build(database, told.campaign, home / "earlier.zip")
    sealed = review.build(database, told.campaign, home / "packet.zip")
    database.close()
    with zipfile.ZipFile(sealed.path) as packet:
        files = {name: packet.read(name) for name in packet.namelist()}
    origin = note.parse_verifier(sealed.key).name
    signer = note.signer(origin, review.KEYS.derive_all("checkpoints"))
    return Sample(sealed, files, signer, earlier.checkpoint, home / "rolecall.db")


def packed(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packet:
        for name, content in files.items():
            packet.writestr(name, content)
    return path


def resealed(path: Path, files: Files, signer: Signer, **about: Any) -> Path:
    """What whoever holds the key can do: seal other files as if they were the packet."""
    told, _ = manifest.read(files[manifest.MANIFEST])
    beside = (manifest.MANIFEST, manifest.SIGNATURE)
    listed = [
        File(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in files.items()
        if name not in beside
    ]
    made = manifest.compose(told | about, listed)
    return packed(path, files | {beside[0]: made, beside[1]: manifest.sign(made, signer).encode()})


def failed(path: Path, **given: Any) -> str:
    """What failed, in words; the packet must not verify."""
    verdict = verify(path, **given)
    assert not verdict.holds
    return "\n".join(f"{check.what}: {check.because}" for check in verdict.checks if not check.holds)


def test_the_sample_verifies_with_key_fingerprint_and_checkpoint(sample: Sample, tmp_path: Path) -> None:
    for key in (sample.sealed.key, sample.sealed.fingerprint, None):
        verdict = verify(sample.sealed.path, key=key, checkpoint=sample.earlier)
        assert verdict.holds, verdict
    assert verify(packed(tmp_path / "again.zip", sample.files), key=sample.sealed.key).holds
    assert verify(resealed(tmp_path / "re.zip", sample.files, sample.signer), key=sample.sealed.key).holds


def test_without_a_key_the_auditor_is_told_to_compare_it(sample: Sample) -> None:
    assert sample.sealed.fingerprint in verify(sample.sealed.path).remarks[0]


# --- hands that have no key ---


def test_a_flipped_byte_in_any_file_is_found_and_named(sample: Sample, tmp_path: Path) -> None:
    for name, content in sample.files.items():
        if content:
            middle = len(content) // 2
            flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            said = failed(packed(tmp_path / "packet.zip", sample.files | {name: flipped}))
            assert (name if name != manifest.SIGNATURE else manifest.MANIFEST) in said


def test_a_flipped_byte_anywhere_in_the_archive_never_changes_what_verifies(sample: Sample, tmp_path: Path) -> None:
    honest = sample.sealed.path.read_bytes()
    path = tmp_path / "packet.zip"
    for place in range(0, len(honest), max(1, len(honest) // 400)):
        path.write_bytes(honest[:place] + bytes([honest[place] ^ 0x10]) + honest[place + 1 :])
        if verify(path).holds:  # a date or a hint of the archive itself; the content is the same
            with zipfile.ZipFile(path) as packet:
                assert {name: packet.read(name) for name in packet.namelist()} == sample.files


def test_a_dropped_file_is_missed(sample: Sample, tmp_path: Path) -> None:
    for name in sample.files:
        kept = {other: content for other, content in sample.files.items() if other != name}
        assert name in failed(packed(tmp_path / "packet.zip", kept))


def test_an_added_file_is_noticed(sample: Sample, tmp_path: Path) -> None:
    assert "extra.txt was added" in failed(packed(tmp_path / "packet.zip", sample.files | {"extra.txt": b"hello"}))


def test_two_files_that_were_swapped_are_noticed(sample: Sample, tmp_path: Path) -> None:
    one, other = "decisions.jsonl", "remediations.jsonl"
    swapped = sample.files | {one: sample.files[other], other: sample.files[one]}
    said = failed(packed(tmp_path / "packet.zip", swapped))
    assert f"{one} is not what was sealed" in said
    assert f"{other} is not what was sealed" in said


def test_a_manifest_that_was_rebuilt_without_the_key_is_noticed(sample: Sample, tmp_path: Path) -> None:
    files = sample.files | {"decisions.jsonl": b""}
    made = resealed(tmp_path / "packet.zip", files, note.signer(sample.signer.origin, [b"e" * 32]))
    assert "not signed by a key that is trusted" in failed(made)
    signature = {manifest.SIGNATURE: sample.files[manifest.SIGNATURE]}
    with zipfile.ZipFile(made) as packet:
        rebuilt = {name: packet.read(name) for name in packet.namelist()}
    assert "another manifest" in failed(packed(tmp_path / "other.zip", rebuilt | signature))


# --- hands that have another key ---


def forged(sample: Sample, path: Path, *, handover: str | None = None) -> Path:
    """Everything signed anew, in the same name, with a key of Eve's own."""
    eve = note.signer(sample.signer.origin, [b"e" * 32])
    key = eve.verifiers[0]
    keys = [json.loads(line) for line in sample.files["log/keys.jsonl"].splitlines()]
    keys.append({"key": str(key), "fingerprint": key.fingerprint, "began": "2026-01-01", "handover": handover})
    text = sample.files["log/checkpoint.txt"].decode().split("\n\n")[0] + "\n"
    checkpoint = note.sign(text, eve)
    cover = json.loads(sample.files["cover.json"])
    cover |= {"key": {"verifier": str(key), "fingerprint": key.fingerprint}, "checkpoint": checkpoint}
    files = sample.files | {
        "log/keys.jsonl": b"".join(json.dumps(each).encode() + b"\n" for each in keys),
        "log/checkpoint.txt": checkpoint.encode(),
        "cover.json": json.dumps(cover).encode(),
    }
    return resealed(path, files, eve, key=str(key))


def test_a_packet_signed_by_another_key_in_the_same_name_is_refused(sample: Sample, tmp_path: Path) -> None:
    made = forged(sample, tmp_path / "packet.zip")
    assert "the key is the one that you trust" in failed(made, key=sample.sealed.key)
    assert "the key is the one that you trust" in failed(made, key=sample.sealed.fingerprint)
    said = failed(made, checkpoint=sample.earlier)
    assert "your checkpoint and this packet are of one installation" in said
    assert sample.sealed.fingerprint not in verify(made).remarks[0]


def test_a_handover_that_the_former_key_never_signed_hands_over_nothing(sample: Sample, tmp_path: Path) -> None:
    eve = note.signer(sample.signer.origin, [b"e" * 32])
    alone = note.sign(sample.files["log/checkpoint.txt"].decode().split("\n\n")[0] + "\n", eve)
    only_old = sample.files["log/checkpoint.txt"].decode()
    for handover in (alone, only_old):
        made = forged(sample, tmp_path / "packet.zip", handover=handover)
        assert "the key is the one that you trust" in failed(made, key=sample.sealed.key)


def test_another_installations_packet_is_refused(sample: Sample, sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "other.db")
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    told = review.whole(other)
    sealed = review.build(other, told.campaign, tmp_path / "other.zip", keys=Keys(b"o" * 32))
    same_key = review.build(other, told.campaign, tmp_path / "same-key.zip")
    other.close()
    assert verify(sealed.path).holds
    for packet in (sealed, same_key):
        assert "the key is the one that you trust" in failed(packet.path, key=sample.sealed.key)
        assert "of one installation" in failed(packet.path, checkpoint=sample.earlier)


# --- the operator's own hands ---


def test_a_log_that_went_on_from_an_older_copy_does_not_extend_the_auditors_checkpoint(
    sample: Sample, tmp_path: Path
) -> None:
    """The database is put back to before the checkpoint, and history is written anew with the very same key."""
    shutil.copy(sample.database, tmp_path / "copy.db")
    ahead = Database(f"sqlite:///{tmp_path / 'copy.db'}")
    review.build(ahead, 1, tmp_path / "ahead.zip")
    kept = review.build(ahead, 1, tmp_path / "ahead.zip").checkpoint  # covers the entry that sealed the one before
    ahead.close()
    shutil.copy(sample.database, tmp_path / "back.db")
    back = Database(f"sqlite:///{tmp_path / 'back.db'}")
    shorter, same, longer = (review.build(back, 1, tmp_path / f"{n}.zip", at=LATER) for n in range(3))
    known = review.build(back, 1, tmp_path / "known.zip", at=LATER, known=[kept])
    back.close()
    assert all(verify(packet.path, key=packet.key).holds for packet in (shorter, same, longer, known))
    assert "it was cut off, or is older" in failed(shorter.path, checkpoint=kept)
    for packet in (same, longer, known):
        assert "no longer those that were signed then" in failed(packet.path, checkpoint=kept)


def edited(name: str, change: Callable[[list[Any]], None]) -> Callable[[Files], Files]:
    def apply(files: Files) -> Files:
        lines = [json.loads(line) for line in files[name].splitlines()]
        change(lines)
        return files | {name: b"".join(json.dumps(line).encode() + b"\n" for line in lines)}

    return apply


def document(name: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Files], Files]:
    def apply(files: Files) -> Files:
        made = json.loads(files[name])
        change(made)
        return files | {name: json.dumps(made).encode()}

    return apply


def first_said(lines: list[Any]) -> dict[str, Any]:
    return dict_of(lines[0]["decisions"][0])


def dict_of(value: Any) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


def of_kind(lines: list[Any], kind: str) -> dict[str, Any]:
    return next(line for line in lines if line["entry"]["kind"] == kind)


def drop_entry(lines: list[Any], kind: str) -> None:
    lines.remove(of_kind(lines, kind))


DECISIONS, LOG, REMOVALS = "decisions.jsonl", "log/entries.jsonl", "remediations.jsonl"
RECEIPTS, COVER, SUMS = "population/receipts.jsonl", "cover.json", "reconciliation.json"
LIES: dict[str, tuple[Callable[[Files], Files], str]] = {
    "an answer": (edited(DECISIONS, lambda x: first_said(x).update(answer="change")), "is not what the log says"),
    "a reason": (edited(DECISIONS, lambda x: first_said(x).update(reason="other")), "is not what the log says"),
    "an author": (edited(DECISIONS, lambda x: first_said(x).update(by="eve")), "is not what the log says"),
    "a time": (edited(DECISIONS, lambda x: first_said(x).update(at="2026-01-01")), "is not what the log says"),
    "a day on which it ends": (
        edited(DECISIONS, lambda x: first_said(x).update(until="2027-01-31")), "is not what the log says",
    ),
    "a way": (edited(DECISIONS, lambda x: first_said(x).update(way="link")), "is not what the log says"),
    "what was shown": (edited(DECISIONS, lambda x: x[0]["shown"].update(name="other")), "is not what the log says"),
    "an outcome": (edited(DECISIONS, lambda x: x[0].update(outcome="remove")), "but was answered"),
    "a decision dropped": (edited(DECISIONS, lambda x: x[0]["decisions"].clear()), "decisions that the packet leaves out"),
    "a decision without entry": (
        edited(DECISIONS, lambda x: first_said(x).update(entry="00000000-0000-0000-0000-000000000000")),
        "is in no entry of the log",
    ),
    "a decision of another item": (
        edited(DECISIONS, lambda x: x[0]["decisions"].extend(x[1]["decisions"])), "is not what the log says",
    ),
    "an item dropped": (edited(DECISIONS, lambda x: x.pop()), "items were frozen"),
    "an item added": (edited(DECISIONS, lambda x: x.append(x[0] | {"decisions": []})), "items were frozen"),
    "a self-review": (edited(DECISIONS, lambda x: first_said(x).update(self_review=True)), "whose access it is"),
    "an entry changed": (
        edited(LOG, lambda x: of_kind(x, "decision.recorded")["entry"].update(author="eve")), "is not proved",
    ),
    "an entry dropped": (edited(LOG, lambda x: drop_entry(x, "decision.recorded")), "is in no entry of the log"),
    "an entry with more": (
        edited(LOG, lambda x: of_kind(x, "decision.recorded")["entry"].update(more=1)), "is not proved",
    ),
    "an entry doubled": (edited(LOG, lambda x: x.append(x[-1])), "is not proved"),
    "an entry moved": (edited(LOG, lambda x: x[3].update(leaf=x[4]["leaf"])), "is not proved"),
    "no closing": (edited(LOG, lambda x: drop_entry(x, "campaign.closed")), "not stamped DRAFT"),
    "no opening": (edited(LOG, lambda x: drop_entry(x, "campaign.opened")), "does not say that the campaign was opened"),
    "no installation": (edited(LOG, lambda x: drop_entry(x, "installation.made")), "no entry of the log made"),
    "an opened value": (
        edited(LOG, lambda x: of_kind(x, "decision.recorded")["opened"]["reason"].update(value="other")),
        "not the value that was committed to",
    ),
    "a removal dropped": (edited(REMOVALS, lambda x: x.clear()), "removals that the packet leaves out"),
    "a removal invented": (
        edited(REMOVALS, lambda x: x.append(x[0] | {"id": "00000000-0000-0000-0000-000000000000"})), "was promised",
    ),
    "a removal called returned": (edited(REMOVALS, lambda x: x[0].update(status="returned")), "the log says verified"),
    "a proof by another reading": (
        edited(REMOVALS, lambda x: x[0]["verified_by"].update(snapshot=1)), "no reading shows it",
    ),
    "a removal without proof": (edited(REMOVALS, lambda x: x[0].update(verified_by=None)), "no reading shows it"),
    "no verification": (edited(LOG, lambda x: drop_entry(x, "remediation.verified")), "is called verified"),
    "an act": (edited(REMOVALS, lambda x: x[0]["acts"][0].update(status="declined")), "the log says otherwise"),
    "a receipt of an act": (
        edited(REMOVALS, lambda x: x[0]["acts"][0]["receipt"].update(digest="0" * 64)), "another receipt",
    ),
    "a removal called undone": (
        edited(REMOVALS, lambda x: x[0].update(status="undone")), "0 removals give its access back",
    ),
    "another time of what was done": (
        edited(REMOVALS, lambda x: x[0]["meanwhile"].update(began="2026-01-01")), "of another time than the removal's",
    ),
    "a longer time of what was done": (
        edited(REMOVALS, lambda x: x[0]["meanwhile"].update(ended="2099-01-01")), "of another time than the removal's",
    ),
    "sign-ins counted that nobody saw": (
        edited(REMOVALS, lambda x: x[0]["meanwhile"]["changes"].update(count=0)), "counted where no log reaches",
    ),
    "rows of a receipt": (edited(RECEIPTS, lambda x: x[0].update(rows=99)), "not those that were sealed"),
    "a verdict": (edited(RECEIPTS, lambda x: x[0].update(verdict="incomplete")), "not those that were sealed"),
    "a reading's digest": (edited(RECEIPTS, lambda x: x[0].update(snapshot_digest="0")), "not those that were sealed"),
    "a question of a receipt": (edited(RECEIPTS, lambda x: x[0].update(asked=["GET /"])), "does not say what it said"),
    "a count afterwards": (edited(RECEIPTS, lambda x: x[0].update(said_after=7)), "does not say what it said"),
    "rows dropped": (edited(RECEIPTS, lambda x: x[0].update(dropped=["-"])), "does not say what it said"),
    "a field of a receipt lost": (edited(RECEIPTS, lambda x: x[0].pop("distinct")), "does not say what it said"),
    "a receipt dropped": (edited(RECEIPTS, lambda x: x.pop(0)), "not those that were sealed"),
    "no sealing": (edited(LOG, lambda x: drop_entry(x, "snapshot.sealed")), "was sealed"),
    "sums": (document(SUMS, lambda x: x.update(items=99)), "does not follow from the packet's files (items)"),
    "sums called right": (document(SUMS, lambda x: x["said"].append("all is well")), "does not follow"),
    "the scope": (document(COVER, lambda x: x["scope"].update(department="Sales")), "the scope on the cover"),
    "a fallback": (document(COVER, lambda x: x["scope"].update(fallback="eve")), "the scope on the cover"),
    "a word of the scope": (document(COVER, lambda x: x["scope"].update(new="eve")), "the scope on the cover"),
    "a second fallback": (document(COVER, lambda x: x["scope"].update(second_fallback="eve")), "the scope on the cover"),
    "a word missing": (document(COVER, lambda x: x["scope"].pop("kinds")), "the scope on the cover"),
    "what was left out": (
        document(COVER, lambda x: x["excluded"].append({"what": "grants", "count": 1, "because": "-"})),
        "what the cover says was left out",
    ),
    "an override": (document(COVER, lambda x: x.update(override={"reason": "-"})), "the override on the cover"),
    "what was accepted": (
        document(COVER, lambda x: x["acceptance"].update(people=9)), "what the control owner accepted is not the same",
    ),
    "nothing accepted": (document(COVER, lambda x: x.update(acceptance=None)), "what the control owner accepted"),
    "no entry of what was accepted": (
        edited(LOG, lambda x: drop_entry(x, "population.accepted")), "what the control owner accepted is not the same",
    ),
    "an item of another kind": (
        edited(DECISIONS, lambda x: x[0].update(privileged=not x[0]["privileged"])), "is not what the review is of",
    ),
    "what was signed": (document(COVER, lambda x: x["signature"].update(removals={})), "what was signed is not the same"),
    "another closing signed": (document(COVER, lambda x: x["signature"].update(leaf="0")), "what was signed is not"),
    "nothing signed": (document(COVER, lambda x: x.update(signature=None)), "what was signed is not the same"),
    "another reading": (document(COVER, lambda x: x["systems"][0].update(snapshot=9)), "the readings on the cover"),
    "the campaign": (document(COVER, lambda x: x["campaign"].update(id=9)), "they speak of different packets"),
    "a stamp": (document(COVER, lambda x: x["stamps"].clear()), "they speak of different packets"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_even_with_the_key_the_packet_must_say_what_the_log_says(sample: Sample, tmp_path: Path, lie: str) -> None:
    change, because = LIES[lie]
    files = change(dict(sample.files))
    assert files != sample.files
    assert because in failed(resealed(tmp_path / "packet.zip", files, sample.signer), key=sample.sealed.key)


def test_whoever_the_log_says_an_item_concerns_has_not_decided_on_it(sample: Sample, tmp_path: Path) -> None:
    concerned = of_kind([json.loads(line) for line in sample.files[LOG].splitlines()], "decision.recorded")
    (bo,) = concerned["entry"]["body"]["concerned"]
    item = int(concerned["entry"]["subject"].removeprefix("item:"))

    def by_bo(lines: list[Any]) -> None:
        next(line for line in lines if line["item"] == item)["decisions"][0]["by_identity"] = int(bo.split(":")[1])

    files = edited(DECISIONS, by_bo)(dict(sample.files))
    assert "whose access it is" in failed(resealed(tmp_path / "packet.zip", files, sample.signer))


def test_items_that_nobody_answered_cannot_be_exchanged(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "silent.db")
    database = Database(f"sqlite:///{tmp_path / 'silent.db'}")
    with database.transaction() as session:
        told = review.frozen(session)
        review.decide(session, told, unanswered=("integration",))
        review.closed(session, told, unanswered="remove")
    sealed = review.build(database, told.campaign, tmp_path / "packet.zip")
    database.close()
    with zipfile.ZipFile(sealed.path) as packet:
        files = {name: packet.read(name) for name in packet.namelist()}
    files = edited(DECISIONS, lambda x: next(line for line in x if not line["decisions"]).update(item=99))(files)
    signer = note.signer(note.parse_verifier(sealed.key).name, review.KEYS.derive_all("checkpoints"))
    made = resealed(tmp_path / "other.zip", files, signer)
    assert "the items without an answer are not those of the closing" in failed(made)


def test_an_answer_that_was_taken_back_is_shown_and_counts_as_none(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "back.db")
    database = Database(f"sqlite:///{tmp_path / 'back.db'}")
    with database.transaction() as session:
        told = review.frozen(session)
        review.decide(session, told, unanswered=("integration",))
        item = session.scalars(select(ItemRow).where(ItemRow.kind == "account")).one()
        ada, later = make.actor(told.ada), review.NOW + timedelta(hours=2, minutes=1)
        decisions.record(session, item.id, policy.WITHDRAW, by=ada, at=later)
        review.closed(session, told, unanswered="remove")
    packet = review.build(database, told.campaign, tmp_path / "q4.zip").path
    database.close()
    assert verify(packet).holds
    with zipfile.ZipFile(packet) as archive:
        lines = [json.loads(line) for line in archive.read("decisions.jsonl").splitlines()]
    (line,) = [each for each in lines if each["kind"] == "account"]
    assert [each["answer"] for each in line["decisions"]] == ["keep", "withdraw"]
    assert (line["outcome"], reconciliation.outcome(line)) == ("remove", "remove (unanswered)")


def test_a_manifest_in_anothers_name_is_refused(sample: Sample, tmp_path: Path) -> None:
    made = resealed(tmp_path / "packet.zip", sample.files, sample.signer, origin="rolecall/other")
    assert "the manifest is of another installation than its key" in failed(made)


def test_a_proof_towards_another_size_proves_nothing(sample: Sample, tmp_path: Path) -> None:
    files = edited("log/consistency.jsonl", lambda x: [line.update(to=line["to"] + 1) for line in x] and None)(
        dict(sample.files)
    )
    made = resealed(tmp_path / "packet.zip", files, sample.signer)
    assert "the packet holds no proof from" in failed(made, checkpoint=sample.earlier)


def test_a_demonstration_cannot_shed_its_stamp(sample: Sample, tmp_path: Path) -> None:
    files = document(COVER, lambda x: x["stamps"].clear())(dict(sample.files))
    assert "not stamped as one" in failed(resealed(tmp_path / "packet.zip", files, sample.signer, stamps=[]))


def test_a_population_that_lost_a_line_no_longer_adds_up(sample: Sample, tmp_path: Path) -> None:
    name = next(name for name in sample.files if name.endswith("/grants.jsonl"))
    files = sample.files | {name: sample.files[name].splitlines(keepends=True)[0]}
    said = failed(resealed(tmp_path / "packet.zip", files, sample.signer))
    assert "reconciliation.json does not follow" in said


def test_a_checkpoint_other_than_the_manifests_is_refused(sample: Sample, tmp_path: Path) -> None:
    files = sample.files | {"log/checkpoint.txt": sample.earlier.encode()}
    assert "not the one that the manifest names" in failed(resealed(tmp_path / "p.zip", files, sample.signer))
    files = sample.files | {"log/checkpoint.txt": b"nothing signed\n"}
    assert "not a signed note" in failed(resealed(tmp_path / "p.zip", files, sample.signer))


def test_a_checkpoint_that_nobody_signed_is_no_ground_for_trust(sample: Sample) -> None:
    said = failed(sample.sealed.path, checkpoint=sample.earlier.replace("\n\n", "\nextra\n\n"))
    assert "your checkpoint and this packet are of one installation" in said
    assert "of one installation" in failed(sample.sealed.path, checkpoint="not a checkpoint")


def test_without_a_proof_from_the_auditors_checkpoint_the_packet_does_not_verify(
    sample: Sample, tmp_path: Path
) -> None:
    files = sample.files | {"log/consistency.jsonl": b""}
    made = resealed(tmp_path / "packet.zip", files, sample.signer)
    assert "the packet holds no proof from" in failed(made, checkpoint=sample.earlier)


def test_a_forged_proof_of_growth_is_refused(sample: Sample, tmp_path: Path) -> None:
    files = edited("log/consistency.jsonl", lambda x: x[-1]["hashes"].__setitem__(0, "A" * 43 + "="))(
        dict(sample.files)
    )
    made = resealed(tmp_path / "packet.zip", files, sample.signer)
    assert "no longer those that were signed" in failed(made, checkpoint=sample.earlier)


# --- archives that are made to deceive ---


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    return made


@pytest.mark.parametrize(
    "name", ["../escape.txt", "/etc/passwd", "a/../../b", "a\\b", "C:/b", "a//b", "./a", "a/", "b\n", "a/b. "]
)
def test_a_path_that_leads_out_is_refused(sample: Sample, tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "packet.zip", sample.files)
    with zipfile.ZipFile(path, "a") as packet:
        packet.writestr(entry(name), b"x")
    assert "the packet has the shape" not in failed(path)
    assert "the archive is sound" in failed(path) or "leads out" in failed(path)


@pytest.mark.parametrize("name", ["decisions.jsonl", "DECISIONS.jsonl"])
def test_a_name_that_is_in_it_twice_is_refused(sample: Sample, tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "packet.zip", sample.files)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as packet:
        warnings.simplefilter("ignore")
        packet.writestr(name, b"[]")
    assert "is in it twice" in failed(path)


def test_a_link_in_place_of_a_file_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = packed(tmp_path / "packet.zip", sample.files)
    with zipfile.ZipFile(path, "a") as packet:
        packet.writestr(entry("link", stat.S_IFLNK | 0o777), b"/etc/passwd")
    assert "is no plain file" in failed(path)


def test_something_before_the_archive_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "packet.zip"
    path.write_bytes(b"#!/bin/sh\n" + sample.sealed.path.read_bytes())
    assert "stands before the first file" in failed(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_packet_fails_without_a_crash(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "packet.zip"
    path.write_bytes(content)
    failed(path)
    failed(tmp_path / "not-there.zip")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"null\n", b"\xff\xfe", b"[" * 100_000, b'{"files": 1}', b"1e999"]
)
def test_content_of_another_shape_fails_without_a_crash(sample: Sample, tmp_path: Path, content: bytes) -> None:
    for name in sample.files:
        checked = name.endswith((".json", ".jsonl")) or name.startswith("log/")
        if checked and "consistency" not in name and name != manifest.MANIFEST and sample.files[name] != content:
            failed(
                resealed(tmp_path / "packet.zip", sample.files | {name: content}, sample.signer),
                checkpoint=sample.earlier,
            )
    failed(packed(tmp_path / "packet.zip", sample.files | {manifest.MANIFEST: content}))


# --- where it runs ---

NOT_FOR_AUDITORS = ["sqlalchemy", "fastapi", "sqlite3", "socket", "ssl", "http.client", "urllib.request", "asyncio",
                    "app.kit", "app.ledger.tables", "pydantic", "psycopg"]  # fmt: skip


def test_the_verifier_imports_no_database_and_no_network(sample: Sample) -> None:
    program = (
        "import sys; from app.evidence.verify import main; status = main(sys.argv[1:]);"
        f"found = [name for name in {NOT_FOR_AUDITORS!r} if name in sys.modules]; print(found); sys.exit(status)"
    )
    ran = run("-c", program, str(sample.sealed.path), "--key", sample.sealed.fingerprint)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.splitlines()[-2:] == ["This packet verifies.", "[]"]


# Where an auditor runs it, there is nothing that Rolecall is otherwise written with.
BARE = (
    "import runpy, sys; sys.modules['msgspec'] = None; sys.argv = sys.argv[1:];"
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


@pytest.mark.parametrize("way", [(), ("-c", BARE)])
def test_the_verifier_in_the_packet_runs_alone(sample: Sample, tmp_path: Path, way: tuple[str, ...]) -> None:
    (tmp_path / "verify.pyz").write_bytes(sample.files["verify.pyz"])
    (tmp_path / "earlier.txt").write_text(sample.earlier, encoding="utf-8")
    given = ("--key", sample.sealed.key, "--checkpoint", str(tmp_path / "earlier.txt"))
    ran = run("-I", *way, str(tmp_path / "verify.pyz"), str(sample.sealed.path), *given, folder=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "note    stamped DEMO" in ran.stdout
    broken = packed(tmp_path / "broken.zip", sample.files | {DECISIONS: b""})
    ran = run("-I", *way, str(tmp_path / "verify.pyz"), str(broken), *given, folder=tmp_path)
    assert ran.returncode == 1
    assert "FAILED  every file is as it was sealed: decisions.jsonl is not what was sealed" in ran.stdout


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=folder, check=False, timeout=60
    )


def test_the_command_says_no_by_its_exit_code(
    sample: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(sample.sealed.path)]) == 0
    assert main([str(tmp_path / "not-there.zip")]) == 1
    assert "This packet does NOT verify." in capsys.readouterr().out


@pytest.fixture(autouse=True)
def _nothing_is_unpacked(tmp_path: Path) -> Iterator[None]:
    """Verifying writes nothing beside what the test wrote."""
    yield
    assert not any(path.is_dir() for path in tmp_path.iterdir())


def test_a_packet_from_before_receipts_were_bound_as_a_whole_still_verifies() -> None:
    names = {"verdict": "complete", "rows": 2, "said": 2, "pages": 1, "pages_digest": "a", "rows_digest": "b"}
    entry = {"body": {"digest": "d", "streams": {"accounts": names}}}
    receipt = {"stream": "accounts", "snapshot": 3, "snapshot_digest": "d", **names}

    class Old:
        told = {("snapshot.sealed", "snapshot:3"): entry}  # noqa: RUF012

        def lines(self, _path: str) -> list[dict[str, Any]]:
            return [receipt]

    assert claims.receipts(Old(), Old()) == ([receipt], [])  # type: ignore[arg-type]
    receipt["rows"] = 3
    assert claims.receipts(Old(), Old())[1]  # type: ignore[arg-type]
