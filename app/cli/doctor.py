"""doctor: what works and what does not, each with its way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.cli import noticing, wording
from app.cli.installation import find_system, opened
from app.cli.telling import Telling
from app.inventory import fitness, readers
from app.inventory import queries as inventory
from app.inventory.tables import SystemRow
from app.kit import clock
from app.kit.engine import EmbeddedLock
from app.kit.refusal import Refused
from app.kit.secrets import SecretsError
from app.ledger import guards, proofs
from app.ledger import queries as ledger
from app.ledger.tables import PendingRow
from app.means import Means
from app.notices import queries as notices
from app.remediation import executors
from app.review import queries as reviews
from connectors.connector import Coverage
from connectors.errors import ConnectorError

COLUMNS = 4  # of a list of missing columns, named; the rest are counted


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `well` None: it could not be told."""

    what: str
    well: bool | None
    told: str


def examine(telling: Telling, name: str | None) -> None:
    """The installation, then each system (or the one that is named)."""
    with opened() as means:
        checks = _installation(means)
        with means.database.reading() as session:
            rows = [find_system(session, name)] if name else list(inventory.systems(session))
        for check in checks:
            mark = {True: "✓", False: "✗", None: "?"}[check.well]
            telling.say(f"  {mark} {check.what}: {check.told}", style=None if check.well else "yellow")
        systems = [_system(telling, means, row) for row in rows]
    telling.answer(
        {"installation": [{"what": c.what, "well": c.well, "told": c.told} for c in checks], "systems": systems}
    )


def _installation(means: Means) -> list[Check]:
    settings, at = means.settings, clock.now()
    with means.database.reading() as session:
        waiting = session.scalar(select(func.count()).select_from(PendingRow)) or 0
        size, unnumbered = ledger.size(session), ledger.unnumbered(session)
        checkpoint = ledger.latest_checkpoint(session)
        planned = reviews.why_none_opens(session)
        broken = [*guards.missing(session.connection()), *proofs.examine(session)]
    holder = EmbeddedLock.holder(settings.home) if settings.embedded else None
    kind = "SQLite, one process" if settings.embedded else "PostgreSQL"
    checks = [
        Check("home", True, str(settings.home)),
        Check("database", True, f"{kind}, schema is current"),
        Check("key", True, f"key {means.keys.current_id}"),
    ]
    if settings.embedded:
        checks.append(
            Check(
                "worker",
                holder is not None,
                holder or "nobody works here now; commands lend themselves, or `rolecall serve`",
            )
        )
    checks.append(Check("waiting", waiting == 0, _waiting(waiting)))
    age = f"signed {_ago(checkpoint.at, at)}" if checkpoint else "never signed: a worker does it within a minute"
    checks.append(Check("ledger", checkpoint is not None, f"{size} entries, {unnumbered} without a number yet; {age}"))
    checks.append(
        Check(
            "ledger's proofs", not broken, "; ".join(broken) or "every entry is as it was signed, every guard is there"
        )
    )
    told = wording.said(planned).replace("\n", " ") if planned is not None else "a schedule runs"
    return [*checks, Check("reviews", None if planned is not None else True, told), *_channels(means, at)]


def _waiting(count: int) -> str:
    if not count:
        return "nothing waits"
    return "1 consequence waits for a worker" if count == 1 else f"{count} consequences wait for a worker"


def _channels(means: Means, at: datetime) -> list[Check]:
    """How the ways fare by which people are told: one that broke in silence is worse than none."""
    with means.database.reading() as session:
        rows = notices.channels(session)
        unwell = {row.id for row in notices.unwell(session)}
    if not rows:
        return [Check("notices", None, "nobody is told anything; `rolecall notices add` makes a channel")]
    checks = []
    for row in rows:
        last = f"last delivered {_ago(row.last_delivered, at)}" if row.last_delivered else "nothing delivered yet"
        tested = (
            f"tested {_ago(row.tested_at, at)}" if row.tested_at else f"never tested: `rolecall notices test {row.id}`"
        )
        told = "its last test did not arrive" if row.tested_well is False else tested
        checks.append(Check(f"channel {row.name}", row.id not in unwell, f"{noticing.state(row)}; {last}; {told}"))
    return checks


