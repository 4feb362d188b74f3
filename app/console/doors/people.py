"""People: finding one, everything they can reach and how it came to be so, and how it stood on a day.

Use is told in bands. When and how somebody signed in is IT security's to see, one account at a time, and each look is an
entry in the ledger.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import cursors, rendering
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.inventory import logins, past
from app.inventory import queries as inventory
from app.inventory.tables import AccountRow
from app.kit.refusal import Refusal, Refused
from app.means import Means
from app.review import advice
from app.stories import people, person
from app.stories.person import Account

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=200)]


@router.get("/people")
def search(
    request: Request, means: With, visit: Entered, q: Text = "", after: Text = "", strays: Text = ""
) -> Response:
    """People by name, address or sign-in name, and accounts that are nobody's."""
    place = cursors.read(after, cursors.text, cursors.whole)
    beyond = cursors.read(strays, cursors.whole)
    with means.database.reading() as session:
        found = people.search(session, q, by=visit.actor, after=place)
        nobodys = people.nobodys(session, q, by=visit.actor, after=beyond[0] if beyond else None, limit=20)
    more = cursors.make([nobodys.after]) if nobodys.after else None
    return rendering.page(
        request, "people/search.html", visit, found=found.people, nobodys=nobodys.accounts, q=q, after=after,
        next_page=rendering.link("/people", q=q, after=cursors.make(found.after)) if found.after else None,
        more_strays=rendering.link("/people", q=q, strays=more) if more else None,
    )  # fmt: skip


@router.get("/people/{person_id}")
def one(request: Request, person_id: int, means: With, visit: Entered, on: Text = "") -> Response:
    """One person across every system; `on`: what their accounts were and held at the end of a past day."""
    with means.database.reading() as session:
        story = person.story(session, person_id, by=visit.actor)
        if story is None:
            raise Refused(Refusal("not_found", "There is no such person.", "Search by name or address.", status=404))
        day, refusal = _day(on, means)
        moment = min(means.clock(), past.end_of(day, means.settings.zone)) if day is not None else None
        then = past.of_person(session, person_id, moment) if moment is not None else []
    every = [*story.accounts, *story.gone]
    return rendering.page(
        request, "people/one.html", visit, status=refusal.status if refusal else 200, story=story, day=day,
        most=person.MOST, on=on, then=then, refusal=refusal, systems={each.row.system_id: each.system for each in every},
        bands={each.row.id: _band(each, means.clock()) for each in every},
        looking=policy.why_not(visit.actor, May.SEE_SIGN_INS), today=means.clock().date(),
    )  # fmt: skip


@router.get("/people/accounts/{account_id}")
def account(request: Request, account_id: int, means: With, visit: Entered) -> Response:
    """One account: to its person's page, or, if it is nobody's, by itself."""
    with means.database.reading() as session:
        found = person.account(session, account_id, by=visit.actor)
        turns = person.history(session, [found], by=visit.actor) if found is not None else []
    if found is None:
        raise Refused(Refusal("not_found", "There is no such account.", "Search for it by its name.", status=404))
    if found.row.identity_id is not None:
        return rendering.go(request, f"/people/{found.row.identity_id}")
    return rendering.page(
        request, "people/account.html", visit, account=found, history=turns, band=_band(found, means.clock()),
        looking=policy.why_not(visit.actor, May.SEE_SIGN_INS),
    )  # fmt: skip


@router.post("/people/accounts/{account_id}/sign-ins")
def sign_ins(request: Request, account_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """When and how one account signed in. That somebody looked is written down before anything is shown."""
    with means.database.transaction() as session:
        row = session.get(AccountRow, account_id)
        if row is None:
            raise Refused(Refusal("not_found", "There is no such account.", "Search for it by its name.", status=404))
        seen = logins.look(session, row, by=visit.actor, at=means.clock())
        system = inventory.system(session, row.system_id).name
    kept = means.settings.login_retention_days
    return rendering.page(request, "people/sign_ins.html", visit, account=row, system=system, seen=seen, kept=kept)


def _band(told: Account, at: datetime) -> str:
    row = told.row
    return str(advice.use(row.last_login, row.logins_known_since, row.created, at))


def _day(given: str, means: Means) -> tuple[date | None, Refusal | None]:
    """A past day of the operator's zone, or why not."""
    if not given:
        return None, None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None, Refusal("no_day", "That is not a day.", "Write it like 2026-09-30.", status=422)
    refusal = past.why_not(day, means.clock().astimezone(means.settings.zone).date())
    return (None, refusal) if refusal is not None else (day, None)
