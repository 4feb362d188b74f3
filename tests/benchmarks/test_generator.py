"""What an invented org costs to make: time that grows with its rows, and memory that does not.

Each org is made in a process of its own, streamed into a file that is thrown away; its largest resident size is the
kernel's own figure. BENCH_ACCOUNTS is how many accounts (default 30,000), each with ten assignments; the floor is a
tenth of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.bench
ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "30000"))
EACH = 10
MAKE = """
import json, resource, sys, time
from datetime import UTC, datetime
from connectors.sandbox import serve
from connectors.sandbox.clock import Clock
from connectors.sandbox.company import Wish

began = time.process_time()
wish = Wish(7, 300, 1, crowd=int(sys.argv[1]), each=int(sys.argv[2]))
made, _ = serve.opened("salesforce", home=None, clock=Clock(datetime(2026, 11, 16, 9, tzinfo=UTC)), wish=wish)
count = made.world.store.scalar
said = {name: count(f'SELECT COUNT(*) FROM "{name}"') for name in ("User", "PermissionSetAssignment")}
said["seconds"] = time.process_time() - began
said["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(said))
"""


def made(accounts: int) -> dict[str, float]:
    asked = [sys.executable, "-c", MAKE, str(accounts), str(EACH)]
    answer: dict[str, float] = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    return answer


def test_an_org_ten_times_as_large_takes_ten_times_as_long_and_no_more_memory() -> None:
    small, large = made(ACCOUNTS // 10), made(ACCOUNTS)
    for told in (small, large):
        rows = told["User"] * 2 + told["PermissionSetAssignment"]
        size = f"{told['User']:,.0f} accounts, {told['PermissionSetAssignment']:,.0f} assignments"
        pace = f"{told['seconds']:.1f} s of a core ({rows / told['seconds']:,.0f} rows a second)"
        print(f"{size}: {pace}, {told['megabytes']:.0f} MB")
    assert large["PermissionSetAssignment"] > ACCOUNTS * EACH
    assert large["megabytes"] < 1.3 * small["megabytes"]
    # Half of it is the company with a story, which both have.
    assert large["seconds"] < 15 * small["seconds"]
