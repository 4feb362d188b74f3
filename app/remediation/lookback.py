"""Looking back: what an account did between the moment its access should have gone and the moment it went.

The time begins with the promise and ends when it went: with the last call that a reading then proved, or, where a person
did it at an hour that nobody saw, when the proving reading began. Each log says how far it reaches; where it does not, what
was done is unknown, and what little was seen is no count of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inventory import queries as inventory
from app.inventory.tables import AccountRow, ChangeRow, CredentialRow, LoginRow, SnapshotRow, StreamRow
from app.kit import clock
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation.policy import Status
from app.remediation.tables import ActRow, RemediationRow
from connectors.records import Stream

MOST = 20
KEPT = timedelta(days=365)
_TRUSTED = ("complete", "explained")


class Reach(StrEnum):
    """How much of the time a log covers."""

    WHOLE = "whole"
    PART = "part"  # what was seen was done; there may be more
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one log tells of the time. `count` is None where it does not reach at all; `because` says what it lacks, and
    what of it is in doubt."""

    reach: Reach
    count: int | None
    because: str = ""
    kinds: tuple[tuple[str, int], ...] = ()  # what was done, and how often


@dataclass(frozen=True, slots=True)
class Lookback:
    """`ended` None: it has not gone yet, and the time runs."""

    began: datetime
    ended: datetime | None
    sign_ins: Seen
    changes: Seen
    used: Seen | None = None  # of a key or token: whether it was used


def of(session: Session, removal: RemediationRow, *, kept: timedelta = KEPT, at: datetime) -> Lookback | None:
    """Look back on one removal; None for what took access from nobody. `kept`: how long sign-ins are."""
    at = clock.utc(at)
    if removal.wish not in ("remove", "change") or removal.entitlement_id is not None:
        return None
    ended = went(session, removal)
    until = ended or at
    account = session.get(AccountRow, removal.account_id) if removal.account_id else None
    if account is None:
        nobody = Seen(Reach.UNKNOWN, None, "no account is known for it")
        return Lookback(removal.opened_at, ended, nobody, nobody, _used(session, removal, until))
    return Lookback(
        removal.opened_at,
        ended,
        _sign_ins(session, account, removal.opened_at, until, at - kept),
        _changes(session, account, removal.opened_at, until),
        _used(session, removal, until),
    )


def as_json(back: Lookback | None) -> dict[str, Any] | None:
    """A look back as it is handed out."""
    if back is None:
        return None

    def seen(of: Seen) -> dict[str, Any]:
        return {"reach": str(of.reach), "count": of.count, "because": of.because, "kinds": dict(of.kinds)}

    return {
        "began": back.began.isoformat(),
        "ended": back.ended.isoformat() if back.ended else None,
        "sign_ins": seen(back.sign_ins),
        "changes": seen(back.changes),
        "used": seen(back.used) if back.used else None,
    }


def went(session: Session, removal: RemediationRow) -> datetime | None:
    """When it went, as well as is known: None while no reading has proved it, or where it was back before it was undone."""
    if removal.status not in (Status.VERIFIED, Status.UNDONE) or removal.verified_snapshot_id is None:
        return None
    if removal.status == Status.UNDONE and _was_back(session, removal):
        return None
    read = session.get_one(SnapshotRow, removal.verified_snapshot_id).began_at
    mine = (ActRow.remediation_id == removal.id, ActRow.status == "done")
    called = session.scalar(select(func.max(ActRow.ended_at)).where(*mine))
    if called is None or _seen_since(session, removal, called):
        return read
    return min(called, read)


def _was_back(session: Session, removal: RemediationRow) -> bool:
    mine = (EntryRow.subject == f"remediation:{removal.id}", EntryRow.kind == Kind.REMEDIATION_RETURNED)
    return session.scalar(select(EntryRow.id).where(*mine, EntryRow.at >= removal.verified_at).limit(1)) is not None


def _seen_since(session: Session, removal: RemediationRow, called: datetime) -> bool:
    """Whether a reading showed the access again after that call: it went later then, by whatever ended it at last."""
    moves = (Kind.REMEDIATION_RETURNED, Kind.REMEDIATION_MOVED)
    told = select(EntryRow.body).where(EntryRow.subject == f"remediation:{removal.id}", EntryRow.kind.in_(moves))
    return any("snapshot" in body for body in session.scalars(told.where(EntryRow.at > called)))


