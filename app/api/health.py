"""Whether the service is up, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from app import __version__, schema
from app.api.entering import With
from app.kit.refusal import insist

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The service answers."""

    status: str
    version: str


@router.get("/health")
def health() -> Health:
    """Answers as long as the process does; asks nothing of the database."""
    return Health(status="up", version=__version__)


@router.get("/ready")
def ready(means: With) -> Health:
    """Answers when the database does and has the schema this version needs."""
    with means.database.reading() as session:
        session.execute(text("SELECT 1"))
    insist(schema.why_not_current(means.database))
    return Health(status="ready", version=__version__)
