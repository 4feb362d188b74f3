"""What a process beside prepares for sealing is what would have been staged without it, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.inventory import sync, systems
from app.inventory.merges import sealing
from app.inventory.tables import AccountRow, EntitlementRow, GrantRow, LoginRow, SnapshotRow, StreamRow
from app.kit.beside import Beside
from connectors.records import AccountRecord, EntitlementRecord, GrantRecord, LoginRecord
from tests import make
from tests.app.inventory.conftest import EXECUTOR, READER, Connected

ODD = ["tab\there", "new\nline", "back\\slash", "\\N", "return\r\n", "Zoë 😀 \u2028", "", "a" * 400, "\\.", "'; --"]


@pytest.fixture
def crowd(crm: Connected) -> Connected:
    """Forty accounts with whatever people and programs write, their grants and sign-ins; some point nowhere."""
    for number in range(40):
        odd, key = ODD[number % len(ODD)], f"account {number}"
        at = make.NOW - timedelta(days=number, microseconds=number)
        native = {"Said": odd, "Null": None, "Flag": True, "Number": number}
        crm.world.put(
            AccountRecord(key, f"{number}@example.com", name=odd, title=odd, active=number % 3 == 0 or None, created=at,
                          native=native),
            EntitlementRecord(f"set {number}", "set", odd or "none", privileges=()),
            GrantRecord(key, f"set {number}", key=odd or None, until=at if number % 2 else None, effective=None),
            GrantRecord(key, "set 0", source=f"team:{odd}"[:100], effective=number % 2 == 0),
            GrantRecord("nobody" if number == 7 else key, "set 1"),
            LoginRecord(f"{number} {odd}"[:200], None if number == 3 else key, at, None if number == 4 else number % 2 == 0,
                        odd or None, None),
            LoginRecord(f"{number} of a stranger", "stranger", at, True, None, odd),
        )  # fmt: skip
    return crm


def twin(crm: Connected) -> int:
    """The same CRM, connected once more."""
    with crm.database.transaction() as session:
        return systems.add(
            session, name="Twin", kind="fake", config={"world": "acme"}, reader=READER, executor=EXECUTOR, keys=crm.keys,
            by=make.ADMIN, at=make.NOW,
        ).id  # fmt: skip


def kept(crm: Connected) -> dict[str, Any]:
    """All that history says, but for our own numbers and for the moment."""
    with crm.database.reading() as session:
        account = dict(session.execute(select(AccountRow.id, AccountRow.key)).all())
        entitlement = dict(session.execute(select(EntitlementRow.id, EntitlementRow.key)).all())
        last = select(func.max(SnapshotRow.id)).where(SnapshotRow.system_id == crm.system_id).scalar_subquery()

        def told(row: Any) -> dict[str, Any]:
            skipped = ("id", "system_id", "began", "touched", "snapshot_id", "began_at", "ended_at", "server_at")
            values = {c.name: getattr(row, c.name) for c in row.__table__.columns if c.name not in skipped}
            for name, names in (("account_id", account), ("entitlement_id", entitlement)):
                if name in values:
                    values[name] = names.get(values[name])
            return values

        tables = (AccountRow, EntitlementRow, GrantRow, LoginRow)
        found: dict[str, Any] = {
            of.__tablename__: sorted(
                map(str, map(told, session.scalars(select(of).where(of.system_id == crm.system_id))))
            )
            for of in tables
        }
        streams = session.scalars(select(StreamRow).where(StreamRow.snapshot_id == last).order_by(StreamRow.stream))
        return found | {
            "streams": [(row.stream, row.verdict, row.because, row.dropped, row.rows_digest) for row in streams]
        }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What was to be handed to the process beside, and whether there is one."""
    handed, each = list[tuple[str, bool]](), Beside.each

    def spied(self: Beside, function: Any, every: Any, *known: object, **how: Any) -> Iterator[Any]:
        handed.append((str(function.args[0]), self._able))
        return each(self, function, every, *known, **how)

    monkeypatch.setattr(Beside, "each", spied)
    return handed


def test_sealed_with_a_process_beside_or_without_is_the_same(
    crowd: Connected, asked: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.read(run="first")
    without, large = kept(crowd), sealing.LARGE
    assert asked == []
    assert len(without["grants"]) == 118  # one points nowhere, one comes twice
    assert len(without["logins"]) == 80
    assert any("nobody holds set 1" in str(stream) for stream in without["streams"])
    assert any("came twice" in str(stream) for stream in without["streams"])
    monkeypatch.setattr(sealing, "LARGE", 1)
    monkeypatch.setattr(sync, "Beside", lambda: Beside(able=True))
    other = replace(crowd, system_id=twin(crowd))
    other.read(run="second")
    there = not crowd.database.sqlite  # which has no memory for it, and next to no use
    assert asked == [("AccountRecord", there), ("GrantRecord", there), ("LoginRecord", there)]
    assert kept(other) == without
    assert large > 1_000