def _sign_ins(session: Session, account: AccountRow, began: datetime, until: datetime, forgotten: datetime) -> Seen:
    first = select(func.min(LoginRow.at)).where(LoginRow.system_id == account.system_id)
    since = account.logins_known_since or session.scalar(first)
    since = max(since, forgotten) if since is not None else None
    mine = (LoginRow.account_id == account.id, LoginRow.at >= began, LoginRow.at < until)
    succeeded = LoginRow.succeeded.is_not(False)
    count = session.scalar(select(func.count()).where(*mine, succeeded)) or 0
    failed = session.scalar(select(func.count()).where(*mine, LoginRow.succeeded.is_(False))) or 0
    kinds = (("failed", failed),) if failed else ()
    return _seen(_read(session, account.system_id, Stream.LOGINS), since, began, until, count, kinds, "sign-ins")


def _changes(session: Session, account: AccountRow, began: datetime, until: datetime) -> Seen:
    since = session.scalar(select(func.min(ChangeRow.at)).where(ChangeRow.system_id == account.system_id))
    first = _first_read(session, account.system_id, Stream.CHANGES)
    starts = [each for each in (since, first) if each is not None]
    then = (ChangeRow.system_id == account.system_id, ChangeRow.at >= began, ChangeRow.at < until)
    mine = (*then, ChangeRow.actor_key == account.key)
    alone = ChangeRow.same_as.is_(None)
    found = (
        select(ChangeRow.action, func.count())
        .where(*mine, alone)
        .group_by(ChangeRow.action)
        .order_by(func.count().desc(), ChangeRow.action)
    )
    kinds: Sequence[Any] = session.execute(found).all()
    told = tuple((action, times) for action, times in kinds[:MOST])
    read = _read(session, account.system_id, Stream.CHANGES)
    count = sum(times for _, times in kinds)
    seen = _seen(read, min(starts) if starts else None, began, until, count, told, "logged changes")
    named = (*then, ChangeRow.actor_key.is_(None), ChangeRow.named_key == account.key)
    twice, doubtful = (session.scalar(select(func.count()).where(*which)) or 0 for which in ((*mine, ~alone), named))
    return _doubted(seen, twice, doubtful)


def _doubted(seen: Seen, twice: int, named: int) -> Seen:
    """The same, if entries of another log may tell of it again, and if the log names the account without saying whether it
    acted: there may be more."""
    if seen.count is None or not (twice or named):
        return seen
    because = [seen.because] if seen.because else []
    if twice:
        of = (
            "1 entry of another log is not counted: it"
            if twice == 1
            else f"{twice} entries of another log are not counted: they"
        )
        because.append(f"{of} may tell of the same")
    if named:
        of = "1 more entry names it, and does" if named == 1 else f"{named} more entries name it, and do"
        because.append(f"{of} not say whether it acted or was acted upon")
    return replace(seen, reach=Reach.PART, because="; ".join(because))


def _used(session: Session, removal: RemediationRow, until: datetime) -> Seen | None:
    """Whether a key or token was used: its last use is all that is told of it, so more than once is not known."""
    key = session.get(CredentialRow, removal.credential_id) if removal.credential_id else None
    if key is None:
        return None
    if key.last_used is not None and key.last_used >= removal.opened_at:
        return Seen(Reach.PART, 1, "only its last use is told")
    if key.last_used is None and key.uses_known_since is None:
        return Seen(Reach.UNKNOWN, None, "the system does not tell when it was used")
    read = _read(session, removal.system_id, Stream.INTEGRATIONS)
    if read is None or read < until:
        return Seen(Reach.UNKNOWN, None, "its uses were not read to the end of that time")
    return Seen(Reach.WHOLE, 0)


def _seen(
    read: datetime | None, since: datetime | None, began: datetime, until: datetime, count: int,
    kinds: tuple[tuple[str, int], ...], what: str,
) -> Seen:  # fmt: skip
    """What was counted, with how far the log reaches: from `since` to the last reading that read it to its end."""
    if read is None or since is None:
        return Seen(Reach.UNKNOWN, None, f"{what} are not read here")
    if read <= began or since >= until:
        return Seen(Reach.UNKNOWN, None, f"{what} of that time were not read")
    if since <= began and read >= until:
        return Seen(Reach.WHOLE, count, kinds=kinds)
    lacks = f"only up to {_minute(read)}" if since <= began else f"only from {_minute(since)} on"
    return Seen(Reach.PART, count, f"{what} are known {lacks}", kinds)


def _minute(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")


def _read(session: Session, system_id: int, stream: Stream) -> datetime | None:
    """When the newest reading began that read this log to its end."""
    newest = inventory.latest_trusted(session, system_id, stream)
    return newest.began_at if newest is not None else None


def _first_read(session: Session, system_id: int, stream: Stream) -> datetime | None:
    return session.scalar(
        select(func.min(SnapshotRow.began_at))
        .join(StreamRow, StreamRow.snapshot_id == SnapshotRow.id)
        .where(SnapshotRow.system_id == system_id, SnapshotRow.status == "sealed")
        .where(StreamRow.stream == stream, StreamRow.verdict.in_(_TRUSTED))
    )
