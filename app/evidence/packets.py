"""Builds a campaign's packet: everything an auditor needs, read in one steady view, listed, digested and signed.

First the log is numbered and signed, then everything is read in one frozen view that must be covered by that checkpoint,
then the packet appears whole, and at last the ledger says that it was sealed. Rows stream through; memory stays flat.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.evidence import archive, carry, covers, extracts, lines, manifest, policy, queries, reconciliation
from app.evidence.archive import Archive
from app.evidence.formats import sheets
from app.evidence.formats.sheets import Sheets
from app.inventory.tables import SnapshotRow, SystemRow
from app.kit import clock
from app.kit.db import Database
from app.kit.refusal import insist
from app.kit.secrets import Keys
from app.ledger import checkpoints, entries, leaves, note, signing
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.ledger.note import Checkpoint, Signer
from app.remediation import lookback
from app.remediation import queries as removals
from app.review.tables import CampaignRow

_TRIES = 5
_POPULATION: dict[str, tuple[Callable[[Session, int, datetime], Iterable[Any]], Callable[[Any], dict[str, Any]]]] = {
    "accounts": (queries.accounts, lambda row: lines.account(*row)),
    "entitlements": (queries.entitlements, lines.entitlement),
    "nesting": (queries.nesting, lines.nesting),
    "grants": (queries.grants, lines.grant),
    "integrations": (queries.integrations, lines.integration),
    "credentials": (queries.credentials, lines.credential),
}
_TABLES = {
    "decisions": (
        "item", "system_name", "kind", "username", "account", "what", "privileged", "whose", "reviewer_name",
        "reviewed_for", "chosen_by", "outcome", "by", "by_name", "way", "at", "reason", "change_to", "until",
        "self_review", "decisions_before", "role_model",
    ),
    "remediations": (
        "id", "item", "system_name", "subject", "wish", "status", "because", "opened_at", "due_at", "acted_at",
        "verified_at", "verified_by_snapshot", "acts",
    ),
    "drift": ("id", "subject", "change", "privileged", "answer", "reason", "by", "at"),
    "accounts": (
        "system_name", "key", "username", "name", "email", "active", "kind", "title", "department", "identity", "created",
    ),
    "grants": ("system_name", "username", "account", "entitlement_name", "entitlement", "source", "authority", "granted"),
    "integrations": ("system_name", "key", "name", "kind", "publisher", "owner", "scopes", "active", "created"),
    "credentials": ("system_name", "key", "label", "kind", "account", "integration", "scopes", "active", "expires"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sealed:
    """A packet that was written. `key` is the verifying key in C2SP form, `checkpoint` the signed note it rests on."""

    path: Path
    digest: str  # SHA-256 of the whole file
    files: int
    checkpoint: str
    key: str
    fingerprint: str
    draft: bool


def build(
    database: Database,
    campaign_id: int,
    out: Path,
    *,
    keys: Keys,
    by: Actor,
    at: datetime,
    settings_shown: Mapping[str, str],
    sign_ins_kept: timedelta,
    draft: bool = False,
    known: Sequence[str] = (),
) -> Sealed:
    """Write the packet of a closed campaign to `out`, replacing what is there. Opens its own transactions.

    Refuses a campaign that is not closed, unless `draft`, which is stamped on the cover and in the manifest.
    `sign_ins_kept`: for how long this installation keeps them, which is how far back it can look. `known` are checkpoints
    (notes) that an auditor kept and wants to see extended; those of this installation are, mostly, anyway.
    Raises checkpoints.BrokenLog when the ledger is no longer what was signed before.
    """
    at = clock.utc(at)
    kept = extracts.read_known(known)
    with database.reading() as session:
        row = queries.campaign(session, campaign_id)
        insist(policy.why_not_seal(row.name if row else None, row.status if row else None, draft=draft))
        draft = draft and row is not None and row.status != "closed"
    for left in reversed(range(_TRIES)):
        signer, signed = _sign(database, keys, by, at)
        checkpoint = note.parse(signed)
        with database.frozen() as session:
            # Somebody may have added to this campaign since; a packet must not hold what its checkpoint does not cover.
            if missing := queries.uncovered(session, campaign_id, checkpoint.size):
                insist(policy.why_not_still(missing, left))
                continue
            with archive.sealing(out, at) as packet:
                sealed = _Packet(session, packet, signer, signed, checkpoint, by, at, sign_ins_kept)
                listed = sealed.write(campaign_id, settings_shown, kept, draft=draft)
            break
    digest = _digest(out)
    _tell(database, campaign_id, digest, listed, checkpoint, draft, by, at)
    key = signer.verifiers[0]
    return Sealed(out, digest, len(packet.files), signed, str(key), key.fingerprint, draft)


def _sign(database: Database, keys: Keys, by: Actor, at: datetime) -> tuple[Signer, str]:
    """Number what was committed and sign it."""
    with database.transaction() as session:
        while leaves.integrate(session):
            pass
        signer = signing.signer(session, keys)
        row = checkpoints.sign(session, signer, by=by.id, at=at, heartbeat=timedelta(0))
        if row is None:
            raise LookupError("the ledger is empty: there is nothing to prove")
        return signer, row.note


def _tell(
    database: Database,
    campaign_id: int,
    digest: str,
    listed: bytes,
    checkpoint: Checkpoint,
    draft: bool,
    by: Actor,
    at: datetime,
) -> None:
    body = {
        "campaign": campaign_id,
        "digest": digest,
        "manifest": hashlib.sha256(listed).hexdigest(),
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "draft": draft,
    }
    with database.transaction() as session:
        entries.record(session, Entry(Kind.PACKET_SEALED, f"packet:{digest}", body), by=by.id, at=at)


class _Packet:
    """One packet being filled: what its parts share."""

    def __init__(
        self,
        session: Session,
        packet: Archive,
        signer: Signer,
        signed: str,
        checkpoint: Checkpoint,
        by: Actor,
        at: datetime,
        sign_ins_kept: timedelta,
    ) -> None:
        self._session, self._packet, self._signer = session, packet, signer
        self._signed, self._checkpoint, self._by, self._at = signed, checkpoint, by, at
        self._kept = sign_ins_kept
        self._population: dict[int, Counter[str]] = defaultdict(Counter)
        self._items: dict[int, Counter[str]] = defaultdict(Counter)
        self._outcomes: Counter[str] = Counter()

    def write(
        self, campaign_id: int, settings: Mapping[str, str], known: Sequence[Checkpoint], *, draft: bool
    ) -> bytes:
        """Write every file, the manifest and its signature. Returns the manifest."""
        campaign = self._session.get_one(CampaignRow, campaign_id)
        systems = queries.frozen_at(self._session, campaign_id)
        stamped = covers.stamps(campaign, systems, draft=draft)
        key = self._signer.verifiers[0]
        cover = covers.compose(
            campaign, systems, stamped=stamped, settings=settings, key=key, checkpoint=self._signed, by=self._by.id,
            at=self._at,
        )  # fmt: skip
        with sheets.writing(_TABLES, self._at) as tables:
            for system, snapshot in systems:
                self._populate(system, snapshot, tables)
            self._decide(campaign_id, tables)
            self._remove(campaign_id, tables)
            promised = extracts.controls(self._session, [system.id for system, _ in systems], self._at)
            self._packet.add_lines("controls.jsonl", promised)
            tables.add_to(self._packet)
        receipts = self._receipts(campaign, systems)
        self._packet.add_lines("population/receipts.jsonl", receipts)
        frozen = [each for each in receipts if each["rests"] == "frozen"]
        reconciled = reconciliation.compose(
            cover["systems"], frozen, self._population, self._items, self._outcomes, campaign.excluded
        )
        self._packet.add_json("reconciliation.json", reconciled)
        self._packet.add_json("cover.json", cover)
        self._packet.add("cover.txt", covers.text(cover, reconciled))
        self._packet.add("README.txt", covers.readme(cover))
        self._extract(campaign_id, known)
        self._packet.add("verify.pyz", carry.verifier())
        about = {
            "format": 1,
            "product": "Rolecall",
            "version": cover["version"],
            "origin": self._signer.origin,
            "campaign": {"id": campaign.id, "name": campaign.name},
            "stamps": stamped,
            "sealed_at": self._at.isoformat(),
            "checkpoint": {"size": self._checkpoint.size, "root": self._checkpoint.root.hex()},
            "key": str(key),
        }
        listed = manifest.compose(about, self._packet.files)
        self._packet.add(manifest.MANIFEST, listed)
        self._packet.add(manifest.SIGNATURE, manifest.sign(listed, self._signer))
        return listed

    def _populate(self, system: SystemRow, snapshot: SnapshotRow, tables: Sheets) -> None:
        for name, (read, line) in _POPULATION.items():
            rows = read(self._session, system.id, snapshot.began_at)
            told = self._tabled(tables, name, system.name, map(line, rows))
            count = self._packet.add_lines(f"{covers.folder(system)}/{name}.jsonl", told)
            self._population[system.id][name] = count

    def _tabled(
        self, tables: Sheets, name: str, system: str, told: Iterable[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        for line in told:
            if name in _TABLES:
                tables.put(name, {**line, "system_name": system})
            yield line

    def _decide(self, campaign_id: int, tables: Sheets) -> None:
        def told() -> Iterator[dict[str, Any]]:
            for row, said, rounds in queries.items(self._session, campaign_id):
                line = lines.item(row, said, rounds)
                self._items[line["system"]][line["kind"]] += 1
                self._outcomes[reconciliation.outcome(line)] += 1
                last = line["decisions"][-1] if line["decisions"] else {}
                before = len(line["decisions"]) - 1 if line["decisions"] else 0
                ended = {"what": line["subject"], "outcome": reconciliation.outcome(line)}  # also that nobody answered
                tables.put("decisions", {**line, **last, **ended, "decisions_before": before})
                yield line

        self._packet.add_lines("decisions.jsonl", told())
        drift = (lines.drift(row) for row in queries.drift(self._session, campaign_id))
        self._packet.add_lines("drift.jsonl", self._tabled(tables, "drift", "", drift))

    def _remove(self, campaign_id: int, tables: Sheets) -> None:
        def told() -> Iterator[dict[str, Any]]:
            for row, acts in queries.remediations(self._session, campaign_id):
                back = lookback.of(self._session, row[0], kept=self._kept, at=self._at)
                papers = removals.papers(self._session, [row[0].id])[row[0].id]
                line = lines.remediation(row, acts, papers, lookback.as_json(back))
                proof = line["verified_by"] or {}
                says = [f"{act['says']} ({act['status']})" for act in line["acts"]]
                tables.put("remediations", {**line, "acts": says, "verified_by_snapshot": proof.get("snapshot")})
                yield line

        self._packet.add_lines("remediations.jsonl", told())

    def _receipts(
        self, campaign: CampaignRow, systems: Sequence[tuple[SystemRow, SnapshotRow]]
    ) -> list[dict[str, Any]]:
        rests = {
            "frozen": systems,
            "roster": queries.rosters(self._session, campaign.opened_at),
            "verifying": queries.verifying(self._session, campaign.id),
        }
        return [
            lines.receipt(system, snapshot, stream, why)
            for why, pairs in rests.items()
            for system, snapshot in pairs
            for stream in queries.streams(self._session, snapshot.id)
        ]

    def _extract(self, campaign_id: int, known: Sequence[Checkpoint]) -> None:
        size = self._checkpoint.size
        self._packet.add_lines("log/entries.jsonl", extracts.entries(self._session, campaign_id, size))
        self._packet.add_lines("log/consistency.jsonl", extracts.consistency(self._session, size, known))
        self._packet.add_lines("log/keys.jsonl", extracts.keys(self._session))
        self._packet.add("log/checkpoint.txt", self._signed)
        before = extracts.previous(self._session, size)
        if before is not None:
            self._packet.add("log/previous-checkpoint.txt", before.note)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
