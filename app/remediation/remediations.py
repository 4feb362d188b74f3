"""Removals: promised by a closed campaign or from a finding, tried or handed to a person, never done without a reading.

Every call that changes something has its row before it is made, in a transaction that has committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection.tables import FindingRow
from app.kit import bulk, clock, ids
from app.kit.refusal import Refusal, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import aims, calls, offers, policy, queries
from app.remediation.aims import Aim
from app.remediation.calls import CallStatus
from app.remediation.offers import Offer
from app.remediation.policy import Status
from app.remediation.queries import Wish
from app.remediation.tables import ActRow, RemediationRow
from app.review.tables import CampaignRow
from connectors.connector import Act, Look, Target, TargetKind
from connectors.receipt import ActReceipt

SLA = timedelta(days=7)
NO_REASON = Refusal("no_reason", "Say what was done, and where.", "A word to the auditor is enough.", 422)


def open_for(session: Session, campaign_id: int, *, sla: timedelta = SLA, by: Actor, at: datetime) -> list[int]:
    """Promise every removal that a closed campaign decided, of items and of drift, each once. Returns the systems that
    have open removals of this campaign. `sla` is the time until each should be verified."""
    at = clock.utc(at)
    status = session.scalar(select(CampaignRow.status).where(CampaignRow.id == campaign_id))
    insist(policy.why_not_open(status or "not there"))
    made = []
    decided = queries.wishes(session, campaign_id)
    for kind in dict.fromkeys(wish.kind for wish in decided):
        mine = [wish for wish in decided if wish.kind == kind]
        aimed = aims.aims(session, kind, [wish.subject_id for wish in mine])
        made += [_promise(campaign_id, wish, aimed[wish.subject_id], at, sla) for wish in mine]
    if made:
        session.execute(insert(RemediationRow), made)
        entries.record_many(session, [_opened(row) for row in made], by=by.id, at=at)
    waiting = select(RemediationRow.system_id).where(
        RemediationRow.campaign_id == campaign_id, RemediationRow.status.in_((Status.OPEN, Status.ACTING))
    )
    return sorted(set(session.scalars(waiting)))


def open_for_finding(
    session: Session,
    finding: FindingRow,
    subjects: Sequence[str],
    reason: str,
    *,
    sla: timedelta = SLA,
    by: Actor,
    at: datetime,
) -> list[RemediationRow]:
    """Promise to take away some of what `offers` offers for an open finding ("account:12", "grant:7").

    Refuses a finding that is not open, no reason, what is not offered, what is being taken away already, what is gone,
    Rolecall's own account, and the last administrator; then nothing is promised. What only a person may do becomes a
    person's task when the lane comes to it.
    """
    at = clock.utc(at)
    wanted = list(dict.fromkeys(subjects))
    insist(policy.why_not_start(finding.status, reason, len(wanted)))
    offered = {offer.subject: offer for offer in offers.offers(session, finding)}
    for subject in wanted:
        insist(offered[subject].refusal if subject in offered else _not_offered(subject))
    made = [
        _promise(None, _wish(offered[subject]), offered[subject].aim, at, sla)
        | {"finding_id": finding.id, "turn": finding.times_opened, "asked_by": by.id, "reason": reason.strip()}
        for subject in wanted
    ]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for row in made:  # two people at once: the unique index lets one of them through
        promised = dialect.insert(RemediationRow).values(row).on_conflict_do_nothing()
        insist(None if bulk.written(session, promised) == 1 else policy.overtaken())
    told = [_opened(row, {"reason": reason.strip()}) for row in made]
    entries.record_many(session, told, by=by.id, at=at)
    rows = select(RemediationRow).where(RemediationRow.id.in_([row["id"] for row in made]))
    return list(session.scalars(rows.order_by(RemediationRow.id)))


def move(
    session: Session,
    remediation: RemediationRow,
    to: Status,
    *,
    because: str | None,
    steps: Sequence[str] | None = None,
    before: Look | None = None,
    after: Look | None = None,
    by: Actor,
    at: datetime,
) -> RemediationRow:
    """Bring a removal to another status, with the reason in words. Refuses a move that is not in the table, and one that
    somebody else made first (412)."""
    at = clock.utc(at)
    insist(policy.why_not_move(remediation.status, to))
    values: dict[str, Any] = {"status": to, "because": because, "since": at}
    if to is Status.ACTED:
        values["acted_at"] = at
    if steps is not None:
        values["steps"] = list(steps)
    if before is not None:
        values["before"] = as_json(before)
    if after is not None:
        values["after"] = as_json(after)
    former = remediation.status
    _change(session, remediation, **values)
    body = {"system": remediation.system_id, "from": former, "to": str(to)}
    _record(session, Kind.REMEDIATION_MOVED, remediation, body, {"because": because or ""}, by=by, at=at)
    return remediation


def say_done(session: Session, remediation: RemediationRow, note: str, *, by: Actor, at: datetime) -> RemediationRow:
    """A person says that it was done by hand. That is no proof; the next complete reading is."""
    insist(None if note.strip() else NO_REASON)
    return move(session, remediation, Status.ACTED, because=f"by hand: {note.strip()}", by=by, at=at)


def try_again(session: Session, remediation: RemediationRow, reason: str, *, by: Actor, at: datetime) -> RemediationRow:
    """Put a removal back among those that the lane carries out, because something was changed meanwhile."""
    insist(None if reason.strip() else NO_REASON)
    return move(session, remediation, Status.OPEN, because=reason.strip(), by=by, at=at)


def wait(session: Session, remediation: RemediationRow, because: str) -> None:
    """Say on a removal why nothing is done yet; it stays where it is, and that is no turn of its story."""
    if remediation.status == Status.OPEN and remediation.because != because:
        _change(session, remediation, because=because)


def begin_act(
    session: Session, remediation: RemediationRow, act: Act, before: Look, *, by: Actor, at: datetime
) -> ActRow:
    """Write down a call before it is made, and what was there before it. The removal is ACTING until its end is known."""
    at = clock.utc(at)
    if remediation.status == Status.ACTING:
        _change(session, remediation)
    else:
        insist(policy.why_not_move(remediation.status, Status.ACTING))
        _change(session, remediation, status=Status.ACTING, because=None, since=at, before=as_json(before))
    last = select(func.max(ActRow.number)).where(ActRow.remediation_id == remediation.id)
    row = ActRow(
        id=ids.uuid7(),
        remediation_id=remediation.id,
        number=(session.scalar(last) or 0) + 1,
        kind=str(act.kind),
        says=act.says,
        request=act.request,
        status=CallStatus.BEGUN,
        begun_at=at,
    )
    session.add(row)
    session.flush()
    body = {"remediation": str(remediation.id), "number": row.number, "kind": row.kind, "before": before.digest}
    personal = {"says": act.says, "request": act.request}
    entry = Entry(Kind.ACT_BEGUN, f"act:{row.id}", body, personal, _person(remediation))
    entries.record(session, entry, by=by.id, at=at)
    return row


def end_act(
    session: Session,
    act: ActRow,
    status: str,
    *,
    receipt: ActReceipt | None = None,
    because: str | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Write down how a call ended: `done`, `declined`, `ambiguous` (nobody can say), `skipped` (it was never made)."""
    at = clock.utc(at)
    told = asdict(receipt) | {"at": receipt.at.isoformat() if receipt.at else None} if receipt else None
    insist(calls.why_not_end(act.status, status))
    ended = update(ActRow).where(ActRow.id == act.id, ActRow.status == CallStatus.BEGUN)
    moved: Any = session.execute(ended.values(status=status, ended_at=at, receipt=told, because=because))
    insist(None if moved.rowcount == 1 else policy.overtaken())
    body = {"remediation": str(act.remediation_id), "number": act.number, "ended": status}
    if receipt is not None:
        body |= {"status": receipt.status, "digest": receipt.digest}
    entries.record(session, Entry(Kind.ACT_ENDED, f"act:{act.id}", body, {"because": because or ""}), by=by.id, at=at)


