"""A Python for BottleCRM is chosen by what it says of itself, and its absence is explained."""

import os
import sys
from pathlib import Path

import pytest

from tests.bottlecrm import interpreter


def python_saying(folder: Path, said: str) -> Path:
    """A program that answers the question for its version with `said`."""
    program = folder / "python3.12"
    program.write_text(f"#!/bin/sh\n{said}\n")
    program.chmod(0o755)
    return program


def test_this_python_knows_its_own_version() -> None:
    assert interpreter.version(Path(sys.executable)) == sys.version_info[:2]


def test_a_shim_that_refuses_to_run_is_not_a_python(tmp_path: Path) -> None:
    assert interpreter.version(python_saying(tmp_path, "echo 'command not found' >&2; exit 127")) == ()


def test_a_missing_program_is_not_a_python(tmp_path: Path) -> None:
    assert interpreter.version(tmp_path / "nothing") == ()


def test_too_old_a_python_is_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_BOTTLECRM_PYTHON", str(python_saying(tmp_path, "echo 3 11")))
    with pytest.raises(interpreter.NoPython, match=r"apt install python3\.12"):
        interpreter.find()


def test_the_named_python_is_taken_before_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = python_saying(tmp_path, "echo 3 13")
    monkeypatch.setenv("TEST_BOTTLECRM_PYTHON", str(named))
    assert interpreter.find() == named


def test_pyenv_is_searched_in_order_of_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("3.13.0", "3.9.18", "3.12.1", "miniforge3"):
        folder = tmp_path / "versions" / name / "bin"
        folder.mkdir(parents=True)
        (folder / "python").symlink_to(python_saying(folder, f"echo {name[:4].replace('.', ' ')}"))
    monkeypatch.delenv("TEST_BOTTLECRM_PYTHON", raising=False)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert interpreter.find().parts[-3] == "3.12.1"


def test_the_lock_names_no_host() -> None:
    lock = (Path(__file__).parent / "requirements.txt").read_text()
    assert "://" not in lock
    assert "django-crm==1.35.0" in lock
