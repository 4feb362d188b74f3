"""system and sync: what is connected, and having it read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.cli.at_work import at_work
from app.cli.installation import find_system, json_object, opened, operator
from app.cli.telling import Telling, shown
from app.inventory import queries as inventory
from app.inventory import rosters, systems
from app.inventory.tables import SnapshotRow, StreamRow, SystemRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means
from connectors import registry
from connectors.connector import ActKind, Coverage


def show(telling: Telling) -> None:
    """Systems with their last reading."""
    with opened() as means, means.database.reading() as session:
        rows = [(row, inventory.latest_sealed(session, row.id)) for row in inventory.systems(session)]
        told = [_told(row, last, inventory.receipts(session, last.id) if last else ()) for row, last in rows]
    telling.table(
        ("#", "name", "kind", "last reading", "streams", "writing"),
        (
            (t["id"], t["name"], t["kind"], t["read"], shown(t["verdicts"]), ", ".join(t["writing"]) or "read-only")
            for t in told
        ),
        empty="No system yet: rolecall system add KIND NAME. docs/connect-salesforce.md says what it takes.",
    )
    telling.answer(told)


def add(
    telling: Telling,
    kind: str,
    name: str,
    config: Sequence[str],
    reader: Path | None,
    executor: Path | None,
    owner: str | None,
) -> None:
    """Check the credential, then add the system."""
    given = dict(_pair(each) for each in config)
    secrets = {"reader": _secret(reader), "executor": _secret(executor)}
    coverage: Coverage | None = None
    if kind != "roster":
        # A credential that is good for one use is exchanged by this check; what is stored is what came back.
        opened_reader = registry.open_reader(kind, given, dict(secrets["reader"]), secrets["reader"].update)
        try:
            coverage = opened_reader.check()
        finally:
            opened_reader.close()
        telling.say(
            f"{coverage.system_name} ({coverage.system_key}), signed in as {coverage.principal or 'nobody said'}"
        )
        tell_streams(telling, coverage)
    with opened() as means, means.database.transaction() as session:
        row = systems.add(
            session,
            name=name,
            kind=kind,
            config=given,
            reader=secrets["reader"],
            executor=secrets["executor"] or None,
            owner_key=owner,
            keys=means.keys,
            by=operator(),
            at=clock.now(),
        )
        telling.say(f"Added as system {row.id}. It is read-only; `rolecall sync {name!r}` reads it.")
        telling.answer({"id": row.id, "name": row.name})


def tell_streams(telling: Telling, coverage: Coverage) -> None:
    """Which streams can be read, and which right each other one lacks."""
    telling.table(
        ("stream", "can be read", "what is missing", "note"),
        (
            (stream, "yes" if each.readable else "no", each.missing, each.note)
            for stream, each in sorted(coverage.streams.items())
        ),
    )


def writing(telling: Telling, name: str, acts: Sequence[str]) -> None:
    """Switch on exactly these kinds of act."""
    strange = [act for act in acts if act not in list(ActKind)]
    if strange:
        raise Refused(Refusal("no_such_act", f"There is no act {strange[0]!r}.", f"There are: {', '.join(ActKind)}."))
    with opened() as means, means.database.transaction() as session:
        row = find_system(session, name)
        systems.switch_writing(session, row, [ActKind(act) for act in acts], by=operator(), at=clock.now())
    telling.say(f"{name}: {', '.join(acts) or 'read-only'}.")


def classify(telling: Telling, name: str, held: str) -> None:
    """Say how what a system holds is classed."""
    with opened() as means, means.database.transaction() as session:
        row = find_system(session, name)
        systems.change(session, row, held=held, keys=means.keys, by=operator(), at=clock.now())
    telling.say(f"{name} holds what is {held}; its findings weigh accordingly from the next run on.")


def roster(telling: Telling, name: str, file: Path, source: str, extracted: str | None) -> None:
    """Hand in a roster file."""
    at = clock.now()
    when = clock.utc(datetime.fromisoformat(extracted)) if extracted else at
    with opened() as means, means.database.transaction() as session:
        upload = rosters.upload(
            session,
            find_system(session, name),
            file.read_bytes(),
            source=source,
            extracted_at=when,
            by=operator(),
            at=at,
        )
        telling.say(f"Handed in, {upload.rows} lines. `rolecall sync {name!r}` reads it.")


def sync(telling: Telling, name: str | None) -> None:
    """Ask for readings, and wait for them and for what follows."""
    with opened() as means:
        with means.database.transaction() as session:
            chosen = [find_system(session, name)] if name else list(inventory.systems(session))
            runs = {row.id: _ask(session, row) for row in chosen}
            names = {row.id: row.name for row in chosen}
        with (
            telling.step(f"Reading {', '.join(names.values()) or 'nothing'}") as progress,
            at_work(means, progress) as wait,
        ):
            wait()
        told = [_outcome(means, names[number], run) for number, run in runs.items()]
    for each in told:
        telling.say(
            f"{each['system']}: {each['status']}{': ' + each['because'] if each['because'] else ''}", style="bold"
        )
        telling.table(
            ("stream", "verdict", "rows", "records", "calls", "because"),
            ((s["stream"], s["verdict"], s["rows"], s["records"], s["calls"], s["because"]) for s in each["streams"]),
            empty="Nothing was read of it."
            if each["status"] in ("sealed", "failed")
            else "It goes on without this command; `rolecall system list` says when it is done.",
        )
    telling.answer(told)


def _ask(session: Any, row: SystemRow) -> str:
    body = {"system": row.id, "because": "asked for at the command line"}
    entry = entries.record(
        session, Entry(Kind.SYNC_REQUESTED, f"system:{row.id}", body), by=operator().id, at=clock.now()
    )
    return f"read_system:{entry}"


def _outcome(means: Means, name: str, run: str) -> dict[str, Any]:
    with means.database.reading() as session:
        row = session.scalar(select(SnapshotRow).where(SnapshotRow.run == run))
        streams = inventory.receipts(session, row.id) if row is not None else ()
    if row is None:
        return {"system": name, "snapshot": None, "status": "waiting for a worker", "because": None, "streams": []}
    return {
        "system": name, "snapshot": row.id, "status": row.status, "because": row.because, "counts": row.counts,
        "streams": [_stream(s) for s in streams],
    }  # fmt: skip


def _stream(row: StreamRow) -> dict[str, Any]:
    return {
        "stream": row.stream, "verdict": row.verdict, "because": row.because, "rows": row.rows, "pages": row.pages,
        "calls": row.calls, "said": row.said, "said_after": row.said_after, "records": row.records,
        "distinct": row.distinct, "missing": row.missing, "dropped": row.dropped, "parts": row.parts,
        "skew_seconds": row.skew_seconds,
    }  # fmt: skip


def _told(row: SystemRow, last: SnapshotRow | None, streams: Sequence[StreamRow]) -> dict[str, Any]:
    verdicts: dict[str, int] = {}
    for stream in streams:
        verdicts[stream.verdict] = verdicts.get(stream.verdict, 0) + 1
    return {
        "id": row.id, "name": row.name, "kind": row.kind, "key": row.key, "writing": row.writing,
        "read": last.sealed_at.isoformat(timespec="minutes") if last and last.sealed_at else "never",
        "verdicts": verdicts, "streams": [_stream(s) for s in streams],
    }  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Refused(Refusal("no_pair", f"--set takes NAME=VALUE, not {text!r}.", "Write it like --set url=https://…"))
    return name, value


def _secret(file: Path | None) -> dict[str, str]:
    """A credential file's content."""
    if file is None:
        return {}
    return {name: str(value) for name, value in json_object(file, "docs/connect-….md").items()}
