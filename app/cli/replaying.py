"""replay: a sample of accounts read again, as a test of what was read before."""

from __future__ import annotations

from app.cli.installation import find_system, opened, operator
from app.cli.telling import Telling
from app.inventory import replaying
from app.kit import clock

WORDS = {
    "same": "everything is as the reading said",
    "drifted": "what differs came after the reading, by the system's own word",
    "differs": "some differences are explained by nothing that the system tells",
    "incomplete": "the sample could not be read wholly",
}


def replay(telling: Telling, name: str, sample: int, seed: str) -> None:
    """Draw, read again, compare, and say what became of it."""
    with opened() as means:
        with means.database.reading() as session:
            system = find_system(session, name)
        row = replaying.run(
            means.database, system.id, sample=sample, seed=seed, keys=means.keys, clock=clock.now, by=operator()
        )
    telling.say(
        f"{system.name}: {row.accounts} of {row.population} accounts and {row.grants} grants, drawn with seed {seed!r}: "
        f"{WORDS[row.verdict]}{f' ({row.because})' if row.because else ''}.",
        style="bold",
    )
    telling.table(
        ("account", "what", "the reading said", "now", "why"),
        (
            (each["account"], each["what"], each["before"], each["now"], each["because"] or "nothing explains it")
            for each in row.differences
        ),
        empty="Nothing differs." if row.verdict == "same" else "No difference was found in what was read.",
    )
    told = {
        name: getattr(row, name)
        for name in ("seed", "wanted", "population", "accounts", "grants", "keys_digest", "verdict", "because",
                     "differences", "receipts", "principal", "began_at", "ended_at")
    }  # fmt: skip
    telling.answer({"replay": str(row.id), "system": system.name, "snapshot": row.snapshot_id} | told)
