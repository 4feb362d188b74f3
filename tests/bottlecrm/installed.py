"""BottleCRM in a venv of its own, exactly as the lock file names it, made once per home.

Every wheel is checked against its hash and nothing is built from source, so what runs is what was locked.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bottlecrm import interpreter

LOCK_FILE = Path(__file__).with_name("requirements.txt")


def say(text: str) -> None:
    """One line of progress on stderr, so that two minutes of migrations do not look like a hang."""
    print(f"[bottlecrm {time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for the block: parallel tests on one home install and migrate once."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def python(home: Path) -> Path:
    """The Python of `home/venv` with the locked packages in it; installs them when the lock file has changed."""
    venv, stamp = home / "venv", home / "venv" / "installed.sha256"
    inside = venv / "bin" / "python"
    with only_one(home / "installing.lock"):
        digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == digest and interpreter.version(inside) >= interpreter.NEEDED:
            return inside
        shutil.rmtree(venv, ignore_errors=True)
        base = interpreter.find()
        say(f"making a venv with {base} and installing django-crm from the lock (about half a minute) ...")
        began = time.monotonic()
        subprocess.run([base, "-m", "venv", venv], check=True, stdout=sys.stderr)
        subprocess.run(_install(inside), check=True, stdout=sys.stderr, env=_without_foreign_flags())
        # django-crm looks for a .env file in its own folder and every folder above it; this ends the search here.
        (venv / ".env").touch()
        stamp.write_text(digest)
        say(f"installed in {time.monotonic() - began:.0f} s")
    return inside


def _install(inside: Path) -> list[str | Path]:
    said = ["--quiet", "--quiet", "--no-input", "--disable-pip-version-check"]
    flags = [*said, "--no-compile", "--no-deps", "--require-hashes"]
    return [inside, "-m", "pip", "install", *flags, "--only-binary", ":all:", "--requirement", LOCK_FILE]


def _without_foreign_flags() -> dict[str, str]:
    """Our environment (a mirror may be configured in it) minus what would make pip refuse or install elsewhere."""
    unwanted = {"PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_USER", "PIP_PREFIX", "PYTHONPATH", "PYTHONHOME"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}
