"""Everything that lines are judged by, gathered set-wise: a handful of queries, however many people there are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, false, func, select
from sqlalchemy.orm import Session

from app.compliance import queries, registered, seeing
from app.compliance.facts import (
    CardFacts,
    ExemptFacts,
    Facts,
    FindingFacts,
    Limits,
    LogFacts,
    PaperFacts,
    Place,
    RemovalFacts,
    ReviewFacts,
    RunFacts,
    SystemFacts,
    WrongFacts,
)
from app.compliance.policy import Status
from app.compliance.tables import AssessmentRow, AttestationRow, ExemptionRow
from app.detection import queries as detection
from app.detection.tables import FindingEventRow, FindingRow, RunRow
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow, IdentityRow, IntegrationRow, SnapshotRow, SystemRow
from app.ledger import queries as ledger
from app.ledger import tree
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from app.remediation.tables import RemediationRow
from app.review import deviations
from app.review import scope as scopes
from app.review.tables import CampaignRow, CampaignSnapshotRow, TaskRow

_SOME = 20  # findings that a proof names; the rest is counted
_SOURCES = ("detection", deviations.SOURCE)  # whose rules are asked of systems
_GRAVE, _LIGHT = ("critical", "high"), ("medium", "low")


def facts(session: Session, limits: Limits, *, roster_max_age_days: int, at: datetime) -> Facts:
    """What is known at this moment of every CRM, every paper and the log."""
    rows = queries.crms(session)
    return Facts(
        at=at,
        limits=limits,
        systems=tuple(_systems(session, rows, limits, roster_max_age_days, at)),
        papers=_papers(session),
        exempt=_exempt(session, at),
        registers=registered.against(session, [row.id for row in rows], limits, at),
        findings=_findings(session, at),
        log=_log(session),
        alerts=_alerts(session),
        scope=seeing.facts(session),
        statement=_statement(session),
    )


def _systems(
    session: Session, rows: list[SystemRow], limits: Limits, max_age_days: int, at: datetime
) -> list[SystemFacts]:
    wrong, removals, cards = _wrong(session), _removals(session, at), _cards(session, at)
    reviews, nobodys, owners = _reviews(session), _nobodys(session), _owners(session, rows)
    told = []
    for row in rows:
        latest, run = inventory.latest_sealed(session, row.id), _run(session, row.id, limits)
        untrusted = _untrusted(session, row.id, latest, max_age_days, at)
        told.append(
            SystemFacts(
                row.id, row.name, row.added, latest.id if latest else None, untrusted, run, owners[row.id],
                reviews.get(row.id), removals.get(row.id, RemovalFacts()), wrong[row.id],
                cards.get(row.id, CardFacts(0, 0, 0, ())), nobodys.get(row.id, 0),
            )
        )  # fmt: skip
    return told


def _untrusted(
    session: Session, system: int, latest: SnapshotRow | None, max_age_days: int, at: datetime
) -> dict[str, str]:
    """Every stream that does not count and why: those that rules rest on, and all others that the reading lacks."""
    told = detection.untrusted(session, system, roster_max_age_days=max_age_days, at=at)
    verdicts = inventory.stream_verdicts(session, latest.id) if latest is not None else {}
    for stream, verdict in verdicts.items():
        if stream != "people" and verdict not in inventory.TRUSTED:
            told.setdefault(str(stream), f"{stream.replace('_', ' ')} were not read completely")
    return told


def _run(session: Session, system: int, limits: Limits) -> RunFacts | None:
    """The latest pass of the rules, with what later stages asked beside it, unless that was long before."""
    row = detection.latest_run(session, system)
    if row is None:
        return None
    beside = detection.latest_run(session, system, source=deviations.SOURCE)
    every = [row] if beside is None or row.at - beside.at > limits.judged_within else [row, beside]
    counts = {rule: counted for each in every for rule, counted in each.counts.items()}
    return RunFacts(str(row.id), row.at, counts, _unknown(session, every))


def _unknown(session: Session, every: list[RunRow]) -> dict[str, Counter[str]]:
    """Of how many each rule could not tell, and why. What a narrowed pass since could not tell keeps a line from passing;
    what it could tell is of a part, and takes nothing back."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for run in [later for each in every for later in (each, *detection.narrowed_since(session, each))]:
        for rule, reasons in run.cannot_tell.items():
            for because, count in reasons.items():
                told[rule][because] = max(count, told[rule][because])
    return told


