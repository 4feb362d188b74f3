"""Reviews that were made elsewhere, handed in as a spreadsheet: history beside ours, and never evidence of it."""

from __future__ import annotations

import base64
from datetime import date, datetime

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api import answering, paging, systems
from app.api.answering import Key
from app.api.entering import Entered, With
from app.api.paging import Order
from app.api.shapes import Asked, Page, Told
from app.inventory import sheets
from app.kit.refusal import Refusal, Refused
from app.review import imports, queries
from app.review.tables import ImportedReviewRow

router = APIRouter(prefix="/api/v1/systems", tags=["systems"])
LARGEST = 20_000_000  # characters of base64


class Imported(Told):
    """A review of this system that was made elsewhere, as a file tells it."""

    id: int
    name: str
    digest: str = Field(description="SHA-256 of the file, as the ledger has it.")
    rows: int
    unknown: int = Field(description="Rows about accounts or access that were never read here.")
    decided_on: date = Field(description="The latest of its answers.")
    imported_by: str
    imported_at: datetime
    hidden_by: str | None = Field(
        None, description="A review that was closed here, and is told as last time in its place."
    )


class ImportPage(Page):
    """Some of a system's, the one brought last first."""

    imports: list[Imported]


class Importing(Asked):
    """A spreadsheet of past answers: columns account, access, decision, decided_by, decided_on, reason."""

    name: str = Field(min_length=1, max_length=200, description='Which review it was: "Q3 in the old tool".')
    file: str = Field(max_length=200, description="What the file is called.")
    content: str = Field(max_length=LARGEST, description="The CSV or XLSX file, in base64.")


@router.get("/{system_id}/imports")
def list_imports(system_id: paging.Number, means: With, actor: Entered, page: paging.Asked) -> ImportPage:
    """Reviews of a system that were made elsewhere, the one brought last first."""
    statement = select(ImportedReviewRow).where(ImportedReviewRow.system_id == system_id)
    with means.database.reading() as session:
        systems.found(session, system_id)
        rows, after = page.page(session, statement, Order((ImportedReviewRow.id,), falling=True))
        hidden = queries.hides_imports(session, system_id)
        told = [_told(row[0], hidden) for row in rows]
        return ImportPage(imports=told, next=after)


@router.post("/{system_id}/imports", response_model=Imported, status_code=201)
def import_review(
    system_id: paging.Number, asked: Importing, request: Request, means: With, actor: Entered, key: Key = None
) -> Response:
    """Import a review that was made elsewhere. 422 names every row that cannot be taken; then none is."""

    def verb(session: Session, at: datetime) -> Imported:
        system = systems.found(session, system_id)
        sheet = sheets.read(asked.file, _bytes(asked.content))
        row = imports.take(session, system, sheet, name=asked.name, by=actor, at=at)
        return _told(row, queries.hides_imports(session, system_id))

    return answering.once(means, actor, key, asked, request, verb, status=201)


def _told(row: ImportedReviewRow, hidden: str | None) -> Imported:
    return Imported.model_validate(row).model_copy(update={"hidden_by": hidden})


def _bytes(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except ValueError as error:  # letters that no base64 has, or some that are left over
        raise Refused(
            Refusal("file_unreadable", "The content is no base64.", "Encode the file's bytes.", 422)
        ) from error
