"""Reads of what we saw: systems and their readings, who is who, what an account was at a moment, and the facts of each.

The facts of accounts and credentials, which stream, live in `knowing` and are offered here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.inventory import absence, policy
from app.inventory.knowing import account_facts, candidates, credential_facts
from app.inventory.tables import (
    AccountRow,
    CredentialRow,
    EntitlementRow,
    GrantRow,
    IdentityEmailRow,
    IdentityRow,
    IntegrationRow,
    PrivilegeRow,
    RosterUploadRow,
    SnapshotRow,
    StreamRow,
    SystemRow,
)
from app.kit.refusal import Refusal, Refused
from app.ways import Way
from connectors.receipt import Verdict
from connectors.records import Privilege, Stream

__all__ = ["account_facts", "candidates", "credential_facts"]

_SHOWN = 5  # of the people whom one name can mean
TRUSTED = tuple(str(each) for each in Verdict if absence.trusted(each))


def systems(session: Session, *, kind: str | None = None) -> Sequence[SystemRow]:
    """Every connected system, by name."""
    found = select(SystemRow).where(SystemRow.removed.is_(None)).order_by(SystemRow.name)
    return session.scalars(found if kind is None else found.where(SystemRow.kind == kind)).all()


def system(session: Session, system_id: int) -> SystemRow:
    """One system, or Refused (404)."""
    found = session.get(SystemRow, system_id)
    if found is None or found.removed is not None:
        raise Refused(Refusal("no_system", f"There is no system {system_id}.", status=404, way=Way.SYSTEMS))
    return found


def find_system(session: Session, named: str) -> SystemRow | None:
    """The system of this name or number."""
    by_name = session.scalar(select(SystemRow).where(SystemRow.name == named, SystemRow.removed.is_(None)))
    if by_name is None and named.isdigit():
        return session.scalar(select(SystemRow).where(SystemRow.id == int(named), SystemRow.removed.is_(None)))
    return by_name


def find_account(session: Session, system_id: int, who: str) -> AccountRow | None:
    """The system's account with this id of the CRM's, or sign-in name; one that is there before one that has gone."""
    of = select(AccountRow).where(AccountRow.system_id == system_id)
    by_key = session.scalar(of.where(AccountRow.key == who))
    if by_key is not None:
        return by_key
    named = of.where(func.lower(AccountRow.username) == who.strip().lower())
    return session.scalars(named.order_by(AccountRow.ended.is_not(None), AccountRow.id.desc()).limit(1)).first()


def find_identity(session: Session, who: str) -> IdentityRow | None:
    """The person with this roster id or e-mail address."""
    by_key = session.scalar(select(IdentityRow).where(IdentityRow.key == who, IdentityRow.erased.is_(None)))
    if by_key is not None:
        return by_key
    owned = select(IdentityRow).join(IdentityEmailRow, IdentityEmailRow.identity_id == IdentityRow.id)
    return session.scalar(owned.where(IdentityEmailRow.email == who.strip().lower(), IdentityRow.erased.is_(None)))


def whom(session: Session, written: str) -> IdentityRow:
    """Whom somebody means who wrote a roster id, an e-mail address or a whole name. Refuses (422) nobody, and a name that
    several have, with who they are."""
    said = written.strip()
    person = find_identity(session, said) if said else None
    if person is not None:
        return person
    found = called(session, said)
    if len(found) == 1:
        return found[0]
    if not found:
        told = f"Nobody in the roster is called {said!r}." if said else "Nobody was named."
        raise Refused(Refusal("not_found", told, "Write a roster id, an e-mail address or a whole name.", status=422))
    raise Refused(ambiguous(said, [(row.name, row.key or "", row.department or "") for row in found]))


def called(session: Session, name: str) -> Sequence[IdentityRow]:
    """Who in the roster has this whole name; of many, some more than a refusal shows."""
    named = (func.lower(IdentityRow.name) == name.strip().lower(), IdentityRow.erased.is_(None))
    now = select(IdentityRow).where(*named, IdentityRow.ended.is_(None))
    return session.scalars(now.order_by(IdentityRow.id).limit(_SHOWN + 1)).all()


def ambiguous(said: str, people: Sequence[tuple[str, str, str]]) -> Refusal:
    """Several people (name, roster id, department) are called so."""
    each = [", ".join(part for part in (f"{name} ({key})", where) if part) for name, key, where in people[:_SHOWN]]
    more = " and more" if len(people) > _SHOWN else ""
    told = f"Several people are called {said!r}: {'; '.join(each)}{more}."
    return Refusal("ambiguous", told, "Write the roster id or the e-mail address of the one you mean.", status=422)


def latest_sealed(session: Session, system_id: int) -> SnapshotRow | None:
    """The system's newest sealed reading."""
    return session.scalar(_sealed(system_id).limit(1))


