"""Writes a packet: a zip whose files are digested as they stream in, and which appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from app.evidence.manifest import File

Write = Callable[[bytes], object]
_CHUNK = 1 << 20


class Archive:
    """The packet being written; `files` lists what is in it so far."""

    def __init__(self, zipped: zipfile.ZipFile, at: datetime) -> None:
        self._zip = zipped
        self._stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second)
        self.files: list[File] = []

    @contextmanager
    def writing(self, path: str) -> Iterator[Write]:
        """Stream one file in; one at a time."""
        entry = zipfile.ZipInfo(path, self._stamp)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3
        entry.external_attr = (stat.S_IFREG | 0o644) << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w", force_zip64=True) as file:

            def write(chunk: bytes) -> None:
                nonlocal size
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)

            yield write
        self.files.append(File(path, size, digest.hexdigest()))

    def add(self, path: str, content: bytes | str) -> None:
        """Add a small file."""
        with self.writing(path) as write:
            write(content.encode() if isinstance(content, str) else content)

    def add_json(self, path: str, content: Any) -> None:
        """Add one JSON document, laid out for people."""
        self.add(path, json.dumps(content, ensure_ascii=False, sort_keys=True, indent=2) + "\n")

    def add_lines(self, path: str, lines: Iterable[Any]) -> int:
        """Add JSON documents one a line, as they come. Returns how many."""
        count = 0
        with self.writing(path) as write:
            for line in lines:
                write(as_line(line))
                count += 1
        return count

    def copy(self, path: str, file: IO[bytes]) -> None:
        """Add a file that was written elsewhere."""
        file.seek(0)
        with self.writing(path) as write:
            while chunk := file.read(_CHUNK):
                write(chunk)


@contextmanager
def sealing(out: Path, at: datetime) -> Iterator[Archive]:
    """Write to a file beside `out` and rename it when all is well; readers never meet half a packet."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
                yield Archive(zipped, at)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def as_line(value: Any) -> bytes:
    """One JSON document as a line; the same value gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
