"""Many storms, one after the other: `make soak SEED=1 RUNS=10000`. Says what they came to; exit code 1 if any was wrong.

Who stops it (Ctrl-C, or SIGTERM) is told what those came to that were through.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from app.kit.db import Database
from tests import schema
from tests.storms.inside import Inside, Time, answering
from tests.storms.weather import Storm, Weather

CORE = ("accounts", "entitlements", "grants")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--kind", choices=["salesforce", "hubspot"], default=None, help="one CRM only")
    wish = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ended, happened, bad, began = Counter[str](), Counter[str](), list[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, answering(Inside(Time(most=1e12))) as inside:
        empty = Path(folder) / "empty.db"
        database = Database(f"sqlite:///{empty}", durable=False)
        schema.make(database)
        database.close()
        weather = Weather(Path(folder), empty, inside)
        with suppress(KeyboardInterrupt):
            for seed in range(wish.seed, wish.seed + wish.runs):
                # Every other one over Salesforce: here there is time.
                storm = Storm.of(seed, wish.kind or ("salesforce" if seed % 2 else "hubspot"))
                told, wrong = weather.blow(storm)
                whole = all(told.verdicts.get(stream) == "complete" for stream in CORE)
                ended[f"{storm.kind} {'complete' if whole else 'incomplete'}"] += 1
                happened.update(told.happened)
                bad += [f"{storm}: {each}" for each in wrong]
                if wrong:
                    print("\n".join(bad[-len(wrong) :]), file=sys.stderr, flush=True)
                if ended.total() % 500 == 0:
                    print(f"{ended.total()} readings in {spent(began)}; {len(bad)} wrong", file=sys.stderr, flush=True)
        weather.close()
    print(f"{ended.total()} readings from seed {wish.seed} in {spent(began)}: {dict(sorted(ended.items()))}")
    print(f"{sum(happened.values())} faults: {dict(happened.most_common())}")
    print("\n".join(bad) or "every one complete and equal, or honestly incomplete and harmless; none hung")
    return 1 if bad else 0


def spent(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s ({time.process_time():.0f} s of a core)"


if __name__ == "__main__":
    raise SystemExit(main())
