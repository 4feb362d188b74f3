"""Role models: the access that a job is meant to have, proposed from peers, approved by its owner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, paging, problems
from app.api.answering import IfMatch, Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import MOST_NUMBER, Asked, Nothing, Number, Page, Told
from app.api.words import BundleStatus, BundleVersionStatus
from app.ledger.kinds import Kind
from app.review import apart, bundles, bundling, modelling
from app.review.modelling import Model
from app.review.tables import BundleRow

router = APIRouter(prefix="/api/v1/bundles", tags=["reviews"])
MOST_JOBS = 20  # of the proposals on a page
_TURNS = (Kind.BUNDLE_DRAFTED, Kind.BUNDLE_REVISED, Kind.BUNDLE_APPROVED, Kind.BUNDLE_RETIRED)
Entitlements = Field(min_length=1, max_length=1000)


class Bundle(Told):
    """A role model with its newest version. `covers_nothing_because` is null while it covers."""

    id: int
    name: str
    status: BundleStatus
    owner: str
    owner_id: int
    number: int
    version_status: BundleVersionStatus
    match: str
    approved_at: datetime | None
    covers_nothing_because: str | None
    contents: int
    version: int


class Content(Told):
    """Something that goes with the job."""

    entitlement_id: int
    system: str
    key: str
    name: str
    kind: str


class BundleVersion(Told):
    """One version of a role model. Contents never change."""

    number: int
    status: BundleVersionStatus
    match: str
    digest: str
    proposed: dict[str, Any] | None = Field(description="From which peers, by which share; null: drafted by hand.")
    drafted_by: str
    drafted_at: datetime
    approved_at: datetime | None


class BundleStory(Bundle):
    """A role model with what its newest version holds, all versions, and how many people have the job."""

    people: int
    holds: list[Content]
    versions: list[BundleVersion]


class BundlePage(Page):
    """A page of role models."""

    bundles: list[Bundle]


class Proposal(Told):
    """A department and title with what most of its people hold: (entitlement, how many)."""

    department: str
    title: str
    people: int
    held: list[tuple[int, int]]


class ProposalPage(Page):
    """Jobs with their custom."""

    proposals: list[Proposal]


class Drafting(Asked):
    """A role model drafted by hand. `match` is an expression over department, title, engagement and person."""

    name: str = Field(min_length=1, max_length=200, examples=["Sales rep"])
    match: str = Field(max_length=2000, examples=['department = "Sales" and title = "Rep"'])
    entitlements: list[Number] = Entitlements
    owner_id: Number


class Proposing(Asked):
    """A job whose custom becomes a draft: what `share` per cent of at least `least` people hold."""

    department: str = Field(max_length=200)
    title: str = Field(max_length=200)
    owner_id: Number
    name: str | None = Field(None, min_length=1, max_length=200)
    share: int = Field(bundling.SHARE, ge=50, le=100)
    least: int = Field(bundling.PEERS, ge=2, le=100_000)


class Revising(Asked):
    """What is to be different in the next version; null leaves one as it is."""

    match: str | None = Field(None, max_length=2000)
    entitlements: list[Number] | None = Field(None, min_length=1, max_length=1000)
    owner_id: Number | None = None


class Retiring(Asked):
    """Why it covers nothing any more."""

    reason: str = Field(max_length=2000)


@router.get("")
def list_bundles(means: With, actor: Entered, page: paging.Asked, status: BundleStatus | None = None) -> BundlePage:
    """Role models by name: all of them for those who see every item, for others those that they own."""
    statement = select(BundleRow.id)
    if status is not None:
        statement = statement.where(BundleRow.status == status)
    if not apart.sees_all(actor):
        statement = statement.where(BundleRow.owner_id == actor.identity_id)
    with means.database.reading() as session:
        rows, after = page.page(session, statement, Order((BundleRow.name, BundleRow.id)))
        found = {each.bundle.id: each for each in modelling.models(session, by=actor)}
        at = means.clock()
        return BundlePage(bundles=[_told(found[row[0]], at) for row in rows], next=after)


@router.get("/proposals")
def list_proposals(
    means: With,
    actor: Entered,
    page: paging.Asked,
    share: int = Query(bundling.SHARE, ge=50, le=100),
    least: int = Query(bundling.PEERS, ge=2, le=MOST_NUMBER),
) -> ProposalPage:
    """The jobs of at least `least` people, the most first, with their custom: what `share` per cent of them hold, and
    nothing privileged. A page has 20 of them at most, however many are asked for: each is counted over its people."""
    today = means.clock().date()
    with means.database.reading() as session:
        there = [job for job in modelling.staffed(session, today, least=least) if _behind(job, page.place)]
        some = modelling.held(session, there[: min(page.limit, MOST_JOBS)], today, share=share)
    after = page.cursor(_place(some[-1])) if len(there) > len(some) else None
    return ProposalPage(proposals=[Proposal.model_validate(job) for job in some], next=after)


def _place(job: modelling.Job) -> list[Any]:
    return [-job.people, job.department, job.title]


def _behind(job: modelling.Job, place: list[Any] | None) -> bool:
    return place is None or _place(job) > place


@router.post("", status_code=201, response_model=BundleStory)
def draft_bundle(asked: Drafting, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Draft a role model by hand. It covers nothing until its owner approves it."""

    def verb(session: Session, at: datetime) -> BundleStory:
        made = bundles.draft(session, **asked.model_dump(), by=actor, at=at)
        return _story(session, made.bundle_id, actor, at)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.post("/proposals", status_code=201, response_model=BundleStory)
