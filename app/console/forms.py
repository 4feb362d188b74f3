"""A form whose fields are not known beforehand, read only after its sender was let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData

from app.console.entering import Entered
from app.kit.refusal import Refusal, Refused

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


def number(given: str) -> int | None:
    """A number as our own pages write it; None for anything else."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None