def newest(session: Session, system_id: int) -> int:
    """The number of the system's newest sealed reading, of one that was read."""
    return session.scalars(_sealed(system_id).limit(1)).one().id


def system_of(session: Session, snapshot_id: int) -> int:
    """The system that a reading is of."""
    return session.get_one(SnapshotRow, snapshot_id).system_id


def latest_trusted(session: Session, system_id: int, stream: Stream) -> SnapshotRow | None:
    """The newest sealed reading whose `stream` may be trusted."""
    joined = and_(StreamRow.snapshot_id == SnapshotRow.id, StreamRow.stream == stream, StreamRow.verdict.in_(TRUSTED))
    return session.scalar(_sealed(system_id).join(StreamRow, joined).limit(1))


def stream_verdicts(session: Session, snapshot_id: int) -> dict[Stream, Verdict]:
    """Every stream's verdict in a reading; what it did not touch was not collected."""
    told = dict.fromkeys(Stream, Verdict.NOT_COLLECTED)
    for stream, verdict in session.execute(
        select(StreamRow.stream, StreamRow.verdict).where(StreamRow.snapshot_id == snapshot_id)
    ):
        told[Stream(stream)] = Verdict(verdict)
    return told


def trusted(session: Session, snapshot_id: int) -> frozenset[Stream]:
    """The streams of a reading in which absence proves something, all that each rests on included."""
    verdicts: dict[str, str] = {
        stream: str(verdict) for stream, verdict in stream_verdicts(session, snapshot_id).items()
    }
    return frozenset(stream for stream in Stream if absence.proves(stream, verdicts))


def receipts(session: Session, snapshot_id: int) -> Sequence[StreamRow]:
    """A reading's receipts, in the order in which streams are read."""
    order = list(Stream)
    found = session.scalars(select(StreamRow).where(StreamRow.snapshot_id == snapshot_id)).all()
    return sorted(found, key=lambda row: order.index(Stream(row.stream)))


def receipts_of(session: Session, snapshot_ids: Iterable[int]) -> dict[int, Sequence[StreamRow]]:
    """The receipts of several readings."""
    order = list(Stream)
    told: dict[int, list[StreamRow]] = {}
    for row in session.scalars(select(StreamRow).where(StreamRow.snapshot_id.in_(list(snapshot_ids)))):
        told.setdefault(row.snapshot_id, []).append(row)
    return {number: sorted(rows, key=lambda row: order.index(Stream(row.stream))) for number, rows in told.items()}


def latest_upload(session: Session, system_id: int) -> RosterUploadRow | None:
    """The roster file that was handed in last."""
    mine = select(RosterUploadRow).where(RosterUploadRow.system_id == system_id)
    return session.scalar(mine.order_by(RosterUploadRow.uploaded_at.desc(), RosterUploadRow.id.desc()).limit(1))


