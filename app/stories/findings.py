"""One finding as a line of a list, and as a whole story: its rule, its lives, who said what, and what was done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.actors import policy
from app.actors.actor import Actor
from app.actors.policy import May
from app.actors.tables import ActorRow
from app.detection import lives, ownership, priority, queries
from app.detection import policy as deciding
from app.detection.lives import Life
from app.detection.priority import Factor
from app.detection.rule import Rule
from app.detection.tables import FindingEventRow, FindingRow, JustificationRow, WaiverRow
from app.inventory.tables import AccountRow, IdentityRow, SystemRow
from app.kit.refusal import Refusal, insist
from app.remediation.tables import RemediationRow
from app.stories import rules

_SIBLINGS = 50
_NAMES = ("credential", "account", "channel", "review")  # what facts call their subject, if not by its kind


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in a list. `who`: the person of the roster, or else the account's own name."""

    id: int
    severity: str
    status: str
    rule: str
    title: str
    because: str
    subject: str
    name: str
    person_id: int | None
    person: str | None
    department: str | None
    system_id: int | None
    system: str | None
    system_kind: str | None
    opened_at: datetime
    times_opened: int
    underway: bool
    owner: str
    owner_name: str
    priority: int
    due_at: datetime | None
    acknowledged_at: datetime | None
    baseline: bool
    cause: str
    licence: str | None

    def late(self, at: datetime) -> bool:
        """Whether it is open beyond its due date."""
        return self.status == "open" and self.due_at is not None and self.due_at <= at


@dataclass(frozen=True, slots=True)
class Story:
    """One finding with its rule, its manual page, its history, and what was done about it. `names`: of those who acted;
    `siblings`: what else is open of the same cause; `steps`: what to do in that kind of system."""

    line: Line
    row: FindingRow
    rule: Rule | None
    manual: str | None
    steps: Sequence[str]
    history: Sequence[FindingEventRow]
    lives: Sequence[Life]
    waivers: Sequence[WaiverRow]
    standing: WaiverRow | None
    factors: Sequence[Factor]
    siblings: Sequence[Line]
    removals: Sequence[RemediationRow]
    justifications: Sequence[JustificationRow]
    names: dict[str, str]

    def why_not_approve(self, by: Actor, at: datetime) -> Refusal | None:
        """Why somebody may not say yes or no to the waiver that was asked for; asked when one stands."""
        asked = self.standing
        if asked is None:
            return None
        return policy.why_not(by, May.APPROVE_WAIVERS) or deciding.why_not_approve(
            asked.status, asked.asked_by, asked.asked_identity, self.row.identity_id, asked.until, by=by, at=at
        )


def story(session: Session, finding_id: int, *, by: Actor) -> Story | None:
    """One finding's story; None if there is no such finding. Its owner may read it, whatever their role."""
    row = session.get(FindingRow, finding_id)
    insist(ownership.why_not_see(row.owner if row is not None else None, by=by))
    if row is None:
        return None
    (line,) = found(session, [finding_id])
    rule = rules.RULES.get(row.rule)
    history, waivers = queries.history(session, row.id), lives.waivers(session, row.id)
    return Story(
        line=line,
        row=row,
        rule=rule,
        manual=rules.manual(row.rule),
        steps=rule.steps_in(line.system_kind or "") if rule else (),
        history=history,
        lives=lives.lives(history),
        waivers=waivers,
        standing=next((each for each in waivers if each.status in lives.STANDING), None),
        factors=priority.factors(row.severity, privileged=row.privileged, held=row.held),
        siblings=[each for each in _siblings(session, row) if ownership.why_not_see(each.owner, by=by) is None],
        removals=_removals(session, row),
        justifications=_justifications(session, row),
        names=_names(session, row, history, waivers),
    )


