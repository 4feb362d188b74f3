"""Verify a packet on the auditor's own machine: no database, no network, nothing of Rolecall but these few modules.

In order: the archive is sound, the manifest is signed, every file is as listed, the key is the one that is trusted, the log
extends what was signed before, every entry is in it, and every claim of the packet follows from those entries.
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.evidence import claims, manifest, unpacking
from app.evidence.unpacking import Malformed, Unpacked
from app.ledger import note, tree
from app.ledger.note import BadNote, Checkpoint, Verifier

# What content of another shape than ours makes the checks raise; a hostile packet must fail, not crash.
_MISSHAPEN = (*unpacking.UNREADABLE, KeyError, TypeError, AttributeError, IndexError, RecursionError)
_BESIDE = frozenset({manifest.MANIFEST, manifest.SIGNATURE})


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `because` says what failed."""

    what: str
    holds: bool
    because: str = ""


@dataclass(slots=True)
class Verdict:
    """All checks in order. `remarks` are true things that an auditor should read although nothing failed."""

    checks: list[Check] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    key: str | None = None
    fingerprint: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the packet verifies."""
        return bool(self.checks) and all(check.holds for check in self.checks)

    def note(self, what: str, troubles: Iterable[str]) -> bool:
        """Add a check that fails by the first few of these troubles, or holds when there are none."""
        found = list(troubles)
        more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
        self.checks.append(Check(what, not found, "; ".join(found[:5]) + more))
        return not found


def verify(path: Path | str, *, checkpoint: str | None = None, key: str | None = None) -> Verdict:
    """Check a packet. `checkpoint` is the text of a signed checkpoint kept from before, `key` the verifying key that is
    trusted (C2SP form, or its fingerprint). Never raises for what is in the packet; what fails is in the verdict."""
    verdict = Verdict()
    what = "the archive is sound"
    try:
        with unpacking.opened(Path(path)) as packet:
            verdict.note(what, [])
            what = "the packet has the shape of one"
            _verify(packet, verdict, checkpoint, key)
    except _MISSHAPEN as error:
        verdict.note(what, [f"{error}" if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"])
    return verdict


def _verify(packet: Unpacked, verdict: Verdict, checkpoint: str | None, key: str | None) -> None:
    signed = _signed(packet, verdict)
    if signed is None:
        return
    about, files, verifier = signed
    if not verdict.note("every file is as it was sealed", packet.differences(files, _BESIDE)):
        return
    keys = list(packet.lines("log/keys.jsonl"))
    listed = any(each["key"] == str(verifier) for each in keys)
    verdict.note("the key is among those of the installation", [] if listed else ["log/keys.jsonl does not list it"])
    _trust(verdict, verifier, keys, checkpoint, key)
    log_note = packet.whole("log/checkpoint.txt").decode()
    here = _checkpoint(verdict, about, log_note, verifier)
    if here is None:
        return
    _extends(packet, verdict, here, checkpoint, keys, verifier)
    _content(packet, verdict, about, here, log_note)


def _signed(packet: Unpacked, verdict: Verdict) -> tuple[dict[str, Any], dict[str, manifest.File], Verifier] | None:
    what = "the manifest is signed by the key it names"
    try:
        listed = packet.whole(manifest.MANIFEST)
        about, files = manifest.read(listed)
        verifier = note.parse_verifier(about["key"])
        manifest.signed_by(listed, packet.whole(manifest.SIGNATURE).decode(), [verifier])
    except _MISSHAPEN as error:
        verdict.note(what, [f"{manifest.MANIFEST}: {error}"])
        return None
    troubles = [] if about["origin"] == verifier.name else ["the manifest is of another installation than its key"]
    verdict.key, verdict.fingerprint = str(verifier), verifier.fingerprint
    return (about, files, verifier) if verdict.note(what, troubles) else None


# --- whom to trust ---


def _trust(
    verdict: Verdict, verifier: Verifier, keys: list[dict[str, Any]], checkpoint: str | None, key: str | None
) -> None:
    """The key that sealed the packet is the pinned one, or was handed over to from it."""
    if key is None and checkpoint is None:
        verdict.remarks.append(
            f"signed by the key with the fingerprint {verifier.fingerprint}: compare it with the one that you were given"
        )
        return
    known = [note.parse_verifier(each["key"]) for each in keys] or [verifier]
    if key is not None:
        named = [each for each in {*known, verifier} if key.strip() in (str(each), each.fingerprint)]
        verdict.note("the key is the one that you trust", _reached(named, verifier, keys, "the key that you trust"))
    if checkpoint is not None:
        signers = [each for each in known if _opens(checkpoint, each)]
        reached = _reached(signers, verifier, keys, "the key of your checkpoint")
        verdict.note("your checkpoint and this packet are of one installation", reached)


def _reached(anchors: list[Verifier], verifier: Verifier, keys: list[dict[str, Any]], whose: str) -> Iterator[str]:
    if not any(verifier in _handed_over(anchor, keys) for anchor in anchors):
        yield f"{whose} did not sign this packet, nor hand over to the key that did ({verifier})"


def _handed_over(anchor: Verifier, keys: list[dict[str, Any]]) -> list[Verifier]:
    """The keys that follow from one by notes that it, or one that followed from it, has signed together with the next."""
    trusted = [anchor]
    for each in keys:
        after = note.parse_verifier(each["key"])
        handover = each["handover"]
        if handover and _opens(handover, after) and any(_opens(handover, before) for before in trusted):
            trusted.append(after)
    return trusted


def _trusted_from(verifier: Verifier, keys: list[dict[str, Any]]) -> list[Verifier]:
    """The keys from which the packet's key follows, itself among them: theirs are the earlier checkpoints."""
    known = [note.parse_verifier(each["key"]) for each in keys]
    return [verifier, *(each for each in known if each != verifier and verifier in _handed_over(each, keys))]


