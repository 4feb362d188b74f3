"""What reading a CRM costs: from its pages to sealed history, against the bare download of the same pages.

The pages of a pretend CRM are put on tape once (`tape`), and given again after 50 ms each by a process of its own.
The floor asks for the same pages, as many at once, and throws the bodies away. The reading is a process of its own too, so
that its peak of memory is its own. Read again, with a thousandth changed on the tape, it shows what a change costs.

BENCH_ACCOUNTS is the size of the Salesforce org (100,000; ten assignments and ten sign-ins each), BENCH_PORTAL of the
HubSpot portal (2,000 people, at HubSpot's own pace of 90 calls in ten seconds). BENCH_TAPES is a folder for the tapes to
stay in, so that they are made once. Ratios are the figures, and seconds of a core where others work beside.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors import pacing
from tests.benchmarks import tape

pytestmark = pytest.mark.bench
ACCOUNTS = int(os.environ.get("BENCH_ACCOUNTS", "100000"))
PORTAL = int(os.environ.get("BENCH_PORTAL", "2000"))
AT_ONCE = 4
NOW, LATER = "2026-11-16T09:00:00+00:00", "2026-11-17T09:00:00+00:00"
MEGABYTES = 400
ENDED = ("complete", "explained")
OFF = ("sessions",)  # which nobody switched on


@dataclass(frozen=True)
class Recorded:
    """A CRM on tape, and how to sign in to it."""

    kind: str
    accounts: int
    tape: tape.Tape
    folder: Path
    credentials: dict[str, Any]

    def wish(self, database: str, url: str, **more: str) -> str:
        told = {"database": database, "kind": self.kind, "url": url, "credentials": self.credentials, "now": NOW}
        return json.dumps(told | {"run": "first"} | more)


def recorded(kind: str, accounts: int, folder: Path, database: str) -> Recorded:
    """Have a sandbox of this size read once, through the tape."""
    more = ("--assignments", "10", "--sign-ins", "10") if kind == "salesforce" else ()
    asked = [sys.executable, "-m", "connectors.sandbox.serve", kind, "--seed", "7", "--now", NOW]
    asked += ["--people", str(accounts), *more]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        said = json.loads(serving.stdout.readline())
        made = Recorded(kind, accounts, tape.Tape(folder), folder, said["credentials"])
        with tape.playing(folder, of=said["url"], ms=0) as url:
            read(made.wish(database, url))
        serving.terminate()
    return Recorded(kind, accounts, tape.Tape(folder), folder, said["credentials"])


def read(wish: str) -> dict[str, Any]:
    """One whole reading, by a process of its own."""
    asked = [sys.executable, "-m", "tests.benchmarks.reading", wish]
    answer = subprocess.run(asked, check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-3000:]
    said: dict[str, Any] = json.loads(answer.stdout)
    assert said["status"] == "sealed", said["because"]
    wrong = {n: s for n, s in said["streams"].items() if s["verdict"] not in ENDED and n not in OFF}
    assert not wrong or "hubspot" in wish, wrong  # a portal's plan leaves some out
    return said


@pytest.fixture(scope="module")
def tapes(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Callable[[str, int], Recorded]]:
    made: dict[tuple[str, int], Recorded] = {}
    stay = os.environ.get("BENCH_TAPES")

    def of(kind: str, accounts: int) -> Recorded:
        if (kind, accounts) not in made:
            folder = Path(stay) / f"{kind}-{accounts}" if stay else tmp_path_factory.mktemp("tape")
            known = folder / "credentials.json"
            if known.exists():
                made[kind, accounts] = Recorded(
                    kind, accounts, tape.Tape(folder), folder, json.loads(known.read_text())
                )
                return made[kind, accounts]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "first.db").write_bytes(sqlite_template.read_bytes())
            made[kind, accounts] = recorded(kind, accounts, folder, f"sqlite:///{folder}/first.db")
            (folder / "first.db").unlink()
            known.write_text(json.dumps(made[kind, accounts].credentials))
        return made[kind, accounts]

    yield of
    for each in made.values() if not stay else ():
        each.tape.bodies.unlink()


class Changes:
    """A thousandth of the accounts, assignments and sign-ins, changed on the tape; counts what it did."""

    def __init__(self) -> None:
        self.done: dict[str, set[str]] = {}

    def __call__(self, said: dict[str, Any]) -> bool:
        before = sum(map(len, self.done.values()))
        for row in said.get("records", ()):
            what = row.get("attributes", {}).get("type")
            if what in ("User", "PermissionSetAssignment", "LoginHistory") and len(row) > 2:
                self._change(what, row)
        return sum(map(len, self.done.values())) > before

    def _change(self, what: str, row: dict[str, Any]) -> None:
        key = row["Id"]
        if hash_of(key) % 1000:
            return
        if what == "User" and "Title" in row:
            row["Title"] = "Changed"
        elif what == "PermissionSetAssignment" and "ExpirationDate" in row:
            row["ExpirationDate"] = "2031-01-01T00:00:00.000+0000"
        elif what == "LoginHistory" and "LoginTime" in row:
            row["Id"] = key[:3] + "Z" + key[4:]  # one that is new, in place of one that has scrolled out
        else:
            return
        self.done.setdefault(what, set()).add(key)


def hash_of(key: str) -> int:
    """The same for the same Id, in every process."""
    return sum(ord(letter) * 31**place for place, letter in enumerate(key))


def told(name: str, said: dict[str, Any], floor: float) -> None:
    """One line about one reading."""
    rows = sum(each["rows"] for each in said["streams"].values())
    print(
        f"{name}: {rows:,} rows; {said['seconds']:.1f} s (reading {said['reading']:.1f}, sealing {said['sealing']:.1f}), "
        f"of a core {said['cpu']:.1f} s (sealing {said['sealing_cpu']:.1f}, "
        f"staged before {said['staged_cpu']:.1f}), beside {said['beside']:.1f} s; "
        f"{said['megabytes']:.0f} MB; "
        f"ratio {said['seconds'] / floor:.2f}"
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_reading_against_the_bare_download_of_its_pages(
    kind: str, tapes: Callable[[str, int], Recorded], make_database: Callable[[str], str], tmp_path: Path
) -> None:
    small, large, database = tapes("salesforce", ACCOUNTS // 2), tapes("salesforce", ACCOUNTS), make_database(kind)
    with tape.playing(small.folder) as url:
        half = read(small.wish(make_database(kind), url))
    pages = large.tape.pages()
    with tape.playing(large.folder) as url:
        floor = tape.download(url, pages, AT_ONCE)
        first = read(large.wish(database, url))
        floor = min(floor, tape.download(url, pages, AT_ONCE))
    changes = Changes()
    large.tape.changed(tmp_path, changes)
    with tape.playing(tmp_path) as url:
        again = read(large.wish(database, url, run="again", at=LATER))
    size = sum(page.size for page in pages) / 1e6
    print(
        f"\nsync, {kind}, {ACCOUNTS:,} accounts, load {os.getloadavg()[0]:.1f}: {len(pages)} calls, {size:.0f} MB",
        end="; ",
    )
    print(f"bare download {floor:.1f} s")
    told("  half as large", half, floor)
    told("  first reading", first, floor)
    told("  0.1 % changed", again, floor)
    changed = sum(map(len, changes.done.values()))
    counts = {table: rows for table, rows in again["counts"].items() if table != "usage"}
    written = sum(number for rows in counts.values() for number in rows.values()) + sum(again["written"].values())
    # The first merge begins with staging, which goes on while the last pages are still being asked for. PostgreSQL's core
    # is another process's, so there it is told by the clock, and without what was staged.
    share = again["sealing_cpu"] / (first["sealing_cpu"] + first["staged_cpu"])
    by_the_clock = again["sealing"] / first["sealing"]
    of = f"{share:.2f} of the first merge's core" if kind == "sqlite" else f"{by_the_clock:.2f} of the first one's time"
    print(f"  {changed:,} rows changed, {written:,} written; sealing took {of}")
    assert 0 < written <= 2 * changed, (counts, again["written"])
    assert share <= 0.5 or kind != "sqlite", "what has not changed is merged again"
    assert max(half["megabytes"], first["megabytes"], again["megabytes"]) < MEGABYTES
    assert first["megabytes"] < 1.3 * half["megabytes"], "memory grows with the org"


def test_a_portal_against_the_bare_download_of_its_pages(
    tapes: Callable[[str, int], Recorded], make_database: Callable[[str], str]
) -> None:
    portal = tapes("hubspot", PORTAL)
    pages, pace = portal.tape.pages(), pacing.Pace(90, 10.0)
    with tape.playing(portal.folder) as url:
        floor = tape.download(url, pages, AT_ONCE, pace.keep)
        first = read(portal.wish(make_database("sqlite"), url, calls_per_10s="90"))
    size = sum(page.size for page in pages) / 1e6
    print(f"\nsync, HubSpot, {PORTAL:,} people: {len(pages)} calls, {size:.0f} MB; bare download {floor:.1f} s")
    told("  first reading", first, floor)
