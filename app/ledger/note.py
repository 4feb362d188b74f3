"""Signed text that anybody can check with a public key: C2SP signed notes, and checkpoints written as such.

A note is text, a blank line, and one line per signature: an em dash, the key's name, and base64 of key id and Ed25519
signature. A checkpoint's text is the origin, the tree's size and its root; here one more line says when it was signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_MOST_SIGNATURES = 100


class BadNote(ValueError):
    """Text that is no signed note or checkpoint, or that no known key has signed."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and the name it signs under. `str()` is its C2SP form, which an auditor may write down."""

    name: str
    public: bytes

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @property
    def id(self) -> bytes:
        """Four bytes that say which key a signature line is by. A hint, not a proof."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of name and key, hexadecimal: short enough to read over the telephone."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).hexdigest()


@dataclass(frozen=True, slots=True)
class Signer:
    """What an installation signs with: its name and its current key first, then former ones it still holds."""

    origin: str
    keys: tuple[Ed25519PrivateKey, ...]

    @property
    def verifiers(self) -> list[Verifier]:
        """The public halves, current first."""
        return [Verifier(self.origin, key.public_key().public_bytes_raw()) for key in self.keys]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was signed about the log: whose it is, how many leaves, and their root. `at`: the signer's own clock."""

    origin: str
    size: int
    root: bytes
    at: datetime | None = None


def signer(origin: str, seeds: Sequence[bytes]) -> Signer:
    """A signer from 32-byte Ed25519 seeds, the current one first. The origin has no blanks and no plus sign."""
    if not _NAME.fullmatch(origin):
        raise BadNote(f"{origin!r} cannot name a log: no blanks, no plus sign, not empty")
    return Signer(origin, tuple(Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds))


def parse_verifier(text: str) -> Verifier:
    """A verifier from its C2SP form `name+id+base64`. Raises BadNote when the id does not belong to the key."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise BadNote("a verifying key is written name+id+key")
    name, identifier, encoded = parts
    key = _decoded(encoded)
    if key[:1] != _ED25519 or len(key) != 33:
        raise BadNote("only Ed25519 keys are known here")
    verifier = Verifier(name, key[1:])
    if not _NAME.fullmatch(name) or verifier.id.hex() != identifier:
        raise BadNote("the verifying key's id does not belong to its name and key")
    return verifier


def sign(text: str, by: Signer, *, former: int = 0) -> str:
    """The signed note of a text, by the current key and the first `former` former ones (to hand over from them)."""
    if not text.endswith("\n") or "\n\n" in text or _CONTROL.search(text):
        raise BadNote("a note's text is lines, none of them empty, without control characters")
    lines = []
    for key, verifier in list(zip(by.keys, by.verifiers, strict=True))[: 1 + former]:
        lines.append(f"— {by.origin} {base64.b64encode(verifier.id + key.sign(text.encode())).decode()}\n")
    return f"{text}\n{''.join(lines)}"


def opened(note: str, verifiers: Iterable[Verifier]) -> tuple[str, list[Verifier]]:
    """A note's text and which of the verifiers have signed it. Raises BadNote if none has, or if a signature is wrong."""
    text, signatures = _split(note)
    found = []
    for verifier in verifiers:
        mine = [s for name, key_id, s in signatures if (name, key_id) == (verifier.name, verifier.id)]
        if not mine:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(mine[0], text.encode())
        except (InvalidSignature, ValueError) as error:
            raise BadNote(f"the signature by {verifier.name} does not belong to this text") from error
        found.append(verifier)
    if not found:
        raise BadNote(f"not signed by a key that is trusted here (it is signed by {signed_by(note) or 'nobody'})")
    return text, found


def signed_by(note: str) -> str:
    """The names and key ids a note claims to be signed by, for messages."""
    return ", ".join(f"{name} {key_id.hex()}" for name, key_id, _ in _split(note)[1])


def render(checkpoint: Checkpoint) -> str:
    """A checkpoint's text, to be signed."""
    root = base64.b64encode(checkpoint.root).decode()
    at = f"at {checkpoint.at.isoformat()}\n" if checkpoint.at else ""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n{at}"


def parse(text: str) -> Checkpoint:
    """A checkpoint from the text of a note (or from a whole note, unverified)."""
    lines = text.split("\n\n", 1)[0].removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines) or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
        raise BadNote("not a checkpoint: it needs origin, size and root")
    root = _decoded(lines[2])
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise BadNote("not a checkpoint: its root is no SHA-256")
    at = next((line[3:] for line in lines[3:] if line.startswith("at ")), None)
    return Checkpoint(lines[0], int(lines[1]), root, _moment(at))


def checkpoint(note: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint a note holds, once one of the verifiers has signed it under the checkpoint's own origin."""
    text, found = opened(note, verifiers)
    parsed = parse(text)
    if parsed.origin not in {verifier.name for verifier in found}:
        raise BadNote(f"a checkpoint of {parsed.origin} signed by somebody else")
    return parsed


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    head, found, tail = note.rpartition("\n\n")
    lines = tail.removesuffix("\n").split("\n")
    if not found or not note.endswith("\n") or _CONTROL.search(note) or not 0 < len(lines) <= _MOST_SIGNATURES:
        raise BadNote("not a signed note: it needs text, a blank line, and signatures")
    signatures = []
    for line in lines:
        match = _SIGNATURE.fullmatch(line)
        raw = _decoded(match[2]) if match else b""
        if not match or len(raw) < 5:
            raise BadNote("not a signed note: a signature line is broken")
        signatures.append((match[1], raw[:4], raw[4:]))
    return head + "\n", signatures


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("what should be base64 is not") from error


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadNote("not a checkpoint: it does not say when") from error
