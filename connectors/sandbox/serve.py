"""Start a sandbox: as a thread of a test or of the demo, or on its own for anybody to point a client at.

python -m connectors.sandbox.serve salesforce --port 8801 --home ./sandbox --seed 7
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import uvicorn

from connectors.sandbox import keys, web
from connectors.sandbox.clock import Clock
from connectors.sandbox.company import Wish
from connectors.sandbox.faults import Faults
from connectors.sandbox.hubspot.front import open_hubspot
from connectors.sandbox.salesforce.front import open_salesforce
from connectors.sandbox.wire import Pretender

Kind = Literal["salesforce", "hubspot"]
HOST = "127.0.0.1"
PORTS_TRIED = 50
WITH_A_STORY = 20_000  # people kept in memory while they are told; whoever comes after them is computed row by row
STORY_OF_A_CROWD = 300  # where every further account is to have so many assignments or sign-ins
PATIENCE = 30.0  # seconds until a server must have begun to answer


@dataclass(frozen=True)
class Running:
    """A sandbox that answers at `url`. `admin_key` opens the routes under `/__sandbox__/`."""

    kind: str
    url: str
    credentials: dict[str, Any]
    admin_key: str
    _stop: Callable[[], None] = field(repr=False, compare=False)

    def stop(self) -> None:
        """Stop answering and let go of the home. What was changed is kept there."""
        self._stop()


def start(
    kind: Kind,
    *,
    home: Path | None,
    seed: int,
    people: int = 300,
    history: int = 200,
    crowd: int = 0,
    each: int = 10,
    sign_ins: int = 0,
    port: int = 0,
    now: datetime | None = None,
    without: Sequence[str] = (),
    faults: int | None = None,
    quiet: bool = True,
) -> Running:
    """Start one sandbox and wait until it answers.

    Without a `home` nothing is kept. `port` 0 takes any; a taken one falls forward to the next. `now` sets the sandbox's
    clock, which then ticks. `without` are rights that the reader does not get. `faults` is the seed of random ones.
    Refuses an unknown kind, a home that holds another company and an unknown right with `ValueError`.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"no sandbox of kind {kind!r}; there are {get_args(Kind)}")
    clock = Clock(now)
    wish = Wish(seed, people, history, crowd, each, sign_ins)
    pretender, secrets = opened(kind, home=home, clock=clock, wish=wish, without=without)
    planned = Faults()
    if faults is not None:
        planned.plan({"seed": faults})
    listener = _listen(port)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    credentials = pretender.credentials(url)
    app = web.build(pretender, planned, clock, secrets["admin_key"])
    # h11 in pure Python, whatever is installed, and no proxy headers: the faults need uvicorn's own hold on the connection.
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        date_header=False,  # ours may be off on purpose
        log_level="error" if quiet else "info",
        timeout_graceful_shutdown=1,
    )
    return Running(kind, url, credentials, secrets["admin_key"], _run(_Server(config), listener, pretender))


def opened(
    kind: Kind, *, home: Path | None, clock: Clock, wish: Wish, without: Sequence[str] = ()
) -> tuple[Pretender, dict[str, Any]]:
    """A sandbox that is not served yet, and its secrets."""
    place = None if home is None else Path(home) / kind
    secrets = keys.load(place, kind)
    pretender = _open(kind, place, clock, secrets, wish)
    if without:
        pretender.withhold("reader", list(without))
    return pretender, secrets


def _open(kind: Kind, home: Path | None, clock: Clock, secrets: dict[str, Any], wish: Wish) -> Pretender:
    if kind == "salesforce":
        return open_salesforce(home, clock, secrets, wish)
    return open_hubspot(home, clock, secrets, wish)


class _Server(uvicorn.Server):
    """uvicorn, but it hears that it should stop after a fiftieth of a second instead of a tenth."""

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            await asyncio.sleep(0.02)


def _listen(port: int) -> socket.socket:
    """A listening socket on this port, or on the next free one."""
    for candidate in range(port, port + PORTS_TRIED) if port else [0]:
        # The protocol is named because asyncio turns Nagle's delay off only then: 40 ms per answer otherwise.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
            listener.listen(128)
        except OSError:
            listener.close()
            continue
        return listener
    raise OSError(f"no free port from {port} to {port + PORTS_TRIED - 1}")


def _run(server: uvicorn.Server, listener: socket.socket, pretender: Pretender) -> Callable[[], None]:
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name=f"sandbox-{pretender.kind}", daemon=True
    )
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the {pretender.kind} sandbox did not begin to answer")
        time.sleep(0.005)

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        listener.close()
        pretender.close()

    return stop


# How each of the credentials is used; `principal` is reader or executor.
WAYS_IN = {
    "salesforce": {
        "jwt_bearer": "POST /services/oauth2/token: an assertion signed with private_key, iss client_id, sub username",
        "client_credentials": "POST /services/oauth2/token: client_id and client_secret, by Basic or in the body",
        "authorization_code": "GET /services/oauth2/authorize with a redirect_uri on this machine; brings a refresh token",
        "soap_login": "POST /services/Soap/u/64.0: username, and password followed by security_token",
    },
    "hubspot": {
        "service_key": "Authorization: Bearer token",
        "oauth_refresh": "POST /oauth/2026-03/token: oauth.client_id, oauth.client_secret, oauth.refresh_token",
    },
}


def main(argv: Sequence[str] | None = None) -> None:
    """Serve one sandbox until told to stop. Prints one line of JSON: where it is and how to sign in."""
    parser = argparse.ArgumentParser(prog="python -m connectors.sandbox.serve", description="A pretend CRM.")
    parser.add_argument("kind", choices=["salesforce", "hubspot"])
    parser.add_argument("--port", type=int, default=0, help="falls forward when taken; 0 takes any")
    parser.add_argument("--home", type=Path, default=None, help="where its state and keys are kept; nowhere by default")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--people", "--accounts", type=int, default=300, help="from 80 up, for salesforce to any number"
    )
    beyond = f"of each account beyond the first {STORY_OF_A_CROWD} (salesforce)"
    parser.add_argument("--assignments", type=int, default=None, help=f"{beyond}, 1 or more")
    parser.add_argument("--sign-ins", type=int, default=None, help=beyond)
    parser.add_argument(
        "--now", type=datetime.fromisoformat, default=None, help="ISO time with a zone; the real time by default"
    )
    parser.add_argument(
        "--without", action="append", default=[], help="a right that the reader does not get; may be repeated"
    )
    parser.add_argument("--faults", type=int, default=None, help="seed of random faults")
    wish = parser.parse_args(argv)
    crowded = wish.assignments is not None or wish.sign_ins is not None
    if crowded and wish.kind != "salesforce":
        parser.error("--assignments and --sign-ins are for salesforce")
    story = STORY_OF_A_CROWD if crowded else WITH_A_STORY
    people = min(wish.people, story) if wish.kind == "salesforce" else wish.people
    running = start(
        wish.kind,
        home=wish.home,
        seed=wish.seed,
        people=people,
        crowd=wish.people - people,
        each=10 if wish.assignments is None else wish.assignments,
        sign_ins=wish.sign_ins or 0,
        port=wish.port,
        now=wish.now,
        without=wish.without,
        faults=wish.faults,
    )
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    said = {
        "kind": running.kind,
        "url": running.url,
        "credentials": running.credentials,
        "ways_in": WAYS_IN[running.kind],
        "admin_key": running.admin_key,
        "pid": os.getpid(),
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    told.wait()
    running.stop()


if __name__ == "__main__":
    main()