def why_not_trust_roster(
    session: Session, system_id: int, *, max_age_days: int = policy.ROSTER_DAYS, at: datetime
) -> Refusal | None:
    """Whether leavers and managers may rest on what this roster said last."""
    snapshot = latest_sealed(session, system_id)
    row = session.get(StreamRow, (snapshot.id, str(Stream.PEOPLE))) if snapshot is not None else None
    if snapshot is None or row is None:
        return Refusal("roster_missing", "The roster was never read.", "Hand in an export and read it.")
    upload = session.get(RosterUploadRow, snapshot.upload_id) if snapshot.upload_id else None
    mine = (IdentityRow.system_id == system_id, IdentityRow.ended.is_(None))
    known = session.scalar(select(func.count()).select_from(IdentityRow).where(*mine)) or 0
    refusal = policy.why_not_trust_roster(
        extracted_at=row.server_at,
        people=row.rows,
        before=row.rows if absence.trusted(row.verdict) else known,
        approved_at=upload.approved_at if upload else None,
        max_age_days=max_age_days,
        at=at,
    )
    if refusal is None and not absence.trusted(row.verdict):
        return Refusal("roster_incomplete", f"The roster was not read completely: {row.because}.", "Read it again.")
    return refusal


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A live account that is nobody's, and why."""

    account_id: int
    system_id: int
    key: str
    username: str
    kind: str
    because: str


def unmatched(session: Session, system_id: int | None = None, *, limit: int | None = None) -> list[Unmatched]:
    """Live accounts without an identity, by system and account."""
    told = candidates(system_id).subquery()
    found = (
        select(
            AccountRow.id, AccountRow.system_id, AccountRow.key, AccountRow.username, AccountRow.kind, told.c.because
        )
        .join(told, told.c.account_id == AccountRow.id)
        .where(AccountRow.identity_id.is_(None), AccountRow.ended.is_(None))
        .order_by(AccountRow.system_id, AccountRow.id)
        .limit(limit)
    )
    return [
        Unmatched(number, of, key, username, kind, because or "it has not been matched since it was last read")
        for number, of, key, username, kind, because in session.execute(found)
    ]


def ends_of(session: Session, system_id: int, account_key: str | None) -> datetime | None:
    """When the first of an account's live credentials ends, as far as readings told."""
    mine = (AccountRow.system_id == system_id, AccountRow.key == account_key)
    live = (CredentialRow.ended.is_(None), CredentialRow.active.is_not(False), CredentialRow.expires.is_not(None))
    joined = select(func.min(CredentialRow.expires)).join(AccountRow, AccountRow.id == CredentialRow.account_id)
    return session.scalar(joined.where(*mine, *live))


def username_of(session: Session, system_id: int, account_key: str | None) -> str | None:
    """The username of the account with this key, if it was read."""
    mine = (AccountRow.system_id == system_id, AccountRow.key == account_key)
    return session.scalar(select(AccountRow.username).where(*mine))


def live_counts(session: Session, system_ids: Iterable[int] | None = None) -> dict[str, int]:
    """How many of each kind there are now."""
    counts: dict[str, int] = {}
    for row in (AccountRow, EntitlementRow, GrantRow, IntegrationRow, CredentialRow):
        live = select(func.count()).select_from(row).where(row.ended.is_(None))
        if system_ids is not None:
            live = live.where(row.system_id.in_(list(system_ids)))
        counts[row.__tablename__] = session.scalar(live) or 0
    people = select(func.count()).select_from(IdentityRow).where(IdentityRow.ended.is_(None))
    return counts | {"identities": session.scalar(people) or 0}


def administrators(session: Session, system_id: int) -> Sequence[AccountRow]:
    """Accounts that are known to be able to sign in and administer. Whoever may be frozen or inactive is not counted,
    so that the last one who surely can is not taken away."""
    holds = select(PrivilegeRow.account_id).where(
        PrivilegeRow.system_id == system_id, PrivilegeRow.privilege == Privilege.ADMINISTER
    )
    able = (AccountRow.active.is_(True), AccountRow.frozen.is_not(True), AccountRow.ended.is_(None))
    return session.scalars(select(AccountRow).where(AccountRow.id.in_(holds), *able).order_by(AccountRow.id)).all()


def held_by(account_ids: Iterable[int]) -> ColumnElement[bool]:
    """The condition over `GrantRow` for all that these accounts hold or ever held, in words that find it by its indexes."""
    of = GrantRow.account_id.in_(list(account_ids))
    return or_(and_(of, GrantRow.ended.is_(None)), and_(of, GrantRow.ended.is_not(None)))


def _sealed(system_id: int) -> Select[SnapshotRow]:
    mine = (SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed")
    return select(SnapshotRow).where(*mine).order_by(SnapshotRow.began_at.desc(), SnapshotRow.id.desc())
