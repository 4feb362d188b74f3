"""The running BottleCRM as a pytest fixture, one for the whole test process whichever folder asks for it.

A conftest takes it with `from tests.bottlecrm.fixtures import bottlecrm`. TEST_BOTTLECRM switches these tests
on: `1` keeps everything in `.rolecall/bottlecrm` of the checkout, a path keeps it there (so that CI can cache it).
"""

import os
from functools import cache
from pathlib import Path

import pytest

from tests.bottlecrm import running

SWITCH = "TEST_BOTTLECRM"
CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def bottlecrm() -> running.BottleCRM:
    """A BottleCRM to read and to change. Tests share it, so each works on people it has added itself."""
    where = os.environ.get(SWITCH)
    if not where:
        pytest.skip(f"needs a real BottleCRM; set {SWITCH}=1 to install and start one (about two minutes, once)")
    return _started(CHECKOUT / ".rolecall" / "bottlecrm" if where == "1" else Path(where))


@cache
def _started(home: Path) -> running.BottleCRM:
    return running.start(home)  # it stops itself when the process ends