def _opens(text: str, verifier: Verifier) -> bool:
    try:
        note.checkpoint(text, [verifier])
    except BadNote:
        return False
    return True


# --- the log ---


def _checkpoint(verdict: Verdict, about: dict[str, Any], text: str, verifier: Verifier) -> Checkpoint | None:
    what = "the log's checkpoint is signed"
    try:
        here = note.checkpoint(text, [verifier])
    except BadNote as error:
        verdict.note(what, [f"log/checkpoint.txt: {error}"])
        return None
    same = about["checkpoint"] == {"size": here.size, "root": here.root.hex()}
    return here if verdict.note(what, [] if same else ["it is not the one that the manifest names"]) else None


def _extends(
    packet: Unpacked,
    verdict: Verdict,
    here: Checkpoint,
    kept: str | None,
    keys: list[dict[str, Any]],
    verifier: Verifier,
) -> None:
    """The log begins with the logs of the previous packet and of the auditor's own checkpoint."""
    trusted = _trusted_from(verifier, keys)
    proofs = {
        line["from"]: [base64.b64decode(each, validate=True) for each in line["hashes"]]
        for line in packet.lines("log/consistency.jsonl")
        if line["to"] == here.size
    }
    if "log/previous-checkpoint.txt" in packet.names:
        before = packet.whole("log/previous-checkpoint.txt").decode()
        if any(_opens(before, each) for each in trusted):
            theirs = trusted
        else:
            verdict.remarks.append("the previous packet was signed by a key that did not hand over to this one")
            theirs = [note.parse_verifier(each["key"]) for each in keys]
        verdict.note("the log extends that of the previous packet", _extended(before, here, proofs, theirs))
    if kept is not None:
        verdict.note("the log extends your checkpoint", _extended(kept, here, proofs, trusted))


