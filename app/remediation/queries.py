"""Reads of removals: what was decided, what a reading says of each, and what stands against a call."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.inventory import queries as inventory
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IntegrationRow,
    PrivilegeRow,
    SystemRow,
)
from app.kit.refusal import Refusal, Refused
from app.remediation import contained
from app.remediation.policy import BY_A_PERSON, PROVABLE, Status
from app.remediation.tables import ActRow, PaperRow, RemediationRow
from app.review.tables import CampaignRow, CampaignSnapshotRow, DecisionRow, DriftRow, ItemRow
from connectors.records import Privilege, Stream

STREAMS: Mapping[str, Stream] = {
    "grant": Stream.GRANTS,
    "account": Stream.ACCOUNTS,
    "integration": Stream.INTEGRATIONS,
    "credential": Stream.INTEGRATIONS,
    "group": Stream.GRANTS,  # who is in it
    "definition": Stream.ENTITLEMENTS,
}
_ROWS: Mapping[str, Any] = {
    "grant": GrantRow,
    "account": AccountRow,
    "integration": IntegrationRow,
    "credential": CredentialRow,
    "group": EntitlementRow,
    "definition": EntitlementRow,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One decision to take something away, that has no remediation yet."""

    kind: str
    subject_id: int
    wish: str
    change_to: str | None = None
    until: datetime | None = None
    item_id: int | None = None
    drift_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plight:
    """What is known here of the account that a removal concerns, read just before a call."""

    system: SystemRow
    account_key: str | None
    account_kind: str | None
    authority: str | None
    administers: bool | None
    other_administrators: int


def wishes(session: Session, campaign_id: int) -> list[Wish]:
    """What a campaign decided to take away and nobody has promised yet: its items, then its drift."""

    def latest(column: Any) -> Any:
        said = select(column).where(DecisionRow.item_id == ItemRow.id, DecisionRow.answer == ItemRow.outcome)
        # Of several rounds, or of an answer that was changed, another may be later.
        return said.order_by(DecisionRow.at.desc(), DecisionRow.id.desc()).limit(1).scalar_subquery()

    things = (ItemRow.grant_id, ItemRow.credential_id, ItemRow.integration_id, ItemRow.entitlement_id)
    subject = func.coalesce(*things, ItemRow.account_id)
    decided = (
        select(
            ItemRow.id, ItemRow.kind, subject, ItemRow.outcome, latest(DecisionRow.change_to), latest(DecisionRow.until)
        )
        .where(ItemRow.campaign_id == campaign_id, ItemRow.outcome.in_(("remove", "change")))
        .where(~exists().where(RemediationRow.item_id == ItemRow.id))
        .order_by(ItemRow.id)
    )
    told = [
        _wish(kind, subject_id, str(outcome), change_to, until, item)
        for item, kind, subject_id, outcome, change_to, until in session.execute(decided)
    ]
    drifted = (
        select(DriftRow.id, DriftRow.subject, DriftRow.change)
        .where(DriftRow.campaign_id == campaign_id, DriftRow.answer == "remove", DriftRow.change != "ended")
        .where(~exists().where(RemediationRow.drift_id == DriftRow.id))
        .order_by(DriftRow.id)
    )
    for drift, text, change in session.execute(drifted):
        kind, _, number = text.partition(":")  # what contains something else is not taken away, but changed back
        told.append(Wish(kind, int(number), "remove" if change == "began" else "change", drift_id=drift))
    return told


def _wish(kind: str, subject_id: int, outcome: str, change_to: str | None, until: datetime | None, item: int) -> Wish:
    """A removal with a day is the wish that the access ends on that day."""
    if outcome == "remove" and until is not None:
        return Wish(kind, subject_id, "time_box", until=until, item_id=item)
    return Wish(kind, subject_id, outcome, change_to if outcome == "change" else None, item_id=item)


def find(session: Session, remediation_id: uuid.UUID) -> RemediationRow:
    """One removal, or Refused (404)."""
    row = session.get(RemediationRow, remediation_id)
    if row is None:
        raise Refused(Refusal("not_found", f"There is no removal {remediation_id}.", "List them.", status=404))
    return row


