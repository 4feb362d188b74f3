"""Findings: the queue, one finding's story, and what is new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import cursors, forms, rendering
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.detection import justifications, ownership
from app.detection.tables import FindingRow
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.remediation import instructions
from app.stories import findings, queue, revocation, rules, unused
from app.stories.queue import SEVERITIES, SORTS, Wanted

router = APIRouter(include_in_schema=False)
NONE = "-"  # in a link: whoever has no department
MOST_AT_ONCE = 50
STATUSES = ("open", "closed", "waived")
Text = Annotated[str, Query(max_length=300)]


@router.get("/findings")
def listed(
    request: Request, means: With, visit: Entered, status: Text = "open", severity: Text = "", system: Text = "",
    rule: Text = "", department: Text = "", owner: Text = "", due: Text = "", noticed: Text = "", waiver: Text = "",
    first: Text = "", cause: Text = "", sort: Text = "priority", after: Text = "",
) -> Response:  # fmt: skip
    """The queue, what matters most first, with what each filter would show."""
    chosen = {
        "status": status, "severity": severity if severity in SEVERITIES else None, "system": forms.number(system),
        "rule": rule if rule in rules.RULES else None, "department": department or None, "owner": owner or None,
        "due": due if due in ("late", "soon") else None, "noticed": noticed if noticed in ("yes", "no") else None,
        "waiver": "asked" if waiver == "asked" else None, "first": first if first in ("yes", "no") else None,
        "cause": cause or None, "sort": sort if sort in SORTS else "priority",
    }  # fmt: skip
    by_due = chosen["sort"] == "due"
    place = cursors.read(after, cursors.moment if by_due else cursors.whole, cursors.whole)
    at = means.clock()
    with means.database.reading() as session:
        wanted = _wanted(session, chosen, visit)
        page = queue.queue(session, wanted, by=visit.actor, at=at, sort=str(chosen["sort"]), after=place)
        facets = queue.facets(session, wanted, by=visit.actor, at=at)
        ages = queue.ages(session, wanted, by=visit.actor, at=at)
        waiting = queue.waiting(session, by=visit.actor, at=at)
        owners = ownership.choices(session, at=at)
        names = {row.id: row.name for row in inventory.systems(session)}
        read = any(inventory.latest_sealed(session, number) for number in list(names)[:50])
    return rendering.page(
        request, "findings/queue.html", visit, groups=page.groups, facets=facets, ages=ages, chosen=chosen,
        names=names, rules=rules.RULES, severities=SEVERITIES, read=read, after=after, nobodys=NONE,
        waiting=waiting, owners=owners, next_page=_next("/findings", chosen, cursors.make(page.after)),
        starting=_may_start(visit), handling=policy.why_not(visit.actor, May.HANDLE_FINDINGS), sees_all=_sees_all(visit),
    )  # fmt: skip


@router.get("/findings/new")
def new(request: Request, means: With, visit: Entered, since: Text = "", after: Text = "") -> Response:
    """Inactive accounts and leavers that were found since a moment: where a digest leads to."""
    at = means.clock()
    moment = _moment(since) or at - timedelta(days=7)
    wanted = Wanted(since=moment, rules=queue.NEW_ONES)
    place = cursors.read(after, cursors.whole, cursors.whole)
    with means.database.reading() as session:
        page = queue.queue(session, wanted, by=visit.actor, at=at, after=place, limit=MOST_AT_ONCE)
        numbers = [line.id for line in page.lines]
        known = unused.known(session, numbers, by=visit.actor, costs=means.settings.licence_costs)
        bill = unused.bill(session, wanted, by=visit.actor, at=at, costs=means.settings.licence_costs)
    here = {"since": moment.isoformat()}
    return rendering.page(
        request, "findings/new.html", visit, found=page.lines, known=known, bill=bill, since=moment, after=after,
        chosen=here, next_page=_next("/findings/new", here, cursors.make(page.after)), starting=_may_start(visit),
        currency=means.settings.currency, sees_all=True,
    )  # fmt: skip


@router.get("/findings/{finding_id}")
def one(request: Request, finding_id: int, means: With, visit: Entered) -> Response:
    """One finding: its facts, its rule, what to do in that system, its lives, and what was said and done."""
    at = means.clock()
    with means.database.reading() as session:
        story = findings.story(session, finding_id, by=visit.actor)
        outlook = revocation.outlook(session, finding_id, by=visit.actor)
        owners = ownership.choices(session, at=at)
        known = unused.known(session, [finding_id], by=visit.actor, costs=means.settings.licence_costs)
    if story is None or outlook is None:
        raise Refused(_no_finding())
    steps = {
        offer.subject: instructions.steps(offer.aim.target, system=story.line.system or "the system")
        for offer in outlook.offers
        if offer.chosen
    }
    settings = means.settings
    return rendering.page(
        request, "findings/one.html", visit, story=story, outlook=outlook, steps=steps, starting=_may_start(visit),
        justifying=policy.why_not(visit.actor, May.JUSTIFY), days=settings.justification_days, owners=owners,
        handling=policy.why_not(visit.actor, May.HANDLE_FINDINGS), approving=story.why_not_approve(visit.actor, at),
        waiver_days=min(90, settings.waiver_most_days), waiver_most=settings.waiver_most_days,
        known=known.get(finding_id), currency=settings.currency, sees_all=_sees_all(visit),
        commenting=ownership.why_not_comment(story.row.owner, by=visit.actor),
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


def _wanted(session: Session, chosen: dict[str, Any], visit: Visit) -> Wanted:
    """The filters that were chosen. "me": whatever somebody is meant by, their team included."""
    owner, department = chosen["owner"], chosen["department"]
    return Wanted(
        status=chosen["status"] if chosen["status"] in STATUSES else None,
        severity=chosen["severity"],
        system=chosen["system"],
        rule=chosen["rule"],
        department="" if department == NONE else department,
        owners=() if owner is None else tuple(ownership.mine(visit.actor)) if owner == "me" else (owner,),
        due=chosen["due"],
        noticed={"yes": True, "no": False}.get(chosen["noticed"] or ""),
        waiver=chosen["waiver"],
        baseline={"yes": True, "no": False}.get(chosen["first"] or ""),
        cause=chosen["cause"],
    )


def _next(path: str, chosen: Mapping[str, object], after: str | None) -> str | None:
    return rendering.link(path, **chosen, after=after) if after else None


def _moment(given: str) -> datetime | None:
    """A moment out of a link; a plus sign may have come as a space."""
    try:
        return clock.utc(datetime.fromisoformat(given.strip().replace(" ", "+")))
    except ValueError:
        return None


def _sees_all(visit: Visit) -> bool:
    """Whether somebody sees more than what is theirs: an owner sees their own, without the ways to other rooms."""
    return policy.why_not(visit.actor, May.SEE_FINDINGS) is None


def _may_start(visit: Visit) -> Refusal | None:
    return policy.why_not(visit.actor, May.START_REMOVALS)


def _no_finding() -> Refusal:
    return Refusal("not_found", "There is no such finding.", "Look in the queue.", status=404)
