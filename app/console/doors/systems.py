"""Systems: how far each reading can be trusted, what a credential can do now, switches of acts, and rosters.

Whatever talks to a system happens outside of every transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import forms, rendering, words
from app.console.entering import Entered, Visit, With
from app.console.forms import Sent
from app.detection import runs
from app.inventory import checks, rosters, systems
from app.inventory import policy as inventory
from app.inventory import queries as seen
from app.inventory.checks import Checked
from app.inventory.systems import EXECUTOR, READER
from app.inventory.tables import RosterUploadRow
from app.kit import clock
from app.kit.refusal import Refusal, Refused, insist
from app.ledger import entries
from app.ledger.entries import Entry
from app.ledger.kinds import Kind
from app.means import Means
from app.remediation import executors
from app.remediation import policy as removing
from app.remediation import queries as removals
from app.stories import readings, using

router = APIRouter(include_in_schema=False)
MOST_ROSTER = 20_000_000  # bytes of a file


@router.get("/systems")
def every(request: Request, means: With, visit: Entered) -> Response:
    """Every system with the state of its last reading, those that need somebody first."""
    with means.database.reading() as session:
        told = readings.standings(session, by=visit.actor, at=means.clock(), **_limits(means))
    return rendering.page(
        request, "systems/list.html", visit, standings=told, kinds=_kinds(),
        running=policy.why_not(visit.actor, May.RUN_SYSTEMS), reading=policy.why_not(visit.actor, May.READ_SYSTEMS),
    )  # fmt: skip


@router.get("/systems/{system_id}")
def one(request: Request, system_id: int, means: With, visit: Entered) -> Response:
    """One system: its readings with every receipt, its switches and its credentials."""
    return page(request, means, visit, system_id)


@router.get("/systems/{system_id}/readings/{snapshot_id}")
def reading(request: Request, system_id: int, snapshot_id: int, means: With, visit: Entered) -> Response:
    """One reading, each stream's receipt in plain words."""
    with means.database.reading() as session:
        found = readings.reading(session, snapshot_id, by=visit.actor)
    if found is None or found[0].id != system_id:
        raise Refused(Refusal("not_found", "There is no such reading.", "Look at the system.", status=404))
    return rendering.page(request, "systems/reading.html", visit, system=found[0], reading=found[1])