def target_of(remediation: RemediationRow) -> Target:
    """What the removal is aimed at, as the executor is given it."""
    return Target(**{**remediation.target, "kind": TargetKind(remediation.target["kind"])})


def as_json(look: Look) -> dict[str, Any]:
    """A look as it is kept."""
    return {
        "state": str(look.state),
        "facts": dict(look.facts),
        "asked": look.asked,
        "digest": look.digest,
        "at": look.at.isoformat() if look.at else None,
        "because": look.because,
    }


def _wish(offer: Offer) -> Wish:
    return Wish(offer.kind, int(offer.subject.partition(":")[2]), "remove")


def _not_offered(subject: str) -> Refusal:
    return Refusal("not_offered", f"{subject} does not belong to this finding.", "Choose from what is shown.", 422)


def _promise(campaign_id: int | None, wish: Wish, aim: Aim, at: datetime, sla: timedelta) -> dict[str, Any]:
    return {
        "id": ids.uuid7(),
        "campaign_id": campaign_id,
        "item_id": wish.item_id,
        "drift_id": wish.drift_id,
        "system_id": aim.system_id,
        "account_id": aim.account_id,
        "grant_id": aim.grant_id,
        "integration_id": aim.integration_id,
        "credential_id": aim.credential_id,
        "entitlement_id": aim.entitlement_id,
        "target": asdict(aim.target) | {"kind": str(aim.target.kind)} | _end(wish),
        "subject": f"{wish.kind}:{wish.subject_id}",
        "kind": wish.kind,
        "wish": wish.wish,
        "change_to": wish.change_to,
        "until": wish.until,
        "status": Status.OPEN,
        "since": at,
        "steps": [],
        "opened_at": at,
        "due_at": max(at, wish.until or at) + sla,
        "version": 1,
    }


