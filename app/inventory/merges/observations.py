"""What else a system tells of itself: rights on kinds of record, factors, sessions, packages, endpoints, usage.

These streams share one table. A row is one unbroken time of the same facts, so that their history can be read off it:
what changed ends and begins anew, what is the same is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Integer, Table, exists

from app.inventory import absence
from app.inventory.merges.sealing import Sealing, end, ids_of, pages, say, told_losses, told_repeats
from app.inventory.packing import FIELDS
from app.inventory.tables import AccountRow, EntitlementRow, ObservationRow
from app.kit import bulk
from connectors.records import Stream

OBSERVATIONS: Table = ObservationRow.__table__  # type: ignore[assignment]
TOLD = ("kind", "name", "account_id", "entitlement_id", "facts")  # a change in any of these is a new row


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind of record becomes an observation. `of` and `holds` must be known, an `owner` may be missing."""

    record: str
    name: str  # the field that names it
    kind: str | None = None  # what to call all of them, where the record has no kind of its own
    of: str | None = None  # the field with the account's key
    holds: str | None = None  # the field with the entitlement's key
    owner: str | None = None


SHAPES: Mapping[Stream, Shape] = {
    Stream.OBJECT_RIGHTS: Shape("ObjectRightRecord", "object", kind="object_right", holds="entitlement_key"),
    Stream.FACTORS: Shape("FactorRecord", "kind", of="account_key"),
    Stream.SESSIONS: Shape("SessionRecord", "kind", of="account_key"),
    Stream.PACKAGES: Shape("PackageRecord", "name", kind="package"),
    Stream.ENDPOINTS: Shape("EndpointRecord", "name", owner="owner_key"),
    Stream.USAGE: Shape("UsageRecord", "name", kind="usage"),
}
WHAT: Mapping[Stream, str] = {Stream.OBJECT_RIGHTS: "rights", Stream.USAGE: "figures of use"}


def merge(sealing: Sealing, *, stream: Stream) -> None:
    """Merge one of the streams in `SHAPES`; accounts and entitlements were merged before."""
    session = sealing.session
    columns = [bulk.like(OBSERVATIONS.c[name]) for name in ("key", *TOLD)]
    staged = bulk.stage(session, "stage_observations", [Column(bulk.PART, Integer), *columns])
    lost: list[str] = []
    ownerless: list[str] = []
    for rows in _resolved(sealing, stream, lost, ownerless):
        bulk.fill(session, staged, rows)
    what = WHAT.get(stream, str(stream))
    told_losses(sealing, stream, lost, what)
    say(sealing.streams[stream], absence.examples(ownerless))
    told_repeats(sealing, stream, bulk.ready(session, staged, ["key"]), what)
    _merge_staged(sealing, stream, staged)
    bulk.drop(session, staged)


def _merge_staged(sealing: Sealing, stream: Stream, staged: Table) -> None:
    ours = (OBSERVATIONS.c.system_id == sealing.system_id, OBSERVATIONS.c.stream == str(stream))
    same = OBSERVATIONS.c["key"] == staged.c["key"]
    changed = end(sealing, OBSERVATIONS, [*ours, exists().where(same, bulk.differs(OBSERVATIONS, staged, TOLD))])
    ended = (
        end(sealing, OBSERVATIONS, [*ours, bulk.absent(OBSERVATIONS, staged, ["key"])]) if sealing.ends(stream) else 0
    )
    began = bulk.insert_new(
        sealing.session,
        OBSERVATIONS,
        staged,
        on=["key"],
        columns=["key", *TOLD],
        constants={"system_id": sealing.system_id, "stream": str(stream), "began": sealing.moment},
        where=[*ours, OBSERVATIONS.c.ended.is_(None)],
    )
    sealing.count(str(stream), began=began - changed, changed=changed, ended=ended)


def _resolved(sealing: Sealing, stream: Stream, lost: list[str], ownerless: list[str]) -> Iterator[list[list[Any]]]:
    """Pages of rows as they are staged; what points nowhere goes to `lost`, what lost its owner to `ownerless`."""
    shape = SHAPES[stream]
    translate = _translator(shape)
    accounts = ids_of(sealing, AccountRow, live=shape.owner is None) if shape.of or shape.owner else {}
    entitlements = ids_of(sealing, EntitlementRow, live=True) if shape.holds else {}
    for part, rows in pages(sealing, stream):
        resolved: list[list[Any]] = []
        for row in rows.get(shape.record, ()):
            key, kind, name, account_key, entitlement_key, facts = translate(row)
            account, entitlement = accounts.get(account_key), entitlements.get(entitlement_key)
            if (shape.of and account is None) or (shape.holds and entitlement is None):
                lost.append(f"{key}: {account_key or entitlement_key} was not read")
                continue
            if shape.owner and account_key is not None and account is None:
                ownerless.append(f"{kind} {key} was kept without its owner: {account_key} was not read")
            resolved.append([part, key, kind, name, account, entitlement, facts])
        yield resolved


def _translator(shape: Shape) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """From a row of the spool to (key, kind, name, account key, entitlement key, facts)."""
    fields = FIELDS[shape.record]
    places = {field: place for place, field in enumerate(fields)}
    told = {"key", "kind", shape.name, shape.of, shape.holds, shape.owner}
    facts = [(field, place) for field, place in places.items() if field not in told]
    of = places.get(shape.of or shape.owner or "")
    holds = places.get(shape.holds or "")

    def translate(row: Sequence[Any]) -> tuple[Any, ...]:
        return (
            row[places["key"]],
            shape.kind or row[places["kind"]],
            row[places[shape.name]],
            None if of is None else row[of],
            None if holds is None else row[holds],
            {field: _plain(row[place]) for field, place in facts},
        )

    return translate


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
