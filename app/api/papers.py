"""Files in requests: as base64, and kept under their digest."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from fastapi import Path, Response
from pydantic import Field

from app.api.shapes import Asked
from app.kit.refusal import Refusal, Refused
from app.ledger.papers import File

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
BYTES: dict[str, Any] = {"type": "string", "format": "binary"}


class Paper(Asked):
    """A file, as base64."""

    name: str = Field(min_length=1, max_length=300)
    media: str = Field(max_length=120, examples=["application/pdf"])
    content: str = Field(max_length=14_000_000)


def file(paper: Paper) -> File:
    """What it holds. Refuses (422) what is no base64."""
    try:
        return File(paper.name, paper.media, base64.b64decode(paper.content, validate=True))
    except (binascii.Error, ValueError):
        raise Refused(Refusal("not_base64", "The file is not base64.", "Encode it anew.", status=422)) from None


def saved(content: bytes, digest: str) -> Response:
    """A file to be saved: it is never shown in place."""
    headers = {"Content-Disposition": f'attachment; filename="{digest[:12]}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="application/octet-stream", headers=headers)