def before(session: Session, remediation_id: uuid.UUID | None) -> Mapping[str, Any] | None:
    """What was there before a removal, as it was kept; None if nothing was."""
    if remediation_id is None:
        return None
    return session.scalar(select(RemediationRow.before).where(RemediationRow.id == remediation_id))


def undoing(session: Session, remediation_id: uuid.UUID) -> RemediationRow | None:
    """The promise that gives back what a removal took away."""
    return session.scalar(select(RemediationRow).where(RemediationRow.undoes_id == remediation_id))


def to_carry_out(session: Session, system_id: int) -> Sequence[RemediationRow]:
    """What a system's lane has to do, in the order in which it was promised: first what a crash left half done."""
    mine = (RemediationRow.system_id == system_id, RemediationRow.status.in_((Status.OPEN, Status.ACTING)))
    half_done = RemediationRow.status == Status.ACTING
    return session.scalars(select(RemediationRow).where(*mine).order_by(half_done.desc(), RemediationRow.id)).all()


def ended(session: Session, at: datetime) -> list[int]:
    """The systems in which access that was to end by now is still promised to go, and nobody was sent."""
    mine = (RemediationRow.wish == "time_box", RemediationRow.status == Status.OPEN, RemediationRow.until <= at)
    return sorted(set(session.scalars(select(RemediationRow.system_id).where(*mine))))


def unended_act(session: Session, remediation_id: uuid.UUID) -> ActRow | None:
    """The call that was begun and whose end is not known."""
    mine = (ActRow.remediation_id == remediation_id, ActRow.status == "begun")
    return session.scalar(select(ActRow).where(*mine).order_by(ActRow.number.desc()).limit(1))


def reviews_of(session: Session, system_id: int) -> list[str]:
    """The open campaigns that rest on a system, by name."""
    found = (
        select(CampaignRow.name)
        .join(CampaignSnapshotRow, CampaignSnapshotRow.campaign_id == CampaignRow.id)
        .where(CampaignSnapshotRow.system_id == system_id, CampaignRow.status == "open")
    )
    return sorted(session.scalars(found))


def unfinished(session: Session, system_id: int) -> int:
    """How many removals of a system have neither been proved nor been declined."""
    waiting = RemediationRow.status.in_(("open", "by_hand", "acting", "acted", "returned"))
    return session.scalars(select(func.count()).where(RemediationRow.system_id == system_id, waiting)).one()


def unproved(session: Session, system_id: int) -> int:
    """How many removals of a system were acted on and wait for a reading."""
    mine = (RemediationRow.system_id == system_id, RemediationRow.status == Status.ACTED)
    return session.scalar(select(func.count()).select_from(RemediationRow).where(*mine)) or 0


def held(session: Session, system_id: int, kind: str) -> int:
    """How many of a kind the system holds, as last read; of accounts, those not known to be inactive."""
    row = _ROWS[kind]
    live = [row.system_id == system_id, row.ended.is_(None)]
    if kind == "account":
        live.append(AccountRow.active.is_not(False))
    return session.scalar(select(func.count()).select_from(row).where(*live)) or 0


def plight(session: Session, system_id: int, kind: str, account_id: int | None, grant_id: int | None) -> Plight:
    """What stands around a removal of one thing now; `account_id` is the account's own or its holder's."""
    system = session.get_one(SystemRow, system_id)
    account = session.get(AccountRow, account_id) if account_id else None
    grant = session.get(GrantRow, grant_id) if grant_id else None
    administers: bool | None = False
    others = 0
    if account is not None and kind in ("account", "grant"):
        administers = _administers(session, account.id, grant.entitlement_id if grant else None)
        others = len(_administrators_left(session, system.id) - {account.id})
    return Plight(
        system=system,
        account_key=account.key if account else None,
        account_kind=account.kind if account else None,
        authority=grant.authority if grant else None,
        administers=administers,
        other_administrators=others,
    )


def underway(session: Session, subjects: Sequence[str]) -> dict[str, RemediationRow]:
    """Removals that are promised and not proved, by subject ("account:12"); one that came back counts."""
    found = select(RemediationRow).where(
        RemediationRow.subject.in_(subjects),
        RemediationRow.status.not_in((Status.VERIFIED, Status.UNDONE)),
        RemediationRow.wish.in_(("remove", "change")),
    )
    return {row.subject: row for row in session.scalars(found.order_by(RemediationRow.id))}


