"""A small review from the first reading to the last, through the verbs of the stages before, for packets to be made of.

Ada reviews Bo's account: she keeps it, keeps his role and removes the privileged one. The removal is carried out and a
later reading shows that it is gone. Cy, who owns the system, looks after its one integration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evidence import packets
from app.evidence.packets import Sealed
from app.inventory import packing
from app.inventory.tables import EntitlementRow, GrantRow, IdentityRow, SnapshotRow, StreamRow, SystemRow
from app.kit.db import Database
from app.kit.secrets import Keys
from app.ledger import entries
from app.ledger import signing as keys
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import remediations, verify
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow
from app.review import campaigns, decisions, signatures, tasks
from app.review.owning import Acceptance
from app.review.tables import CampaignRow, ItemRow, TaskRow
from app.review.trust import Limits
from app.stories import populations, signing
from connectors.connector import Act, ActKind, Look, State
from connectors.receipt import ActReceipt
from tests import make

NOW = make.NOW
KEYS = Keys(b"k" * 32)
SCOPE: dict[str, Any] = {
    "systems": "all",
    "fallback": "flo",
    "roster": "none",
    "reviewers": [{"ask": ["manager", "owner"]}],
}
SECRET = b"sesame-open-the-crm"
SETTINGS = {"inactive_days": "90", "zone": "Europe/Berlin"}


@dataclass
class Review:
    """What the tests speak about."""

    campaign: int
    system: SystemRow
    first: SnapshotRow
    ada: IdentityRow
    bo: IdentityRow
    mighty: GrantRow


def read(session: Session, system: SystemRow, at: datetime, rows: dict[str, int]) -> SnapshotRow:
    """A sealed reading with its entry, as inventory writes it."""
    snapshot = make.snapshot(session, system, at=at, digest="d" * 64)
    streams = session.scalars(select(StreamRow).where(StreamRow.snapshot_id == snapshot.id)).all()
    for stream in streams:
        stream.rows = stream.records = stream.said = rows.get(stream.stream, 0)
        stream.pages_digest, stream.rows_digest = "a" * 64, "b" * 64
    names = ("verdict", "rows", "said", "pages", "pages_digest", "rows_digest")
    body = {
        "system": system.id,
        "snapshot": snapshot.id,
        "digest": snapshot.digest,
        "receipt": list(packing.RECEIPT),
        "streams": {
            each.stream: {name: getattr(each, name) for name in names}
            | {"receipt_digest": packing.receipt_digest(each)}
            for each in streams
        },
    }
    entries.record(session, Entry(Kind.SNAPSHOT_SEALED, f"snapshot:{snapshot.id}", body), by="scheduler", at=at)
    return snapshot


Populate = Callable[[Session, SystemRow, IdentityRow, EntitlementRow], object]


def frozen(
    session: Session,
    *,
    name: str = "Q4",
    demo: bool = False,
    populate: Populate | None = None,
    owned: bool = False,
    **scope: Any,
) -> Review:
    """A company whose review is open. `populate` may add to the system, to Bo, what is to be reviewed besides;
    `owned`: Olga answers for it; `scope` is what its scope says more."""
    keys.found(session, version="0", demo=demo, by="cli", at=NOW - timedelta(days=400))
    ada = make.identity(session, "Ada")
    bo = make.identity(session, "Bo", manager_id=ada.id, department="Sales")
    cy = make.identity(session, "Cy", key=f"cy-{name}")
    if session.scalar(select(IdentityRow.id).where(IdentityRow.key == "flo")) is None:
        make.identity(session, "Flo", key="flo")
    system = make.system(session, name=f"Sales org {name}", owner_key=cy.key, reader_secret=SECRET)
    account = make.account(session, system, identity_id=bo.id, matched_by="email", username="=bo@corp", name="Bö")
    plain = make.entitlement(session, system, key="role:rep", name="Rep")
    boss = make.entitlement(session, system, key="role:boss", name="Boss", privileges=["export"])
    make.grant(session, account, plain)
    mighty = make.grant(session, account, boss)
    make.integration(session, system, name="Sync tool")
    if populate is not None:
        populate(session, system, bo, plain)
    first = read(session, system, NOW, {"accounts": 1, "entitlements": 2, "grants": 2, "integrations": 1})
    asked = SCOPE | {"systems": [system.name]} | scope
    campaign = campaigns.open(
        session,
        name=name,
        scope=asked | ({"control_owner": "olga"} if owned else {}),
        acceptance=accepted(session, name, asked) if owned else None,
        due_at=NOW + timedelta(days=21),
        demo=demo,
        by=make.ADMIN,
        at=NOW + timedelta(hours=1),
    )
    return Review(campaign.id, system, first, ada, bo, mighty)


def accepted(session: Session, name: str, asked: dict[str, Any]) -> Acceptance:
    """Olga's word that this is what it is to be of."""
    olga, at = make.identity(session, "Olga", key="olga"), NOW + timedelta(hours=1)
    looked = populations.look(session, name, asked | {"control_owner": "olga"}, limits=Limits(), at=at)
    return Acceptance("actor-olga", olga.id, "every system is in it", at, looked.digest)


