"""Opens a packet that may be made to deceive: no doubled names, no paths that lead out, no more bytes than listed."""

from __future__ import annotations

import hashlib
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.evidence.manifest import File

_SMALL = 64 << 20  # documents that are read whole
_LINE = 16 << 20  # one line of a long one
_CHUNK = 1 << 20


class Malformed(ValueError):
    """The archive is not one that Rolecall writes."""


class Unpacked:
    """A packet that is open for reading. Nothing is written to disk."""

    def __init__(self, zipped: zipfile.ZipFile) -> None:
        self._zip = zipped
        self.names = frozenset(entry.filename for entry in zipped.infolist())

    def whole(self, path: str) -> bytes:
        """A small file's content."""
        with self._zip.open(self._entry(path)) as file:
            content = file.read(_SMALL + 1)
        if len(content) > _SMALL:
            raise Malformed(f"{path} is larger than it can be")
        return content

    def document(self, path: str) -> Any:
        """A small JSON file."""
        return json.loads(self.whole(path))

    def lines(self, path: str) -> Iterator[Any]:
        """A file of JSON documents, one a line."""
        with self._zip.open(self._entry(path)) as file:
            while line := file.readline(_LINE + 1):
                if len(line) > _LINE:
                    raise Malformed(f"{path} has a line that is longer than it can be")
                yield json.loads(line)

    def differences(self, listed: Mapping[str, File], beside: frozenset[str]) -> list[str]:
        """What is not as the manifest lists it, file by file. `beside`: what it cannot list, itself and its signature."""
        found = [f"{path} is missing" for path in sorted(listed.keys() - self.names)]
        found += [f"{path} was added" for path in sorted(self.names - listed.keys() - beside)]
        for path in sorted(self.names & listed.keys()):
            trouble = self._differs(listed[path])
            if trouble:
                found.append(trouble)
        return found

    def _differs(self, file: File) -> str | None:
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(self._entry(file.path)) as content:
                while size <= file.size and (chunk := content.read(_CHUNK)):
                    digest.update(chunk)
                    size += len(chunk)
        except UNREADABLE as error:
            return f"{file.path} cannot be read ({error})"
        if (size, digest.hexdigest()) != (file.size, file.sha256):
            return f"{file.path} is not what was sealed"
        return None

    def _entry(self, path: str) -> zipfile.ZipInfo:
        if path not in self.names:
            raise Malformed(f"{path} is missing")
        return self._zip.getinfo(path)


# What reading a broken or hostile archive may raise; zipfile lets some of it through as it comes.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip


@contextmanager
def opened(path: Path) -> Iterator[Unpacked]:
    """Open a packet. Raises Malformed when it is no zip, or one that would unpack to something else than it shows."""
    try:
        zipped = zipfile.ZipFile(path)
    except UNREADABLE as error:
        raise Malformed(f"not a packet: {error}") from error
    with zipped:
        trouble = next(_troubles(zipped.infolist()), None)
        if trouble:
            raise Malformed(trouble)
        yield Unpacked(zipped)


def _troubles(entries: list[zipfile.ZipInfo]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if name.casefold() in seen:
            yield f"{name!r} is in it twice"
        seen.add(name.casefold())
        if name != entry.orig_filename or not _plain(name):
            yield f"{name!r} leads out of the packet"
        if entry.is_dir() or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            yield f"{name!r} is no plain file"
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            yield f"{name!r} is packed in a way that packets are not"
    if entries and min(entry.header_offset for entry in entries) != 0:
        yield "something stands before the first file"


def _plain(name: str) -> bool:
    parts = name.split("/")
    strange = set(name) & set('\\:*?"<>|') or any(ord(letter) < 32 for letter in name)
    return bool(name) and not strange and not any(part in ("", ".", "..") or part != part.strip(". ") for part in parts)
