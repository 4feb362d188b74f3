"""Having something taken away because of findings: what would happen, and starting it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.console import forms, rendering, words
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.detection import lives
from app.kit.refusal import Refusal, Refused
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means, removals_common
from app.remediation import foresight, remediations
from app.remediation.foresight import Foreseen
from app.remediation.tables import RemediationRow
from app.stories import consequences, revocation
from app.stories.revocation import Outlook

router = APIRouter(include_in_schema=False)
MOST_AT_ONCE = 50
Text = Annotated[str, Query(max_length=300)]


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
            held = _held(session, means, Counter(row.system_id for row in made), ahead=False)
    except Refused as no:
        if no.refusal.status in (403, 404):
            raise
        return _prepared(request, means, visit, numbers, chosen=chosen, reason=reason, refusal=no.refusal)
    many = words.plural(len(made), "removal")
    waits = sorted({sentence for sentences in held.values() for sentence in sentences})
    how = f"{'is' if len(made) == 1 else 'are'} on the way" if not waits else f"promised. {' '.join(waits)}"
    said = f"Started: {many} {how.rstrip('.')}. Each counts as done when a later reading of its system shows it gone."
    return rendering.go(request, f"/findings/{numbers[0]}" if len(numbers) == 1 else "/findings", said=said)


def _start(
    session: Session, means: Means, visit: Visit, chosen: Mapping[int, Sequence[str]], reason: str
) -> list[RemediationRow]:
    at = means.clock()
    made: list[RemediationRow] = []
    for number, subjects in chosen.items():
        row = lives.finding(session, number)
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
    return made


def _prepared(
    request: Request, means: Means, visit: Visit, numbers: Sequence[int], *, look: bool = False,
    chosen: Mapping[int, Sequence[str]] | None = None, reason: str = "", refusal: Refusal | None = None,
) -> Response:  # fmt: skip
    with means.database.reading() as session:
        told = [revocation.outlook(session, number, by=visit.actor) for number in numbers]
        planned = Counter(
            offer.aim.system_id for each in told if each is not None for offer in each.offers
            if offer.chosen and offer.refusal is None
        )  # fmt: skip
        systems = {offer.aim.system_id for each in told if each is not None for offer in each.offers}
        held = _held(session, means, {number: max(1, planned[number]) for number in systems})
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
        marked=marked, held=held, reason=reason, refusal=refusal, seen=seen, silent=silent, looked=look,
        numbers=[each.finding.id for each in outlooks],
    )  # fmt: skip


def _held(
    session: Session, means: Means, planned: Mapping[int, int], *, ahead: bool = True
) -> dict[int, tuple[str, ...]]:
    """What will hold up so many removals by Rolecall in each system that it may change, a sentence each. `ahead`: they are
    not promised yet."""
    common, at = removals_common(means.settings), means.clock()
    told = {
        system: consequences.holds(session, system, common, at, planned=count if ahead else 0)
        for system, count in planned.items()
    }
    return {system: sentences for system, sentences in told.items() if sentences}


def _looked(means: Means, outlooks: Sequence[Outlook]) -> tuple[dict[str, Foreseen], dict[str, Refusal]]:
    """What each system's executor would do, by subject; and by system's name, why it could not be asked."""
    of: dict[int, dict[str, Any]] = {}
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
            seen |= foresight.foresee(means.database, system_id, targets, keys=means.keys, clock=means.clock)
        except Refused as no:
            silent[names[system_id]] = no.refusal
    return seen, silent


def _numbers(given: Sequence[str]) -> list[int]:
    found = [number for number in map(forms.number, given) if number is not None]
    return list(dict.fromkeys(found))[:MOST_AT_ONCE]