def _system(telling: Telling, means: Means, row: SystemRow) -> dict[str, Any]:
    telling.say(f"\n{row.name} ({row.kind})", style="bold")
    with means.database.reading() as session:
        last = inventory.latest_sealed(session, row.id)
        receipts = inventory.receipts(session, last.id) if last is not None else ()
    read = _ago(last.sealed_at, clock.now()) if last is not None and last.sealed_at is not None else "never"
    took = f"; a full reading took {sum(each.calls for each in receipts):,} calls" if receipts else ""
    telling.say(f"  last read {read}{took}")
    try:
        with readers.open_reader(means.database, row.id, means.keys, clock=means.clock) as reader:
            coverage: Coverage | None = reader.check()
        at, trouble = clock.now(), None
    except (ConnectorError, Refused, SecretsError, ValueError) as error:
        coverage, trouble = None, str(error)
    found: fitness.Fitness | None = None
    if coverage is not None:
        with means.database.reading() as session:
            ends = inventory.ends_of(session, row.id, coverage.principal)
            whose = inventory.username_of(session, row.id, coverage.principal)
        found = fitness.examine(coverage, receipts, ends=ends, at=at)
        _tell_fitness(telling, found, coverage.notes, whose)
    else:
        telling.say(f"  ✗ it cannot be read: {trouble}", style="yellow")
    acts, why = _acts(means, row)
    telling.say(f"  may take away: {', '.join(acts) or 'nothing'}{f' ({why})' if why else ''}")
    telling.say(f"  switched on: {', '.join(row.writing) or 'nothing; every removal is a task for a person'}")
    return {
        "system": row.name, "kind": row.kind, "readable": coverage is not None, "because": trouble,
        "calls": sum(each.calls for each in receipts),
        "streams": {each.stream: each for each in (found.streams if found else ())},
        "fitness": found, "acts": acts, "writing": row.writing,
    }  # fmt: skip


def _short(missing: str) -> str:
    """What is missing, with the first few of many columns."""
    what, colon, names = missing.partition(": ")
    listed = names.split(", ")
    if len(listed) <= COLUMNS:
        return missing
    return f"{what}{colon}{', '.join(listed[:COLUMNS])} and {len(listed) - COLUMNS} more"


def _percent(share: float) -> str:
    return f"{share} %" if share else "less than 0.1 %"


def _tell_fitness(telling: Telling, found: fitness.Fitness, notes: Sequence[str], whose: str | None) -> None:
    telling.table(
        ("stream", "can be read", "last time", "calls", "what is missing", "note"),
        (
            (each.stream, "yes" if each.readable else "no", each.verdict or "never read", each.calls,
             "; ".join(_short(one) for one in each.missing), each.note)
            for each in found.streams
        ),
    )  # fmt: skip
    ends = f"ends on {found.ends.date()}" if found.ends else "nobody says when it ends"
    telling.say(f"  signed in as {whose or found.principal or 'nobody that the system names'}; its credential: {ends}")
    if found.allowed is None:
        telling.say("  the system does not tell an allowance of calls")
    else:
        share = f"; a full reading takes {_percent(found.share)} of them" if found.share is not None else ""
        telling.say(f"  {found.used:,} of {found.allowed:,} calls of the {found.period} are used{share}")
    if found.skew_seconds is not None:
        telling.say(f"  our clock less the system's: {found.skew_seconds} s")
    for note in notes:
        telling.say(f"  {note}")
    for doubt in found.doubts:
        telling.say(f"  ! {doubt}", style="yellow")


def _acts(means: Means, row: SystemRow) -> tuple[list[str], str | None]:
    """What the executor's credential can carry out, asked of the system now."""
    if not executors.has(row):
        return [], "no executor credential"
    try:
        with executors.opened(means.database, row.id, means.keys, means.clock) as executor:
            return sorted(str(act) for act in executor.check().acts), None
    except (ConnectorError, Refused, SecretsError, ValueError) as error:
        return [], str(error)


def _ago(then: datetime, at: datetime) -> str:
    seconds = max(0, int((at - then).total_seconds()))
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"
