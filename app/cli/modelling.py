"""bundles: role models listed, proposed from custom, drafted, approved, retired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.installation import opened, operator, speaking_for
from app.cli.telling import Telling
from app.inventory import queries as inventory
from app.inventory.tables import EntitlementRow, IdentityRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused
from app.review import bundles, bundling, modelling
from app.review.modelling import Model
from app.review.tables import BundleVersionRow


def listed(telling: Telling) -> None:
    """Every role model."""
    at = clock.now()
    with opened() as means, means.database.reading() as session:
        rows = [_document(each, bundling.state(each.version.status, each.version.approved_at, at))
                for each in modelling.models(session, by=operator())]  # fmt: skip
    telling.table(
        ("#", "name", "version", "owner", "holds", "covers"),
        ((r["id"], r["name"], f"v{r['number']}", r["owner"], r["holds"], r["because"] or "yes") for r in rows),
        empty="No role model yet: rolecall bundles proposals.",
    )
    telling.answer(rows)


def show(telling: Telling, name: str) -> None:
    """One role model."""
    at = clock.now()
    with opened() as means, means.database.reading() as session:
        model = _found(session, name)
        told = _document(model, bundling.state(model.version.status, model.version.approved_at, at))
        holds = [f"{system}: {row.key}" for row, system in modelling.holds(session, model.version.id)]
        versions = [
            (f"v{each.number}", each.status, each.approved_at) for each in modelling.versions(session, told["id"])
        ]
        people = modelling.people(session, model.version.match, at.date())
    telling.say(f"{told['name']} v{told['number']}, of {told['owner']}: {told['match']}", style="bold")
    telling.say(f"{people} people have this job. {(told['because'] or 'It covers').capitalize()}.")
    telling.table(("holds",), ((each,) for each in holds))
    telling.table(("version", "where it stands", "approved"), versions)
    telling.answer(told | {"contents": holds, "people": people})


def proposals(telling: Telling, share: int, least: int) -> None:
    """What custom would propose."""
    with opened() as means, means.database.reading() as session:
        jobs = modelling.jobs(session, clock.now().date(), share=share, least=least)
    telling.table(
        ("department", "title", "people", "in common"),
        ((job.department, job.title, job.people, len(job.held)) for job in jobs),
        empty=f"No department and title of the roster has {least} people in the CRMs.",
    )
    telling.answer(
        [{"department": j.department, "title": j.title, "people": j.people, "in_common": len(j.held)} for j in jobs]
    )


def propose(telling: Telling, department: str, title: str, owner: str, share: int, least: int) -> None:
    """Draft from custom."""
    with opened() as means, means.database.transaction() as session:
        made = bundles.propose(
            session, department=department, title=title, owner_id=_person(session, owner).id, share=share, least=least,
            by=operator(), at=clock.now(),
        )  # fmt: skip
        _drafted(telling, session, made)


def draft(telling: Telling, name: str, match: str, owner: str, holds: Sequence[str]) -> None:
    """Draft by hand, or the next version of one that is there."""
    asked: dict[str, Any] = {"by": operator(), "at": clock.now()}
    with opened() as means, means.database.transaction() as session:
        inside, person = [_entitlement(session, each) for each in holds], _person(session, owner)
        there = [m for m in modelling.models(session, by=operator()) if m.bundle.name == name]
        if there:
            made = bundles.revise(
                session, there[0].bundle.id, match=match, entitlements=inside, owner_id=person.id, **asked
            )
        else:
            made = bundles.draft(session, name=name, match=match, entitlements=inside, owner_id=person.id, **asked)
        _drafted(telling, session, made)


def approve(telling: Telling, name: str, who: str, number: int | None) -> None:
    """Pass on its owner's approval."""
    with opened() as means:
        acting = speaking_for(means, who)
        with means.database.transaction() as session:
            model = _found(session, name)
            row = bundles.approve(
                session, model.bundle.id, number=number or model.version.number, by=acting, at=clock.now()
            )
            telling.answer({"id": model.bundle.id, "number": row.number, "approved_at": row.approved_at})
            told = f"{model.bundle.name} v{row.number} is approved by {acting.name}, for a year."
    telling.say(told)


def retire(telling: Telling, name: str, reason: str) -> None:
    """Let it cover nothing."""
    with opened() as means, means.database.transaction() as session:
        model = _found(session, name)
        bundles.retire(session, model.bundle.id, reason=reason, by=operator(), at=clock.now())
    telling.say(f"{name} is retired: it covers nothing any more.")


def _drafted(telling: Telling, session: Session, made: BundleVersionRow) -> None:
    model = _found(session, str(made.bundle_id))
    telling.say(
        f"{model.bundle.name} v{made.number} is drafted with {model.contents} access rights. "
        f"It covers nothing until {model.owner.name} approves it: rolecall bundles approve."
    )
    telling.answer(_document(model, bundling.state(made.status, made.approved_at, made.drafted_at)))


def _document(model: Model, because: str | None) -> dict[str, Any]:
    return {
        "id": model.bundle.id, "name": model.bundle.name, "status": model.bundle.status, "number": model.version.number,
        "match": model.version.match, "owner": model.owner.name, "holds": model.contents,
        "approved_at": model.version.approved_at, "because": because,
    }  # fmt: skip


def _found(session: Session, named: str) -> Model:
    for each in modelling.models(session, by=operator()):
        if named in (each.bundle.name, str(each.bundle.id)):
            return each
    raise Refused(
        Refusal("not_found", f'There is no role model "{named}".', "See `rolecall bundles list`.", status=404)
    )


def _person(session: Session, who: str) -> IdentityRow:
    found = inventory.find_identity(session, who)
    if found is None:
        raise Refused(
            Refusal("not_found", f'Nobody in the roster is "{who}".', "See `rolecall person list`.", status=404)
        )
    return found


def _entitlement(session: Session, written: str) -> int:
    system, _, key = written.partition(": ")
    place = inventory.find_system(session, system)
    found = place and session.scalar(
        select(EntitlementRow.id).where(EntitlementRow.system_id == place.id, EntitlementRow.key == key)
    )
    if not found:
        raise Refused(Refusal("not_found", f'"{written}" is no access of a CRM.', 'Write "SYSTEM: KEY".', status=404))
    return int(found)
