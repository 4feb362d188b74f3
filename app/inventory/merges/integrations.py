"""Integrations and the credentials they, or accounts, enter by.

What is pieced together from a log of events ends by an event alone: the log may have scrolled, or been cut short, and
nobody counts it. For the same reason, what it told once is kept where it does not tell it any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Integer, Table, update

from app.inventory import absence
from app.inventory.merges.sealing import Sealing, ids_of, merge_keyed, pages, say, told_repeats
from app.inventory.packing import FIELDS
from app.inventory.tables import AccountRow, CredentialRow, IntegrationRow
from app.kit import bulk
from connectors.records import Stream

INTEGRATIONS: Table = IntegrationRow.__table__  # type: ignore[assignment]
CREDENTIALS: Table = CredentialRow.__table__  # type: ignore[assignment]
# The CRM's key of something else, by the column that holds our id of it.
TOLD_ONCE = frozenset({"owner_account_id", "account_id", "active", "created"})
OURS = {"owner_key": "owner_account_id", "integration_key": "integration_id", "account_key": "account_id"}


def merge(sealing: Sealing) -> None:
    """Merge the INTEGRATIONS stream. A row that names an unknown owner is kept without it, and that is said."""
    found: dict[str, list[list[Any]]] = {"IntegrationRecord": [], "CredentialRecord": []}
    for part, rows in pages(sealing, Stream.INTEGRATIONS):
        for record, of_record in found.items():
            of_record += [[part, *row] for row in rows.get(record, ())]
    for record, what in (("IntegrationRecord", "integrations"), ("CredentialRecord", "credentials")):
        found[record], repeats = _once(found[record])  # before anything ends: repeats may cost the stream its trust
        told_repeats(sealing, Stream.INTEGRATIONS, repeats, what)
    accounts = ids_of(sealing, AccountRow)
    _merge(sealing, INTEGRATIONS, "IntegrationRecord", found, {"owner_key": accounts})
    known = {"integration_key": ids_of(sealing, IntegrationRow), "account_key": accounts}
    _merge(sealing, CREDENTIALS, "CredentialRecord", found, known)


def _once(rows: list[list[Any]]) -> tuple[list[list[Any]], Counter[int]]:
    """The last row of each key, and how many were left out, by part."""
    last = {row[1]: row for row in rows}
    kept = Counter(row[0] for row in last.values())
    return list(last.values()), Counter(row[0] for row in rows) - kept


def _merge(
    sealing: Sealing,
    target: Table,
    record: str,
    found: dict[str, list[list[Any]]],
    known: dict[str, dict[str, int]],
) -> None:
    kind = target.name.removesuffix("s")
    _resolve(sealing, FIELDS[record], found[record], known, kind)
    names = [OURS.get(name, name) for name in FIELDS[record]]
    columns: list[Column[Any]] = [Column(bulk.PART, Integer), *(bulk.like(target.c[name]) for name in names)]
    staged = bulk.stage(sealing.session, f"stage_{target.name}", columns)
    bulk.fill(sealing.session, staged, found[record])
    bulk.ready(sealing.session, staged, ["key"])
    _keep_what_was_told(sealing, target, staged)
    columns_of_it = [name for name in names if name != "key"]
    merge_keyed(
        sealing, Stream.INTEGRATIONS, target, staged, columns_of_it, kind=kind, spared=[target.c.by_events.is_(True)]
    )
    bulk.drop(sealing.session, staged)


def _keep_what_was_told(sealing: Sealing, target: Table, staged: Table) -> None:
    """Carry what former readings knew of events into rows that are pieced together from those that are left."""
    same = (target.c.system_id == sealing.system_id, target.c["key"] == staged.c["key"], staged.c.by_events.is_(True))
    for name in TOLD_ONCE.intersection(staged.c.keys()):
        kept = update(staged).values({name: target.c[name]})
        lacking = (staged.c[name].is_(None), target.c[name].is_not(None))
        sealing.session.connection().execute(kept.where(*same, *lacking))


def _resolve(
    sealing: Sealing,
    fields: Sequence[str],
    rows: list[list[Any]],
    known: dict[str, dict[str, int]],
    kind: str,
) -> None:
    """Put our ids in place of the CRM's keys; an unknown one becomes null and is said in the receipt."""
    unknown: list[str] = []
    for name, ids in known.items():
        place = fields.index(name) + 1  # the part stands first
        for row in rows:
            key = row[place]
            row[place] = ids.get(key) if key is not None else None
            if key is not None and row[place] is None:
                unknown.append(f"{kind} {row[1]} was kept without its {name.removesuffix('_key')}: {key} was not read")
    say(sealing.streams[Stream.INTEGRATIONS], absence.examples(unknown))
