"""Role models: what jobs are meant to have, what custom would propose, and one with its versions and its owner's word."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import policy as rights
from app.actors.policy import May
from app.console import cursors, forms, rendering
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.inventory import queries as inventory
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review import bundles, bundling, modelling

router = APIRouter()
Text = Annotated[str, Form(max_length=2000)]
After = Annotated[str, Query(max_length=2000)]
AT_ONCE = 10  # jobs whose custom one page counts
Number = Annotated[int, Form(ge=1, le=2**53)]


@router.get("/bundles")
def listed(request: Request, means: With, visit: Entered, jobs: After = "") -> Response:
    """Every role model that is one's to see, and, for those who run reviews, what custom would propose, job by job."""
    today, runs = means.clock().date(), _runs(visit)
    with means.database.reading() as session:
        models = modelling.models(session, by=visit.actor)
        known = {each.version.match for each in models if each.bundle.status == "live"}
        there = modelling.staffed(session, today) if runs else []
        open_ones = [job for job in there if modelling.match_of(job.department, job.title) not in known]
        some, after, later = cursors.part(open_ones, _name, jobs, AT_ONCE, shape=cursors.text)
        proposed = [job for job in modelling.held(session, some, today) if job.held]
    states = {each.bundle.id: _state(means, each) for each in models}
    return rendering.page(
        request, "bundles/list.html", visit, models=models, states=states, proposed=proposed, runs=runs,
        share=bundling.SHARE, least=bundling.PEERS, later=later,
        next_page=rendering.link("/bundles", jobs=after) if after else None,
    )  # fmt: skip


@router.post("/bundles")
def propose(
    request: Request, means: With, visit: Entered, department: Text = "", title: Text = "", owner: Text = ""
) -> Response:
    """Draft a role model from the custom of a job."""
    with means.database.transaction() as session:
        person = inventory.whom(session, owner)
        made = bundles.propose(
            session, department=department, title=title, owner_id=person.id, by=visit.actor, at=means.clock()
        )
        bundle = made.bundle_id
    return rendering.go(
        request, f"/bundles/{bundle}", said=f"Drafted. It covers nothing until {person.name} approves it."
    )


@router.get("/bundles/{bundle_id}")
def one(request: Request, bundle_id: int, means: With, visit: Entered) -> Response:
    """One role model: whose job, what goes with it, and what its owner may do."""
    with means.database.reading() as session:
        model = modelling.model(session, bundle_id, by=visit.actor)
        if model is None:
            raise _none_here()
        holds = modelling.holds(session, model.version.id)
        versions = modelling.versions(session, bundle_id)
        people = modelling.people(session, model.version.match, means.clock().date())
        refusal = bundles.why_not_approve(session, bundle_id, model.version.number, by=visit.actor)
    return rendering.page(
        request, "bundles/one.html", visit, model=model, holds=holds, versions=versions, people=people,
        refusal=refusal, state=_state(means, model), runs=_runs(visit), live=model.bundle.status == "live",
        own=visit.actor.identity_id == model.owner.id,
    )  # fmt: skip


@router.post("/bundles/{bundle_id}/approval")
def approve(request: Request, bundle_id: int, means: With, visit: Entered, number: Number) -> Response:
    """Its owner's word for a year."""
    with means.database.transaction() as session:
        _found(session, bundle_id, visit)
        bundles.approve(session, bundle_id, number=number, by=visit.actor, at=means.clock())
    return rendering.go(request, f"/bundles/{bundle_id}", said=f"Version {number} is approved for a year.")


@router.post("/bundles/{bundle_id}/versions")
def revise(request: Request, bundle_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Draft the next version: what is ticked stays, and an owner may be named."""
    kept = [number for each in form.getlist("holds") if (number := forms.number(str(each))) is not None]
    match, owner = forms.text(form, "match").strip(), forms.text(form, "owner").strip()
    with means.database.transaction() as session:
        _found(session, bundle_id, visit)
        person = inventory.whom(session, owner) if owner else None
        made = bundles.revise(
            session, bundle_id, match=match or None, entitlements=kept, owner_id=person.id if person else None,
            by=visit.actor, at=means.clock(),
        )  # fmt: skip
        told = f"Version {made.number} is drafted. It covers nothing until its owner approves it."
    return rendering.go(request, f"/bundles/{bundle_id}", said=told)


@router.post("/bundles/{bundle_id}/retirement")
def retire(request: Request, bundle_id: int, means: With, visit: Entered, reason: Text = "") -> Response:
    """Let it cover nothing any more."""
    with means.database.transaction() as session:
        _found(session, bundle_id, visit)
        bundles.retire(session, bundle_id, reason=reason, by=visit.actor, at=means.clock())
    return rendering.go(request, "/bundles", said="Retired. What was acknowledged under it stays on record.")


def _name(job: modelling.Job) -> str:
    return modelling.match_of(job.department, job.title)


def _runs(visit: Visit) -> bool:
    return rights.why_not(visit.actor, May.RUN_CAMPAIGNS) is None


def _state(means: Means, model: modelling.Model) -> str | None:
    if model.bundle.status != "live":
        return "it was retired"
    return bundling.state(model.version.status, model.version.approved_at, means.clock())


def _found(session: Session, bundle_id: int, visit: Visit) -> None:
    if modelling.model(session, bundle_id, by=visit.actor) is None:
        raise _none_here()


def _none_here() -> Refused:
    return Refused(Refusal("not_found", "There is no such role model here.", "Look at the list.", status=404))
