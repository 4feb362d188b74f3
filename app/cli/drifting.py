"""campaign drift: what came and went while a review runs, listed now and decided on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.actors import queries as actors
from app.actors.actor import Actor, Role
from app.cli.installation import find_campaign, opened, operator, speaking_for
from app.cli.telling import Telling
from app.inventory import queries as inventory
from app.kit import clock
from app.kit.refusal import Refusal, insist
from app.review import deciders, drifts
from app.review.independence import Lean
from app.review.tables import CampaignRow, DriftRow


def listed(telling: Telling, name: str) -> None:
    """Look for drift now, as far as has been read, and list it."""
    with opened() as means:
        found = find_campaign(means, name)
        with means.database.transaction() as session:
            rows = drifts.detect(session, found.id, by=operator(), at=clock.now())
            told = [_told(row) for row in rows]
    telling.table(
        ("drift", "seen", "change", "what", "privileged", "answer", "reason"),
        map(_row, told),
        empty=f"Nothing began, ended or changed since {found.name} was frozen, as far as has been read.",
    )
    waiting = sum(d["needs_decision"] for d in told)
    if waiting:
        need = "needs" if waiting == 1 else "need"
        telling.say(f"{waiting} {need} a decision before the review can close: rolecall campaign drift-decide.")
    telling.answer(told)


def decide(telling: Telling, drift: int, answer: str, who: str, reason: str, seen: int | None) -> None:
    """Say what becomes of what began or changed since freezing, as the administrator who is that person. What changed once
    more since it was listed first takes the version that was `seen`."""
    with opened() as means:
        acting = speaking_for(means, who, Role.ADMIN)
        with means.database.reading() as session:
            insist(_why_not_administrator(session, acting))
        with means.database.transaction() as session:
            row = session.get(DriftRow, drift)
            if row is not None and row.answer is None:
                insist(_why_not_unseen(row, seen))
            row = drifts.decide(session, drift, answer, reason, version=seen, by=acting, at=clock.now())
            campaign = session.get_one(CampaignRow, row.campaign_id)
            leans = deciders.standings(session, campaign, [row], by=acting)[drift].leans
            telling.answer(_told(row) | {"by": row.by, "leans": list(leans)})
    telling.say(f"Drift {drift}: {answer}, by {acting.name}.")
    for lean in leans:
        telling.say(f"On record with it: {_LEANS[lean]}.")


def _why_not_administrator(session: Session, acting: Actor) -> Refusal | None:
    """Why somebody of the roster is no one to decide: nobody who is an administrator here is that person."""
    at = clock.now()
    for row, held in actors.everyone(session, at=at):
        if Role.ADMIN in held and not (row.ended and row.ended <= at):
            person = inventory.find_identity(session, row.person_key or row.email or "")
            if person is not None and person.id == acting.identity_id:
                return None
    names = ", ".join(actors.admin_names(session, at=at)) or "nobody yet"
    return Refusal(
        "not_administrator",
        f"{acting.name} is no administrator here, and only one decides on what changed meanwhile.",
        f"Those are: {names}. `rolecall actor give ACTOR admin` makes somebody one, and `rolecall actor add … --person` "
        "says who they are.",
        status=403,
    )


_LEANS = {
    Lean.EACH_OTHER: "whose access it is decides on theirs in the same review",
    Lean.GRANTS: "they can give access in that system",
    Lean.HOLDS: "they hold it, or are in it",
}


def _why_not_unseen(row: DriftRow, seen: int | None) -> Refusal | None:
    """Why somebody has to say which version they saw: there was more than one."""
    if seen is not None or row.version == 1:
        return None
    return Refusal(
        "unseen",
        f"Drift {row.id} changed once more since it was listed first. It is now: {_line(row.shown) or row.subject}.",
        f"If that is what you decide on, say so with --seen {row.version}.",
        status=412,
    )


def _told(row: DriftRow) -> dict[str, Any]:
    return {
        "id": row.id, "subject": row.subject, "change": row.change, "privileged": row.privileged, "shown": row.shown,
        "answer": row.answer, "reason": row.reason, "version": row.version,
        "needs_decision": row.privileged and row.change != "ended" and row.answer is None,
    }  # fmt: skip


def _row(told: Mapping[str, Any]) -> tuple[object, ...]:
    what, privileged = _line(told["shown"]) or told["subject"], "yes" if told["privileged"] else ""
    change = told["change"] + (", decided, changed again" if "earlier" in told["shown"] and not told["answer"] else "")
    return told["id"], told["version"], change, what, privileged, told["answer"], told["reason"]


def _line(known: Mapping[str, Any]) -> str:
    """Whose, and what, in one line."""
    who, what = known.get("who") or {}, known.get("what") or {}
    named = (known.get("system"), who.get("name") or who.get("account"), what.get("label") or what.get("name"))
    return " · ".join(str(part) for part in (*named, *map(_changed, known.get("changed") or ())) if part)


def _changed(part: Mapping[str, Any]) -> str:
    """What came and what went of one part: "native +AuthorApex", "members 12, now 13"."""
    if part["part"] == "members":
        return f"members {part['before']}, now {part['now']}"
    named = "flags" if part["part"] == "native" else part["part"]
    signs = [f"+{each}" for each in part["came"]] + [f"-{each}" for each in part["went"]]
    return f"{named} {', '.join(signs)}"
