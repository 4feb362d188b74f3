"""One pass over everybody as a process of its own, so that its memory is its own.

python -m tests.benchmarks.asking DATABASE SYSTEM
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from app.kit.db import Database
from tests.benchmarks.test_detection import asked
from tests.make import NOW


def _megabytes() -> float:
    """The most that this process has held so far. (`getrusage` would tell that of whoever started it, too.)"""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert told is not None
    return int(told[1]) / 1024


def main() -> None:
    """Ask every rule of every subject, and say what that took of memory."""
    database = Database(sys.argv[1])
    before = _megabytes()
    with database.reading() as session:
        asked(session, int(sys.argv[2]), NOW, narrow=False)
    print(json.dumps({"before": before, "peak": _megabytes()}))


if __name__ == "__main__":
    main()