def lines(session: Session, finding_ids: Sequence[int], *, by: Actor) -> list[Line]:
    """These findings, in the order in which they are named; what there is not is left out."""
    told = found(session, finding_ids)
    for line in told:
        insist(ownership.why_not_see(line.owner, by=by))
    return told


def found(session: Session, finding_ids: Sequence[int]) -> list[Line]:
    """The lines of these findings, in their order; who may see them has been asked before."""
    ended = RemediationRow.status.in_(("verified", "undone"))
    removal = exists().where(RemediationRow.subject == FindingRow.subject, ~ended, RemediationRow.wish != "restore")
    rows = session.execute(
        select(FindingRow, SystemRow, AccountRow, IdentityRow, removal)
        .outerjoin(SystemRow, SystemRow.id == FindingRow.system_id)
        .outerjoin(AccountRow, AccountRow.id == FindingRow.account_id)
        .outerjoin(IdentityRow, IdentityRow.id == FindingRow.identity_id)
        .where(FindingRow.id.in_(finding_ids))
    ).all()
    owners = ownership.names(session, (row[0].owner for row in rows))
    told = {
        row.id: _line(row, system, account, person, bool(under), owners[row.owner])
        for row, system, account, person, under in rows
    }
    return [told[number] for number in finding_ids if number in told]


def _line(
    row: FindingRow, system: SystemRow | None, account: AccountRow | None, person: IdentityRow | None, underway: bool,
    owner: str,
) -> Line:  # fmt: skip
    kind = row.subject.partition(":")[0]  # facts of an integration name it under "integration"
    named = next((row.facts[word] for word in (kind, *_NAMES) if row.facts.get(word)), None)
    return Line(
        id=row.id,
        severity=row.severity,
        status=row.status,
        rule=row.rule,
        title=rules.title(row.rule),
        because=row.because,
        subject=row.subject,
        name=str(named or (account.username if account else row.subject)),
        person_id=person.id if person else None,
        person=person.name if person else (account.name if account else None),
        department=(person.department if person else None) or (account.department if account else None),
        system_id=row.system_id,
        system=system.name if system else None,
        system_kind=system.kind if system else None,
        opened_at=row.opened_at,
        times_opened=row.times_opened,
        underway=underway,
        owner=row.owner,
        owner_name=owner,
        priority=row.priority,
        due_at=row.due_at,
        acknowledged_at=row.acknowledged_at,
        baseline=row.baseline,
        cause=row.cause,
        licence=account.licence if account else None,
    )


def _siblings(session: Session, row: FindingRow) -> list[Line]:
    others = select(FindingRow.id).where(
        FindingRow.cause == row.cause, FindingRow.id != row.id, FindingRow.status != "closed"
    )
    numbers = session.scalars(others.order_by(FindingRow.priority.desc(), FindingRow.id).limit(_SIBLINGS)).all()
    return found(session, numbers)


def _removals(session: Session, row: FindingRow) -> Sequence[RemediationRow]:
    about, started = RemediationRow.subject == row.subject, RemediationRow.finding_id == row.id
    return session.scalars(select(RemediationRow).where(about | started).order_by(RemediationRow.id)).all()


def _justifications(session: Session, row: FindingRow) -> Sequence[JustificationRow]:
    reasons = select(JustificationRow).where(JustificationRow.account_id == row.account_id)
    return session.scalars(reasons.order_by(JustificationRow.at.desc()).limit(20)).all()


def _names(
    session: Session, row: FindingRow, history: Sequence[FindingEventRow], waivers: Sequence[WaiverRow]
) -> dict[str, str]:
    """What those are called who acted on it; whoever is no actor is called by their id."""
    acted = {event.by for event in history} | {each.asked_by for each in waivers}
    acted |= {each.decided_by for each in waivers if each.decided_by} | {row.acknowledged_by or ""}
    known = dict(session.execute(select(ActorRow.id, ActorRow.name).where(ActorRow.id.in_(sorted(acted)))).all())
    return {each: known.get(each, each) for each in acted if each}
