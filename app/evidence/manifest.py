"""What a packet consists of, file by file, and the signature over that list.

The list is canonical JSON (RFC 8785); its digest is signed as a C2SP note by the key that signs the checkpoints, so that an
auditor has one key to write down. The note's lines cannot be mistaken for a checkpoint's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.ledger import jcs, note
from app.ledger.note import Signer, Verifier

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a packet."""

    path: str
    size: int
    sha256: str


def compose(about: Mapping[str, Any], files: Iterable[File]) -> bytes:
    """The manifest's bytes: what the packet is about, and its files in order of their paths."""
    listed = [
        {"path": file.path, "size": file.size, "sha256": file.sha256}
        for file in sorted(files, key=lambda file: file.path)
    ]
    return jcs.dumps({**about, "files": listed})


def sign(manifest: bytes, signer: Signer) -> str:
    """The signed note that belongs to a manifest."""
    return note.sign(_text(signer.origin, manifest), signer)


def signed_by(manifest: bytes, signature: str, verifiers: Iterable[Verifier]) -> Verifier:
    """Which of the verifiers has signed this manifest. Raises note.BadNote if none has."""
    text, found = note.opened(signature, verifiers)
    for verifier in found:
        if text == _text(verifier.name, manifest):
            return verifier
    raise note.BadNote("the signature belongs to another manifest")


def read(manifest: bytes) -> tuple[dict[str, Any], dict[str, File]]:
    """What a manifest says, and its files by path. Raises ValueError when it is not one, or lists a path twice."""
    about = json.loads(manifest)
    if not isinstance(about, dict) or not isinstance(about.get("files"), list):
        raise ValueError("it lists no files")
    if jcs.dumps(about) != manifest:
        raise ValueError("it is not written canonically")
    files = {}
    for each in about.pop("files"):
        file = File(str(each["path"]), int(each["size"]), str(each["sha256"]))
        if file.path in files:
            raise ValueError(f"it lists {file.path} twice")
        files[file.path] = file
    return about, files


def _text(origin: str, manifest: bytes) -> str:
    return f"{origin}\npacket manifest\nsha256 {hashlib.sha256(manifest).hexdigest()}\n"