def _end(wish: Wish) -> dict[str, str]:
    return {"until": wish.until.isoformat()} if wish.until is not None else {}


def _opened(row: Mapping[str, Any], personal: Mapping[str, str] | None = None) -> Entry:
    names = ("item_id", "drift_id", "system_id", "subject", "wish", "change_to")
    body = {"campaign": row["campaign_id"], **{name: row[name] for name in names}, "due_at": row["due_at"].isoformat()}
    if row["until"] is not None:
        body["until"] = row["until"].isoformat()
    if row.get("finding_id") is not None:
        body["finding"] = row["finding_id"]
    person = f"account:{row['account_id']}" if row["account_id"] else None
    return Entry(Kind.REMEDIATION_OPENED, f"remediation:{row['id']}", body, personal or {}, person)


def _change(session: Session, remediation: RemediationRow, **values: Any) -> None:
    """Change the row if nobody else did meanwhile."""
    mine = (RemediationRow.id == remediation.id, RemediationRow.version == remediation.version)
    values["version"] = remediation.version + 1
    moved: Any = session.execute(
        update(RemediationRow).where(*mine).values(values).execution_options(synchronize_session=False)
    )
    insist(None if moved.rowcount == 1 else policy.overtaken())
    session.refresh(remediation)


def _record(
    session: Session,
    kind: Kind,
    remediation: RemediationRow,
    body: Mapping[str, Any],
    personal: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
) -> uuid.UUID:
    entry = Entry(kind, f"remediation:{remediation.id}", body, personal, _person(remediation))
    return entries.record(session, entry, by=by.id, at=at)


def _person(remediation: RemediationRow) -> str | None:
    return f"account:{remediation.account_id}" if remediation.account_id else None
