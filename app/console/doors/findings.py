"""Findings: the queue, one finding's story, what is new, and having something taken away because of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import cursors, forms, rendering
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.detection import justifications, rulebook
from app.detection.tables import FindingRow
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means
from app.remediation import foresight, instructions, remediations
from app.remediation.foresight import Foreseen
from app.stories import findings, revocation
from app.stories.findings import SEVERITIES, Wanted
from app.stories.revocation import Outlook

router = APIRouter(include_in_schema=False)
NONE = "-"  # in a link: whoever has no department
MOST_AT_ONCE = 50
Text = Annotated[str, Query(max_length=300)]


@router.get("/findings")
def queue(
    request: Request, means: With, visit: Entered, status: Text = "open", severity: Text = "", system: Text = "",
    rule: Text = "", department: Text = "", after: Text = "",
) -> Response:  # fmt: skip
    """The queue, worst first, with what each filter would show."""
    wanted = Wanted(
        status=status if status in ("open", "closed", "waived") else None,
        severity=severity if severity in SEVERITIES else None,
        system=forms.number(system),
        rule=rule if rule in rulebook.RULES else None,
        department="" if department == NONE else department or None,
    )
    place = cursors.read(after, cursors.whole, cursors.whole)
    with means.database.reading() as session:
        page = findings.queue(session, wanted, by=visit.actor, after=place)
        facets = findings.facets(session, wanted, by=visit.actor)
        ages = findings.ages(session, wanted, by=visit.actor, at=means.clock())
        names = {row.id: row.name for row in inventory.systems(session)}
        read = any(inventory.latest_sealed(session, number) for number in list(names)[:50])
    chosen = {
        "status": status, "severity": wanted.severity, "system": wanted.system, "rule": wanted.rule,
        "department": department or None,
    }  # fmt: skip
    return rendering.page(
        request, "findings/queue.html", visit, found=page.lines, facets=facets, ages=ages, chosen=chosen, names=names,
        rules=rulebook.RULES, severities=SEVERITIES, read=read, after=after, nobodys=NONE,
        next_page=_next("/findings", chosen, cursors.make(page.after)), starting=_may_start(visit),
    )  # fmt: skip


@router.get("/findings/new")
def new(request: Request, means: With, visit: Entered, since: Text = "", after: Text = "") -> Response:
    """Inactive accounts and leavers that were found since a moment: where a digest leads to."""
    moment = _moment(since) or means.clock() - timedelta(days=7)
    wanted = Wanted(since=moment, rules=findings.NEW_ONES)
    place = cursors.read(after, cursors.whole, cursors.whole)
    with means.database.reading() as session:
        page = findings.queue(session, wanted, by=visit.actor, after=place, limit=MOST_AT_ONCE)
    here = {"since": moment.isoformat()}
    return rendering.page(
        request, "findings/new.html", visit, found=page.lines, since=moment, after=after, chosen=here,
        next_page=_next("/findings/new", here, cursors.make(page.after)), starting=_may_start(visit),
    )  # fmt: skip


# --- taking something away ---


@router.get("/findings/revocation")
def prepare(
    request: Request, means: With, visit: Entered, finding: Annotated[list[str] | None, Query()] = None, look: Text = ""
) -> Response:
    """What would be taken away, what stops because of it, and what is by hand. `look`: ask the systems now."""
    return _prepared(request, means, visit, _numbers(finding or []), look=bool(look))


@router.post("/findings/revocation")
def start(request: Request, means: With, visit: Entered, form: Sent) -> Response:
    """Start it: every chosen thing becomes a removal, and each system's lane is sent to work."""
    numbers = _numbers([str(value) for value in form.getlist("finding")])
    chosen = {number: [str(each) for each in form.getlist(f"take-{number}")] for number in numbers}
    reason = forms.text(form, "reason")
    try:
        with means.database.transaction() as session:
            made = _start(session, means, visit, chosen, reason)
    except Refused as no:
        if no.refusal.status in (403, 404):
            raise
        return _prepared(request, means, visit, numbers, chosen=chosen, reason=reason, refusal=no.refusal)
    many = f"{made} removals are" if made != 1 else "1 removal is"
    said = f"Started: {many} on the way. Each counts as done when a later reading of its system shows it gone."
    return rendering.go(request, f"/findings/{numbers[0]}" if len(numbers) == 1 else "/findings", said=said)


# --- one of them ---


@router.get("/findings/{finding_id}")
def one(request: Request, finding_id: int, means: With, visit: Entered) -> Response:
    """One finding: its facts, its rule, what to do in that system, its history, and what was done."""
    with means.database.reading() as session:
        story = findings.story(session, finding_id, by=visit.actor)
        outlook = revocation.outlook(session, finding_id, by=visit.actor)
    if story is None or outlook is None:
        raise Refused(_no_finding())
    steps = {
        offer.subject: instructions.steps(offer.aim.target, system=story.line.system or "the system")
        for offer in outlook.offers
        if offer.chosen
    }
    days = means.settings.justification_days
    return rendering.page(
        request, "findings/one.html", visit, story=story, outlook=outlook, steps=steps, starting=_may_start(visit),
        justifying=policy.why_not(visit.actor, May.JUSTIFY), days=days,
    )  # fmt: skip