def propose_bundle(asked: Proposing, request: Request, means: With, actor: Entered, key: Key = None) -> Response:
    """Draft a role model from the custom of a job. Refuses (409) too few people, and people with nothing in common."""

    def verb(session: Session, at: datetime) -> BundleStory:
        made = bundles.propose(session, **asked.model_dump(), by=actor, at=at)
        return _story(session, made.bundle_id, actor, at)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.get("/{bundle_id}")
def get_bundle(bundle_id: paging.Number, means: With, actor: Entered, response: Response) -> BundleStory:
    """One role model. Answers 404 also when it is not yours to see."""
    with means.database.reading() as session:
        story = _story(session, bundle_id, actor, means.clock())
        answering.tag(response, story.version)
        return story


@router.post("/{bundle_id}/versions", status_code=201, response_model=BundleStory)
def revise_bundle(
    bundle_id: paging.Number,
    asked: Revising,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Draft the next version. The approved one goes on covering until this one is approved."""

    def verb(session: Session, at: datetime) -> BundleStory:
        _unchanged(session, bundle_id, actor, if_match, at)
        bundles.revise(session, bundle_id, **asked.model_dump(), by=actor, at=at)
        return _story(session, bundle_id, actor, at)

    return answering.once(means, actor, key, asked, request, verb, status=201)


@router.put("/{bundle_id}/versions/{number}/approval", response_model=BundleStory)
def approve_bundle(
    bundle_id: paging.Number,
    number: paging.Number,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Approve a version for a year. Only its owner does, and nobody the role model of their own job."""

    def verb(session: Session, at: datetime) -> BundleStory:
        _unchanged(session, bundle_id, actor, if_match, at)
        bundles.approve(session, bundle_id, number=number, by=actor, at=at)
        return _story(session, bundle_id, actor, at)

    return answering.once(means, actor, key, Nothing(), request, verb)


@router.put("/{bundle_id}/retirement", response_model=BundleStory)
def retire_bundle(
    bundle_id: paging.Number,
    asked: Retiring,
    request: Request,
    means: With,
    actor: Entered,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """Let a role model cover nothing any more. What was acknowledged under it stays on record."""

    def verb(session: Session, at: datetime) -> BundleStory:
        _unchanged(session, bundle_id, actor, if_match, at)
        bundles.retire(session, bundle_id, reason=asked.reason, by=actor, at=at)
        return _story(session, bundle_id, actor, at)

    return answering.once(means, actor, key, asked, request, verb)


def _told(model: Model, at: datetime) -> Bundle:
    bundle, version = model.bundle, model.version
    return Bundle(
        id=bundle.id,
        name=bundle.name,
        status=BundleStatus(bundle.status),
        owner=model.owner.name,
        owner_id=model.owner.id,
        number=version.number,
        version_status=BundleVersionStatus(version.status),
        match=version.match,
        approved_at=version.approved_at,
        covers_nothing_because=bundling.state(version.status, version.approved_at, at),
        contents=model.contents,
        version=bundle.version,
    )


def _story(session: Session, bundle_id: int, actor: Entered, at: datetime) -> BundleStory:
    session.expire_all()
    model = modelling.model(session, bundle_id, by=actor)
    if model is None:
        raise problems.not_found("role model", bundle_id)
    return BundleStory(
        **_told(model, at).model_dump(),
        people=modelling.people(session, model.version.match, at.date()),
        holds=[
            Content(entitlement_id=row.id, system=system, key=row.key, name=row.label or row.name, kind=row.kind)
            for row, system in modelling.holds(session, model.version.id)
        ],
        versions=[BundleVersion.model_validate(row) for row in modelling.versions(session, bundle_id)],
    )


def _unchanged(session: Session, bundle_id: int, actor: Entered, if_match: str | None, at: datetime) -> None:
    model = modelling.model(session, bundle_id, by=actor)
    if model is None:
        raise problems.not_found("role model", bundle_id)
    subject = f"bundle:{bundle_id}"
    answering.insist_unchanged(session, if_match, model.bundle.version, subject, _TURNS, what="role model")
