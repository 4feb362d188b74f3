"""Evidence: packets of reviews to take home, what was sealed before, and the verdict on a packet that is handed in."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from app.actors import policy
from app.actors.policy import May
from app.console import forms, rendering
from app.console.entering import Entered, With
from app.console.forms import Sent
from app.evidence import packets, verify
from app.kit.refusal import Refusal, Refused
from app.means import settings_shown, sign_ins_kept
from app.stories import packets as shelf

router = APIRouter()
LARGEST = 512 * 1024 * 1024  # bytes of a packet that is handed in; one of a million decisions is smaller
_PIECE = 1024 * 1024


@router.get("/evidence")
def listed(request: Request, means: With, visit: Entered) -> Response:
    """Every review with its packets."""
    with means.database.reading() as session:
        shelves = shelf.shelves(session, by=visit.actor)
        trust = shelf.trust(session, by=visit.actor)
    no = policy.why_not(visit.actor, May.TAKE_EVIDENCE)
    return rendering.page(request, "evidence/list.html", visit, shelves=shelves, trust=trust, no=no)


@router.post("/evidence/{campaign_id}/packet")
def build(campaign_id: int, means: With, visit: Entered) -> Response:
    """Seal a packet and hand it out. Refuses (409) while the review is open."""
    folder = tempfile.TemporaryDirectory(prefix="rolecall-packet-")
    path = Path(folder.name) / f"campaign-{campaign_id}.zip"
    try:
        packets.build(
            means.database, campaign_id, path, keys=means.keys, by=visit.actor, at=means.clock(),
            settings_shown=settings_shown(means.settings),
            sign_ins_kept=sign_ins_kept(means.settings),
        )  # fmt: skip
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        path, media_type="application/zip", filename=path.name, background=BackgroundTask(folder.cleanup)
    )


@router.get("/evidence/verification")
def ask(request: Request, visit: Entered) -> Response:
    """Where a packet is handed in."""
    return rendering.page(request, "evidence/verification.html", visit, verdict=None, name="", kept=False, no=None)


@router.post("/evidence/verification")
def examine(request: Request, visit: Entered, form: Sent) -> Response:
    """The verdict on a packet, sentence by sentence. Nothing of it is kept, and the database has no part in it."""
    upload = form.get("packet")
    if not isinstance(upload, UploadFile) or not upload.filename:
        no = Refusal("nothing_chosen", "No packet was handed in.", "Choose the .zip file and try again.", status=422)
        return rendering.page(
            request, "evidence/verification.html", visit, status=422, verdict=None, name="", kept=False, no=no
        )
    checkpoint = _kept(form)
    with tempfile.TemporaryDirectory(prefix="rolecall-verify-") as folder:
        path = Path(folder) / "packet.zip"
        _save(upload, path)
        verdict = verify.verify(path, checkpoint=checkpoint, key=forms.text(form, "key") or None)
    return rendering.page(
        request, "evidence/verification.html", visit, verdict=verdict, name=upload.filename, kept=bool(checkpoint),
        no=None,
    )  # fmt: skip


def _kept(form: FormData) -> str | None:
    """The text of a checkpoint that was kept from before, pasted with its lines as they are."""
    given = form.get("checkpoint")
    text = given.replace("\r\n", "\n").strip() if isinstance(given, str) else ""
    return text + "\n" if text else None


def _save(upload: UploadFile, path: Path) -> None:
    """Write what was handed in to a file. Refuses (413) more than any packet of ours has."""
    size = 0
    with path.open("wb") as out:
        while piece := upload.file.read(_PIECE):
            size += len(piece)
            if size > LARGEST:
                raise Refused(
                    Refusal(
                        "too_large", "This is larger than any packet.", "Verify it on your own machine.", status=413
                    )
                )
            out.write(piece)
