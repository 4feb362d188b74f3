"""Grants: direct edges (account, entitlement, source), each row one unbroken time of holding.

A grant that was gone and is there again is a new row, because somebody granted it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, Integer, Select, Table, and_, literal, select

from app.inventory.merges import differences
from app.inventory.merges.sealing import (
    Page,
    Sealing,
    end,
    ids_of,
    insert_early,
    keep_former,
    stage_pages,
    stage_rows,
    told_losses,
    told_repeats,
)
from app.inventory.packing import FIELDS
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow
from app.kit import bulk, postgres
from connectors.records import Stream

GRANTS: Table = GrantRow.__table__  # type: ignore[assignment]
KEY = ["account_id", "entitlement_id", "source"]
COLUMNS = [name for name in FIELDS["GrantRecord"] if name not in ("account_key", "entitlement_key", "source")]


def merge(sealing: Sealing) -> None:
    """Merge the GRANTS stream; accounts and entitlements were merged before."""
    names = ["system_id", "began", *KEY, *COLUMNS]
    if (began := insert_early(sealing, Stream.GRANTS, GRANTS, names, partial(_named, sealing))) is not None:
        sealing.count(GRANTS.name, began=began)
        differences.settle(sealing, Stream.GRANTS, as_they_came=sealing.ends(Stream.GRANTS))
        return
    session, lost = sealing.session, list[str]()
    known = (ids_of(sealing, AccountRow, live=True), ids_of(sealing, EntitlementRow, live=True))

    def fill(staged: Table, found: Iterable[Page]) -> bool:
        for part, kinds in found:
            lost.extend(stage_rows(sealing, staged, part, kinds.get("GrantRecord", ()), resolved, *known))
        return not lost

    staged = new_stage(sealing)
    live = [GRANTS.c.ended.is_(None), GRANTS.c.system_id == sealing.system_id]
    gone = differences.stage(sealing, Stream.GRANTS, staged, fill, target=GRANTS, key=KEY, live=live)
    if gone is None:
        lost.clear()
        staged = new_stage(sealing)
        for told in stage_pages(sealing, Stream.GRANTS, "GrantRecord", staged, resolved, *known):
            lost += told
        told_losses(sealing, Stream.GRANTS, lost, "grants")
        told_repeats(sealing, Stream.GRANTS, bulk.ready(session, staged, KEY), "grants")
    merge_staged(sealing, staged, gone)
    differences.settle(sealing, Stream.GRANTS, as_they_came=not lost and sealing.ends(Stream.GRANTS))
    bulk.drop(session, staged)


def _named(sealing: Sealing, staged: Table) -> Select[Any]:
    """Rows that name accounts and entitlements by the CRM's keys, with our ids of those that are there."""
    account, entitlement = (
        and_(of.system_id == sealing.system_id, of.key == key, of.ended.is_(None))
        for of, key in ((AccountRow, staged.c.account_key), (EntitlementRow, staged.c.entitlement_key))
    )
    began = literal(sealing.moment, GRANTS.c.began.type)
    return (
        select(literal(sealing.system_id), began, AccountRow.id, EntitlementRow.id, staged.c.source)
        .add_columns(*(staged.c[name] for name in COLUMNS))
        .select_from(staged)
        .join(AccountRow, account)
        .join(EntitlementRow, entitlement)
        .order_by(AccountRow.id)  # as the larger index has it, but for the few of one account
    )


def new_stage(sealing: Sealing) -> Table:
    """An empty staging table for grants: part, key, columns."""
    columns = [bulk.like(GRANTS.c[name]) for name in (*KEY, *COLUMNS)]
    return bulk.stage(sealing.session, "stage_grants", [Column(bulk.PART, Integer), *columns])


def merge_staged(sealing: Sealing, staged: Table, gone: Table | None = None) -> None:
    """Merge what was staged and made ready by `KEY`: all that was read, or what differs, and what was there instead."""
    session = sealing.session
    live = [GRANTS.c.ended.is_(None), GRANTS.c.system_id == sealing.system_id]
    keep_former(sealing, GRANTS, staged, "grant", ["effective"], on=KEY, where=live)
    changed = bulk.update_changed(
        session, GRANTS, staged, on=KEY, columns=COLUMNS, where=live, constants=sealing.mark(GRANTS)
    )
    constants = {"system_id": sealing.system_id, "began": sealing.moment}
    lacking = [bulk.absent(GRANTS, staged, KEY)] if gone is None else differences.only_in(GRANTS, gone, staged, KEY)
    ended = end(sealing, GRANTS, [live[1], *lacking]) if sealing.ends(Stream.GRANTS) else 0
    with postgres.parents_known(session):  # as `_resolved` found them
        began = bulk.insert_new(
            session, GRANTS, staged, on=KEY, columns=[*KEY, *COLUMNS], constants=constants,
            where=[GRANTS.c.ended.is_(None)],
        )  # fmt: skip
    sealing.count(GRANTS.name, began=began, changed=changed, ended=ended)


def resolved(
    rows: Sequence[Sequence[Any]], accounts: Mapping[str, int], entitlements: Mapping[str, int]
) -> tuple[list[Sequence[Any]], list[str]]:
    """Rows as columns with our ids in place of the CRM's keys, and which point nowhere."""
    lost = list[str]()
    if strays := [row for row in rows if row[0] not in accounts or row[1] not in entitlements]:
        for account, entitlement, *_ in strays:
            what = "account" if account not in accounts else "entitlement"
            lost.append(f"{account} holds {entitlement}: the {what} was not read")
        rows = [row for row in rows if row[0] in accounts and row[1] in entitlements]
    if not rows:
        return [], lost
    whose, what_of, *rest = zip(*rows, strict=True)
    return [[accounts[key] for key in whose], [entitlements[key] for key in what_of], *rest], lost