@router.post("/findings/{finding_id}/reason")
def justify(request: Request, finding_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Put on file why an account holds what the finding is about."""
    at = means.clock()
    days = forms.number(forms.text(form, "days")) or 0
    with means.database.transaction() as session:
        row = session.get(FindingRow, finding_id)
        account = session.get(AccountRow, row.account_id) if row is not None and row.account_id else None
        if account is None:
            raise Refused(_no_finding())
        justifications.record(
            session, account, forms.text(form, "reason"), until=at + timedelta(days=min(days, 3_660)),
            most_days=means.settings.justification_days, by=visit.actor, at=at,
        )  # fmt: skip
    said = f"The reason is on file for {days} days. The finding closes with the next run of the rules."
    return rendering.go(request, f"/findings/{finding_id}", said=said)


def _start(session: Session, means: Means, visit: Visit, chosen: Mapping[int, Sequence[str]], reason: str) -> int:
    at, made = means.clock(), []
    for number, subjects in chosen.items():
        row = session.get(FindingRow, number)
        if row is None:
            raise Refused(_no_finding())
        if subjects or len(chosen) == 1:
            made += remediations.open_for_finding(
                session, row, subjects, reason, sla=timedelta(days=means.settings.removal_sla_days), by=visit.actor,
                at=at,
            )  # fmt: skip
    if not made:
        raise Refused(Refusal("nothing_chosen", "Nothing was chosen to be taken away.", "Choose at least one.", 422))
    asked = [
        Entry(Kind.REMOVAL_REQUESTED, f"system:{system}", {"system": system, "because": "started from a finding"})
        for system in sorted({row.system_id for row in made})
    ]
    entries.record_many(session, asked, by=visit.actor.id, at=at)
    return len(made)


def _prepared(
    request: Request, means: Means, visit: Visit, numbers: Sequence[int], *, look: bool = False,
    chosen: Mapping[int, Sequence[str]] | None = None, reason: str = "", refusal: Refusal | None = None,
) -> Response:  # fmt: skip
    with means.database.reading() as session:
        told = [revocation.outlook(session, number, by=visit.actor) for number in numbers]
    outlooks = [each for each in told if each is not None]
    if not outlooks:
        raise Refused(Refusal("nothing_chosen", "No finding was chosen.", "Choose some in the queue.", status=404))
    seen, silent = _looked(means, outlooks) if look else ({}, {})
    marked = {
        each.finding.id: set(chosen.get(each.finding.id, ())) if chosen is not None
        else {offer.subject for offer in each.offers if offer.chosen and offer.refusal is None}
        for each in outlooks
    }  # fmt: skip
    return rendering.page(
        request, "findings/revocation.html", visit, status=refusal.status if refusal else 200, outlooks=outlooks,
        marked=marked, reason=reason, refusal=refusal, seen=seen, silent=silent, looked=look,
        numbers=[each.finding.id for each in outlooks],
    )  # fmt: skip


def _looked(means: Means, outlooks: Sequence[Outlook]) -> tuple[dict[str, Foreseen], dict[str, Refusal]]:
    """What each system's executor would do, by subject; and by system's name, why it could not be asked."""
    of: dict[int, dict[str, object]] = {}
    names: dict[int, str] = {}
    for each in outlooks:
        for offer in each.offers:
            if offer.chosen and offer.refusal is None:
                of.setdefault(offer.aim.system_id, {})[offer.subject] = offer.aim.target
                names[offer.aim.system_id] = each.line.system or "the system"
    seen: dict[str, Foreseen] = {}
    silent: dict[str, Refusal] = {}
    for system_id, targets in of.items():
        try:
            seen |= foresight.foresee(means.database, system_id, targets, keys=means.keys)  # type: ignore[arg-type]
        except Refused as no:
            silent[names[system_id]] = no.refusal
    return seen, silent


def _numbers(given: Sequence[str]) -> list[int]:
    found = [number for number in map(forms.number, given) if number is not None]
    return list(dict.fromkeys(found))[:MOST_AT_ONCE]


def _next(path: str, chosen: Mapping[str, object], after: str | None) -> str | None:
    return rendering.link(path, **chosen, after=after) if after else None


def _moment(given: str) -> datetime | None:
    """A moment out of a link; a plus sign may have come as a space."""
    try:
        return clock.utc(datetime.fromisoformat(given.strip().replace(" ", "+")))
    except ValueError:
        return None


def _may_start(visit: Visit) -> Refusal | None:
    return policy.why_not(visit.actor, May.START_REMOVALS)


def _no_finding() -> Refusal:
    return Refusal("not_found", "There is no such finding.", "Look in the queue.", status=404)