def _owners(session: Session, rows: list[SystemRow]) -> dict[int, bool | None]:
    """Whether each system's owner works here; None where nobody is named."""
    keys = [row.owner_key for row in rows if row.owner_key is not None]
    here = set(session.scalars(select(IdentityRow.key).where(IdentityRow.key.in_(keys), IdentityRow.ended.is_(None))))
    return {row.id: row.owner_key in here if row.owner_key else None for row in rows}


def _wrong(session: Session) -> Mapping[int | None, dict[str, WrongFacts]]:
    """Findings that are not closed, by system and rule."""
    counted = (
        select(
            FindingRow.system_id,
            FindingRow.rule,
            func.count(case((FindingRow.status == "open", 1))),
            func.count(case((FindingRow.status == "waived", 1))),
        )
        .where(FindingRow.status != "closed", FindingRow.source.in_(_SOURCES), FindingRow.system_id.is_not(None))
        .group_by(FindingRow.system_id, FindingRow.rule)
    )
    place = func.row_number().over(partition_by=(FindingRow.system_id, FindingRow.rule), order_by=FindingRow.id)
    numbered = select(FindingRow.system_id, FindingRow.rule, FindingRow.id, place.label("place")).where(
        FindingRow.status == "open", FindingRow.source.in_(_SOURCES)
    )
    inner = numbered.subquery()
    some: dict[tuple[int | None, str], list[int]] = defaultdict(list)
    for system, rule, number in session.execute(
        select(inner.c.system_id, inner.c.rule, inner.c.id).where(inner.c.place <= _SOME).order_by(inner.c.id)
    ):
        some[system, rule].append(number)
    told: dict[int | None, dict[str, WrongFacts]] = defaultdict(dict)
    for system, rule, open_, waived in session.execute(counted):
        told[system][rule] = WrongFacts(open_, waived, tuple(some[system, rule]))
    return told


def _removals(session: Session, at: datetime) -> dict[int, RemovalFacts]:
    status = RemediationRow.status
    waits = status.not_in(("verified", "returned", "undone"))
    counted = (
        select(
            RemediationRow.system_id,
            func.count(case((and_(waits, RemediationRow.due_at < at), 1))),
            func.count(case((status == "returned", 1))),
            func.count(case((and_(waits, RemediationRow.due_at >= at), 1))),
            func.count(case((status == "verified", 1))),
        )
        .group_by(RemediationRow.system_id)
    )  # fmt: skip
    return {system: RemovalFacts(*counts) for system, *counts in session.execute(counted)}


def _reviews(session: Session) -> dict[int, ReviewFacts]:
    """The review of each system that ended last, with how many of its reviewers never submitted."""
    left = func.count(case((TaskRow.status == "open", 1)))
    shares = (
        select(TaskRow.campaign_id, func.count().label("shares"), left.label("left"))
        .group_by(TaskRow.campaign_id)
        .subquery()
    )  # fmt: skip
    place = func.row_number().over(
        partition_by=CampaignSnapshotRow.system_id, order_by=(CampaignRow.closed_at.desc(), CampaignRow.id.desc())
    )
    ended = (
        select(
            CampaignSnapshotRow.system_id, CampaignRow.id, CampaignRow.name, CampaignRow.closed_at, CampaignRow.override,
            func.coalesce(shares.c.shares, 0).label("shares"), func.coalesce(shares.c.left, 0).label("left"),
            place.label("place"),
        )
        .join(CampaignRow, CampaignRow.id == CampaignSnapshotRow.campaign_id)
        .outerjoin(shares, shares.c.campaign_id == CampaignRow.id)
        # Small reviews that one cause opened do not review a system, and neither do those of a part of it.
        .where(CampaignRow.status == "closed", CampaignRow.id.not_in(_of_a_part(session)))
        .subquery()
    )  # fmt: skip
    told = {}
    for row in session.execute(select(ended).where(ended.c.place == 1)):
        told[row.system_id] = ReviewFacts(
            row.id, row.name, row.closed_at, not row.override, row.shares, row.left
        )  # fmt: skip
    return told


def _of_a_part(session: Session) -> list[int]:
    """Closed reviews that asked about a part of their systems only: by an expression, a department, or some kinds."""
    every = select(CampaignRow.id, CampaignRow.slot, CampaignRow.scope).where(CampaignRow.status == "closed")
    return [
        number
        for number, slot, scope in session.execute(every)
        if (slot or "").startswith("micro:") or scopes.partial(scope)
    ]


def _nobodys(session: Session) -> dict[int, int]:
    """Live, active accounts that may be a person's and are matched to nobody."""
    found = (
        select(AccountRow.system_id, func.count())
        .where(AccountRow.ended.is_(None), AccountRow.active.is_not(False), AccountRow.identity_id.is_(None))
        .where(AccountRow.kind.in_(("person", "unknown")))
        .group_by(AccountRow.system_id)
    )
    return dict(session.execute(found).all())


