"""Entitlements and their nesting: whoever holds `holder` also holds `held`, for as long as the edge lasts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Integer, String, Table, select

from app.inventory.merges.sealing import Sealing, end, keep_former, merge_keyed, pages, say, told_losses, told_repeats
from app.inventory.packing import FIELDS
from app.inventory.tables import EdgeRow, EntitlementRow
from app.kit import bulk
from connectors.records import Stream

ENTITLEMENTS: Table = EntitlementRow.__table__  # type: ignore[assignment]
EDGES: Table = EdgeRow.__table__  # type: ignore[assignment]
FORMER = ("name", "kind", "privileges")  # what these were stays on record
COLUMNS = [name for name in FIELDS["EntitlementRecord"] if name != "key"]


def merge(sealing: Sealing) -> None:
    """Merge the ENTITLEMENTS stream: entitlements first, so that edges find both their ends."""
    session = sealing.session
    columns = [bulk.like(ENTITLEMENTS.c[name]) for name in FIELDS["EntitlementRecord"]]
    staged = bulk.stage(session, "stage_entitlements", [Column(bulk.PART, Integer), *columns])
    nestings: list[tuple[int, str, str, str]] = []
    for part, rows in pages(sealing, Stream.ENTITLEMENTS):
        bulk.fill(session, staged, [[part, *row] for row in rows.get("EntitlementRecord", ())])
        nestings += [(part, *row) for row in rows.get("NestingRecord", ())]
    told_repeats(sealing, Stream.ENTITLEMENTS, bulk.ready(session, staged, ["key"]), "entitlements")
    ours = [ENTITLEMENTS.c.system_id == sealing.system_id]
    keep_former(sealing, ENTITLEMENTS, staged, "entitlement", FORMER, on=["key"], where=ours)
    # Nothing ends yet: an edge that points nowhere may still make the whole stream one that is not to be trusted.
    merge_keyed(sealing, Stream.ENTITLEMENTS, ENTITLEMENTS, staged, COLUMNS, kind="entitlement", ends=False)
    edges = _staged_edges(sealing, staged, nestings)
    ended = 0
    if sealing.ends(Stream.ENTITLEMENTS):
        ended = end(sealing, ENTITLEMENTS, [*ours, bulk.absent(ENTITLEMENTS, staged, ["key"])])
    sealing.count(ENTITLEMENTS.name, ended=ended)
    _merge_edges(sealing, edges)
    bulk.drop(session, staged)
    bulk.drop(session, edges)


def _staged_edges(sealing: Sealing, read: Table, nestings: list[tuple[int, str, str, str]]) -> Table:
    """Stage the edges whose ends are known; the others are said to be lost."""
    session = sealing.session
    live = (ENTITLEMENTS.c.system_id == sealing.system_id, ENTITLEMENTS.c.ended.is_(None))
    known = select(ENTITLEMENTS.c["key"], ENTITLEMENTS.c.id).where(*live)
    if sealing.ends(Stream.ENTITLEMENTS):  # what this reading lacks is about to end, and holds nothing
        known = known.where(ENTITLEMENTS.c["key"].in_(select(read.c["key"])))
    ids: dict[str, int] = {row.key: row.id for row in session.execute(known)}
    staged = bulk.stage(
        session,
        "stage_edges",
        [Column(bulk.PART, Integer), Column("holder_id", EDGES.c.holder_id.type), Column("held_id", EDGES.c.held_id.type),
         Column("kind", String(40))],
    )  # fmt: skip
    rows: list[list[Any]] = []
    lost: list[str] = []
    for part, holder, held, kind in nestings:
        if holder in ids and held in ids:
            rows.append([part, ids[holder], ids[held], kind])
        else:
            lost.append(f"{holder} holds {held}: {holder if holder not in ids else held} is not among the entitlements")
    bulk.fill(session, staged, rows)
    told_losses(sealing, Stream.ENTITLEMENTS, lost, "nestings")
    if repeats := bulk.ready(session, staged, ["holder_id", "held_id"]):  # two rows may say the same edge rightly
        sealing.repeats[Stream.ENTITLEMENTS] += sum(repeats.values())
        say(sealing.streams[Stream.ENTITLEMENTS], [f"{sum(repeats.values())} nestings came twice and were kept once"])
    return staged


def _merge_edges(sealing: Sealing, staged: Table) -> None:
    session = sealing.session
    live = [EDGES.c.system_id == sealing.system_id, EDGES.c.ended.is_(None)]
    on = ["holder_id", "held_id"]
    keep_former(sealing, EDGES, staged, "edge", ["kind"], on=on, where=live)
    changed = bulk.update_changed(session, EDGES, staged, on=on, columns=["kind"], where=live)
    constants = {"system_id": sealing.system_id, "began": sealing.moment}
    began = bulk.insert_new(session, EDGES, staged, on=on, columns=[*on, "kind"], constants=constants, where=live)
    ended = 0
    if sealing.ends(Stream.ENTITLEMENTS):
        ended = end(sealing, EDGES, [EDGES.c.system_id == sealing.system_id, bulk.absent(EDGES, staged, on)])
    sealing.count(EDGES.name, began=began, changed=changed, ended=ended)
