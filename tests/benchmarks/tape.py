"""A CRM on tape: every answer of one reading, kept on disk, and given again by a process of its own, each after a delay.

What a sandbox takes to think is not what a client costs, and its one thread is no CRM's speed. So the pages are taken from
it once, and then floor and reading are given the very same bytes at the very same pace, as many at once as they ask for.

python -m tests.benchmarks.tape FOLDER [--of URL] [--ms 50]      prints where it answers, as one line of JSON
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

KEPT = ("Content-Type", "Sforce-Limit-Info", "X-Request-Id", "Date", "Retry-After")
HERE = b"http://tape.invalid"  # in kept answers: wherever the tape is played
ALIKE = ("/token", "/introspect")  # what is sent there is signed anew each time, and the answer is the same


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer: what it answers, how, and where its body stands."""

    key: str
    method: str
    target: str
    status: int
    headers: Mapping[str, str]
    begin: int
    size: int
    moved: bool  # its body names an address


class Tape:
    """Answers by what they answer; bodies in one file, the rest beside it."""

    def __init__(self, folder: Path) -> None:
        self.bodies, self.index, self.lock = folder / "bodies", folder / "index.jsonl", threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self.bodies.touch()
        lines = self.index.read_text().splitlines() if self.index.exists() else []
        self.kept = {each.key: each for each in (Kept(**json.loads(line)) for line in lines)}

    def keep(self, key: str, method: str, target: str, answer: requests.Response, of: str) -> Kept:
        """Write an answer down; the address that it came from becomes the tape's own."""
        body = answer.content.replace(of.encode(), HERE)
        headers = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        with self.lock, self.bodies.open("ab") as bodies, self.index.open("a") as index:
            begin = bodies.tell()
            made = Kept(key, method, target, answer.status_code, headers, begin, len(body), HERE in body)
            bodies.write(body)
            index.write(json.dumps(asdict(made)) + "\n")
            self.kept[key] = made
        return made

    def pages(self) -> list[Kept]:
        """What was asked with GET: lists, counts and descriptions."""
        return [each for each in self.kept.values() if each.method == "GET"]

    def changed(self, folder: Path, change: Any) -> Tape:
        """Another tape, on which `change` was done to every answer's JSON (in place; it says whether it did anything)."""
        other = Tape(folder)
        with self.bodies.open("rb") as old, other.bodies.open("wb") as new, other.index.open("w") as index:
            for each in self.kept.values():
                old.seek(each.begin)
                body = old.read(each.size)
                if each.method == "GET" and each.status == 200 and body[:1] == b"{":
                    said = json.loads(body)
                    body = json.dumps(said, separators=(",", ":")).encode() if change(said) else body
                told = asdict(each) | {"begin": new.tell(), "size": len(body)}
                new.write(body)
                index.write(json.dumps(told) + "\n")
        return Tape(folder)


def key_of(method: str, target: str, body: bytes) -> str:
    """What tells one question from another."""
    if urlsplit(target).path.endswith(ALIKE):
        body = b""
    return hashlib.sha256(b"\n".join((method.encode(), target.encode(), body))).hexdigest()


class _Player(BaseHTTPRequestHandler):
    """Gives what is on the tape after the delay; what is not, it asks of the original and keeps."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    tape: Tape
    of: str | None
    delay: float
    here: bytes
    threaded = threading.local()

    def do_GET(self) -> None:
        """Answer anything."""
        began = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key = key_of(self.command, self.path, body)
        kept = self.tape.kept.get(key) or self._asked(key, body)
        if kept is None:
            self.send_error(501, f"not on the tape: {self.command} {self.path[:200]}")
            return
        time.sleep(max(0.0, self.delay - (time.monotonic() - began)))
        self._give(kept)

    do_POST = do_PUT = do_GET

    def _asked(self, key: str, body: bytes) -> Kept | None:
        if self.of is None:
            return None
        if not hasattr(self.threaded, "session"):
            self.threaded.session = requests.Session()
            again = HTTPAdapter(max_retries=3)  # a sandbox hangs up on whoever has asked nothing for a while
            self.threaded.session.mount("http://", again)
        headers = {n: v for n, v in self.headers.items() if n.lower() not in ("host", "accept-encoding", "connection")}
        answer = self.threaded.session.request(
            self.command, self.of + self.path, data=body, headers=headers, allow_redirects=False, timeout=600
        )
        return self.tape.keep(key, self.command, self.path, answer, self.of)

    def _give(self, kept: Kept) -> None:
        with self.tape.bodies.open("rb") as bodies:
            bodies.seek(kept.begin)
            moved = bodies.read(kept.size).replace(HERE, self.here) if kept.moved else None
            self.send_response_only(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(kept.size if moved is None else len(moved)))
            self.end_headers()
            if moved is not None:
                self.wfile.write(moved)
                return
            self.wfile.flush()
            sent = 0
            while sent < kept.size:
                sent += os.sendfile(self.connection.fileno(), bodies.fileno(), kept.begin + sent, kept.size - sent)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def serve(folder: Path, of: str | None, milliseconds: float) -> None:
    """Play until told to stop."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Player)
    server.daemon_threads = True
    here = f"http://127.0.0.1:{server.server_address[1]}"
    _Player.tape, _Player.of, _Player.delay, _Player.here = Tape(folder), of, milliseconds / 1000, here.encode()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print(json.dumps({"url": here}), flush=True)
    server.serve_forever()


@contextmanager
def playing(folder: Path, *, of: str | None = None, ms: float = 50) -> Iterator[str]:
    """The address of a tape that is played, or recorded from `of`, by a process of its own."""
    asked = [sys.executable, "-m", "tests.benchmarks.tape", str(folder), "--ms", str(ms), *(["--of", of] if of else [])]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def download(url: str, pages: Sequence[Kept], at_once: int, turn: Callable[[], None] = lambda: None) -> float:
    """Seconds for these pages from a tape that is played at `url`: bodies are read and thrown away, nothing else.

    `turn` waits until the CRM's own rules allow the next call.
    """

    def take(share: int) -> int:
        size = 0
        with requests.Session() as session:
            session.trust_env = False
            for page in pages[share::at_once]:
                turn()
                size += _size(session.get(url + page.target), page)
        return size

    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        size = sum(pool.map(take, range(at_once)))
    took, wanted = time.perf_counter() - began, sum(page.size for page in pages)
    assert abs(size - wanted) <= wanted / 1000, "the floor downloaded something else"  # addresses differ in length
    return took


def _size(answer: requests.Response, page: Kept) -> int:
    assert answer.status_code == page.status, answer.text[:300]
    return len(answer.content)


def main() -> None:
    """Serve one tape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--of", default=None, help="the address that is recorded")
    parser.add_argument("--ms", type=float, default=50, help="before every answer")
    wish = parser.parse_args()
    socket.setdefaulttimeout(600)
    serve(wish.folder, wish.of, wish.ms)


if __name__ == "__main__":
    main()
