"""Whether the service is up, and whether it can work."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from sqlalchemy import text

from app import __version__, schema
from app.api.entering import With
from app.api.shapes import Told
from app.kit.refusal import Refused

router = APIRouter(tags=["health"])


class Health(Told):
    """The service answers."""

    status: str
    version: str


@router.get("/health")
def health() -> Health:
    """Answers as long as the process does; asks nothing of the database."""
    return Health(status="up", version=__version__)


@router.get("/ready", responses={503: {"description": "Not ready"}})
def ready(means: With) -> Health:
    """Answers when the database does and has the schema this version needs; 503 when it has another."""
    with means.database.reading() as session:
        session.execute(text("SELECT 1"))
    if (refusal := schema.why_not_current(means.database)) is not None:
        raise Refused(replace(refusal, status=503))
    return Health(status="ready", version=__version__)
