"""Reviews for those who run them: the list, one with its progress, its drift, its end; hand a share on, open one again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy as rights
from app.actors.policy import May
from app.console import cursors, rendering
from app.console.entering import Entered, Visit, With
from app.inventory import queries as inventory
from app.inventory.tables import IdentityRow
from app.kit.refusal import Refusal, Refused
from app.means import quiet_hours, removals_common
from app.notices import nudges
from app.review import campaigns, deciders, drifts, former, leanings, policy, queries, schedule, tasks
from app.review import rounds as turning
from app.review import silences as passed
from app.review.queries import Share
from app.review.tables import CampaignRow, DriftRow
from app.stories import attentive, called, desk, outlooks, silences
from app.stories import passed as unanswered

router = APIRouter()
Text = Annotated[str, Form(max_length=2000)]
Name = Annotated[str, Form(max_length=320)]
After = Annotated[str, Query(max_length=200)]
Seen = Annotated[int | None, Form(ge=1, le=2**31 - 1)]
MOST = 100
AT_ONCE = 20_000  # items of a review that are looked through one by one for its page


@router.get("/campaigns")
def listed(request: Request, means: With, visit: Entered, after: After = "") -> Response:
    """All reviews, the latest first, and how many open by themselves."""
    with means.database.reading() as session:
        rows, schedules = queries.campaigns(session), queries.schedules(session)
        unplanned = queries.why_none_opens(session)
        running = {each.campaign.id: each for each in desk.running(session, by=visit.actor)}
    some, more, later = cursors.part(rows, lambda row: row.id, after, MOST)
    return rendering.page(
        request, "campaigns/list.html", visit, campaigns=some, schedules=schedules, running=running,
        unplanned=unplanned, runs=_runs(visit),
        **_pages("/campaigns", more, later),
    )  # fmt: skip


@router.get("/campaigns/{campaign_id}")
def one(
    request: Request, campaign_id: int, means: With, visit: Entered, after: After = "", attention: After = ""
) -> Response:
    """One review: how far each reviewer is, what was left out, and what can be done with it. How attentively it was
    answered every decision says, and whether somebody has to be named for the next round every item: of a large review
    only whoever asks for it (`attention`) waits for that."""
    with means.database.reading() as session:
        campaign = _found(session, campaign_id)
        shares = queries.progress(session, campaign_id)
        undecided = queries.drift_undecided(session, campaign_id)
        removals = desk.removals_of(session, campaign_id, by=visit.actor)
        waiting = [share.reviewer_id for share in shares if share.status != "submitted"]
        unheard = nudges.why_not(session, campaign)
        heard = nudges.why_not_all(session, campaign, waiting, means.clock())
        leans = leanings.counted(session, campaign_id)
        outlook = outlooks.outlook(session, campaign, shares, by=visit.actor, at=means.clock())
        turned = former.rounds(session, campaign_id)
        went_on = unanswered.passed(session, campaign_id, by=visit.actor)
        owner = session.get(IdentityRow, campaign.owner_id) if campaign.owner_id is not None else None
        looks = bool(attention) or sum(share.items for share in shares) <= AT_ONCE
        stuck = turning.why_not_by_itself(session, campaign, means.clock()) if looks and _runs(visit) else None
        watched = (
            attentive.attentive(session, campaign, by=visit.actor)
            if campaign.scope.get("attention") and looks
            else None
        )
    pending = [share for share in shares if share.status != "submitted"]
    some, more, later = cursors.part(shares, lambda share: share.task_id, after, MOST)
    return rendering.page(
        request, "campaigns/one.html", visit, campaign=campaign, shares=shares, shown=some, pending=pending,
        drift_undecided=undecided, removals=removals, unheard=unheard, heard=heard,
        rounds=turned, stuck=stuck, late=schedule.late(campaign.planned_at, campaign.opened_at),
        owner=owner.name if owner is not None else None, sign_days=means.settings.sign_days,
        outlook=outlook, watched=watched, looks=looks, leans=leans, went_on=went_on,
        runs=_runs(visit) and campaign.status == "open",
        **_pages(f"/campaigns/{campaign_id}", more, later),
    )  # fmt: skip


@router.get("/campaigns/{campaign_id}/drift")
def drift(request: Request, campaign_id: int, means: With, visit: Entered, after: After = "") -> Response:
    """What began, ended or changed since the review was frozen, as far as it was listed."""
    with means.database.reading() as session:
        campaign, rows = _found(session, campaign_id), queries.drift(session, campaign_id)
        some, more, later = cursors.part(rows, lambda row: row.id, after, MOST)
        standings = deciders.standings(session, campaign, some, by=visit.actor)
        names = called.authors(session, {row.by for row in some if row.by is not None}, by=visit.actor)
    return rendering.page(
        request, "campaigns/drift.html", visit, campaign=campaign, rows=some, standings=standings, names=names,
        runs=_runs(visit) and campaign.status == "open", **_pages(f"/campaigns/{campaign_id}/drift", more, later),
    )  # fmt: skip


@router.post("/campaigns/{campaign_id}/drift")
def list_drift(request: Request, campaign_id: int, means: With, visit: Entered) -> Response:
    """Look for it now."""
    with means.database.transaction() as session:
        _found(session, campaign_id)
        rows = drifts.detect(session, campaign_id, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/campaigns/{campaign_id}/drift", said=f"Looked: {len(rows)} changes in all.")


@router.post("/campaigns/{campaign_id}/drift/{drift_id}")
def decide_drift(
    request: Request, campaign_id: int, drift_id: int, means: With, visit: Entered,
    answer: Text = "", reason: Text = "", version: Seen = None,
) -> Response:  # fmt: skip
    """Say what becomes of something that began or changed meanwhile, as the page showed it."""
    with means.database.transaction() as session:
        row = session.get(DriftRow, drift_id)
        if row is None or row.campaign_id != campaign_id:
            raise _none("change")
        drifts.decide(session, drift_id, answer, reason, version=version, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/campaigns/{campaign_id}/drift", said="Decided.")


@router.get("/campaigns/{campaign_id}/closure")
def before_closing(request: Request, campaign_id: int, means: With, visit: Entered) -> Response:
    """What closing would mean now, and what no answer would come to."""
    with means.database.reading() as session:
        campaign = _found(session, campaign_id)
        shares = queries.progress(session, campaign_id)
        goes = silences.preview(
            session, campaign, "remove", shares=shares, common=removals_common(means.settings), by=visit.actor,
            at=means.clock(),
        )  # fmt: skip
        keeping = silences.why_not(session, campaign, "keep", shares, goes.mighty, by=visit.actor)
        facts: dict[str, Any] = {
            "undecided": goes.by_reviewer,
            "privileged_undecided": goes.privileged,
            "drift_undecided": queries.drift_undecided(session, campaign_id),
        }
        owners = silences.owners(session, campaign, means.clock(), by=visit.actor)
    drafts = [share.reviewer for share in shares if share.status != "submitted" and not share.undecided]
    refusals = {"all": policy.why_not_close(campaign.status, unanswered=None, drafts=drafts, **facts)}
    refusals |= {"keep": keeping, "remove": goes.refusal}
    return rendering.page(
        request, "campaigns/closure.html", visit, campaign=campaign, shares=shares, refusals=refusals, drafts=drafts,
        silent=goes.items, goes=goes, owners=owners, **facts,
    )  # fmt: skip


@router.post("/campaigns/{campaign_id}/closure")
def close(
    request: Request, campaign_id: int, means: With, visit: Entered, unanswered: Text = "", seen: Text = ""
) -> Response:
    """Close it; the removals begin."""
    with means.database.transaction() as session:
        _found(session, campaign_id)
        row = campaigns.close(
            session, campaign_id, unanswered=unanswered or None, seen=seen or None, by=visit.actor, at=means.clock()
        )
    return rendering.go(request, f"/campaigns/{campaign_id}", said=f"{row.name} is closed. The removals begin.")


@router.post("/campaigns/{campaign_id}/rounds")
def next_round(request: Request, campaign_id: int, means: With, visit: Entered, resort: Text = "") -> Response:
    """Begin the next round."""
    with means.database.transaction() as session:
        _found(session, campaign_id)
        key = inventory.whom(session, resort).key if resort.strip() else None
        row = turning.go_on(session, campaign_id, resort=key, by=visit.actor, at=means.clock())
    told = f"asks about {row.asked}" if row.asked else "had nothing to ask"
    return rendering.go(request, f"/campaigns/{campaign_id}", said=f"Round {row.number} {told}.")


@router.post("/campaigns/{campaign_id}/silence")
def pass_on(
    request: Request, campaign_id: int, means: With, visit: Entered, to: Text = "", reason: Text = ""
) -> Response:
    """Hand what nobody answered to the systems' owners, or to the reviewers' managers."""
    with means.database.transaction() as session:
        _found(session, campaign_id)
        told = passed.pass_on(session, campaign_id, to=to, reason=reason, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/campaigns/{campaign_id}", said=told.said())


@router.post("/campaigns/{campaign_id}/reminders")
def remind(
    request: Request, campaign_id: int, means: With, visit: Entered, whom: Name = "", again: Text = "",
) -> Response:  # fmt: skip
    """Remind those who are not done, or one of them."""
    with means.database.transaction() as session:
        _found(session, campaign_id)
        one = [_share(session, campaign_id, whom, submitted=False).reviewer_id] if whom.strip() else None
        told = nudges.remind(
            session, campaign_id, whom=one, again=bool(again),
            hours=quiet_hours(means.settings), by=visit.actor, at=means.clock(),
        )  # fmt: skip
    said = f"{told.reminded} of {told.pending} who are not done are reminded, each when their hours allow it."
    left = f" {told.lately} heard within a day and were left alone." if told.lately and not again else ""
    return rendering.go(request, f"/campaigns/{campaign_id}", said=said + left)


@router.post("/campaigns/{campaign_id}/cancellation")
def cancel(request: Request, campaign_id: int, means: With, visit: Entered, reason: Text = "") -> Response:
    """End it without consequences."""
    with means.database.transaction() as session:
        _found(session, campaign_id)
        row = campaigns.cancel(session, campaign_id, reason=reason, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/campaigns/{campaign_id}", said=f"{row.name} is cancelled; nothing follows from it.")


@router.post("/campaigns/{campaign_id}/handover")
def hand_on(
    request: Request, campaign_id: int, means: With, visit: Entered, whose: Name = "", to: Name = "", reason: Text = ""
) -> Response:
    """Give a whole share to somebody else."""
    with means.database.transaction() as session:
        _found(session, campaign_id)
        task = _share(session, campaign_id, whose, submitted=False).task_id
        person = inventory.whom(session, to)
        tasks.reassign(
            session, campaign_id, to_id=person.id, reason=reason, task=task, by=visit.actor, at=means.clock()
        )
    return rendering.go(request, f"/campaigns/{campaign_id}", said=f"Handed on to {person.name}.")


@router.post("/campaigns/{campaign_id}/reopening")
def reopen(
    request: Request, campaign_id: int, means: With, visit: Entered, whose: Name = "", reason: Text = ""
) -> Response:
    """Let a submitted share be changed again."""
    with means.database.transaction() as session:
        _found(session, campaign_id)
        task = _share(session, campaign_id, whose).task_id
        tasks.reopen(session, task, reason=reason, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/campaigns/{campaign_id}", said="Its reviewer can change the answers again.")


def _pages(path: str, more: str | None, later: bool) -> dict[str, Any]:
    """The ways on and back of a list."""
    return {
        "next_page": rendering.link(path, after=more) if more else None,
        "first_page": path if later else None,
    }


def _runs(visit: Visit) -> bool:
    return rights.why_not(visit.actor, May.RUN_CAMPAIGNS) is None


def _found(session: Session, campaign_id: int) -> CampaignRow:
    row = queries.campaign(session, campaign_id)
    if row is None:
        raise _none("review")
    return row


def _share(session: Session, campaign_id: int, written: str, *, submitted: bool | None = None) -> Share:
    """Whose share somebody means by a name as the page shows it, a roster id or an e-mail address. Refuses (422) nobody's,
    and a name that several reviewers have. `submitted`: among those that are, or are not."""
    said = written.strip()
    shares = [
        share
        for share in queries.progress(session, campaign_id)
        if submitted is None or (share.status == "submitted") == submitted
    ]
    person = inventory.find_identity(session, said) if said else None
    found = [share for share in shares if person is not None and share.reviewer_id == person.id]
    found = found or [share for share in shares if share.reviewer.lower() == said.lower()]
    if len(found) > 1:
        rows = [session.get_one(IdentityRow, share.reviewer_id) for share in found]
        raise Refused(inventory.ambiguous(said, [(row.name, row.key or "", row.department or "") for row in rows]))
    if not found:
        told = f"{said!r} has no share here of which that can be asked." if said else "Nobody was named."
        raise Refused(Refusal("not_found", told, "Write the name as it stands among the reviewers.", status=422))
    return found[0]


def _none(what: str) -> Refused:
    return Refused(Refusal("not_found", f"There is no such {what} here.", "Look at the list.", status=404))