def gone(session: Session, system_id: int, kind: str) -> Sequence[RemediationRow]:
    """Removals of a kind that a reading may prove and that are true as the rows stand: gone, exchanged, given its end, or,
    of what was undone, there again."""
    if kind in BY_A_PERSON:
        return _contained(session, _provable(system_id, kind), so=True)
    held = and_(RemediationRow.wish == "restore", _present(kind), ~_end_stands(kind))
    away = and_(RemediationRow.wish.in_(("remove", "change")), _absent(kind), _replaced())
    return session.scalars(_provable(system_id, kind).where(or_(held, away, _ends(kind)))).all()


def still_there(session: Session, system_id: int, kind: str) -> Sequence[RemediationRow]:
    """Removals of a kind that were acted on and are not true as the rows stand."""
    acted = RemediationRow.status == Status.ACTED
    if kind in BY_A_PERSON:
        return _contained(session, _provable(system_id, kind).where(acted), so=False)
    held = and_(RemediationRow.wish.in_(("remove", "change")), _present(kind))
    away = and_(RemediationRow.wish == "restore", or_(_absent(kind), _end_stands(kind)))
    endless = and_(RemediationRow.wish == "time_box", _present(kind), ~_ends(kind))
    return session.scalars(_provable(system_id, kind).where(acted, or_(held, away, endless))).all()


def verified(session: Session, system_id: int, *, since: datetime) -> Sequence[RemediationRow]:
    """What was proved to be gone, or to end, at `since` or later and has not come back by now. What ends on a day is
    looked at as long after that day."""
    mine = (RemediationRow.system_id == system_id, RemediationRow.status == Status.VERIFIED)
    away = RemediationRow.wish.in_(("remove", "change", "time_box"))
    lately = or_(RemediationRow.verified_at >= since, RemediationRow.until >= since)
    found = select(RemediationRow).where(*mine, away, lately)
    return session.scalars(found.order_by(RemediationRow.id)).all()


def streams_trusted(session: Session, snapshot_id: int) -> frozenset[str]:
    """The kinds of subject whose absence this reading proves."""
    trusted = inventory.trusted(session, snapshot_id)
    return frozenset(kind for kind, stream in STREAMS.items() if stream in trusted)


# --- what the rows say is there ---


def _contained(session: Session, asked: Select[RemediationRow], *, so: bool) -> Sequence[RemediationRow]:
    rows = session.scalars(asked).all()
    true = contained.true(session, rows)
    return [row for row in rows if (row.id in true) is so]


def _subject_column(kind: str) -> Any:
    if kind in BY_A_PERSON:
        return RemediationRow.entitlement_id
    return getattr(RemediationRow, f"{kind}_id")


def _of_kind(system_id: int, kind: str) -> Select[RemediationRow]:
    row = _ROWS[kind]
    mine = (RemediationRow.system_id == system_id, RemediationRow.kind == kind)
    return select(RemediationRow).join(row, row.id == _subject_column(kind)).where(*mine).order_by(RemediationRow.id)


def _provable(system_id: int, kind: str) -> Select[RemediationRow]:
    return _of_kind(system_id, kind).where(RemediationRow.status.in_(PROVABLE))


def _live_twin() -> ColumnElement[bool]:
    """A grant that ended and came back is another row: the same edge, live."""
    twin = aliased(GrantRow)
    same = and_(
        twin.account_id == GrantRow.account_id,
        twin.entitlement_id == GrantRow.entitlement_id,
        twin.source == GrantRow.source,
    )
    return exists().where(same, twin.ended.is_(None))


def _present(kind: str) -> ColumnElement[bool]:
    """What is known to be there. An account of which the system does not say whether it is active is neither."""
    row = _ROWS[kind]
    if kind == "grant":
        return _live_twin()
    if kind == "account":
        return and_(AccountRow.ended.is_(None), AccountRow.active.is_(True))
    return and_(row.ended.is_(None), row.active.is_not(False))


def _absent(kind: str) -> ColumnElement[bool]:
    row = _ROWS[kind]
    if kind == "grant":
        return ~_live_twin()
    return or_(row.ended.is_not(None), row.active.is_(False))


