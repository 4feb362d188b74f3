"""A form whose fields are not known beforehand, read only after its sender was let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from app.console.entering import Entered
from app.kit.refusal import Refusal, Refused
from app.ledger.papers import LARGEST, MEDIA, File

MOST_TEXT = 2_000


async def sent(request: Request, visit: Entered) -> FormData:
    """The form. Depends on the visit, so that no stranger's form is parsed."""
    return await request.form()


Sent = Annotated[FormData, Depends(sent)]


def text(form: Mapping[str, Any], name: str, *, most: int = MOST_TEXT) -> str:
    """One field as text, without the space around it. Refuses (422) what is longer than anybody types."""
    value = form.get(name)
    said = value.strip() if isinstance(value, str) else ""
    if len(said) > most:
        raise Refused(Refusal("too_long", f"This is longer than {most:,} characters.", "Say it shorter.", status=422))
    return said


def file(form: Mapping[str, Any]) -> File | None:
    """The file that was handed in, or none. What its kind is called is not believed beyond the kinds that are kept."""
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    media = upload.content_type if upload.content_type in MEDIA else "application/x-unknown"
    return File(upload.filename, media, upload.file.read(LARGEST + 1))


def number(given: str) -> int | None:
    """A number as our own pages write it; None for anything else."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None