def signed(session: Session, of: Review) -> None:
    """Olga signs what came of it."""
    row = session.get_one(CampaignRow, of.campaign)
    by = make.actor(session.get_one(IdentityRow, row.owner_id))
    told = {"remark": "looked at the removal", "removals": signing.removals(session, of.campaign)}
    signatures.give(session, of.campaign, **told, by=by, at=NOW + timedelta(hours=6))


def decide(session: Session, of: Review, *, unanswered: tuple[str, ...] = ()) -> None:
    """Every reviewer answers what is theirs, except for these kinds of item."""
    mine = (
        select(ItemRow, TaskRow.reviewer_id)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .where(ItemRow.campaign_id == of.campaign)
        .order_by(ItemRow.id)
    )
    for item, reviewer in session.execute(mine).all():
        if item.kind in unanswered:
            continue
        by = make.actor(session.get_one(IdentityRow, reviewer))
        answer = "remove" if item.grant_id == of.mighty.id else "acknowledge" if item.bundle_version_id else "keep"
        decisions.record(session, item.id, answer, reason="his job", by=by, at=NOW + timedelta(hours=2))
    if unanswered:
        return
    for task in session.scalars(select(TaskRow).where(TaskRow.campaign_id == of.campaign).order_by(TaskRow.id)).all():
        by = make.actor(session.get_one(IdentityRow, task.reviewer_id))
        tasks.submit(session, task.id, by=by, at=NOW + timedelta(hours=2))


def closed(session: Session, of: Review, unanswered: str | None = None) -> CampaignRow:
    """The campaign is closed and its removals are promised."""
    by, at = make.ADMIN, NOW + timedelta(hours=3)
    row = campaigns.close(session, of.campaign, unanswered=unanswered, by=by, at=at)
    remediations.open_for(session, of.campaign, by=by, at=at)
    return row


def removed(session: Session, of: Review) -> None:
    """The privileged grant is taken away, and a later reading no longer has it."""
    by, at = make.ADMIN, NOW + timedelta(hours=4)
    row = session.scalars(select(RemediationRow).where(RemediationRow.campaign_id == of.campaign)).one()
    look = Look(State.PRESENT, {"role": "boss"}, "GET /grants/1", "c" * 64, at)
    act = Act(ActKind.REMOVE_GRANT, remediations.target_of(row), "Remove role Boss from =bo@corp", "DELETE /grants/1")
    begun = remediations.begin_act(session, row, act, look, by=by, at=at)
    remediations.end_act(
        session, begun, "done", receipt=ActReceipt("DELETE /grants/1", 204, "e" * 64, at), by=by, at=at
    )
    gone = Look(State.ABSENT, {}, "GET /grants/1", "f" * 64, at)
    remediations.move(session, row, Status.ACTED, because="the call was answered", after=gone, by=by, at=at)
    later = NOW + timedelta(hours=5)
    session.get_one(GrantRow, of.mighty.id).ended = later
    snapshot = read(session, of.system, later, {"accounts": 1, "entitlements": 2, "grants": 1, "integrations": 1})
    verify.verify(session, snapshot.id, by=make.ADMIN, at=later)


def whole(database: Database, **given: Any) -> Review:
    """The whole story."""
    with database.transaction() as session:
        review = frozen(session, **given)
        decide(session, review)
        closed(session, review)
        removed(session, review)
        if given.get("owned"):
            signed(session, review)
    return review


def build(database: Database, campaign: int, out: Path, **given: Any) -> Sealed:
    """A packet of it."""
    values: dict[str, Any] = {
        "keys": KEYS,
        "by": make.ADMIN,
        "at": NOW + timedelta(hours=6),
        "settings_shown": SETTINGS,
        "sign_ins_kept": timedelta(days=365),
    }
    return packets.build(database, campaign, out, **(values | given))