def _cards(session: Session, at: datetime) -> dict[int, CardFacts]:
    """Integrations that are there. A card is blank until a turn of it was filled in, and counts once it was approved."""
    filled = select(AssessmentRow.id).where(
        AssessmentRow.integration_id == IntegrationRow.id, AssessmentRow.status.in_(("submitted", "approved"))
    )
    good = filled.where(AssessmentRow.status == "approved", AssessmentRow.until > at)
    found = (
        select(IntegrationRow.system_id, IntegrationRow.id, filled.exists(), good.exists())
        .where(IntegrationRow.ended.is_(None), IntegrationRow.active.is_not(False))
        .order_by(IntegrationRow.id)
    )
    told: dict[int, list[tuple[int, bool, bool]]] = defaultdict(list)
    for system, number, is_filled, is_good in session.execute(found):
        told[system].append((number, is_filled, is_good))
    return {system: _card(cards) for system, cards in told.items()}


def _card(cards: list[tuple[int, bool, bool]]) -> CardFacts:
    blank = sum(not filled for _, filled, _ in cards)
    lacking = [number for number, _, good in cards if not good]
    return CardFacts(len(cards), blank, len(lacking), tuple(lacking[:_SOME]))


def _statement(session: Session) -> tuple[str, datetime] | None:
    row = queries.statement_in_force(session)
    return (str(row.number), row.until) if row is not None and row.until is not None else None


def _findings(session: Session, at: datetime) -> FindingFacts:
    """Every finding, whoever raised it. One that only a team has is nobody's; `R.3` asks for somebody in particular."""
    proved = select(FindingEventRow.id).where(
        FindingEventRow.finding_id == FindingRow.id, FindingEventRow.kind == "closed", FindingEventRow.run.is_not(None)
    )
    lighter = select(func.max(FindingRow.closed_at)).where(FindingRow.severity.in_(_LIGHT))
    last = session.scalar(lighter)
    open_, closed = FindingRow.status == "open", FindingRow.status == "closed"
    late = and_(open_, FindingRow.due_at < at)
    passed_over = and_(late, FindingRow.severity.in_(_GRAVE), FindingRow.due_at < last) if last is not None else false()
    nobodys = FindingRow.owner.startswith("role:")
    counted = (open_, and_(open_, nobodys), and_(late, nobodys), late, passed_over, closed,
               and_(closed, ~proved.exists()))  # fmt: skip
    row = session.execute(select(*(func.count(case((each, 1))) for each in counted)).select_from(FindingRow)).one()
    names = ("open", "unowned", "unowned_late", "late", "late_and_grave", "closed", "closed_without_proof")
    return FindingFacts(**dict(zip(names, row, strict=True)))


def _papers(session: Session) -> dict[Place, PaperFacts]:
    """Per line and place the latest revision that was approved; where none was, the latest that waits."""
    found = (
        select(AttestationRow, IdentityRow)
        .join(IdentityRow, IdentityRow.id == AttestationRow.owner_id)
        .where(AttestationRow.status.in_((Status.PROPOSED, Status.APPROVED)))
        .order_by(AttestationRow.line, AttestationRow.revision)
    )
    told: dict[Place, PaperFacts] = {}
    for row, owner in session.execute(found):
        place = (row.line, row.system_id)
        approved = row.status == Status.APPROVED
        if approved or place not in told or not told[place].approved:
            told[place] = PaperFacts(str(row.id), row.revision, approved, row.until, row.digest, owner.ended is None)
    return told


def _exempt(session: Session, at: datetime) -> dict[Place, ExemptFacts]:
    found = select(ExemptionRow).where(ExemptionRow.status == Status.APPROVED, ExemptionRow.until > at)
    return {
        (row.line, row.system_id): ExemptFacts(str(row.id), row.justification, row.until)
        for row in session.scalars(found.order_by(ExemptionRow.made_at, ExemptionRow.id))
    }


def _log(session: Session) -> LogFacts | None:
    last = ledger.latest_checkpoint(session)
    if last is None:
        return None
    size = ledger.size(session)
    holds = size >= last.size and tree.root(last.size, ledger.nodes(session)) == last.root
    return LogFacts(last.size, last.at, holds)


def _alerts(session: Session) -> tuple[datetime, bool] | None:
    """When a channel was last tested, and whether the test arrived."""
    found = select(EntryRow).where(EntryRow.kind == Kind.CHANNEL_TESTED).order_by(EntryRow.at.desc()).limit(1)
    row: Any = session.scalar(found)
    return (row.at, bool(row.body.get("well"))) if row is not None else None
