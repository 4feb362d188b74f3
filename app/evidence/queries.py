"""Reads everything a packet holds, in order and row by row, so that a packet of a million items needs little memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, Uuid, cast, exists, func, literal, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.evidence.beside import Beside
from app.evidence.opening import SHOWN
from app.inventory.tables import (
    AccountChangeRow,
    AccountRow,
    CredentialRow,
    EdgeRow,
    EntitlementRow,
    GrantRow,
    IdentityRow,
    IntegrationRow,
    ReturnRow,
    SnapshotRow,
    StreamRow,
    SystemRow,
)
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow, LeafRow, PersonalRow
from app.remediation.tables import ActRow, RemediationRow
from app.review.tables import (
    BundleVersionRow,
    CampaignRow,
    CampaignSnapshotRow,
    DecisionRow,
    DelegationRow,
    DriftRow,
    ItemRow,
    RoundAnswerRow,
    TaskRow,
)

Line = Row[*tuple[Any, ...]]
_AT_ONCE = 1000


def campaign(session: Session, campaign_id: int) -> CampaignRow | None:
    """The campaign a packet is about."""
    return session.get(CampaignRow, campaign_id)


def frozen_at(session: Session, campaign_id: int) -> list[tuple[SystemRow, SnapshotRow]]:
    """The systems of a campaign with the readings it is frozen at, in order of system."""
    found = (
        select(SystemRow, SnapshotRow)
        .join(CampaignSnapshotRow, CampaignSnapshotRow.system_id == SystemRow.id)
        .join(SnapshotRow, SnapshotRow.id == CampaignSnapshotRow.snapshot_id)
        .where(CampaignSnapshotRow.campaign_id == campaign_id)
        .order_by(SystemRow.id)
    )
    return [(row[0], row[1]) for row in session.execute(found)]


def rosters(session: Session, at: datetime) -> list[tuple[SystemRow, SnapshotRow]]:
    """The readings of who works here that were the latest when the campaign opened."""
    found = (
        select(SystemRow, SnapshotRow)
        .join(SnapshotRow, SnapshotRow.system_id == SystemRow.id)
        .where(SnapshotRow.id.in_(_roster_snapshots(literal(at, SnapshotRow.sealed_at.type))))
        .order_by(SystemRow.id)
    )
    return [(row[0], row[1]) for row in session.execute(found)]


def verifying(session: Session, campaign_id: int) -> list[tuple[SystemRow, SnapshotRow]]:
    """The later readings that showed removals of this campaign to be true."""
    proved = select(RemediationRow.verified_snapshot_id).where(RemediationRow.campaign_id == campaign_id)
    found = (
        select(SystemRow, SnapshotRow)
        .join(SnapshotRow, SnapshotRow.system_id == SystemRow.id)
        .where(SnapshotRow.id.in_(proved))
        .order_by(SnapshotRow.id)
    )
    return [(row[0], row[1]) for row in session.execute(found)]


def streams(session: Session, snapshot_id: int) -> list[StreamRow]:
    """The receipts of one reading."""
    found = select(StreamRow).where(StreamRow.snapshot_id == snapshot_id).order_by(StreamRow.stream)
    return list(session.scalars(found))


# --- the population, as it stood at a reading ---


def accounts(session: Session, system_id: int, at: datetime) -> Iterator[tuple[Line, dict[str, str | None]]]:
    """Accounts that were there at `at`, each with the fields that later readings changed, as they were before."""
    found = (
        select(AccountRow, IdentityRow.key)
        .outerjoin(IdentityRow, IdentityRow.id == AccountRow.identity_id)
        .where(AccountRow.system_id == system_id, *_there(AccountRow, "account", at))
        .order_by(AccountRow.id)
    )
    since = (
        select(AccountChangeRow.account_id, AccountChangeRow.field, AccountChangeRow.before)
        .join(SnapshotRow, SnapshotRow.id == AccountChangeRow.snapshot_id)
        .where(SnapshotRow.system_id == system_id, SnapshotRow.began_at > at)
        .order_by(AccountChangeRow.account_id, SnapshotRow.began_at.desc(), AccountChangeRow.id.desc())
    )
    changes = Beside(_rows(session, since))
    for row in _rows(session, found):
        # Newest first, so that the oldest change after `at` has the last word.
        yield row, {change.field: change.before for change in changes.of(row[0].id)}


def entitlements(session: Session, system_id: int, at: datetime) -> Iterator[Line]:
    """Entitlements that were there at `at`."""
    there = _there(EntitlementRow, "entitlement", at)
    yield from _rows(
        session,
        select(EntitlementRow).where(EntitlementRow.system_id == system_id, *there).order_by(EntitlementRow.id),
    )


def nesting(session: Session, system_id: int, at: datetime) -> Iterator[Line]:
    """Which entitlement brought which other one at `at`: (edge, holder's key, held one's key)."""
    holder, held = aliased(EntitlementRow), aliased(EntitlementRow)
    found = (
        select(EdgeRow, holder.key, held.key)
        .join(holder, holder.id == EdgeRow.holder_id)
        .join(held, held.id == EdgeRow.held_id)
        .where(EdgeRow.system_id == system_id, *_lasts(EdgeRow, at))
        .order_by(EdgeRow.id)
    )
    yield from _rows(session, found)


def grants(session: Session, system_id: int, at: datetime) -> Iterator[Line]:
    """Direct grants that were there at `at`: (grant, account's key, username, entitlement's key, name)."""
    found = (
        select(GrantRow, AccountRow.key, AccountRow.username, EntitlementRow.key, EntitlementRow.name)
        .join(AccountRow, AccountRow.id == GrantRow.account_id)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(GrantRow.system_id == system_id, *_lasts(GrantRow, at))
        .order_by(GrantRow.id)
    )
    yield from _rows(session, found)


def integrations(session: Session, system_id: int, at: datetime) -> Iterator[Line]:
    """Integrations that were there at `at`: (integration, owner's key)."""
    found = (
        select(IntegrationRow, AccountRow.key)
        .outerjoin(AccountRow, AccountRow.id == IntegrationRow.owner_account_id)
        .where(IntegrationRow.system_id == system_id, *_there(IntegrationRow, "integration", at))
        .order_by(IntegrationRow.id)
    )
    yield from _rows(session, found)


def credentials(session: Session, system_id: int, at: datetime) -> Iterator[Line]:
    """Credentials that were there at `at`: (credential, account's key, integration's key)."""
    found = (
        select(CredentialRow, AccountRow.key, IntegrationRow.key)
        .outerjoin(AccountRow, AccountRow.id == CredentialRow.account_id)
        .outerjoin(IntegrationRow, IntegrationRow.id == CredentialRow.integration_id)
        .where(CredentialRow.system_id == system_id, *_there(CredentialRow, "credential", at))
        .order_by(CredentialRow.id)
    )
    yield from _rows(session, found)


# --- what was decided and done ---


def items(session: Session, campaign_id: int) -> Iterator[tuple[Line, list[Line], list[Line]]]:
    """Items with names, each with its decisions and their leaf numbers, oldest first, and with its earlier rounds."""
    reviewer, subject, giver = aliased(IdentityRow), aliased(IdentityRow), aliased(IdentityRow)
    found = (
        select(
            ItemRow,
            SystemRow.name.label("system_name"),
            AccountRow.key.label("account_key"),
            AccountRow.username,
            reviewer.id.label("reviewer_id"),
            reviewer.key.label("reviewer_key"),
            reviewer.name.label("reviewer_name"),
            subject.key.label("subject_key"),
            _model().label("model"),
            *_delegated(giver),
        )
        .join(SystemRow, SystemRow.id == ItemRow.system_id)
        .join(TaskRow, TaskRow.id == ItemRow.task_id)
        .join(reviewer, reviewer.id == TaskRow.reviewer_id)
        .outerjoin(AccountRow, AccountRow.id == ItemRow.account_id)
        .outerjoin(subject, subject.id == ItemRow.subject_identity_id)
        .outerjoin(BundleVersionRow, BundleVersionRow.id == ItemRow.bundle_version_id)
        .outerjoin(DelegationRow, DelegationRow.id == ItemRow.delegation_id)
        .outerjoin(giver, giver.id == DelegationRow.from_id)
        .where(ItemRow.campaign_id == campaign_id)
        .order_by(ItemRow.id)
    )
    said = (
        select(DecisionRow.item_id, DecisionRow, LeafRow.number, IdentityRow.key, IdentityRow.name, *_delegated(giver))
        .join(ItemRow, ItemRow.id == DecisionRow.item_id)
        .outerjoin(LeafRow, LeafRow.entry_id == DecisionRow.id)
        .outerjoin(IdentityRow, IdentityRow.id == DecisionRow.by_identity_id)
        .outerjoin(DelegationRow, DelegationRow.id == DecisionRow.delegation_id)
        .outerjoin(giver, giver.id == DelegationRow.from_id)
        .where(ItemRow.campaign_id == campaign_id)
        .order_by(DecisionRow.item_id, DecisionRow.at, DecisionRow.id)
    )
    asked = (
        select(RoundAnswerRow.item_id, RoundAnswerRow, IdentityRow.key, IdentityRow.name)
        .join(ItemRow, ItemRow.id == RoundAnswerRow.item_id)
        .join(IdentityRow, IdentityRow.id == RoundAnswerRow.reviewer_id)
        .where(ItemRow.campaign_id == campaign_id)
        .order_by(RoundAnswerRow.item_id, RoundAnswerRow.round)
    )
    decisions, rounds = Beside(_rows(session, said)), Beside(_rows(session, asked))
    for row in _rows(session, found):
        yield row, decisions.of(row[0].id), rounds.of(row[0].id)


def _delegated(giver: Any) -> tuple[Any, ...]:
    """By which delegation, for whom and for which time."""
    return (
        DelegationRow.id.label("delegation"),
        DelegationRow.began.label("delegated_from"),
        DelegationRow.until.label("delegated_until"),
        giver.key.label("giver_key"),
        giver.name.label("giver_name"),
    )


def _model() -> Any:
    number = cast(BundleVersionRow.number, String)
    return literal("bundle:") + cast(BundleVersionRow.bundle_id, String) + " v" + number


def drift(session: Session, campaign_id: int) -> Iterator[Line]:
    """What came and went while the campaign was open."""
    yield from _rows(session, select(DriftRow).where(DriftRow.campaign_id == campaign_id).order_by(DriftRow.id))


def remediations(session: Session, campaign_id: int) -> Iterator[tuple[Line, list[ActRow]]]:
    """Removals with the system's name and the verifying reading, each with its acts in order."""
    found = (
        select(
            RemediationRow,
            SystemRow.name.label("system_name"),
            SnapshotRow.began_at.label("read_at"),
            SnapshotRow.digest.label("read_digest"),
            SnapshotRow.principal.label("read_by"),
        )
        .join(SystemRow, SystemRow.id == RemediationRow.system_id)
        .outerjoin(SnapshotRow, SnapshotRow.id == RemediationRow.verified_snapshot_id)
        .where(RemediationRow.campaign_id == campaign_id)
        .order_by(RemediationRow.id)
    )
    done = (
        select(ActRow.remediation_id, ActRow)
        .join(RemediationRow, RemediationRow.id == ActRow.remediation_id)
        .where(RemediationRow.campaign_id == campaign_id)
        .order_by(ActRow.remediation_id, ActRow.number)
    )
    acts = Beside(_rows(session, done))
    for row in _rows(session, found):
        yield row, [act[1] for act in acts.of(row[0].id)]


# --- the log ---


def entries(session: Session, campaign_id: int, size: int) -> Iterator[tuple[Line, list[Line]]]:
    """The numbered entries below `size` that this packet rests on, each with the personal values that may be shown."""
    wanted = _subjects(campaign_id).subquery()
    mine = (
        select(LeafRow.number, EntryRow)
        .join(EntryRow, EntryRow.id == LeafRow.entry_id)
        .join(wanted, wanted.c.subject == EntryRow.subject)
        .where(LeafRow.number < size)
        .order_by(LeafRow.number)
    )
    opened = (
        select(LeafRow.number, PersonalRow.field, PersonalRow.salt, PersonalRow.value)
        .join(EntryRow, EntryRow.id == LeafRow.entry_id)
        .join(wanted, wanted.c.subject == EntryRow.subject)
        .join(PersonalRow, PersonalRow.entry_id == EntryRow.id)
        .where(LeafRow.number < size, EntryRow.kind.in_([str(kind) for kind in SHOWN]))
        .order_by(LeafRow.number, PersonalRow.field)
    )
    values = Beside(_rows(session, opened))
    for row in _rows(session, mine):
        yield row, values.of(row[0])


def uncovered(session: Session, campaign_id: int, size: int) -> int:
    """How many entries this packet rests on have no number below `size` yet."""
    wanted = _subjects(campaign_id).subquery()
    found = (
        select(func.count())
        .select_from(EntryRow)
        .join(wanted, wanted.c.subject == EntryRow.subject)
        .outerjoin(LeafRow, LeafRow.entry_id == EntryRow.id)
        .where(or_(LeafRow.number.is_(None), LeafRow.number >= size))
    )
    return session.scalar(found) or 0


def last_sealed(session: Session, size: int) -> Mapping[str, Any] | None:
    """What the ledger says of the packet that was sealed last, below `size`."""
    found = (
        select(EntryRow.body)
        .join(LeafRow, LeafRow.entry_id == EntryRow.id)
        .where(EntryRow.kind == str(Kind.PACKET_SEALED), LeafRow.number < size)
        .order_by(LeafRow.number.desc())
        .limit(1)
    )
    return session.scalar(found)


def _subjects(campaign_id: int) -> Any:
    """The subjects of every entry that a packet of this campaign rests on."""
    frozen = select(CampaignSnapshotRow.snapshot_id).where(CampaignSnapshotRow.campaign_id == campaign_id)
    proved = select(RemediationRow.verified_snapshot_id).where(RemediationRow.campaign_id == campaign_id)
    opened = select(CampaignRow.opened_at).where(CampaignRow.id == campaign_id).scalar_subquery()
    roster = _roster_snapshots(opened)
    remediation = select(RemediationRow.id).where(RemediationRow.campaign_id == campaign_id)

    models = select(ItemRow.bundle_version_id).where(ItemRow.campaign_id == campaign_id).distinct()
    mine = ItemRow.campaign_id == campaign_id
    answered = select(DecisionRow.delegation_id).join(ItemRow, ItemRow.id == DecisionRow.item_id).where(mine)
    delegations = union(select(ItemRow.delegation_id).where(mine), answered)  # also of what went on to others since

    def of(word: str, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> Select[str]:
        text = _dashed(column) if isinstance(column.type, Uuid) else cast(column, String)
        return select((literal(f"{word}:") + text).label("subject")).where(*where)

    return union(
        select(literal(f"campaign:{campaign_id}").label("subject")),
        select(literal("installation").label("subject")),
        select(literal("checkpoints").label("subject")),
        of("snapshot", SnapshotRow.id, SnapshotRow.id.in_(union(frozen, proved, roster))),
        of("item", ItemRow.id, ItemRow.campaign_id == campaign_id),
        of("task", TaskRow.id, TaskRow.campaign_id == campaign_id),
        of("bundle", BundleVersionRow.bundle_id, BundleVersionRow.id.in_(models)),
        of("delegation", DelegationRow.id, DelegationRow.id.in_(delegations)),
        of("drift", DriftRow.id, DriftRow.campaign_id == campaign_id),
        of("remediation", RemediationRow.id, RemediationRow.campaign_id == campaign_id),
        of("act", ActRow.id, ActRow.remediation_id.in_(remediation)),
    )


def _roster_snapshots(opened: ColumnElement[Any]) -> Any:
    """Of each roster the last reading sealed by then; readings of one system are sealed in the order they began."""
    return (
        select(func.max(SnapshotRow.id))
        .join(SystemRow, SystemRow.id == SnapshotRow.system_id)
        .where(SystemRow.kind == "roster", SnapshotRow.sealed_at <= opened)
        .group_by(SnapshotRow.system_id)
    )


def _dashed(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """A UUID as the text that subjects have; SQLite keeps it without dashes."""
    plain = func.replace(cast(column, String), "-", "")
    parts = [func.substr(plain, begin, length) for begin, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    text: Any = parts[0]
    for part in parts[1:]:
        text = text + literal("-") + part
    return cast(text, String)


def _lasts(row: Any, at: datetime) -> list[ColumnElement[bool]]:
    return [row.began <= at, or_(row.ended.is_(None), row.ended > at)]


def _there(row: Any, kind: str, at: datetime) -> list[ColumnElement[bool]]:
    """There at `at`, and not in a gap between having gone and having come back."""
    away = exists().where(
        ReturnRow.kind == kind, ReturnRow.subject_id == row.id, ReturnRow.gone <= at, ReturnRow.back > at
    )
    return [*_lasts(row, at), ~away]


def _rows(session: Session, statement: Any) -> Iterator[Line]:
    return iter(session.execute(statement.execution_options(yield_per=_AT_ONCE)))