@router.post("/systems/{system_id}/readings")
def read_now(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Have it read now; a worker does it."""
    with means.database.transaction() as session:
        row = seen.system(session, system_id)
        ask(session, row.id, visit, means.clock())
    return rendering.go(request, f"/systems/{system_id}", said=f"A reading of {row.name} has been asked for.")


@router.post("/systems/{system_id}/passes")
def ask_rules(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Have every rule asked of it now, without a reading; a worker does it."""
    with means.database.transaction() as session:
        row = seen.system(session, system_id)
        runs.ask(session, row, by=visit.actor, at=means.clock())
    said = f"The rules are being asked about {row.name}. What they find is here in a moment."
    return rendering.go(request, f"/findings?system={system_id}", said=said)


@router.post("/systems/{system_id}/check")
def examine(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Ask the system now, with both credentials, what they can do: the doctor's answer."""
    with means.database.reading() as session:
        row = seen.system(session, system_id)
    answers: dict[str, Checked | Refusal] = {}
    sides: dict[str, Callable[[], Checked]] = {
        READER: lambda: checks.check_reader(means.database, row.id, keys=means.keys),
        EXECUTOR: lambda: executors.check(means.database, row.id, means.keys, means.clock),
    }
    for role, answer in sides.items():
        try:
            answers[role] = answer()
        except Refused as no:
            answers[role] = no.refusal
    return page(request, means, visit, system_id, answers=answers)


@router.post("/systems/{system_id}/writing")
def switch(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Let exactly these kinds of act be carried out."""
    wanted = [str(each) for each in form.getlist("act")]
    with means.database.transaction() as session:
        row = systems.switch_writing(session, seen.system(session, system_id), wanted, by=visit.actor, at=means.clock())
    said = f"Rolecall may {', '.join(words.act(act) for act in row.writing)} in {row.name}." if wanted else (
        f"{row.name} is read-only."
    )  # fmt: skip
    return rendering.go(request, f"/systems/{system_id}", said=said)


@router.post("/systems/{system_id}/removal")
def remove(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Read it no more. What was seen and decided stays."""
    with means.database.transaction() as session:
        row = seen.system(session, system_id)
        if forms.text(form, "name") != row.name:
            raise Refused(Refusal("name_differs", "That is not this system's name.", "Type it as it stands.", 422))
        needed = removals.reviews_of(session, system_id), removals.unfinished(session, system_id)
        insist(removing.why_not_leave(*needed))
        systems.remove(session, row, by=visit.actor, at=means.clock())
    said = f"{row.name} is read no more, and its credentials are gone. What was seen there stays."
    return rendering.go(request, "/systems", said=said)


# --- rosters ---


@router.post("/systems/{system_id}/roster")
def hand_in(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """Hand in a roster's file. It takes effect with the next reading, which is asked for."""
    file = form.get("file")
    content = file.file.read(MOST_ROSTER + 1) if isinstance(file, UploadFile) else b""
    try:
        insist(_why_not_file(content))
        with means.database.transaction() as session:
            at = means.clock()
            upload = rosters.upload(
                session, seen.system(session, system_id), content, source=forms.text(form, "source") or "not said",
                extracted_at=_extracted(forms.text(form, "extracted"), means) or at, by=visit.actor, at=at,
            )  # fmt: skip
            ask(session, system_id, visit, at)
    except Refused as no:
        return page(request, means, visit, system_id, refusal=no.refusal)
    said = f"Handed in, {upload.rows} lines. A reading has been asked for."
    return rendering.go(request, f"/systems/{system_id}", said=said)


@router.post("/systems/{system_id}/roster/approval")
def approve(request: Request, system_id: int, means: With, visit: Entered, form: Sent) -> Response:
    """A second person's word for the file that was handed in last."""
    with means.database.transaction() as session:
        seen.system(session, system_id)
        upload = seen.latest_upload(session, system_id)
        if upload is None or str(upload.id) != forms.text(form, "roster"):
            raise Refused(
                Refusal("other_roster", "Another file was handed in meanwhile.", "Look at it again.", status=412)
            )
        rosters.approve(session, upload, by=visit.actor, at=means.clock())
        ask(session, system_id, visit, means.clock())
    return rendering.go(
        request, f"/systems/{system_id}", said="You vouch for this roster. A reading has been asked for."
    )


# --- what these share ---


def page(
    request: Request, means: Means, visit: Visit, system_id: int, *, refusal: Refusal | None = None,
    answers: Mapping[str, Checked | Refusal] | None = None,
) -> Response:  # fmt: skip
    """One system's page, with a refusal or the doctor's answer on it."""
    with means.database.reading() as session:
        story = readings.story(session, system_id, by=visit.actor, at=means.clock(), **_limits(means))
        used = using.bands(session, system_id, by=visit.actor, at=means.clock())
    if story is None:
        raise Refused(Refusal("no_system", "There is no such system.", "See the list of systems.", status=404))
    row = story.standing.system
    guide = checks.guide(row.kind) if row.kind in checks.kinds() else None
    ours = row.kind == inventory.OURSELVES
    return rendering.page(
        request, "systems/one.html", visit, status=refusal.status if refusal else 200, story=story, guide=guide, used=used,
        refusal=refusal, answers=answers or {}, acts=sorted(inventory.OWN_ACTS if ours else inventory.ACTS), ours=ours,
        kinds=_kinds(),
        running=policy.why_not(visit.actor, May.RUN_SYSTEMS), reading=policy.why_not(visit.actor, May.READ_SYSTEMS),
        approving=_approving(visit, story.uploads), sees_people=policy.why_not(visit.actor, May.SEE_ACCESS) is None,
    )  # fmt: skip


def ask(session: Session, system_id: int, visit: Visit, at: datetime) -> None:
    """Ask for a reading; a worker does it."""
    body = {"system": system_id, "because": "asked for at the console"}
    entries.record(session, Entry(Kind.SYNC_REQUESTED, f"system:{system_id}", body), by=visit.actor.id, at=at)


def _kinds() -> dict[str, str]:
    return {**words.SYSTEMS, **checks.names()}


def _limits(means: Means) -> dict[str, Any]:
    return {
        "max_age": timedelta(hours=means.settings.snapshot_max_age_hours),
        "roster_days": means.settings.roster_max_age_days,
    }


def _approving(visit: Visit, uploads: Sequence[RosterUploadRow]) -> Refusal | None:
    """Why the visitor may not vouch for the newest file; None where they may, or where there is none."""
    if not uploads:
        return None
    newest = uploads[0]
    return policy.why_not(visit.actor, May.RUN_SYSTEMS) or inventory.why_not_approve_roster(
        uploaded_by=newest.uploaded_by, approved_by=newest.approved_by, by=visit.actor.id
    )


def _why_not_file(content: bytes) -> Refusal | None:
    if not content:
        return Refusal("no_file", "No file was chosen.", "Choose the CSV that your HR system exports.", 422)
    if len(content) > MOST_ROSTER:
        return Refusal("too_large", "The file is larger than 20 MB.", "Export people only, without documents.", 413)
    return None


def _extracted(given: str, means: Means) -> datetime | None:
    """A local moment as a browser writes it, in the operator's zone."""
    if not given:
        return None
    try:
        told = datetime.fromisoformat(given)
        return clock.utc(told if told.tzinfo else told.replace(tzinfo=ZoneInfo(means.settings.time_zone)))
    except ValueError:
        raise Refused(Refusal("no_time", "When it was extracted is not a time.", "Choose day and time.", 422)) from None
