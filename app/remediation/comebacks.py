"""What was proved to be gone and is there again while it is still watched.

A removal is watched for some days after its proof. A later reading that was read to the end and shows the access again, by
its own edge or by another way that was opened since, gives the removal a new life: a person looks at it, for somebody gave
it again. After the watch the access is new access, and the next review's matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.actors.actor import Actor
from app.detection import findings
from app.detection.judgement import Judgement
from app.detection.rule import Fails, Holds, Rule, Severity, Subject
from app.detection.tables import FindingRow
from app.detection.terms import Terms
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow, SnapshotRow
from app.kit import clock
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.remediation import policy, queries, ways
from app.remediation.policy import Status
from app.remediation.tables import RemediationRow
from app.remediation.ways import Way

SOURCE = "remediation"
WATCH = timedelta(days=30)
SLA = timedelta(days=7)
RULE = Rule(
    "removed_access_returned",
    "Access that was taken away is back",
    Subject.ACCOUNT,
    Severity.HIGH,
    needs=(),
    controls=("CRM-9.2.2", "CRM-9.2.6"),
    iso=("5.18",),
    alerts=True,
    todo="Find out who gave it again and why: have it taken away where it comes from, or undo the removal with a reason.",
    steps={
        "": (
            "Open the removal: it says through what the access came back, and who gave it, where the system tells.",
            "Ask whoever gave it. If it was needed, undo the removal with the reason, which is a decision on record.",
            "If not, take it away where it comes from; let Rolecall try again where that is the CRM.",
            "The finding closes when a later complete reading no longer shows it.",
        )
    },
)


def notice(
    session: Session, snapshot_id: int, *, watch: timedelta = WATCH, sla: timedelta = SLA, by: Actor, at: datetime
) -> int:
    """Re-open what is watched and is there again by the system's newest reading, due anew after `sla`. Returns how many.

    A kind of subject whose streams were not read to the end is left alone, and a reading that has been overtaken says
    nothing.
    """
    at = clock.utc(at)
    snapshot = session.get_one(SnapshotRow, snapshot_id)
    newest = inventory.latest_sealed(session, snapshot.system_id)
    if newest is None or newest.id != snapshot_id:
        return 0
    proved = queries.streams_trusted(session, snapshot_id)
    watched = [
        row
        for row in queries.verified(session, snapshot.system_id, since=snapshot.began_at - watch)
        if row.kind in proved
    ]
    back = ways.found(session, watched)
    told = []
    for row in watched:
        if row.id in back and _reopened(session, row, snapshot, back[row.id], sla, at):
            told.append(_entry(row, snapshot, back[row.id]))
    entries.record_many(session, told, by=by.id, at=at)
    return len(told)


def _reopened(
    session: Session, row: RemediationRow, snapshot: SnapshotRow, back: list[Way], sla: timedelta, at: datetime
) -> bool:
    """Give it a new life, unless somebody moved it meanwhile."""
    if policy.why_not_move(row.status, Status.RETURNED) is not None:
        return False
    values = {
        "status": Status.RETURNED, "since": at, "because": because(snapshot.id, back), "life": row.life + 1,
        "due_at": at + sla, "version": row.version + 1,
    }  # fmt: skip
    mine = (RemediationRow.id == row.id, RemediationRow.version == row.version)
    moved = session.execute(update(RemediationRow).where(*mine).values(values).returning(RemediationRow.id)).all()
    session.expire(row)
    return len(moved) == 1


def because(snapshot: int, back: list[Way]) -> str:
    """Which reading shows it, and through what it came back."""
    listed = "; ".join(way.says for way in back)
    there = " Taken away in the CRM it would come back once more." if all(way.elsewhere for way in back) else ""
    return f"Reading {snapshot} shows it again: {listed}.{there}"


def _entry(row: RemediationRow, snapshot: SnapshotRow, back: list[Way]) -> Entry:
    body = {
        "system": row.system_id, "snapshot": snapshot.id, "from": str(Status.VERIFIED), "to": str(Status.RETURNED),
        "life": row.life, "through": sorted({way.kind for way in back}),
    }  # fmt: skip
    person = f"account:{row.account_id}" if row.account_id else None
    told = {"because": because(snapshot.id, back)}
    return Entry(Kind.REMEDIATION_RETURNED, f"remediation:{row.id}", body, told, person)


# --- as findings ---


def judgements(session: Session, system_id: int) -> list[Judgement]:
    """One answer for each removal of a system that ever came back: wrong until it is proved gone again, or undone."""
    return list(_judged(session, system_id))


def changes(session: Session, system_id: int, judged: list[Judgement]) -> bool:
    """Whether this would open or close a finding; a reading that finds what the last one found is no news."""
    mine = (FindingRow.source == SOURCE, FindingRow.system_id == system_id, FindingRow.status != "closed")
    known = {
        (subject, said)
        for subject, said in session.execute(select(FindingRow.subject, FindingRow.because).where(*mine))
    }
    return known != {(each.subject, each.answer.because) for each in judged if isinstance(each.answer, Fails)}


def tell(session: Session, system_id: int, snapshot_id: int, *, terms: Terms, by: Actor, at: datetime) -> None:
    """Hand what a reading showed to the findings, if that opens or closes one."""
    judged = judgements(session, system_id)
    if changes(session, system_id, judged):
        findings.reconcile(
            session, SOURCE, judged, rules=[RULE.name], system_id=system_id, snapshot_id=snapshot_id, terms=terms,
            news=True, by=by, at=at,
        )  # fmt: skip


def _judged(session: Session, system_id: int) -> Iterator[Judgement]:
    rows = session.execute(
        select(RemediationRow, AccountRow)
        .outerjoin(AccountRow, AccountRow.id == RemediationRow.account_id)
        .where(RemediationRow.system_id == system_id, RemediationRow.life > 1)
        .order_by(RemediationRow.id)
    )
    for row, account in rows:
        over = row.status in (Status.VERIFIED, Status.UNDONE)
        said = row.because if row.status == Status.RETURNED else "it came back, and is being taken away again"
        facts = {"removal": str(row.id), "account": account.username if account else None, "life": row.life}
        yield Judgement(
            RULE.name, row.subject, RULE.severity, Holds() if over else Fails(said or "it is there again"),
            account_id=row.account_id, identity_id=account.identity_id if account else None, facts=facts,
            cause=f"removal:{row.id}",
        )  # fmt: skip
