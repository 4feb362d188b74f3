"""What the journeys share: processes of an installation, its API, and waiting until something is so."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from app.cli.stage import Stage
from app.kit.secrets import generate_key_file
from connectors.sandbox.serve import Running
from tests.journeys import forerunner
from tests.journeys.forerunner import Forked


def environment(home: Path, database_url: str, **more: str) -> dict[str, str]:
    """An installation's environment: its home, its database and a key of its own."""
    key = home / "installation.key"
    if not key.exists():
        home.mkdir(parents=True, exist_ok=True)
        generate_key_file(key)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    return (
        clean
        | {
            "ROLECALL_HOME": str(home),
            "ROLECALL_DATABASE_URL": database_url,
            "ROLECALL_KEY_FILE": str(key),
            "ROLECALL_MAX_REMOVALS_PERCENT": "60",
            "ROLECALL_RELEASE_ABOVE": "1000",
            "ROLECALL_HEARTBEAT_SECONDS": "1",
            "ROLECALL_TAKEOVER_SECONDS": "3",
            "ROLECALL_CONTROL_OWNER_REQUIRED": "no",  # the quarters on the sandboxes have one
        }
        | more
    )


@contextmanager
def process(environ: Mapping[str, str], *words: str) -> Iterator[Forked]:
    """A `rolecall` process, in a group of its own, gone when the block ends."""
    made = forerunner.rolecall(environ, Path(environ["ROLECALL_HOME"]) / f"{words[0]}-{time.time_ns()}.log", *words)
    try:
        yield made
    finally:
        end(made)


def end(made: Forked, how: signal.Signals = signal.SIGTERM) -> None:
    """End a process and its children; by force if it does not go by itself."""
    for sign, patience in ((how, 15), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError, TimeoutError):
            os.killpg(made.pid, sign)
            made.wait(patience)
            return


def until(so: Callable[[], Any], *, patience: float = 120, what: str = "it", every: float = 0.1) -> Any:
    """Wait until something is so, asking `every` so many seconds, and give what it said. Fails naming `what` at last."""
    deadline = time.monotonic() + patience
    while True:
        said = so()
        if said:
            return said
        assert time.monotonic() < deadline, f"{what} did not come about within {patience:g} s"
        time.sleep(every)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def order(running: Running, route: str, body: Mapping[str, Any]) -> Any:
    """Tell a sandbox something as its own administrator."""
    headers = {"X-Sandbox-Key": running.admin_key}
    answer = httpx2.post(f"{running.url}/__sandbox__/{route}", json=dict(body), headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def asked(running: Running, route: str) -> Any:
    """Ask a sandbox something as its own administrator."""
    answer = httpx2.get(f"{running.url}/__sandbox__/{route}", headers={"X-Sandbox-Key": running.admin_key}, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def changes(stage: Stage) -> list[str]:
    """Every call that changed something in a sandbox, in order."""
    return [
        f"{kind} {call['method']} {call['path']} {call.get('body') or ''} {call.get('status')}"
        for kind, running in stage.sandboxes.items()
        for call in asked(running, "calls")["mutating"]
    ]


class Line:
    """The way to a server, as an address of its own that can be cut and mended."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._there = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """Whoever calls from now on is hung up on."""
        self._whole = False

    def mend(self) -> None:
        """Calls go through again."""
        self._whole = True

    def _listen(self) -> None:
        while True:
            near, _ = self._listener.accept()
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection(self._there)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while some := one.recv(65_536):
                if not self._whole:
                    break
                other.sendall(some)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Door:
    """An actor's way into the API."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def get(self, path: str, **query: Any) -> Any:
        """What the API tells."""
        answer = self._client.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.content

    def send(self, method: str, path: str, body: Mapping[str, Any], **headers: str) -> httpx2.Response:
        """What the API answers to a write."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.request(method, f"/api/v1{path}", json=dict(body), headers=given)