def _ends(kind: str) -> ColumnElement[bool]:
    """Access that was to have an end, and has it, or is gone before it."""
    if kind != "grant":
        return and_(RemediationRow.wish == "time_box", _absent(kind))
    twin = aliased(GrantRow)
    same = and_(
        twin.account_id == GrantRow.account_id,
        twin.entitlement_id == GrantRow.entitlement_id,
        twin.source == GrantRow.source,
    )
    late = or_(twin.until.is_(None), twin.until > RemediationRow.until)
    lasting = exists().where(same, twin.ended.is_(None), late)
    return and_(RemediationRow.wish == "time_box", ~lasting)


def _end_stands(kind: str) -> ColumnElement[bool]:
    """Access whose removal was undone, and that still has the end it was given for it."""
    if kind != "grant":
        return false()
    twin, undone = aliased(GrantRow), aliased(RemediationRow)
    same = and_(
        twin.account_id == GrantRow.account_id,
        twin.entitlement_id == GrantRow.entitlement_id,
        twin.source == GrantRow.source,
    )
    given = exists().where(
        ActRow.remediation_id == undone.id, ActRow.kind == "time_box", ActRow.status.in_(("done", "ambiguous"))
    )
    return exists().where(
        undone.id == RemediationRow.undoes_id, undone.wish == "time_box", given, same, twin.ended.is_(None),
        twin.until <= undone.until,
    )  # fmt: skip


def _replaced() -> ColumnElement[bool]:
    """A change is true only when what should be held instead is held."""
    instead, held_now = aliased(EntitlementRow), aliased(GrantRow)
    holds = exists().where(
        instead.system_id == RemediationRow.system_id,
        instead.key == RemediationRow.change_to,
        held_now.entitlement_id == instead.id,
        held_now.account_id == RemediationRow.account_id,
        held_now.ended.is_(None),
    )
    return or_(RemediationRow.wish == literal("remove"), RemediationRow.change_to.is_(None), holds)


# --- who administers ---


def _administrators_left(session: Session, system_id: int) -> set[int]:
    """Accounts able to administer, without those from whom something was taken away since they were last read."""
    able = {account.id for account in inventory.administrators(session, system_id)}
    taken = select(RemediationRow.account_id).where(
        RemediationRow.system_id == system_id,
        RemediationRow.kind.in_(("account", "grant")),
        RemediationRow.status.in_((Status.ACTING, Status.ACTED)),
        RemediationRow.wish.in_(("remove", "change")),
    )
    return able - set(session.scalars(taken))


def _administers(session: Session, account_id: int, entitlement_id: int | None) -> bool | None:
    """Whether the account administers (through this entitlement, if one is named); None: the system does not say."""
    mine = [PrivilegeRow.account_id == account_id, PrivilegeRow.privilege == Privilege.ADMINISTER]
    held_now = [GrantRow.account_id == account_id, GrantRow.ended.is_(None)]
    if entitlement_id is not None:
        mine.append(PrivilegeRow.entitlement_id == entitlement_id)
        held_now.append(GrantRow.entitlement_id == entitlement_id)
    if session.scalar(select(exists().where(*mine))):
        return True
    silent = (
        select(GrantRow.id)
        .join(EntitlementRow, EntitlementRow.id == GrantRow.entitlement_id)
        .where(*held_now, EntitlementRow.privileges.is_(None))
    )
    return None if session.scalar(select(silent.exists())) else False


def papers(session: Session, remediation_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[PaperRow]]:
    """What was handed in about each of these removals, in order."""
    found: dict[uuid.UUID, list[PaperRow]] = {each: [] for each in remediation_ids}
    rows = select(PaperRow).where(PaperRow.remediation_id.in_(remediation_ids)).order_by(PaperRow.at, PaperRow.id)
    for row in session.scalars(rows):
        found[row.remediation_id].append(row)
    return found


def paper(session: Session, remediation_id: uuid.UUID, digest: str) -> PaperRow:
    """One of them. Refuses (404) what was not handed in about this removal."""
    mine = (PaperRow.remediation_id == remediation_id, PaperRow.digest == digest)
    row = session.scalar(select(PaperRow).where(*mine))
    if row is None:
        told = "No such file was handed in about this removal."
        raise Refused(Refusal("not_found", told, "Look at what was.", status=404))
    return row
