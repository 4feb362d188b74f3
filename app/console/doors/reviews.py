"""My reviews, and one review: a share that is decided on, a person at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from app.console import answering, forms, rendering, ways
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.kit.refusal import Refusal, Refused
from app.review import decisions, modelling
from app.review.decisions import Ask, Result
from app.stories import delegating, desk, passed, share
from app.stories.share import Line

router = APIRouter()
Page = Annotated[int, Query(ge=1, le=1_000_000)]


@router.get("/reviews")
def mine(request: Request, means: With, visit: Entered) -> Response:
    """The reviews somebody has a share of."""
    with means.database.reading() as session:
        own = desk.own(session, by=visit.actor)
        waiting = modelling.waiting(session, means.clock(), by=visit.actor)
        given = [] if own else delegating.told(session, by=visit.actor, at=means.clock())
    away = [each for each in given if each.own and each.begun and not each.over]
    return rendering.page(request, "review/mine.html", visit, own=own, models=waiting, away=away)


@router.get("/reviews/{campaign_id}")
def one(
    request: Request,
    campaign_id: int,
    means: With,
    visit: Entered,
    page: Page = 1,
    show: str = "",
    name: Annotated[str, Query(max_length=200)] = "",
    reviewer: int | None = None,
) -> Response:
    """One's own share of a review, or another's for those who see all."""
    with means.database.reading() as session:
        found = share.share(
            session, campaign_id, by=visit.actor, reviewer_id=reviewer, number=page, undecided=show == "open",
            name=name.strip(),
        )  # fmt: skip
        if found is None:
            raise _none_here()
        carried = delegating.carried(session, campaign_id, found.reviewer.id)
        came = passed.came(session, campaign_id, found.reviewer.id)
        went = passed.went(session, campaign_id, found.reviewer.id)
    return rendering.page(
        request,
        "review/share.html",
        visit,
        share=found,
        carried=carried,
        came=came,
        went=went,
        undecided=show == "open",
        name=name,
    )


@router.post("/reviews/{campaign_id}/answers")
def answer(request: Request, campaign_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Answer one item, the ordinary ones of a person, or those that were chosen.

    Unusual items are answered one at a time. Each answer names the version that was seen.
    """
    wish = answering.read(form, means.settings.zone)
    said, wanted = wish.said, wish.items
    many = len(wanted) > 1 or said == answering.TOGETHER
    with means.database.transaction() as session:
        found = share.share(session, campaign_id, by=visit.actor)
        if found is None:
            raise _none_here()
        lines = {line.item.id: line for line in share.lines(session, found.campaign, found.task.id)}
        _insist_on_one_at_a_time(wanted, lines, many)
        asks = [
            Ask(item, _meant(said, lines[item], many), wish.reason, version, wish.change_to, wish.until)
            for item, version in wanted.items()
            if item in lines
        ]
        results = decisions.record_many(session, asks, by=visit.actor, at=means.clock())
    refused = [result for result in results if result.refusal is not None]
    first = refused[0].refusal if refused else None
    if rendering.partial(request):
        return _pieces(request, campaign_id, means, visit, results, first)
    if first is not None and len(results) == 1:
        raise Refused(first)
    return rendering.go(
        request, _back(campaign_id, form, wanted), said=_told(results, said, first), tone="warn" if first else "good"
    )


def _meant(said: str, line: Line, many: bool) -> str:
    """What one answer says of one item: together with others, what a role model covers is acknowledged, and not kept."""
    if said in answering.PLAIN:
        return answering.PLAIN[said]
    return "acknowledge" if many and line.item.bundle_version_id is not None else "keep"


def _insist_on_one_at_a_time(wanted: Mapping[int, int], lines: Mapping[int, Line], many: bool) -> None:
    alone = [item for item in wanted if item in lines and not lines[item].ordinary]
    missing = [item for item in wanted if item not in lines]
    if missing and len(missing) == len(wanted):
        raise _none_here()
    if many and alone:
        raise Refused(
            Refusal(
                "unusual",
                f"{len(alone)} of these are unusual, and each is decided alone.",
                "Answer them one by one.",
                status=422,
            )
        )


def _pieces(
    request: Request, campaign_id: int, means: With, visit: Visit, results: Sequence[Result], first: Refusal | None
) -> Response:
    """The rows that were answered, as they are now, for the script to put in their places."""
    touched = {result.item_id for result in results}
    mistakes = {
        result.item_id: f"{result.refusal.reason} {ways.out(result.refusal)}" for result in results if result.refusal
    }
    with means.database.reading() as session:
        found = share.share(session, campaign_id, by=visit.actor)
        if found is None:
            raise _none_here()
        every = share.lines(session, found.campaign, found.task.id)
        changed = share.answered(session, [line for line in every if line.item.id in touched])
        groups = share.grouped(every, {share.key_of(line.item) for line in changed if line.ordinary})
    status = first.status if first is not None and len(results) == 1 else 200
    return rendering.page(
        request, "review/answers.html", visit, status=status, share=found, changed=changed, groups=groups,
        mistakes=mistakes,
    )  # fmt: skip


def _told(results: Sequence[Result], said: str, first: Refusal | None) -> str:
    done = sum(result.refusal is None for result in results)
    told = f"{done} {answering.TOLD.get(said, 'kept')}."
    return f"{told} {len(results) - done} could not be answered: {first.reason} {ways.out(first)}" if first else told


def _back(campaign_id: int, form: FormData, wanted: Mapping[int, int]) -> str:
    """Back to the same page of the same list, at the row that was answered, or to the item's own page."""
    item = next(iter(wanted), 0)
    if forms.text(form, "from") == "item":
        return f"/reviews/{campaign_id}/items/{item}"
    query: dict[str, Any] = {
        "page": forms.number(forms.text(form, "page")),
        "show": "open" if forms.text(form, "show") == "open" else None,
        "name": forms.text(form, "name"),
    }
    return f"{rendering.link(f'/reviews/{campaign_id}', **query)}#item-{item}"


def _none_here() -> Refused:
    return Refused(Refusal("not_found", "There is no share of yours here.", "Look at your reviews.", status=404))
