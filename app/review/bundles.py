"""Role models: drafted by hand or proposed from peers, revised as a new version, approved by their owner, retired."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.inventory.tables import EntitlementRow, IdentityRow, SystemRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries, jcs
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.review import bundling, expression, grounds, modelling
from app.review.bundling import BundleStatus, VersionStatus
from app.review.choice import fit
from app.review.dialect import insert_or_skip
from app.review.tables import BundleContentRow, BundleRow, BundleVersionRow


def draft(
    session: Session, *, name: str, match: str, entitlements: Sequence[int], owner_id: int, by: Actor, at: datetime
) -> BundleVersionRow:
    """Draft a role model by hand: version 1, which covers nothing until its owner, the identity `owner_id`, approves it.

    Refuses a name that is taken, a match that is not understood, an owner who is not here, and access that can never be
    covered: privileged, or of contents that the system does not tell.
    """
    return _begin(session, name, match, entitlements, owner_id, None, by, clock.utc(at))


def propose(
    session: Session,
    *,
    department: str,
    title: str,
    owner_id: int,
    name: str | None = None,
    share: int = bundling.SHARE,
    least: int = bundling.PEERS,
    by: Actor,
    at: datetime,
) -> BundleVersionRow:
    """Draft a role model from custom: what `share` per cent of the people of a department and title hold.

    Refuses fewer than `least` people, and people who have nothing in common.
    """
    at = clock.utc(at)
    job = modelling.job(session, department, title, at.date(), share=share)
    insist(bundling.why_not_proposed(job.people, len(job.held), least))
    custom = {
        "people": job.people,
        "share": share,
        "held": [{"entitlement": entitlement, "holders": holders} for entitlement, holders in job.held],
    }
    inside = [entitlement for entitlement, _ in job.held]
    written = modelling.match_of(department, title)
    return _begin(session, name or f"{title}, {department}", written, inside, owner_id, custom, by, at)


def revise(
    session: Session,
    bundle: int,
    *,
    match: str | None = None,
    entitlements: Sequence[int] | None = None,
    owner_id: int | None = None,
    by: Actor,
    at: datetime,
) -> BundleVersionRow:
    """Draft the next version, with another match, other access or another owner; what is not said stays as it is.

    The approved version goes on covering until this one is approved; a draft before it is withdrawn. Another owner has not
    approved anything yet: then nothing is covered until they do.
    """
    at = clock.utc(at)
    row = _found(session, bundle)
    insist(bundling.why_not_live(row.status))
    last = modelling.versions(session, bundle)[0]
    inside = [each.id for each, _ in modelling.holds(session, last.id)] if entitlements is None else entitlements
    written = _understood(match) if match is not None else last.match
    _insist(session, inside, owner_id if owner_id is not None else row.owner_id, at)
    handed_over = owner_id is not None and owner_id != row.owner_id
    gone = [VersionStatus.DRAFT, *([VersionStatus.APPROVED] if handed_over else [])]
    _end(session, bundle, VersionStatus.WITHDRAWN, gone)
    _move(session, row, owner_id=owner_id if owner_id is not None else row.owner_id)
    made = _version(session, row, last.number + 1, written, inside, None, by, at)
    body = _told(session, row, made, inside) | {"handed_over": handed_over}
    entries.record(session, Entry(Kind.BUNDLE_REVISED, f"bundle:{bundle}", body), by=by.id, at=at)
    return made


def approve(session: Session, bundle: int, *, number: int, by: Actor, at: datetime) -> BundleVersionRow:
    """Approve a version, or approve it again before its year is over: from now on it covers, and the one before does not.

    Refuses anybody but its owner, an owner whose own job it is, and access that has become privileged meanwhile.
    """
    at = clock.utc(at)
    row = _found(session, bundle)
    version = _numbered(session, row, number)
    inside = [each.id for each, _ in modelling.holds(session, version.id)]
    insist(_why_not(session, row, version, inside, by))
    _move(session, row)
    before = [each for each in modelling.versions(session, bundle) if each.status == VersionStatus.APPROVED]
    if any(each.id != version.id for each in before):
        _end(session, bundle, VersionStatus.SUPERSEDED, [VersionStatus.APPROVED])
    session.execute(
        update(BundleVersionRow)
        .where(BundleVersionRow.id == version.id)
        .values(status=VersionStatus.APPROVED, approved_at=at, approved_by_id=by.identity_id)
        .execution_options(synchronize_session=False)
    )
    session.refresh(version)
    body = _told(session, row, version, inside) | {"again": version in before, "way": by.way}
    entries.record(session, Entry(Kind.BUNDLE_APPROVED, f"bundle:{bundle}", body), by=by.id, at=at)
    return version


def retire(session: Session, bundle: int, *, reason: str, by: Actor, at: datetime) -> BundleRow:
    """Let a role model cover nothing any more. What was acknowledged under it stays on record. Its name is free again."""
    at = clock.utc(at)
    row = _found(session, bundle)
    insist(bundling.why_not_retire(row.status, reason))
    _move(session, row, status=BundleStatus.RETIRED, name=f"{row.name} (retired {at:%Y-%m-%d}, {row.id})"[-200:])
    _end(session, bundle, VersionStatus.WITHDRAWN, [VersionStatus.DRAFT, VersionStatus.APPROVED])
    entry = Entry(Kind.BUNDLE_RETIRED, f"bundle:{bundle}", {}, {"reason": reason.strip()})
    entries.record(session, entry, by=by.id, at=at)
    return row


def why_not_approve(session: Session, bundle: int, number: int, *, by: Actor) -> Refusal | None:
    """Why `by` may not approve this version now; None if they may."""
    row = _found(session, bundle)
    version = _numbered(session, row, number)
    return _why_not(session, row, version, [each.id for each, _ in modelling.holds(session, version.id)], by)


def _why_not(
    session: Session, row: BundleRow, version: BundleVersionRow, inside: Sequence[int], by: Actor
) -> Refusal | None:
    return bundling.why_not_approve(
        row.status,
        version.status,
        owner_id=row.owner_id,
        own_job=_own_job(session, version, by),
        contents=bundling.why_not_contents(modelling.contents(session, inside), len(inside)),
        by=by,
    )


def _numbered(session: Session, row: BundleRow, number: int) -> BundleVersionRow:
    found = select(BundleVersionRow).where(BundleVersionRow.bundle_id == row.id, BundleVersionRow.number == number)
    version = session.scalar(found)
    if version is None:
        raise Refused(Refusal("not_found", f"{row.name} has no version {number}.", "Look at its versions.", status=404))
    return version


def _begin(
    session: Session,
    name: str,
    match: str,
    entitlements: Sequence[int],
    owner_id: int,
    custom: Mapping[str, Any] | None,
    by: Actor,
    at: datetime,
) -> BundleVersionRow:
    written = _understood(match)
    _insist(session, entitlements, owner_id, at)
    values = {"name": name.strip(), "owner_id": owner_id, "status": BundleStatus.LIVE, "version": 1}
    if not values["name"]:
        raise Refused(Refusal("bad_bundle", "A role model needs a name.", "Name it.", status=422))
    made = session.scalar(insert_or_skip(session, BundleRow).values(values).returning(BundleRow.id))
    if made is None:
        told = f'There is a role model called "{name}" already.'
        raise Refused(Refusal("name_taken", told, "Revise that one, or choose another name."))
    row = session.get_one(BundleRow, made)
    version = _version(session, row, 1, written, entitlements, custom, by, at)
    body = _told(session, row, version, entitlements) | {"proposed": dict(custom) if custom else None}
    entries.record(session, Entry(Kind.BUNDLE_DRAFTED, f"bundle:{made}", body), by=by.id, at=at)
    return version


def _understood(match: str) -> str:
    return expression.written(expression.read(match, bundling.FACTS))


def _insist(session: Session, entitlements: Sequence[int], owner_id: int, at: datetime) -> None:
    asked = len(set(entitlements))
    insist(bundling.why_not_contents(modelling.contents(session, list(set(entitlements))), asked))
    owner = session.get(IdentityRow, owner_id)
    insist(bundling.why_not_owner(owner is not None and fit(grounds.person(owner), at.date(), at.date())))


def _version(
    session: Session,
    bundle: BundleRow,
    number: int,
    match: str,
    entitlements: Sequence[int],
    custom: Mapping[str, Any] | None,
    by: Actor,
    at: datetime,
) -> BundleVersionRow:
    inside = sorted(set(entitlements))
    made = BundleVersionRow(
        bundle_id=bundle.id,
        number=number,
        status=VersionStatus.DRAFT,
        match=match,
        proposed=dict(custom) if custom else None,
        digest=hashlib.sha256(jcs.dumps({"match": match, "entitlements": inside})).hexdigest(),
        drafted_by=by.id,
        drafted_at=at,
    )
    session.add(made)
    session.flush()
    session.execute(insert(BundleContentRow), [{"version_id": made.id, "entitlement_id": each} for each in inside])
    return made


def _end(session: Session, bundle: int, to: VersionStatus, of: Sequence[VersionStatus]) -> None:
    session.execute(
        update(BundleVersionRow)
        .where(BundleVersionRow.bundle_id == bundle, BundleVersionRow.status.in_(of))
        .values(status=to)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _move(session: Session, row: BundleRow, **values: Any) -> None:
    moved: Any = session.execute(
        update(BundleRow)
        .where(BundleRow.id == row.id, BundleRow.version == row.version)
        .values(version=BundleRow.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    insist(None if moved.rowcount == 1 else bundling.too_late())
    session.refresh(row)


def _own_job(session: Session, version: BundleVersionRow, by: Actor) -> bool | None:
    person = session.get(IdentityRow, by.identity_id) if by.identity_id is not None else None
    if person is None:
        return None
    return expression.holds(expression.read(version.match, bundling.FACTS), modelling.facts_of(person))


def _told(session: Session, row: BundleRow, version: BundleVersionRow, entitlements: Sequence[int]) -> dict[str, Any]:
    """What the entry says: the model, and its contents by the CRM's own keys. A match may name a person by roster key,
    which is no name; everything else in it is a department or a title."""
    rows = session.execute(
        select(SystemRow.name, EntitlementRow.key)
        .join(SystemRow, SystemRow.id == EntitlementRow.system_id)
        .where(EntitlementRow.id.in_(entitlements))
        .order_by(SystemRow.name, EntitlementRow.key)
    )
    return {
        "name": row.name,
        "number": version.number,
        "owner": f"identity:{row.owner_id}",
        "match": version.match,
        "contents": [f"{system}: {key}" for system, key in rows],
        "digest": version.digest,
    }


def _found(session: Session, bundle: int) -> BundleRow:
    row = session.get(BundleRow, bundle)
    if row is None:
        raise Refused(Refusal("not_found", f"There is no role model {bundle}.", "Look at the list.", status=404))
    return row
