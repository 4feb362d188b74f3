"""Whether a pass may ask only about what a reading touched, and what that is.

What all subjects share (the limits, the rules, which streams were read, how the system is set up, who works here)
is kept as a digest with each pass. Where it is the same as then, an answer can only have turned for whom a reading wrote
something, for their peers, or by time, and all of these are found set-wise. Where anything else changed, all are asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.detection import queries, rulebook, rules
from app.detection.judgement import Touched
from app.detection.limits import Limits
from app.inventory import things, touching
from app.inventory.tables import AccountRow, IdentityRow, SnapshotRow, SystemRow
from app.ledger import jcs

SOURCE = "detection"
WHOLE_AT_LEAST = timedelta(days=1)  # what nobody foresaw is mended by the next pass over all
FEW, MOST = 100, 5_000  # accounts that a narrowed pass always, or never, may name
SHARE = 5  # in between, every so-many-th: beyond that, asking all in order costs less


@dataclass(frozen=True, slots=True)
class Passing:
    """How a pass goes: `touched` None asks about everybody, and `because` says why. `basis` is kept with the run."""

    touched: Touched | None
    because: str
    basis: Mapping[str, Any]


def passing(session: Session, system_id: int, limits: Limits, *, narrow: bool, at: datetime) -> Passing:
    """How to pass over a system now. Unless `narrow`, all are asked, whatever there is to go by."""
    able, _ = things.able(session, system_id)
    digest, rows = _shared(session, system_id, limits, at), touching.last_rows(session, system_id)
    told = {"digest": digest, "able": able, **rows}
    if not narrow:
        return Passing(None, "all were to be asked", told)
    last, whole = queries.latest_pass(session, system_id), queries.latest_run(session, system_id)
    if last is None or last.snapshot_id is None or whole is None or not told.keys() <= (last.basis or {}).keys():
        return Passing(None, "nobody has asked before", told)
    was = dict(last.basis or {})
    if was["digest"] != digest:
        return Passing(None, "what everybody is judged by has changed", told)
    if not timedelta(0) <= at - whole.at < WHOLE_AT_LEAST or at < last.at:
        return Passing(None, "the last pass over all was more than a day ago", told)
    read = session.get_one(SnapshotRow, last.snapshot_id).began_at
    since = touching.Since(last.at, read, **{name: was[name] for name in rows})
    if (because := touching.why_all(session, system_id, since)) is not None:
        return Passing(None, because, told)
    touched = _touched(session, system_id, limits, since, at, grown=was["able"] != able)
    many = len(touched.accounts) > FEW and len(touched.accounts) > _most(session, system_id)
    return Passing(None if many else touched, f"{len(touched.accounts)} accounts were touched", told)


def _most(session: Session, system_id: int) -> int:
    live = select(func.count()).where(AccountRow.system_id == system_id, AccountRow.ended.is_(None))
    return min(MOST, (session.scalar(live) or 0) // SHARE)


def _touched(
    session: Session, system_id: int, limits: Limits, since: touching.Since, at: datetime, *, grown: bool
) -> Touched:
    """Whom the readings since touched, with their peers and second accounts, and of whom time may have turned something.

    `grown`: more or fewer can sign in than then, so that what was held by hardly all, or by all, may be so no longer.
    """
    kind = session.get_one(SystemRow, system_id).kind
    wrote = touching.written(session, system_id, since, at)
    accounts = set(wrote.accounts) | queries.justified_since(session, system_id, since.reading)
    accounts |= touching.aged(
        session, system_id, kind, _spans(limits), recent=timedelta(limits.recent_days), after=since.pass_, at=at
    )
    accounts |= queries.reasons_over(session, system_id, after=since.pass_, at=at)
    if len(accounts) <= MOST:
        accounts |= touching.unsettled_peers(
            session, system_id, wrote.moved, peers_at_least=limits.peers_at_least, rare_percent=limits.rare_percent
        )
        accounts = touching.siblings(session, system_id, accounts)
    tokens = touching.tokens_of(session, system_id, accounts) if len(accounts) <= MOST else set()
    held = wrote.entitlements | (touching.giving(session, system_id) if grown else set())
    return Touched(frozenset(accounts), wrote.credentials | tokens, frozenset(held))


def _spans(limits: Limits) -> list[timedelta]:
    """How old something is when an answer turns: every limit in days, and what is warned of before it ends."""
    days = [getattr(limits, each.name) for each in fields(limits) if "days" in each.name]
    return [*map(timedelta, days), -timedelta(limits.expiry_days), timedelta(hours=limits.leaver_grace_hours)]


def _shared(session: Session, system_id: int, limits: Limits, at: datetime) -> str:
    """SHA-256 over whatever turns answers without a row of the account's own."""
    system = session.get_one(SystemRow, system_id)
    untrusted = queries.untrusted(session, system_id, roster_max_age_days=limits.roster_max_age_days, at=at)
    posture = things.posture(session, system_id, system.kind, things.acts(session, system_id, system.kind))
    erased = session.scalar(select(func.max(IdentityRow.erased)))
    first = things.first_read(session, system_id)
    return hashlib.sha256(
        jcs.dumps(
            [
                _book(), asdict(limits), system.held, system.owner_key, sorted(untrusted),
                repr(replace(posture, backed_up=None)),
                touching.rosters(session), erased and erased.isoformat(), first and first.isoformat(),
            ]
        )
    ).hexdigest()  # fmt: skip


@cache
def _book() -> str:
    """The rules that are asked, by what is written in their files: another version may answer otherwise."""
    texts = [each.read_bytes() for each in sorted(Path(rules.__path__[0]).glob("*.py"))]
    return hashlib.sha256(b"".join(texts) + "".join(rulebook.RULES).encode()).hexdigest()
