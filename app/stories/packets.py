"""Evidence as somebody comes for it: which reviews can be sealed, and which packets were, by whom and with which digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.evidence import policy as sealing
from app.kit.refusal import Refusal, insist
from app.ledger import queries as ledger
from app.ledger.kinds import Kind
from app.ledger.tables import CheckpointKeyRow, CheckpointRow, EntryRow
from app.review import queries as review
from app.review.tables import CampaignRow


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet that was sealed. `digest` is SHA-256 of the file that was handed out."""

    entry: EntryRow
    author: str

    @property
    def digest(self) -> str:
        """SHA-256 of the whole file."""
        return str(self.entry.body["digest"])

    @property
    def draft(self) -> bool:
        """Whether its campaign was still open."""
        return bool(self.entry.body.get("draft"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """One review with its packets, the latest first. `refusal`: why none can be sealed now."""

    campaign: CampaignRow
    packets: Sequence[Packet]
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Trust:
    """What an auditor compares with: the keys of this installation and the latest signed checkpoint."""

    keys: Sequence[CheckpointKeyRow]
    checkpoint: CheckpointRow | None


def shelves(session: Session, *, by: Actor) -> list[Shelf]:
    """Every review with its packets, the latest review first."""
    insist(policy.why_not(by, May.SEE_CAMPAIGNS))
    rows = session.execute(
        select(EntryRow, ActorRow.name)
        .outerjoin(ActorRow, ActorRow.id == EntryRow.author)
        .where(EntryRow.kind == Kind.PACKET_SEALED)
        .order_by(EntryRow.at.desc(), EntryRow.id.desc())
        .limit(1_000)
    ).all()
    of: dict[int, list[Packet]] = {}
    for entry, name in rows:
        of.setdefault(int(entry.body["campaign"]), []).append(Packet(entry, name or entry.author))
    return [
        Shelf(row, of.get(row.id, []), sealing.why_not_seal(row.name, row.status, draft=False))
        for row in review.campaigns(session)
    ]


def trust(session: Session, *, by: Actor) -> Trust:
    """The keys that packets are signed with, the latest first, and the latest checkpoint."""
    insist(policy.why_not(by, May.SEE_LEDGER))
    return Trust(list(reversed(ledger.keys(session))), ledger.latest_checkpoint(session))
