"""What is no longer in a list that nobody counted is asked about, thing by thing, before it is taken for gone.

Some systems tell no totals, so a list that ended early looks like a shorter one. Our own history is the witness: what was
there and is not named now must be denied by the system itself. If it says of one that it is there, the list was cut short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.inventory import packing
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, IntegrationRow, SnapshotRow, SpoolRow
from connectors.connector import Look, Page, Reader, State, Target, TargetKind, asks_about
from connectors.errors import Misread
from connectors.receipt import PageReceipt
from connectors.records import Stream

PART = "what is not named any more, asked one by one"
Key = tuple[str, ...]


def vanished(session: Session, snapshot_id: int, stream: Stream) -> list[Target]:
    """What our copy holds as there and this reading's spool does not name, in order of key."""
    system_id = session.get_one(SnapshotRow, snapshot_id).system_id
    known = {_key(target): target for target in _known(session, system_id, stream)}
    spooled = select(SpoolRow.records).where(SpoolRow.snapshot_id == snapshot_id, SpoolRow.stream == str(stream))
    for packed in session.scalars(spooled).yield_per(16):
        for kind, rows in packing.unpack(packed).items():
            for row in rows:
                known.pop(_named(kind, row), None)
    return [known[key] for key in sorted(known)]


def ask(reader: Reader, stream: Stream, targets: Sequence[Target]) -> Page | None:
    """Ask about each. Returns the receipt of it as a page without records, or None when there was nothing to ask.

    Raises Misread(restart=True) as soon as one of them is there after all, and Misread when the system does not say.
    """
    look = asks_about(reader, stream)
    looks: list[Look] = []
    if look is None or not targets:
        return None
    for target in targets:
        found = look(target)
        looks.append(found)
        what = " ".join(_key(target))
        if found.state is State.PRESENT:
            raise Misread(f"{stream}: {what} is not in the list and is there; the list ended early", restart=True)
        if found.state is State.UNKNOWN:
            raise Misread(f"{stream}: {what} is not in the list, and the system does not say whether it is gone")
    digest = hashlib.sha256("".join(each.digest for each in looks).encode()).hexdigest()
    more = f" and {len(looks) - 1} more" if len(looks) > 1 else ""
    receipt = PageReceipt(
        PART, f"{looks[0].asked}{more}", 0, digest, looks[-1].at, last=True,
        calls=sum(each.asked.count("->") for each in looks),
    )  # fmt: skip
    return Page(stream, (), receipt, None)


def _key(target: Target) -> Key:
    if target.kind is TargetKind.GRANT:
        return (target.account_key or "", target.entitlement_key or "", target.source)
    return (target.account_key or target.integration_key or "",)


def _named(kind: str, row: Sequence[str]) -> Key:
    return tuple(row[:3]) if kind == "GrantRecord" else (row[0],)


def _known(session: Session, system_id: int, stream: Stream) -> list[Target]:
    if stream is Stream.ACCOUNTS:
        accounts = _live(AccountRow, system_id, AccountRow.key, AccountRow.username, AccountRow.email)
        return [
            Target(TargetKind.ACCOUNT, account_key=key, username=name, email=email)
            for key, name, email in session.execute(accounts)
        ]
    if stream is Stream.GRANTS:
        grants = (
            _live(GrantRow, system_id, AccountRow.key, EntitlementRow.key, GrantRow.source, EntitlementRow.kind)
            .join(AccountRow, AccountRow.id == GrantRow.account_id)
            .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        )
        return [
            Target(TargetKind.GRANT, account_key=account, entitlement_key=held, entitlement_kind=kind, source=source)
            for account, held, source, kind in session.execute(grants)
        ]
    programs = _live(IntegrationRow, system_id, IntegrationRow.key).where(IntegrationRow.by_events.is_(False))
    return [Target(TargetKind.INTEGRATION, integration_key=key) for key in session.scalars(programs)]


def _live(of: type[AccountRow | GrantRow | IntegrationRow], system_id: int, *columns: Any) -> Select[Any]:
    return select(*columns).where(of.system_id == system_id, of.ended.is_(None))