def _extended(text: str, here: Checkpoint, proofs: dict[int, list[bytes]], verifiers: list[Verifier]) -> Iterator[str]:
    try:
        before = note.checkpoint(text, verifiers)
    except BadNote as error:
        yield str(error)
        return
    if before.size > here.size:
        yield f"the checkpoint has {before.size} leaves, the packet's log only {here.size}: it was cut off, or is older"
    elif before.size != here.size and before.size not in proofs:
        yield f"the packet holds no proof from {before.size} leaves; ask for one that is built for your checkpoint"
    elif not tree.verify_consistency(
        before.size, here.size, before.root, here.root, proofs.get(before.size, []) if before.size != here.size else []
    ):
        yield f"the first {before.size} leaves are no longer those that were signed then"


# --- what it claims ---


def _content(packet: Unpacked, verdict: Verdict, about: dict[str, Any], here: Checkpoint, log_note: str) -> None:
    cover = packet.document("cover.json")
    told = (cover["stamps"], cover["key"]["verifier"], cover["campaign"]["id"], cover["checkpoint"])
    same = told == (about["stamps"], about["key"], about["campaign"]["id"], log_note)
    verdict.note("cover and manifest agree", [] if same else ["they speak of different packets"])
    log = claims.read_log(packet, here)
    verdict.note(f"each of {log.entries} entries is proved to be in the log", log.troubles)
    verdict.note("personal values are those that were committed to", log.unopened)
    verdict.note("the log is this installation's", _installation(log, about["origin"]))
    counted = claims.decisions(packet, cover, log)
    verdict.note("every decision is an entry of the log, and every such entry is shown", counted.troubles)
    verdict.note("nobody decided on their own access", counted.own)
    verdict.note("each round asked what the log says", claims.rounds(cover, log, counted))
    verdict.note("the campaign is the one in the log", claims.campaign(cover, log, counted))
    verdict.note("decisions on drift are entries of the log", claims.drift(packet, log))
    receipts, troubles = claims.receipts(packet, log)
    verdict.note("the receipts are those that were sealed", troubles)
    readings = {each["snapshot"] for each in receipts}
    verdict.note("removals are what the log says", claims.remediations(packet, log, readings))
    verdict.note("the checklist is told line by line", claims.checklist(packet))
    wrong, said = claims.counts(packet, cover, receipts, counted)
    verdict.note("the counts follow from the packet's files", wrong)
    verdict.remarks += [f"stamped {stamp}" for stamp in about["stamps"]]
    verdict.remarks += ["opened by an override: see cover.txt"] if cover["override"] else []
    verdict.remarks += [f"does not add up, and says so: {sentence}" for sentence in said]
    if log.closed_to_us > 0:
        verdict.remarks.append(f"{log.closed_to_us} personal values were erased or are not shown")


def _installation(log: claims.Log, origin: str) -> Iterator[str]:
    first = log.told.get(("installation.made", "installation"))
    if first is None or f"rolecall/{first['id'].replace('-', '')}" != origin:
        yield f"no entry of the log made an installation that signs as {origin}"


def main(arguments: list[str] | None = None) -> int:
    """Verify from the command line; 0 when the packet verifies, 1 when it does not."""
    parser = argparse.ArgumentParser(prog="verify", description="Verify a packet of evidence, without network.")
    parser.add_argument("packet", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint that you kept from before")
    parser.add_argument("--key", help="the verifying key that you trust, or its fingerprint")
    given = parser.parse_args(arguments)
    kept = given.checkpoint.read_text(encoding="utf-8") if given.checkpoint else None
    verdict = verify(given.packet, checkpoint=kept, key=given.key)
    for check in verdict.checks:
        because = f": {check.because}" if check.because else ""
        sys.stdout.write(f"{'ok    ' if check.holds else 'FAILED'}  {check.what}{because}\n")
    for remark in verdict.remarks:
        sys.stdout.write(f"note    {remark}\n")
    sys.stdout.write("This packet verifies.\n" if verdict.holds else "This packet does NOT verify.\n")
    return 0 if verdict.holds else 1


__all__ = ["Check", "Malformed", "Verdict", "main", "verify"]
