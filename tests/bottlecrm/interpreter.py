"""Finds a Python that BottleCRM can be installed for: ours if it is new enough, else one that is on this machine.

django-crm asks for Python 3.12 while Rolecall itself runs from 3.11. A candidate is asked for its version rather than
believed by its name: pyenv puts a `python3.12` on PATH that refuses to run unless that version is switched on.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NEEDED = (3, 12)
_NAMES = ("python3.12", "python3.13", "python3.14", "python3")
# ensurepip is asked for too: Debian splits it from the interpreter, and without it no venv can be made.
_ASK = "import sys, ensurepip, venv; print(*sys.version_info[:2])"


class NoPython(RuntimeError):
    """No Python here is new enough for BottleCRM; the message names the way out."""


def find() -> Path:
    """The first Python of at least `NEEDED` that can make a venv. Raises `NoPython` when there is none."""
    for candidate in _candidates():
        if version(candidate) >= NEEDED:
            return candidate
    raise NoPython(
        f"BottleCRM needs Python {NEEDED[0]}.{NEEDED[1]} or newer with venv and ensurepip, and this one is "
        f"{sys.version_info[0]}.{sys.version_info[1]}. Install one (for example `apt install python3.12 python3.12-venv` "
        "or `pyenv install 3.12`), put it on PATH, or name it in TEST_BOTTLECRM_PYTHON."
    )


def version(python: Path) -> tuple[int, ...]:
    """(major, minor) of `python`, or () when it does not run or cannot make a venv."""
    try:
        answer = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(int(part) for part in answer.stdout.split()) if answer.returncode == 0 else ()


def _candidates() -> Iterator[Path]:
    named = os.environ.get("TEST_BOTTLECRM_PYTHON")
    if named:
        yield Path(named)
        return
    yield Path(sys.executable)
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)
    yield from _pyenv()


def _pyenv() -> list[Path]:
    """pyenv's own versions, oldest first: the lock is proven on the oldest that will do."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    try:
        found = list(root.glob("versions/*/bin/python"))
    except PermissionError:  # a home that belongs to somebody else
        return []
    numbered = [p for p in found if re.fullmatch(r"\d+\.\d+\.\d+", p.parts[-3])]
    return sorted(numbered, key=lambda p: [int(part) for part in p.parts[-3].split(".")])
