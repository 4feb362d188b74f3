"""Replays: samples that were read again, each kept as a receipt that is never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory import packing
from app.inventory.comparison import Difference, Verdict
from app.inventory.tables import ReplayRow
from app.kit import ids
from app.ledger import entries, jcs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from connectors.receipt import PartReceipt


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn from where."""

    system_id: int
    snapshot_id: int
    seed: str
    wanted: int
    population: int
    keys: tuple[str, ...]
    grants: int


@dataclass(frozen=True, slots=True)
class Found:
    """What reading it again came to."""

    verdict: Verdict
    differences: Sequence[Difference]
    parts: Sequence[PartReceipt]
    principal: str | None
    because: str | None
    began_at: datetime


def record(session: Session, drawn: Drawn, found: Found, *, by: Actor, at: datetime) -> ReplayRow:
    """Keep the receipt of a replay; the ledger's entry binds it and holds no value of anybody."""
    differences = [asdict(each) for each in found.differences]
    row = ReplayRow(
        id=ids.uuid7(), system_id=drawn.system_id, snapshot_id=drawn.snapshot_id, seed=drawn.seed, wanted=drawn.wanted,
        population=drawn.population, accounts=len(drawn.keys), grants=drawn.grants,
        keys_digest=packing.chained(drawn.keys), verdict=str(found.verdict), differences=differences,
        receipts=packing.parts_out(found.parts), principal=found.principal, because=found.because, by=by.id,
        began_at=found.began_at, ended_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    body = {
        "system": row.system_id,
        "snapshot": row.snapshot_id,
        "seed": row.seed,
        "population": row.population,
        "accounts": row.accounts,
        "grants": row.grants,
        "keys_digest": row.keys_digest,
        "verdict": row.verdict,
        "differences": len(differences),
        "unexplained": sum(each.because is None for each in found.differences),
        "digest": packing.chained([jcs.dumps(differences).decode(), jcs.dumps(row.receipts).decode()]),
    }
    entries.record(session, Entry(Kind.REPLAY_RECORDED, f"replay:{row.id}", body), by=by.id, at=at)
    return row
